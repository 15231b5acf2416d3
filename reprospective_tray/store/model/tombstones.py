"""What stays of a session that was forgotten: its times and its device, and no more."""

from types import MappingProxyType

from reprospective_tray.store.model.sessions import Row

# What a row gets when it becomes a tombstone.
TOMBSTONE = MappingProxyType(
    {"deleted": 1, "open": 0, "application_name": "", "window_title": "", "process_id": None}
)


def blanked(row: Row) -> Row:
    """Return a row as it may be stored: a tombstone without its names and its process.

    Older versions left the number of the process in one, here and on the server.
    """
    return row | TOMBSTONE if row["deleted"] else row
