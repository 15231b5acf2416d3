"""The owner of imported sessions, so that two persons importing one file get different uids."""

import uuid

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey


def person_of(adapter: DatabaseAdapter) -> str:
    """Return the owner of the database's sessions: the server role, or a UUID for a local file.

    The UUID is created at random on first use and stored in the file. Must be called in the
    adapter's `connection()`.
    """
    if not isinstance(adapter, SqliteAdapter):
        return str(adapter.database.execute_sql("SELECT current_user").fetchone()[0])
    facts = FileMeta(adapter)
    with adapter.writing():
        person = facts.get(MetaKey.PERSON, "")
        if not person:
            person = str(uuid.uuid4())
            facts.put(MetaKey.PERSON, person)
    return str(person)
