"""Checks the local file without changing it or the files next to it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.sqlite.adapter import SCHEMA_VERSION
from reprospective_tray.store.sqlite.file.connection import open_file
from reprospective_tray.store.sqlite.file.errors import is_damage

_WAL_HEADER = b"\x02\x02"  # https://sqlite.org/fileformat.html#file_format_version_numbers
_WAL_AT = 18
_BUSY_S = 2.0
# Number of SQLite VM instructions between two checks of the deadline.
_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Properties of the database file.

    Attributes:
        size: Size of the file and its -wal in bytes.
        journal_mode: ``WAL`` while it is written, ``DELETE`` after a clean shutdown.
        schema_version: The file's version; 0 if no table was created yet.
        schema_version_here: The version that this program creates.
        tables: The names of its tables.
    """

    size: int
    journal_mode: str
    schema_version: int
    schema_version_here: int
    tables: frozenset[str]


def look(path: Path) -> FileFacts:
    """Return the properties of the file at `path`.

    Raises:
        OSError: it cannot be read.
        sqlite3.Error: it is not a database, or is damaged; `explain` converts the error.
    """
    sizes = [each.stat().st_size for each in (path, _beside(path)) if each.exists()]
    with closing(open_unchanged(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = frozenset(name for (name,) in names if not name.startswith("sqlite_"))
    mode = "WAL" if _is_wal(path) else "DELETE"
    return FileFacts(sum(sizes), mode, version, SCHEMA_VERSION, tables)


def quick_check(path: Path, deadline_s: float) -> str | None:
    """Return SQLite's first complaint about the file; '' if there is none, None after a timeout.

    It takes a few seconds per million sessions and does not block recording.

    Raises:
        OSError, sqlite3.Error: as for `look`.
    """
    ends_at = time.monotonic() + deadline_s
    with closing(open_unchanged(path)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > ends_at, _STEPS)
        try:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return None
            raise
    return "" if answer == "ok" else str(answer)


def explain(path: Path, error: Exception) -> StoreError:
    """Return an exception of `look` or `quick_check` as a StoreError for the user."""
    if is_damage(error):
        return damaged(path)
    reason = getattr(error, "strerror", None) or error
    return StoreError(
        _("The database {path} cannot be used: {reason}.").format(path=path, reason=reason),
        _("Check the disk and the file's rights, then try again."),
    )


def damaged(path: Path) -> StoreError:
    """Return the error for a damaged file."""
    return StoreError(
        _("The database {path} is damaged.").format(path=path),
        _("The next start of recording sets it aside and saves what can be read."),
    )


def _beside(path: Path) -> Path:
    return Path(f"{path}-wal")


def _is_wal(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_WAL_AT + 2)[_WAL_AT:] == _WAL_HEADER


def open_unchanged(path: Path) -> sqlite3.Connection:
    """Open the file read-only, without creating a missing -wal as SQLite otherwise would.

    Raises:
        OSError, sqlite3.Error: as for `look`.
    """
    immutable = _is_wal(path) and not _beside(path).exists()
    return open_file(path, "ro", timeout_s=_BUSY_S, immutable=immutable)
