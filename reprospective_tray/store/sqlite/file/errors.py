"""Classification of SQLite's errors."""

import sqlite3

_DAMAGE_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_LOCK_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def sqlite_cause(error: BaseException) -> BaseException:
    """Return the original SQLite error behind `error`.

    On a full disk SQLite rolls back by itself, so the error that is raised says that there is
    nothing to roll back.
    """
    seen: BaseException | None = error
    while seen is not None:
        code = getattr(seen, "sqlite_errorcode", None)
        if code is not None and code & 0xFF != sqlite3.SQLITE_ERROR:
            return seen
        seen = getattr(seen, "orig", None) or seen.__cause__ or seen.__context__
    return error


def sqlite_code(error: BaseException) -> int:
    """Return SQLite's primary result code of `error`; 0 if there is only the generic one."""
    return int(getattr(sqlite_cause(error), "sqlite_errorcode", 0)) & 0xFF


def is_damage(error: BaseException) -> bool:
    """Return whether `error` means that the file is not a database or has damaged pages."""
    return sqlite_code(error) in _DAMAGE_CODES


def is_lock(error: BaseException) -> bool:
    """Return whether `error` means that another program holds a lock, which is temporary."""
    return sqlite_code(error) in _LOCK_CODES


def is_full(error: BaseException) -> bool:
    """Return whether `error` means that the disk is full."""
    return sqlite_code(error) == sqlite3.SQLITE_FULL
