"""Outbox: the rows that the server does not have yet, and its answers to them.

A row is marked as sent only if its revision is still the one that was sent; a row that changed
meanwhile is sent again. SQLite builds the JSON of a batch, which is several times as fast as
building it from Python objects.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.system.clock import now_ms

# A batch ends early once its titles exceed this size, whatever its number of rows.
_BATCH_BYTES = 2_000_000
# Marking more rows at once would block recording.
_ROWS_A_TRANSACTION = 125
_PAGE = 5000

_SESSIONS = "desktop_activity_sessions"
_WAITS = """synced = 0 AND NOT EXISTS (
    SELECT 1 FROM desktop_activity_refused AS r WHERE r.uid = s.uid AND r.revision = s.revision
)"""
# The casts handle blobs written by another program: one blob would make the whole JSON fail.
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
# S608: these are built only from this module's constants.
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
    """Rows to send as a JSON array, and their references in the same order."""

    rows: str
    references: Sequence[Reference]

    @property
    def last_id(self) -> int:
        """The id after which the next batch begins."""
        return self.references[-1][0]


class Outbox:
    """The rows waiting to be sent; must be used in the adapter's `connection()`."""

    def __init__(self, adapter: SqliteAdapter) -> None:
        """Use the tables of `adapter`."""
        self._database = adapter.database
        self._models = adapter.models
        self._facts = FileMeta(adapter)

    def read_any_text(self) -> None:
        """Decode invalid UTF-8 in titles, which other programs may write, with replacements."""
        connection: Any = self._database.connection()
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")

    def waiting(self) -> int:
        """Return the number of rows waiting to be sent."""
        # Refused rows are not sent; checking that row by row would take four times as long.
        unsent = self._number(f"SELECT count(*) FROM {_SESSIONS} WHERE synced = 0")  # noqa: S608  own words
        return unsent - self.refused()

    def refused(self) -> int:
        """Return how many rows are set aside because the server refused their current revision."""
        if not self._can_refuse():
            return 0
        query = f"""SELECT count(*) FROM desktop_activity_refused AS r JOIN {_SESSIONS} AS s
            ON s.uid = r.uid AND s.revision = r.revision"""  # noqa: S608  own words
        return self._number(query)

    def next(self, after: int, limit: int) -> OutboxBatch | None:
        """Return up to `limit` waiting rows with ids above `after`, in order; None at the end."""
        return self._batch(_NEXT, (after, limit))

    def part(self, references: Iterable[Reference]) -> OutboxBatch | None:
        """Return the referenced rows in their current state; None if all of them are gone."""
        ids = msgspec.json.encode([number for number, _revision in references]).decode()
        return self._batch(_SOME, (ids,))

    @contextmanager
    def undone_by_a_power_cut(self) -> Iterator[None]:
        """Commit without waiting for the disk, because recording would have to wait as well.

        A power failure may lose these commits; the rows are then sent again.
        """
        self._database.execute_sql("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._database.execute_sql("PRAGMA synchronous = FULL")

    def mark(self, references: Sequence[Reference], clock: int) -> None:
        """Mark unchanged rows as sent at `clock`, the server's time in ms UTC."""
        for first in range(0, len(references), _ROWS_A_TRANSACTION):
            some = references[first : first + _ROWS_A_TRANSACTION]
            with self._database.atomic("IMMEDIATE"):
                encoded = msgspec.json.encode(some).decode()
                self._database.execute_sql(_MARK, (clock, encoded))
        # Otherwise recording's next write would have to checkpoint all of it.
        self._database.execute_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def set_aside(self, reference: Reference, reason: str) -> None:
        """Store that the server refused this revision of a row; a newer one is sent again."""
        session, refused = self._models.Session, self._models.Refused
        number, revision = reference
        row = session.select(session.uid).where(session.id == number).tuples().first()
        if row is not None:
            now = now_ms()
            refused.replace(uid=row[0], revision=revision, reason=reason, refused_at=now).execute()

    def offer_refused(self) -> int:
        """Return refused rows to the outbox; return how many."""
        with self._database.atomic("IMMEDIATE"):
            count = self.refused()
            self._models.Refused.delete().execute()
        return count

    def offer_all(self) -> None:
        """Request that all stored rows are sent again; `offer` then marks them."""
        session, order = self._models.Session, self._models.RangeOrder
        last = session.select(session.id).order_by(session.id.desc()).limit(1).scalar()
        self._facts.put(MetaKey.REOFFER, last)
        # The refusals may come from another server or user than the current one.
        self._models.Refused.delete().execute()
        order.update(acknowledged=0).execute()

    def offer(self) -> Iterator[int]:
        """Mark the rows requested by `offer_all` as unsent, in short transactions.

        Yields the number of rows of each transaction.
        """
        while bound := self._facts.get(MetaKey.REOFFER):
            with self.undone_by_a_power_cut(), self._database.atomic("IMMEDIATE"):
                ids = [row[0] for row in self._database.execute_sql(_OFFER_BELOW, (bound,))]
                self._facts.put(MetaKey.REOFFER, min(ids) - 1 if ids else None)
            yield len(ids)

    def held_count(self) -> int:
        """Return how many rows are marked as sent."""
        return self._number(f"SELECT count(*) FROM {_SESSIONS} WHERE synced = 1")  # noqa: S608  own words

    def held(self, after: int) -> list[Held]:
        """Return up to 5,000 rows that are marked as sent, with ids above `after`."""
        session = self._models.Session
        columns = (session.id, session.uid, session.revision, session.deleted)
        rows = session.select(*columns).where(session.synced == 1, session.id > after)
        return list(rows.order_by(session.id).limit(_PAGE).tuples())

    def offer_again(self, references: Sequence[Reference]) -> None:
        """Mark rows as unsent if their revision has not changed."""
        with self._database.atomic("IMMEDIATE"):
            encoded = msgspec.json.encode(references).decode()
            self._database.execute_sql(_OFFER_IN_REVISION, (encoded,))

    def orders(self) -> list[dict[str, Any]]:
        """Return the unacknowledged range deletions for the server, in the format for sending."""
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
        """Mark the range deletions with these uids as done by the server."""
        if orders:
            order = self._models.RangeOrder
            order.update(acknowledged=1).where(order.uid.in_(orders)).execute()

    def _can_refuse(self) -> bool:
        """Return whether the file's schema has refusals; a reader does not migrate older files."""
        return self._number("PRAGMA user_version") > 1

    def _batch(self, query: str, parameters: tuple[object, ...]) -> OutboxBatch | None:
        rows, references = self._database.execute_sql(query, parameters).fetchone()
        named = msgspec.json.decode(references, type=list[Reference])
        return OutboxBatch(rows, named) if named else None

    def _number(self, query: str) -> int:
        return int(self._database.execute_sql(query).fetchone()[0])
