"""The times of sessions removed by retention, so that an import does not fill them again.

SQL instead of models: a migration is frozen, the models move on.
"""

import peewee
from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    """
    CREATE TABLE desktop_activity_taken_times (
        device_id TEXT NOT NULL,
        source_host TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        ended_at INTEGER NOT NULL CHECK (ended_at > started_at),
        PRIMARY KEY (device_id, source_host, started_at)
    ) WITHOUT ROWID
    """,
    # For earlier removals only the days are known, so each day's span from first to last is used.
    """
    INSERT INTO desktop_activity_taken_times (device_id, source_host, started_at, ended_at)
    SELECT device_id, source_host, first_at, min(last_at, horizon) FROM (
        SELECT device_id, source_host, min(first_at) AS first_at, max(last_at) AS last_at
        FROM desktop_activity_days GROUP BY device_id, source_host, day
    ), (
        SELECT CAST(value AS INTEGER) AS horizon
        FROM desktop_activity_meta WHERE key = 'retention.horizon'
    )
    WHERE min(last_at, horizon) > first_at
    ON CONFLICT DO UPDATE SET ended_at = max(ended_at, excluded.ended_at)
    """,
)


def up(_migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Create the table and fill it from the daily totals."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
