"""RowAccounting: what a database keeps with each recorded row, besides the session itself.

The local file counts its rows, notes what is to be sent and keeps the daily
rollup. The server notes when a row came, and its days are a view.
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
