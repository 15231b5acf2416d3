"""Removes erased texts from the bytes of the SQLite file and from the files beside it.

Every connection that writes has `secure_delete`: what leaves a page is
overwritten with zeros. What is left then is the -wal, and what an older
version, or another SQLite, left in free pages.
"""

import logging
from pathlib import Path

import peewee

from reprospective_tray.store.sqlite.connection import temporary_files_in

log = logging.getLogger(__name__)

# In desktop_activity_meta: nothing was ever erased from this file without overwriting it.
_CLEAN = "secure_delete"


def note_clean(database: peewee.SqliteDatabase) -> None:
    """Note that this file never was written without `secure_delete`."""
    query = "INSERT OR REPLACE INTO desktop_activity_meta (key, value) VALUES (?, '1')"
    database.execute_sql(query, (_CLEAN,))


def scrub(database: peewee.SqliteDatabase, folder: Path) -> bool:
    """Empty the -wal into the file, and tell whether it is empty now.

    A file of unknown past is written anew first, once, by way of a temporary file in `folder`,
    its own. Who reads at the time is waited for as long as this connection is patient.
    """
    known = database.execute_sql("SELECT 1 FROM desktop_activity_meta WHERE key = ?", (_CLEAN,))
    try:
        if not known.fetchone():
            with temporary_files_in(folder, database):
                database.execute_sql("VACUUM")
            note_clean(database)
        busy, *_pages = database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except peewee.OperationalError as error:
        log.warning("what was erased is still in the database's files: %s", str(error))
        return False
    if busy:
        log.warning("what was erased is in the -wal as long as another program is reading")
    return not busy


def other_files(path: Path) -> list[Path]:
    """Return the files that hold sessions beside the database at `path`, where there are any.

    They are what was set aside damaged, and what a full disk kept out of the database.
    """
    aside = path.parent.glob(f"{path.stem}.damaged-*")
    leftover = Path(f"{path}.leftover")
    return [*sorted(aside), *([leftover] if leftover.exists() else [])]
