"""SqliteRowAccounting: numbers rows by id, marks them unsent and updates the daily totals."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from reprospective_tray.store.engine.prepared import Prepared
from reprospective_tray.store.engine.row_accounting import RECORDED, RowAccounting, upsert
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.rows.daily_totals import DailyTotals


class SqliteRowAccounting(RowAccounting):
    """Row accounting of the local file: a row's number is its `id`; changes mark it unsent."""

    touched: Mapping[str, Any] = MappingProxyType({"synced": 0})

    def __init__(self, adapter: SqliteAdapter) -> None:
        """Work on the tables of `adapter`."""
        self._session = adapter.models.Session
        self.number = self._session.id
        self._rollup = DailyTotals(adapter)
        self._upsert = Prepared(adapter.database, RECORDED, self._query)

    def newest(self, device_id: str) -> int:  # noqa: ARG002  ids are counted across all devices
        """See `RowAccounting.newest`."""
        ids = self._session.select(self._session.id).order_by(self._session.id.desc())
        return int(ids.limit(1).scalar() or 0)

    def put(self, row: Row) -> bool:
        """See `RowAccounting.put`."""
        return self._upsert.execute(row) > 0

    def count(self, rows: Iterable[Row]) -> None:
        """See `RowAccounting.count`."""
        self._rollup.add(rows)

    def uncount(self, *rows: Row) -> None:
        """See `RowAccounting.uncount`."""
        self._rollup.remove(*rows)

    def _query(self, row: Row) -> Any:
        return upsert(self._session, row, self.touched)
