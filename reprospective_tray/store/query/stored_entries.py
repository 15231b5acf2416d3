"""Entries as they are stored, for exports: uncut, with what only the tables need."""

from dataclasses import dataclass
from typing import Any

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.entries import Entry, entry_of


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry with where it was made, whether the server has it, and its revision."""

    entry: Entry
    device_id: str
    source_host: str
    synced: bool
    revision: int


def stored_entries(
    adapter: DatabaseAdapter, since: int | None = None, until: int | None = None
) -> list[StoredEntry]:
    """Return the entries that overlap [`since`, `until`), in ms UTC, ordered by start.

    Must be called in `connection()`. A database of an older version has none.
    """
    table: Any = getattr(adapter.models, "Entry", None)
    if table is None or not table.table_exists():
        return []
    rows = table.select().where(table.deleted == 0).order_by(table.started_at, table.uid)
    if since is not None:
        rows = rows.where(table.ended_at > since)
    if until is not None:
        rows = rows.where(table.started_at < until)
    return [
        StoredEntry(
            entry_of(row),
            *(row["device_id"], row["source_host"]),
            bool(row.get("synced", True)),  # all that the server has is there
            row["revision"],
        )
        for row in rows.dicts()
    ]
