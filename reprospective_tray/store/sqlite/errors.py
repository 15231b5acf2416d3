"""What SQLite's errors mean."""

import sqlite3

_DAMAGE_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_LOCK_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def sqlite_cause(error: BaseException) -> BaseException:
    """Return what lies behind `error`.

    On a full disk SQLite rolls back by itself, and the error that comes up is
    that there is nothing to roll back.
    """
    seen: BaseException | None = error
    while seen is not None:
        code = getattr(seen, "sqlite_errorcode", None)
        if code is not None and code & 0xFF != sqlite3.SQLITE_ERROR:
            return seen
        seen = getattr(seen, "orig", None) or seen.__cause__ or seen.__context__
    return error


def sqlite_code(error: BaseException) -> int:
    """Return SQLite's primary result code of `error`, 0 when it carries none but "error"."""
    return int(getattr(sqlite_cause(error), "sqlite_errorcode", 0)) & 0xFF


def is_damage(error: BaseException) -> bool:
    """Tell whether `error` says that the file is no database or its pages are broken."""
    return sqlite_code(error) in _DAMAGE_CODES


def is_lock(error: BaseException) -> bool:
    """Tell whether `error` says that another program is writing: that ends by itself."""
    return sqlite_code(error) in _LOCK_CODES


def is_full(error: BaseException) -> bool:
    """Tell whether `error` says that the disk is full."""
    return sqlite_code(error) == sqlite3.SQLITE_FULL
