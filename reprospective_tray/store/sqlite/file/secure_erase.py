"""Removes erased texts from the SQLite file and from the files next to it.

Every writing connection uses `secure_delete`, which overwrites deleted data with zeros. Traces can
then remain only in the -wal, and in free pages written by an older version or another SQLite.
"""

import logging
from pathlib import Path

import peewee

from reprospective_tray.store.sqlite.file.connection import temporary_files_in

log = logging.getLogger(__name__)

# Key in desktop_activity_meta: all data ever deleted from this file was overwritten.
_CLEAN = "secure_delete"


def note_clean(database: peewee.SqliteDatabase) -> None:
    """Store that this file was never written without `secure_delete`."""
    query = "INSERT OR REPLACE INTO desktop_activity_meta (key, value) VALUES (?, '1')"
    database.execute_sql(query, (_CLEAN,))


def scrub(database: peewee.SqliteDatabase, folder: Path) -> bool:
    """Checkpoint and empty the -wal; return whether it is empty now.

    A file that may have been written without `secure_delete` is rewritten once by VACUUM, with a
    temporary file in its own `folder`. Waits for readers up to the connection's busy timeout.
    """
    known = database.execute_sql("SELECT 1 FROM desktop_activity_meta WHERE key = ?", (_CLEAN,))
    try:
        if not known.fetchone():
            with temporary_files_in(folder, database):
                database.execute_sql("VACUUM")
            note_clean(database)
        busy, *_pages = database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except peewee.OperationalError as error:
        log.warning("erased data is still in the database's files: %s", str(error))
        return False
    if busy:
        log.warning("erased data stays in the -wal while another program is reading")
    return not busy


def other_files(path: Path) -> list[Path]:
    """Return the other files that contain sessions of the database at `path`.

    These are damaged files that were moved away, and the leftover file of unwritten changes.
    """
    aside = path.parent.glob(f"{path.stem}.damaged-*")
    leftover = Path(f"{path}.leftover")
    return [*sorted(aside), *([leftover] if leftover.exists() else [])]
