"""Writes a consistent copy of the local database with SQLite's backup API."""

import sqlite3
from contextlib import closing
from pathlib import Path

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.sqlite.file.connection import open_file
from reprospective_tray.store.sqlite.file.errors import is_damage
from reprospective_tray.system.private_files import replacing

# An interrupt is handled between two steps; one takes about 10 ms.
_PAGES_A_STEP = 1000


def write_snapshot(path: Path, target: Path, damaged: StoreError, *, overwrite: bool = True) -> int:
    """Write a copy of the database at `path` to `target`; return its non-deleted sessions.

    Raises:
        FileExistsError: `target` exists and `overwrite` is false.
        StoreError: `target` is the database itself or cannot be written; the given `damaged` if
            the database is damaged.
    """
    try:
        if target.exists() and target.samefile(path):
            raise StoreError(_("The snapshot cannot replace the database itself."))
        if target.exists() and not target.is_file() and not target.is_dir():
            raise _not_written(target, _("it is not a regular file"))
        with replacing(target, overwrite=overwrite) as partial:
            return _copy(path, partial)
    except sqlite3.Error as error:
        if is_damage(error):
            raise damaged from error
        raise _not_written(target, error) from error
    except FileExistsError:
        raise
    except OSError as error:
        raise _not_written(target, error.strerror) from error


def _copy(path: Path, partial: Path) -> int:
    with closing(open_file(path, "ro")) as source, closing(open_file(partial, "rwc")) as copy:
        # One read transaction for all steps; otherwise a concurrent write would restart the copy.
        source.isolation_level = None
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(copy, pages=_PAGES_A_STEP, progress=lambda *_pages: None)
        copy.execute("PRAGMA journal_mode = DELETE")
        living = copy.execute("SELECT count(*) FROM desktop_activity_sessions WHERE deleted = 0")
        return int(living.fetchone()[0])


def _not_written(target: Path, reason: object) -> StoreError:
    return StoreError(
        _("The snapshot {path} cannot be written: {reason}.").format(path=target, reason=reason)
    )
