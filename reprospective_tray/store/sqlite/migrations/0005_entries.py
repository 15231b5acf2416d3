"""Tables for entries, which say what a time was for, and for the days that are closed to changes.

SQL instead of models: a migration is frozen, the models move on.
"""

import peewee
from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    """
    CREATE TABLE desktop_activity_entries (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        device_id TEXT NOT NULL,
        source_host TEXT NOT NULL CHECK (length(source_host) <= 256),
        started_at INTEGER NOT NULL CHECK (started_at >= 0),
        ended_at INTEGER NOT NULL CHECK (ended_at <= 7258118400000),
        utc_offset_minutes INTEGER NOT NULL CHECK (utc_offset_minutes BETWEEN -1080 AND 1080),
        category TEXT NOT NULL CHECK (length(category) <= 256),
        note TEXT NOT NULL CHECK (length(note) <= 4096),
        billable INTEGER NOT NULL CHECK (billable IN (0, 1)),
        revision INTEGER NOT NULL,
        deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
        synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
        synced_at INTEGER,
        CHECK (ended_at > started_at AND ended_at - started_at <= 31622400000),
        CHECK (deleted = 1 OR category <> '')
    )
    """,
    "CREATE INDEX entries_by_start ON desktop_activity_entries (started_at) WHERE deleted = 0",
    "CREATE INDEX entries_that_wait ON desktop_activity_entries (id) WHERE synced = 0",
    """
    CREATE TABLE desktop_activity_closed_days (
        day TEXT NOT NULL PRIMARY KEY,
        closed_at INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
)


def up(_migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Create the tables."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
