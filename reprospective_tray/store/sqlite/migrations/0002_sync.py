"""Tables for sending to a server: refused rows, rows removed by retention, range orders.

SQL instead of models: a migration is frozen, the models move on.
"""

import peewee
from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    # The uids of rows removed by retention; the daily totals still include them.
    """
    CREATE TABLE desktop_activity_taken (
        uid TEXT NOT NULL PRIMARY KEY,
        revision INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE desktop_activity_refused (
        uid TEXT NOT NULL PRIMARY KEY,
        revision INTEGER NOT NULL,
        reason TEXT NOT NULL,
        refused_at INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    # Ranges forgotten after retention had removed their rows, for the server to delete.
    """
    CREATE TABLE desktop_activity_range_orders (
        uid TEXT NOT NULL PRIMARY KEY,
        device_ids TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        ended_at INTEGER NOT NULL CHECK (ended_at > started_at),
        application_name TEXT,
        ordered_at INTEGER NOT NULL,
        acknowledged INTEGER NOT NULL CHECK (acknowledged IN (0, 1))
    ) WITHOUT ROWID
    """,
)


def up(_migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Create the tables."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
