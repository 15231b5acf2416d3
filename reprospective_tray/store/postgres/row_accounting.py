"""PostgresRowAccounting: orders rows by their time of receipt; the daily totals are a view."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from peewee import fn

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.engine.prepared import Prepared
from reprospective_tray.store.engine.row_accounting import RECORDED, RowAccounting, upsert
from reprospective_tray.store.model.sessions import Row


class PostgresRowAccounting(RowAccounting):
    """Row accounting of a server: a row's number is its time of receipt in microseconds."""

    touched: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Work on the tables of `adapter`."""
        self._session = session = adapter.models.Session
        self.number = session.received_at
        self._latest = 0
        self._instants = (session.started_at, session.ended_at, session.received_at)
        self._upsert = Prepared(adapter.database, (*RECORDED, "received_at"), self._query)

    def newest(self, device_id: str) -> int:
        """See `RowAccounting.newest`."""
        session = self._session
        found = session.select(fn.MAX(session.received_at)).where(session.device_id == device_id)
        self._latest = int(found.scalar() or 0)
        return self._latest

    def put(self, row: Row) -> bool:
        """See `RowAccounting.put`."""
        values = row | {"received_at": self._latest + 1}
        values |= {field.name: field.db_value(values[field.name]) for field in self._instants}
        return self._upsert.execute(values) > 0

    def count(self, rows: Iterable[Row]) -> None:
        """Do nothing: the server's daily totals are a view."""

    def uncount(self, *rows: Row) -> None:
        """Do nothing: the server's daily totals are a view."""

    def _query(self, row: Row) -> Any:
        # If the server's clock was set back, new rows must still sort after those of earlier runs.
        now = fn.GREATEST(fn.clock_timestamp(), row["received_at"])
        return upsert(self._session, row | {"received_at": now}, self.touched)
