"""Outbox: the rows that the server does not have yet, and its answers to them.

A row is marked as sent only in the revision that was sent: what changes
meanwhile goes again. SQLite builds the JSON of a batch itself; through Python
objects it would cost several times as much.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.system.clock import now_ms

# Beyond this many bytes of titles a batch ends early, whatever its number of rows.
_BATCH_BYTES = 2_000_000
# Marking more at once would make recording wait.
_ROWS_A_TRANSACTION = 125
_PAGE = 5000

_SESSIONS = "desktop_activity_sessions"
_WAITS = """synced = 0 AND NOT EXISTS (
    SELECT 1 FROM desktop_activity_refused AS r WHERE r.uid = s.uid AND r.revision = s.revision
)"""
# The casts are for blobs that another program wrote: one in JSON would fail the whole batch.
_AS_SENT = """
    SELECT
        json_group_array(json_object(
            'uid', uid, 'device_id', device_id, 'source_host', CAST(source_host AS TEXT),
            'original_id', id, 'state', state,
            'application_name', CAST(application_name AS TEXT),
            'window_title', CAST(window_title AS TEXT),
            'process_id', CAST(process_id AS INTEGER),
            'started_at', CAST(started_at AS INTEGER), 'ended_at', CAST(ended_at AS INTEGER),
            'utc_offset_minutes', CAST(utc_offset_minutes AS INTEGER),
            'open', CAST(open AS INTEGER), 'deleted', CAST(deleted AS INTEGER),
            'revision', CAST(revision AS INTEGER)
        )),
        json_group_array(json_array(id, CAST(revision AS INTEGER)))
