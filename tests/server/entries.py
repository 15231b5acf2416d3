"""Entries in a local file and on the server, as tests make and compare them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from reprospective_tray.store.entries.entry_writer import EntryWriter
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.server.sender import stored_entries
from tests.server.servers import Database

ENTRIES = "desktop_activity_entries"
SERVERS = f"reprospective.{ENTRIES}"
HOUR = 3_600_000
T0 = 1_790_000_000_000
_KEYS = (
    *("uid", "device_id", "source_host", "started_at", "ended_at", "utc_offset_minutes"),
    *("category", "note", "billable", "revision", "deleted"),
)


def entry(number: int, **changes: Any) -> Entry:
    """Return the entry of hour `number`."""
    start = T0 + number * HOUR
    values = {
        "uid": new_uid(start),
        "started_at": start,
        "ended_at": start + HOUR,
        "utc_offset_minutes": 60,
        "category": "Customers > Harbour",
        "note": f"call {number}",
    }
    return Entry(**values | changes)


@contextmanager
def writing(path: Path) -> Iterator[EntryWriter]:
    """Open the file and change its entries."""
    adapter = SqliteAdapter(path)
    adapter.open()
    try:
        with adapter.connection():
            yield EntryWriter(adapter)
    finally:
        adapter.close()


def add(path: Path, *entries: Entry) -> None:
    """Add entries to the file."""
    with writing(path) as writer:
        writer.add(*entries)


def local(path: Path) -> dict[str, dict[str, Any]]:
    """Return the file's entries in the form that they are sent in, tombstones included."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT {', '.join(_KEYS)} FROM {ENTRIES}")  # noqa: S608  own words
        found = [dict(zip(_KEYS, row, strict=True)) for row in rows]
    return {row["uid"]: row for row in found}


def waiting(path: Path) -> list[str]:
    """Return the uids of the entries that are not marked as sent."""
    with closing(sqlite3.connect(path)) as connection:
        query = f"SELECT uid FROM {ENTRIES} WHERE synced = 0 ORDER BY uid"  # noqa: S608  own words
        return [uid for (uid,) in connection.execute(query)]


def central(database: Database) -> dict[str, dict[str, Any]]:
    """Return the server's entries in the form that they are sent in, tombstones included."""
    rows = stored_entries(database)
    return {uid: {key: row[key] for key in _KEYS} for uid, row in rows.items()}
