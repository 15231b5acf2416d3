"""Tombstones: what remains of a deleted session, its times and its device only."""

from types import MappingProxyType

from reprospective_tray.store.model.sessions import Row

# The column values that turn a row into a tombstone.
TOMBSTONE = MappingProxyType(
    {"deleted": 1, "open": 0, "application_name": "", "window_title": "", "process_id": None}
)


def blanked(row: Row) -> Row:
    """Return `row`; if it is deleted, without its names and process id.

    Older versions kept the process id in tombstones, here and on the server.
    """
    return row | TOMBSTONE if row["deleted"] else row
