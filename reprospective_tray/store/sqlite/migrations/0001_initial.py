"""The first schema: sessions, their daily rollup, and facts about the file.

SQL instead of models: a migration is frozen, the models move on.
"""

import peewee
from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    """
    CREATE TABLE desktop_activity_sessions (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        device_id TEXT NOT NULL,
        source_host TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('active', 'idle', 'locked')),
        application_name TEXT NOT NULL,
        window_title TEXT NOT NULL,
        process_id INTEGER,
        started_at INTEGER NOT NULL,
        ended_at INTEGER NOT NULL CHECK (ended_at >= started_at),
        utc_offset_minutes INTEGER NOT NULL CHECK (utc_offset_minutes BETWEEN -1080 AND 1080),
        open INTEGER NOT NULL CHECK (open IN (0, 1)),
        deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
        revision INTEGER NOT NULL,
        synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
        synced_at INTEGER
    )
    """,
    "CREATE INDEX sessions_by_start ON desktop_activity_sessions (started_at)",
    "CREATE INDEX sessions_by_device ON desktop_activity_sessions (device_id, started_at)",
    "CREATE INDEX sessions_that_wait ON desktop_activity_sessions (id) WHERE synced = 0",
    "CREATE UNIQUE INDEX one_open_session ON desktop_activity_sessions (device_id) WHERE open = 1",
    """
    CREATE TABLE desktop_activity_days (
        day TEXT NOT NULL,
        device_id TEXT NOT NULL,
        source_host TEXT NOT NULL,
        state TEXT NOT NULL,
        application_name TEXT NOT NULL,
        ms INTEGER NOT NULL,
        sessions INTEGER NOT NULL,
        first_at INTEGER NOT NULL,
        first_offset_minutes INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        last_offset_minutes INTEGER NOT NULL,
        PRIMARY KEY (day, device_id, source_host, state, application_name)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE desktop_activity_meta (
        key TEXT NOT NULL PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)


def up(_migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Create everything."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