"""
# S608: nothing but this module's own words goes into these.
_NEXT = f"""{_AS_SENT} FROM (
    SELECT *, sum(length(window_title) + length(application_name)) OVER (
        ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS size_before
    FROM (SELECT * FROM {_SESSIONS} AS s WHERE id > ? AND {_WAITS} ORDER BY id LIMIT ?)
) WHERE coalesce(size_before, 0) < {_BATCH_BYTES}"""  # noqa: S608
_SOME = f"""{_AS_SENT} FROM (
    SELECT s.* FROM {_SESSIONS} AS s JOIN json_each(?) AS j ON s.id = j.value ORDER BY id
)"""  # noqa: S608
_MARK = f"""UPDATE {_SESSIONS} AS s SET synced = 1, synced_at = ? FROM json_each(?) AS j
    WHERE s.id = json_extract(j.value, '$[0]') AND revision = json_extract(j.value, '$[1]')"""  # noqa: S608
_OFFER_BELOW = f"""UPDATE {_SESSIONS} SET synced = 0 WHERE id IN (
    SELECT id FROM {_SESSIONS} WHERE id <= ? ORDER BY id DESC LIMIT {_ROWS_A_TRANSACTION}
) RETURNING id"""  # noqa: S608
_OFFER_IN_REVISION = f"""UPDATE {_SESSIONS} AS s SET synced = 0 FROM json_each(?) AS j
    WHERE s.id = json_extract(j.value, '$[0]') AND revision = json_extract(j.value, '$[1]')"""  # noqa: S608

Reference = tuple[int, int]  # a row's id, and the revision that was read
Held = tuple[int, str, int, int]  # id, uid, revision, deleted


@dataclass(frozen=True, slots=True)
class OutboxBatch:
    """Rows to send: as a JSON array, and what names each of them, in the same order."""

    rows: str
    references: Sequence[Reference]

    @property
    def last_id(self) -> int:
        """The id after which the next batch begins."""
        return self.references[-1][0]


class Outbox:
    """What waits to be sent; use it inside the adapter's `connection()`."""

    def __init__(self, adapter: SqliteAdapter) -> None:
        """Read and mark the rows of `adapter`."""
        self._database = adapter.database
        self._models = adapter.models
        self._facts = FileMeta(adapter)

    def read_any_text(self) -> None:
        """Let titles that another program wrote with broken bytes be read all the same."""
        connection: Any = self._database.connection()
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")

    def waiting(self) -> int:
        """Return how many rows are to be sent."""
        # What is set aside is not sent either; to ask that of each row takes four times as long.
        unsent = self._number(f"SELECT count(*) FROM {_SESSIONS} WHERE synced = 0")  # noqa: S608  own words
        return unsent - self.refused()

    def refused(self) -> int:
        """Return how many rows are set aside because the server refused them as they are."""
        if not self._can_refuse():
            return 0
        query = f"""SELECT count(*) FROM desktop_activity_refused AS r JOIN {_SESSIONS} AS s
            ON s.uid = r.uid AND s.revision = r.revision"""  # noqa: S608  own words
        return self._number(query)

    def next(self, after: int, limit: int) -> OutboxBatch | None:
        """Return up to `limit` waiting rows beyond the id `after`, in order; None at the end."""
        return self._batch(_NEXT, (after, limit))

    def part(self, references: Iterable[Reference]) -> OutboxBatch | None:
        """Return the named rows as they are now; None where all of them are gone."""
        ids = msgspec.json.encode([number for number, _revision in references]).decode()
        return self._batch(_SOME, (ids,))

    @contextmanager
    def undone_by_a_power_cut(self) -> Iterator[None]:
        """Let commits not wait for the disk, which recording would have to wait for as well.

        What is noted of an answer may be lost so: then it is asked for once more.
        """
        self._database.execute_sql("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._database.execute_sql("PRAGMA synchronous = FULL")

    def mark(self, references: Sequence[Reference], clock: int) -> None:
        """Note that the server has these, at `clock` of its own, where they have not changed."""
        for first in range(0, len(references), _ROWS_A_TRANSACTION):
            some = references[first : first + _ROWS_A_TRANSACTION]
            with self._database.atomic("IMMEDIATE"):
                encoded = msgspec.json.encode(some).decode()
                self._database.execute_sql(_MARK, (clock, encoded))
        # Else the next write of recording would have to put all of it into the file.
        self._database.execute_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def set_aside(self, reference: Reference, reason: str) -> None:
        """Note that the server refuses a row in this revision; a newer one is offered again."""
        session, refused = self._models.Session, self._models.Refused
        number, revision = reference
        row = session.select(session.uid).where(session.id == number).tuples().first()
        if row is not None:
            now = now_ms()
            refused.replace(uid=row[0], revision=revision, reason=reason, refused_at=now).execute()

    def offer_refused(self) -> int:
        """Let what was set aside wait again; return how many rows that is."""
        with self._database.atomic("IMMEDIATE"):
            count = self.refused()
            self._models.Refused.delete().execute()
        return count

    def offer_all(self) -> None:
        """Note that everything kept here is to be sent again; `offer` does it."""
        session, order = self._models.Session, self._models.RangeOrder
        last = session.select(session.id).order_by(session.id.desc()).limit(1).scalar()
        self._facts.put(MetaKey.REOFFER, last)
        # Whoever refused them may be another server or user than the one that is asked now.
        self._models.Refused.delete().execute()
        order.update(acknowledged=0).execute()

    def offer(self) -> Iterator[int]:
        """Let what `offer_all` noted wait again, in short transactions; yield how many each."""
        while bound := self._facts.get(MetaKey.REOFFER):
            with self.undone_by_a_power_cut(), self._database.atomic("IMMEDIATE"):
                ids = [row[0] for row in self._database.execute_sql(_OFFER_BELOW, (bound,))]
                self._facts.put(MetaKey.REOFFER, min(ids) - 1 if ids else None)
            yield len(ids)

    def held_count(self) -> int:
        """Return how many rows are marked as sent."""
        return self._number(f"SELECT count(*) FROM {_SESSIONS} WHERE synced = 1")  # noqa: S608  own words

    def held(self, after: int) -> list[Held]:
        """Return a page of the rows that are marked as sent, beyond the id `after`."""
        session = self._models.Session
        columns = (session.id, session.uid, session.revision, session.deleted)
        rows = session.select(*columns).where(session.synced == 1, session.id > after)
        return list(rows.order_by(session.id).limit(_PAGE).tuples())

    def offer_again(self, references: Sequence[Reference]) -> None:
        """Let these wait again, where they have not changed."""
        with self._database.atomic("IMMEDIATE"):
            encoded = msgspec.json.encode(references).decode()
            self._database.execute_sql(_OFFER_IN_REVISION, (encoded,))

    def orders(self) -> list[dict[str, Any]]:
        """Return what is to be forgotten on the server by range, as it is sent."""
        order = self._models.RangeOrder
        return [
            {
                "uid": row.uid,
                "device_ids": msgspec.json.decode(row.device_ids),
                "started_at": row.started_at,
                "ended_at": row.ended_at,
                "application_name": row.application_name,
            }
            for row in order.select().where(order.acknowledged == 0).order_by(order.ordered_at)
        ]

    def acknowledge(self, orders: Sequence[str]) -> None:
        """Note that the server has carried out the orders of these uids."""
        if orders:
            order = self._models.RangeOrder
            order.update(acknowledged=1).where(order.uid.in_(orders)).execute()

    def _can_refuse(self) -> bool:
        """Tell whether the file is of a version that knows of refusals; readers change nothing."""
        return self._number("PRAGMA user_version") > 1

    def _batch(self, query: str, parameters: tuple[object, ...]) -> OutboxBatch | None:
        rows, references = self._database.execute_sql(query, parameters).fetchone()
        named = msgspec.json.decode(references, type=list[Reference])
        return OutboxBatch(rows, named) if named else None

    def _number(self, query: str) -> int:
        return int(self._database.execute_sql(query).fetchone()[0])
