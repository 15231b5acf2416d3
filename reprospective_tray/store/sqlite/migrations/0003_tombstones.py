"""Tombstones lose the number of the process, which earlier versions left in some of them.

The server does the same to its own by itself: there is nothing to send.
"""

import peewee
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Take it out."""
    db.execute_sql(
        "UPDATE desktop_activity_sessions SET process_id = NULL"
        " WHERE deleted = 1 AND process_id IS NOT NULL"
    )
