"""Removes the process id from tombstones, where earlier versions had kept it.

The server removes it by itself, so the rows need not be sent again.
"""

import peewee
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Set the process id of tombstones to NULL."""
    db.execute_sql(
        "UPDATE desktop_activity_sessions SET process_id = NULL"
        " WHERE deleted = 1 AND process_id IS NOT NULL"
    )
