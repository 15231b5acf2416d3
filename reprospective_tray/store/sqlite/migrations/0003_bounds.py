"""Limits for names, titles, times and lengths; longer values are cut, also in the daily totals.

Changed rows are sent again. SQLite cannot add a CHECK to an existing table, so triggers enforce
the limits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peewee
from playhouse.migrate import SchemaMigrator

from reprospective_tray.store.model.bounds import bounded, shortened
from reprospective_tray.store.model.day_split import parts_of

_SESSIONS = "desktop_activity_sessions"
_DAYS = "desktop_activity_days"
_OUT_OF_BOUNDS = """
    length({row}source_host) > 256 OR length({row}application_name) > 256
    OR length({row}window_title) > 4096
    OR {row}started_at < 0 OR {row}ended_at > 7258118400000
    OR {row}ended_at - {row}started_at > 31622400000
"""
_COLUMNS = (
    *("id", "device_id", "source_host", "state", "application_name", "window_title"),
    *("started_at", "ended_at", "utc_offset_minutes", "open", "deleted"),
)
_KEY = ("day", "device_id", "source_host", "state", "application_name")
# S608: these are built only from this module's constants.
_FOUND = f"SELECT {', '.join(_COLUMNS)} FROM {_SESSIONS} WHERE {_OUT_OF_BOUNDS.format(row='')}"  # noqa: S608
_CHANGE = f"""UPDATE {_SESSIONS} SET source_host = ?, application_name = ?, window_title = ?,
    started_at = ?, ended_at = ?, revision = revision + 1, synced = 0 WHERE id = ?"""  # noqa: S608
_LESS = f"""UPDATE {_DAYS} SET ms = ms - ?, sessions = sessions - ?
    WHERE ({", ".join(_KEY)}) = (?, ?, ?, ?, ?)"""  # noqa: S608
_LONG_DAYS = f"""SELECT {", ".join(_KEY)} FROM {_DAYS}
    WHERE length(source_host) > 256 OR length(application_name) > 256"""  # noqa: S608
_MERGE = f"""INSERT INTO {_DAYS}
    SELECT day, device_id, ?, state, ?, ms, sessions, first_at, first_offset_minutes, last_at,
        last_offset_minutes
    FROM {_DAYS} WHERE ({", ".join(_KEY)}) = (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET ms = ms + excluded.ms, sessions = sessions + excluded.sessions,
        first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)"""  # noqa: S608
_DROP = f"DELETE FROM {_DAYS} WHERE ({', '.join(_KEY)}) = (?, ?, ?, ?, ?)"  # noqa: S608
_TRIGGER = """CREATE TRIGGER {name} BEFORE {event} ON desktop_activity_sessions
    WHEN {condition}
    BEGIN SELECT RAISE(ABORT, 'a session out of bounds'); END"""
_TEXTS = ("source_host", "application_name", "window_title")
_LAST_DAY_MS = 253_402_300_800_000 - 2 * 86_400_000  # of the year 9999
_WATCHED = "source_host, application_name, window_title, started_at, ended_at"


def up(_migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Cut values that are out of bounds and add triggers that reject new ones."""
    with _reading_any_text(db):
        found = db.execute_sql(_FOUND).fetchall()
        long_days = db.execute_sql(_LONG_DAYS).fetchall()
    for values in found:
        row = dict(zip(_COLUMNS, values, strict=True))
        row |= {name: str(row[name]) for name in _TEXTS}
        _cut(db, row, bounded(row))
    for key in long_days:
        _day, _device, host, _state, name = key
        db.execute_sql(_MERGE, (shortened(host, 256), shortened(name, 256), *key))
        db.execute_sql(_DROP, key)
    condition = _OUT_OF_BOUNDS.format(row="NEW.")
    for name, event in (("insert", "INSERT"), ("update", f"UPDATE OF {_WATCHED}")):
        db.execute_sql(_TRIGGER.format(name=f"bounds_{name}", event=event, condition=condition))


@contextmanager
def _reading_any_text(db: peewee.Database) -> Iterator[None]:
    """Read text with invalid UTF-8, which another program may have written."""
    connection: Any = db.connection()
    before = connection.text_factory
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        yield
    finally:
        connection.text_factory = before


def _cut(db: peewee.Database, row: dict[str, Any], new: dict[str, Any]) -> None:
    """Change a row and subtract the time that was cut from its daily totals."""
    changed = ("source_host", "application_name", "window_title", "started_at", "ended_at")
    db.execute_sql(_CHANGE, (*(new[name] for name in changed), row["id"]))
    times = ("started_at", "ended_at")
    if row["open"] or row["deleted"] or all(row[name] == new[name] for name in times):
        return
    if row["ended_at"] > _LAST_DAY_MS:
        return  # it has no daily totals, because dates end with the year 9999
    kept = {key: part.ms for key, part in parts_of(row | {name: new[name] for name in times})}
    for key, part in parts_of(row):
        db.execute_sql(_LESS, (part.ms - kept.get(key, 0), int(key not in kept), *key))
    db.execute_sql("DELETE FROM desktop_activity_days WHERE sessions <= 0")
