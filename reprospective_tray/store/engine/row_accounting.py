"""Bookkeeping: what a database keeps with each recorded row, besides the session itself.

The local file counts its rows, notes what is to be sent and keeps the daily
rollup. The server notes when a row came, and its days are a view.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import peewee
from peewee import EXCLUDED, fn

from reprospective_tray.store.engine.prepared import Prepared
from reprospective_tray.store.sqlite.adapter import DatabaseAdapter
from reprospective_tray.store.sqlite.daily_totals import Rollup

RECORDED = (
    *("uid", "device_id", "source_host", "state", "application_name", "window_title"),
    *("process_id", "started_at", "ended_at", "utc_offset_minutes", "open"),
)

Row = dict[str, Any]


class Bookkeeping(ABC):
    """Use it inside the adapter's `connection()`."""

    # Grows from row to row as they are recorded, and no change of a row touches it.
    number: Any
    # What each change of a row sets, besides its revision.
    touched: Mapping[str, Any]

    @abstractmethod
    def newest(self, device_id: str) -> int:
        """Return the number of the row that was recorded last; 0 where there is none."""

    @abstractmethod
    def put(self, row: Row) -> bool:
        """Insert a row, or bring it up to date while it is open; tell whether it was written."""

    @abstractmethod
    def count(self, rows: Iterable[Row]) -> None:
        """Take closed, living rows into the days."""

    @abstractmethod
    def uncount(self, *rows: Row) -> None:
        """Take what was counted out of the days again; call it after the rows have changed."""


class LocalBookkeeping(Bookkeeping):
    """The file's: rows have an `id`, and wait for the server from then on."""

    touched: Mapping[str, Any] = MappingProxyType({"synced": 0})

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Work on the tables of `adapter`."""
        self._session = adapter.models.Session
        self.number = self._session.id
        self._rollup = Rollup(adapter)
        self._upsert = Prepared(adapter.database, RECORDED, self._query)

    def newest(self, device_id: str) -> int:  # noqa: ARG002  ids are counted across all devices
        """See `Bookkeeping.newest`."""
        ids = self._session.select(self._session.id).order_by(self._session.id.desc())
        return int(ids.limit(1).scalar() or 0)

    def put(self, row: Row) -> bool:
        """See `Bookkeeping.put`."""
        return self._upsert.execute(row) > 0

    def count(self, rows: Iterable[Row]) -> None:
        """See `Bookkeeping.count`."""
        self._rollup.add(rows)

    def uncount(self, *rows: Row) -> None:
        """See `Bookkeeping.uncount`."""
        self._rollup.remove(*rows)

    def _query(self, row: Row) -> Any:
        return upsert(self._session, row, self.touched)


class ServerBookkeeping(Bookkeeping):
    """The server's: a row is numbered by when it was received, in microseconds."""

    touched: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Work on the tables of `adapter`."""
        self._session = session = adapter.models.Session
        self.number = session.received_at
        self._latest = 0
        self._instants = (session.started_at, session.ended_at, session.received_at)
        self._upsert = Prepared(adapter.database, (*RECORDED, "received_at"), self._query)

    def newest(self, device_id: str) -> int:
        """See `Bookkeeping.newest`."""
        session = self._session
        found = session.select(fn.MAX(session.received_at)).where(session.device_id == device_id)
        self._latest = int(found.scalar() or 0)
        return self._latest

    def put(self, row: Row) -> bool:
        """See `Bookkeeping.put`."""
        values = row | {"received_at": self._latest + 1}
        values |= {field.name: field.db_value(values[field.name]) for field in self._instants}
        return self._upsert.execute(values) > 0

    def count(self, rows: Iterable[Row]) -> None:
        """Do nothing: the server's days are a view of its rows."""

    def uncount(self, *rows: Row) -> None:
        """Do nothing: the server's days are a view of its rows."""

    def _query(self, row: Row) -> Any:
        # A server whose clock was set back must not number new rows among those of earlier runs.
        now = fn.GREATEST(fn.clock_timestamp(), row["received_at"])
        return upsert(self._session, row | {"received_at": now}, self.touched)


def upsert(table: Any, row: Row, touched: Mapping[str, Any]) -> peewee.Insert:
    """Return the statement that inserts `row`, or brings it up to date while it is open."""
    newest = {
        table.ended_at: EXCLUDED.ended_at,
        table.open: EXCLUDED.open,
        table.revision: table.revision + 1,
        **{getattr(table, name): value for name, value in touched.items()},
    }
    query: peewee.Insert = table.insert(row).on_conflict(
        conflict_target=[table.uid], update=newest, where=table.open == 1
    )
    return query
