"""Checks the local file without changing it or anything beside it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.sqlite.adapter import SCHEMA_VERSION
from reprospective_tray.store.sqlite.connection import open_file
from reprospective_tray.store.sqlite.errors import is_damage

_WAL_HEADER = b"\x02\x02"  # https://sqlite.org/fileformat.html#file_format_version_numbers
_WAL_AT = 18
_BUSY_S = 2.0
# How many steps SQLite goes between two looks at the clock.
_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the file says of itself.

    Attributes:
        size: Bytes of the file and of what is written beside it.
        journal_mode: ``WAL`` while it is written, ``DELETE`` after a clean end.
        schema_version: 0 in a file in which nothing was made yet.
        schema_version_here: What this program makes of it.
        tables: The names of its tables.
    """

    size: int
    journal_mode: str
    schema_version: int
    schema_version_here: int
    tables: frozenset[str]


def look(path: Path) -> FileFacts:
    """Return what the file at `path` says of itself.

    Raises:
        OSError: it cannot be read.
        sqlite3.Error: it is no database, or damaged; `explain` has a sentence for it.
    """
    sizes = [each.stat().st_size for each in (path, _beside(path)) if each.exists()]
    with closing(open_unchanged(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = frozenset(name for (name,) in names if not name.startswith("sqlite_"))
    mode = "WAL" if _is_wal(path) else "DELETE"
    return FileFacts(sum(sizes), mode, version, SCHEMA_VERSION, tables)


def quick_check(path: Path, deadline_s: float) -> str | None:
    """Return SQLite's first complaint about the file, '' where it has none, None out of time.

    It takes some seconds a million sessions; recording goes on meanwhile.

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
    """Return what `look` or `quick_check` raised as an error that a person understands."""
    if is_damage(error):
        return damaged(path)
    reason = getattr(error, "strerror", None) or error
    return StoreError(
        _("The database {path} cannot be used: {reason}.").format(path=path, reason=reason),
        _("Check the disk and the file's rights, then try again."),
    )


def damaged(path: Path) -> StoreError:
    """Return the error of a file with damage."""
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
    """Open it for reading; a WAL that is not there would be made, also by who only reads.

    Raises:
        OSError, sqlite3.Error: as for `look`.
    """
    immutable = _is_wal(path) and not _beside(path).exists()
    return open_file(path, "ro", timeout_s=_BUSY_S, immutable=immutable)
