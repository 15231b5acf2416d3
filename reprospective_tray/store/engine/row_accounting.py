"""RowAccounting: the bookkeeping that a database does for each recorded row.

The local file numbers its rows, marks them for sending and maintains the daily rollup. The server
stores the time at which it received a row, and its daily totals are a view.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import peewee
from peewee import EXCLUDED

from reprospective_tray.store.model.sessions import Row

RECORDED = (
    *("uid", "device_id", "source_host", "state", "application_name", "window_title"),
    *("process_id", "started_at", "ended_at", "utc_offset_minutes", "open"),
)


class RowAccounting(ABC):
    """Upserts recorded rows and maintains the daily totals; must be called in `connection()`."""

    # A column that increases with each recorded row; changes of a row do not affect it.
    number: Any
    # Columns that each change of a row sets, besides its revision.
    touched: Mapping[str, Any]

    @abstractmethod
    def newest(self, device_id: str) -> int:
        """Return the number of the row recorded last; 0 if there is none."""

    @abstractmethod
    def put(self, row: Row) -> bool:
        """Insert a row, or update it if it is still open; return whether it was written."""

    @abstractmethod
    def count(self, rows: Iterable[Row]) -> None:
        """Add closed, non-deleted rows to the daily totals."""

    @abstractmethod
    def uncount(self, *rows: Row) -> None:
        """Subtract counted rows from the daily totals; call it after the rows have changed."""


def upsert(table: Any, row: Row, touched: Mapping[str, Any]) -> peewee.Insert:
    """Return the statement that inserts `row`, or updates it if it is still open."""
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
