"""Whose an import is: two persons who take over the same file have sessions of their own."""

import uuid

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey


def person_of(adapter: DatabaseAdapter) -> str:
    """Return whose sessions the database records: a server's role, or the name of a file's owner.

    That is made at random when it is first asked for, and stays with the file.
    Use it inside the adapter's `connection()`.
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
