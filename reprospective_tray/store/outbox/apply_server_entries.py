"""Replaces local entries with the server's newer versions."""

from collections.abc import Sequence

from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.outbox.outbox import Reference
from reprospective_tray.store.sqlite.adapter import SqliteAdapter

_TAKEN = (
    *("device_id", "source_host", "started_at", "ended_at", "utc_offset_minutes"),
    *("category", "note", "billable", "deleted", "revision"),
)


def take_server_entries(
    adapter: SqliteAdapter, versions: Sequence[tuple[Reference, Row]], clock: int
) -> None:
    """Replace the entries that have not changed since they were sent; one that has is sent again.

    `versions` pairs each sent entry with the server's; `clock` is the server's time in ms UTC.
    Must be called in the adapter's `connection()`.
    """
    entry = adapter.models.Entry
    with adapter.database.atomic("IMMEDIATE"):
        for (number, revision), version in versions:
            taken = {name: version[name] for name in _TAKEN}
            entry.update(**taken, synced=1, synced_at=clock).where(
                entry.id == number, entry.revision == revision
            ).execute()
