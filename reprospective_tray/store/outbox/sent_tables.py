"""The tables of the local file whose rows are sent, and their columns in the format for sending."""

from dataclasses import dataclass

from reprospective_tray.store.sqlite.meta import MetaKey


@dataclass(frozen=True, slots=True)
class SentTable:
    """A table with the columns `id`, `uid`, `revision`, `deleted`, `synced` and `synced_at`.

    Attributes:
        name: Its name, here and on the server.
        columns: The arguments of SQLite's json_object() for one row.
        size: The SQL expression for the length of a row's texts.
        reoffer: The key of the id up to which its rows are still to be sent again.
    """

    name: str
    columns: str
    size: str
    reoffer: MetaKey


# The casts handle blobs written by another program: one blob would make the whole JSON fail.
SESSIONS = SentTable(
    "desktop_activity_sessions",
    """
        'uid', uid, 'device_id', device_id, 'source_host', CAST(source_host AS TEXT),
        'original_id', id, 'state', state,
        'application_name', CAST(application_name AS TEXT),
        'window_title', CAST(window_title AS TEXT),
        'process_id', CAST(process_id AS INTEGER),
        'started_at', CAST(started_at AS INTEGER), 'ended_at', CAST(ended_at AS INTEGER),
        'utc_offset_minutes', CAST(utc_offset_minutes AS INTEGER),
        'open', CAST(open AS INTEGER), 'deleted', CAST(deleted AS INTEGER),
        'revision', CAST(revision AS INTEGER)
    """,
    "length(window_title) + length(application_name)",
    MetaKey.REOFFER,
)
ENTRIES = SentTable(
    "desktop_activity_entries",
    """
        'uid', uid, 'device_id', device_id, 'source_host', CAST(source_host AS TEXT),
        'started_at', CAST(started_at AS INTEGER), 'ended_at', CAST(ended_at AS INTEGER),
        'utc_offset_minutes', CAST(utc_offset_minutes AS INTEGER),
        'category', CAST(category AS TEXT), 'note', CAST(note AS TEXT),
        'billable', CAST(billable AS INTEGER), 'revision', CAST(revision AS INTEGER),
        'deleted', CAST(deleted AS INTEGER)
    """,
    "length(category) + length(note)",
    MetaKey.REOFFER_ENTRIES,
)
