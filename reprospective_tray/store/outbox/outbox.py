"""Outbox: the rows of a table that the server does not have yet, and its answers to them.

A row is marked as sent only if its revision is still the one that was sent; a row that changed
meanwhile is sent again. SQLite builds the JSON of a batch, which is several times as fast as
building it from Python objects.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from reprospective_tray.store.outbox.range_orders import RangeOrders
from reprospective_tray.store.outbox.sent_tables import ENTRIES, SESSIONS, SentTable
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta
from reprospective_tray.system.clock import now_ms

# A batch ends early once its titles exceed this size, whatever its number of rows.
_BATCH_BYTES = 2_000_000
# Marking more rows at once would block recording.
_ROWS_A_TRANSACTION = 125
_PAGE = 5000

# S608: names of tables and columns come from sent_tables, all else is constants of this module.
_WAITS = """synced = 0 AND NOT EXISTS (
    SELECT 1 FROM desktop_activity_refused AS r WHERE r.uid = s.uid AND r.revision = s.revision
)"""
_AS_SENT = """
    SELECT
        json_group_array(json_object({columns})),
        json_group_array(json_array(id, CAST(revision AS INTEGER)))
"""
_NEXT = f"""{_AS_SENT} FROM (
    SELECT *, sum({{size}}) OVER (
        ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS size_before
    FROM (SELECT * FROM {{name}} AS s WHERE id > ? AND {_WAITS} ORDER BY id LIMIT ?)
) WHERE coalesce(size_before, 0) < {_BATCH_BYTES}"""  # noqa: S608
_SOME = f"""{_AS_SENT} FROM (
    SELECT s.* FROM {{name}} AS s JOIN json_each(?) AS j ON s.id = j.value ORDER BY id
)"""  # noqa: S608
_MARK = """UPDATE {name} AS s SET synced = 1, synced_at = ? FROM json_each(?) AS j
    WHERE s.id = json_extract(j.value, '$[0]') AND revision = json_extract(j.value, '$[1]')"""
_LAST = "SELECT max(id) FROM {name}"
_OFFER_BELOW = f"""UPDATE {{name}} SET synced = 0 WHERE id IN (
    SELECT id FROM {{name}} WHERE id <= ? ORDER BY id DESC LIMIT {_ROWS_A_TRANSACTION}
) RETURNING id"""  # noqa: S608
_OFFER_IN_REVISION = """UPDATE {name} AS s SET synced = 0 FROM json_each(?) AS j
    WHERE s.id = json_extract(j.value, '$[0]') AND revision = json_extract(j.value, '$[1]')"""
_UNSENT = "SELECT count(*) FROM {name} WHERE synced = 0"
_REFUSED = """SELECT count(*) FROM desktop_activity_refused AS r JOIN {name} AS s
    ON s.uid = r.uid AND s.revision = r.revision"""
_FORGET_REFUSALS = """DELETE FROM desktop_activity_refused
    WHERE EXISTS (SELECT 1 FROM {name} AS s WHERE s.uid = desktop_activity_refused.uid)"""
_UID = "SELECT uid FROM {name} WHERE id = ?"
_HELD_COUNT = "SELECT count(*) FROM {name} WHERE synced = 1"
_HELD = f"""SELECT id, uid, revision, deleted FROM {{name}} WHERE synced = 1 AND id > ?
    ORDER BY id LIMIT {_PAGE}"""  # noqa: S608

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
    """The rows of a table waiting to be sent; must be used in the adapter's `connection()`."""

    def __init__(self, adapter: SqliteAdapter, table: SentTable = SESSIONS) -> None:
        """Use `table` in the file of `adapter`."""
        self.table = table
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
        return self._number(_UNSENT) - self.refused() if self._exists() else 0

    def refused(self) -> int:
        """Return how many rows are set aside because the server refused their current revision."""
        return self._number(_REFUSED) if self._exists() and self._can_refuse() else 0

    def next(self, after: int, limit: int) -> OutboxBatch | None:
        """Return up to `limit` waiting rows with ids above `after`, in order; None at the end."""
        return self._batch(_NEXT, after, limit)

    def part(self, references: Iterable[Reference]) -> OutboxBatch | None:
        """Return the referenced rows in their current state; None if all of them are gone."""
        ids = msgspec.json.encode([number for number, _revision in references]).decode()
        return self._batch(_SOME, ids)

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
                self._execute(_MARK, clock, encoded)
        # Otherwise recording's next write would have to checkpoint all of it.
        self._database.execute_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def set_aside(self, reference: Reference, reason: str) -> None:
        """Store that the server refused this revision of a row; a newer one is sent again."""
        number, revision = reference
        row = self._execute(_UID, number).fetchone()
        if row is not None:
            now, refused = now_ms(), self._models.Refused
            refused.replace(uid=row[0], revision=revision, reason=reason, refused_at=now).execute()

    def offer_refused(self) -> int:
        """Return refused rows to the outbox; return how many."""
        with self._database.atomic("IMMEDIATE"):
            count = self.refused()
            self._execute(_FORGET_REFUSALS)
        return count

    def offer_all(self) -> None:
        """Request that all stored rows are sent again; `offer` then marks them."""
        self._facts.put(self.table.reoffer, self._execute(_LAST).fetchone()[0])
        # The refusals may come from another server or user than the current one.
        self._execute(_FORGET_REFUSALS)

    def offer(self) -> Iterator[int]:
        """Mark the rows requested by `offer_all` as unsent, in short transactions.

        Yields the number of rows of each transaction.
        """
        while bound := self._facts.get(self.table.reoffer):
            with self.undone_by_a_power_cut(), self._database.atomic("IMMEDIATE"):
                ids = [row[0] for row in self._execute(_OFFER_BELOW, bound)]
                self._facts.put(self.table.reoffer, min(ids) - 1 if ids else None)
            yield len(ids)

    def held_count(self) -> int:
        """Return how many rows are marked as sent."""
        return self._number(_HELD_COUNT)

    def held(self, after: int) -> list[Held]:
        """Return up to 5,000 rows that are marked as sent, with ids above `after`."""
        return list(self._execute(_HELD, after))

    def offer_again(self, references: Sequence[Reference]) -> None:
        """Mark rows as unsent if their revision has not changed."""
        with self._database.atomic("IMMEDIATE"):
            encoded = msgspec.json.encode(references).decode()
            self._execute(_OFFER_IN_REVISION, encoded)

    def _can_refuse(self) -> bool:
        """Return whether the file's schema has refusals; a reader does not migrate older files."""
        return self._number("PRAGMA user_version") > 1

    def _exists(self) -> bool:
        """Return whether the file has the table; a reader does not migrate older files."""
        return bool(self._database.table_exists(self.table.name))

    def _batch(self, query: str, *parameters: object) -> OutboxBatch | None:
        rows, references = self._execute(query, *parameters).fetchone()
        named = msgspec.json.decode(references, type=list[Reference])
        return OutboxBatch(rows, named) if named else None

    def _number(self, query: str) -> int:
        return int(self._execute(query).fetchone()[0])

    def _execute(self, query: str, *parameters: object) -> Any:
        table = self.table
        statement = query.format(name=table.name, columns=table.columns, size=table.size)
        return self._database.execute_sql(statement, parameters)


def offer_everything(adapter: SqliteAdapter) -> None:
    """Request that all rows and range deletions are sent again; see `Outbox.offer_all`."""
    for table in (SESSIONS, ENTRIES):
        Outbox(adapter, table).offer_all()
    RangeOrders(adapter).send_again()
