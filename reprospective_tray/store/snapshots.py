"""A consistent copy of the whole local database, by SQLite's backup API."""

import sqlite3
from pathlib import Path

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.private_files import replacing
from reprospective_tray.store.sqlite_connection import open_file
from reprospective_tray.store.sqlite_errors import is_damage


def write_snapshot(path: Path, target: Path, damaged: StoreError) -> None:
    """Write a copy of the database at `path` to `target`.

    Raises:
        StoreError: `target` is the database itself or cannot be written;
            `damaged` where it is the database that is.
    """
    try:
        if target.exists() and target.samefile(path):
            raise StoreError(_("The snapshot cannot replace the database itself."))
        with replacing(target) as partial:
            source = open_file(path, "ro")
            copy = open_file(partial, "rwc")
            try:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()
                source.close()
    except sqlite3.Error as error:
        if is_damage(error):
            raise damaged from error
        raise _not_written(target, error) from error
    except OSError as error:
        raise _not_written(target, error.strerror) from error


def _not_written(target: Path, reason: object) -> StoreError:
    return StoreError(
        _("The snapshot {path} cannot be written: {reason}.").format(path=target, reason=reason)
    )
