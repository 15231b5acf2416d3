"""Takes over a damaged file's totals, retained uids, forgotten ranges and sync state.

Totals whose sessions retention had taken, or that cannot be read any more;
the uids that it took; what was forgotten by range; where sending had got to.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

import msgspec

from reprospective_tray.store.model.day_split import Addition, DayKey
from reprospective_tray.store.model.sessions import DAY_MS, Row
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.daily_totals import DailyTotals
from reprospective_tray.store.sqlite.meta import MetaKey
from reprospective_tray.store.sqlite.taken_times import TakenTimes

_CHUNK = 500
_LAST_MOMENT = 253_000_000_000_000  # in the year 9987, ms
_KINDS = {"started_at": int}  # of a column in a key; all others are texts
_KEY = ("day", "device_id", "source_host", "state", "application_name")
# Ids are others in the new file, and when retention looks next it finds out.
_FACTS = tuple(fact for fact in MetaKey if fact not in {MetaKey.REOFFER, MetaKey.RETENTION_DUE})


def copy_facts(damaged: sqlite3.Connection, adapter: SqliteAdapter, note: str) -> None:
    """Take over facts and range orders, inside a transaction; what is there already stays.

    Keys that begin with `note` name damaged files that were not read to the end yet.
    """
    models = adapter.models
    for row in _readable(damaged, "desktop_activity_meta", ("key",)):
        # And what that file was still to take over from one before it.
        if row["key"].startswith(note) or (row["key"] in _FACTS and _is_json(row["value"])):
            new = models.Meta.insert(key=row["key"], value=row["value"])
            new.on_conflict_ignore().execute()
    names = [field.name for field in models.RangeOrder._meta.sorted_fields]  # noqa: SLF001  public
    for row in _readable(damaged, "desktop_activity_range_orders", ("uid",)):
        numbers = (row["started_at"], row["ended_at"], row["ordered_at"])
        whole = _is_uid(row["uid"]) and _are_uids(row["device_ids"])
        if whole and all(_is_moment(number) for number in numbers):
            new = models.RangeOrder.insert({name: row[name] for name in names})
            new.on_conflict_ignore().execute()


def is_to_be_offered_again(damaged: sqlite3.Connection) -> bool:
    """Tell whether the server may lack rows that are marked as synced."""
    rows = _readable(damaged, "desktop_activity_meta", ("key",))
    return any(row["key"] == MetaKey.REOFFER for row in rows)


def copy_taken(
    damaged: sqlite3.Connection, adapter: SqliteAdapter, stopped: Callable[[], bool]
) -> None:
    """Take over the uids that retention took, and their times, in short transactions."""
    taken = adapter.models.Taken
    rows = (
        {"uid": row["uid"], "revision": row["revision"]}
        for row in _readable(damaged, "desktop_activity_taken", ("uid",))
        if _is_uid(row["uid"]) and isinstance(row["revision"], int)
    )
    while (batch := list(islice(rows, _CHUNK))) and not stopped():
        with adapter.writing():
            taken.insert_many(batch).on_conflict_ignore().execute()
    key = ("device_id", "source_host", "started_at")
    times = (
        row
        for row in _readable(damaged, "desktop_activity_taken_times", key)
        if _is_moment(row["started_at"])
        and _is_moment(row["ended_at"])
        and row["ended_at"] > row["started_at"]
    )
    while (batch := list(islice(times, _CHUNK))) and not stopped():
        with adapter.writing():
            TakenTimes(adapter.models).add(batch)


def copy_totals(
    damaged: sqlite3.Connection, adapter: SqliteAdapter, explained: dict[DayKey, Addition]
) -> None:
    """Count what the days have beyond the sessions that could be read; inside a transaction."""
    found: dict[DayKey, Addition] = {}
    for row in _readable(damaged, "desktop_activity_days", _KEY):
        if not _is_day(row):
            continue
        key: DayKey = tuple(row[name] for name in _KEY)
        known = explained.get(key)
        ms = row["ms"] - (known.ms if known else 0)
        sessions = row["sessions"] - (known.sessions if known else 0)
        if ms >= 0 and sessions > 0:
            first, last = row["first_at"], row["last_at"]
            offsets = row["first_offset_minutes"], row["last_offset_minutes"]
            found[key] = Addition(ms, sessions, first, offsets[0], last, offsets[1])
    DailyTotals(adapter).add_totals(found)


def _readable(damaged: sqlite3.Connection, table: str, key: tuple[str, ...]) -> Iterator[Row]:
    """Yield the rows of a table from its beginning, and from its end, up to what is broken."""
    last: tuple[Any, ...] = ()
    for direction in ("", "DESC"):
        order = ", ".join(f"{name} {direction}" for name in key)
        try:
            # S608: this module's own words.
            for row in damaged.execute(f"SELECT * FROM {table} ORDER BY {order}"):  # noqa: S608
                here = tuple(row[name] for name in key)
                if not all(isinstance(row[name], _KINDS.get(name, str)) for name in key):
                    continue
                if not direction:
                    last = here
                elif here <= last:
                    return
                yield dict(row)
        # Of an older version, which had no such table, or broken here.
        except (sqlite3.DatabaseError, IndexError):
            continue
        else:
            return


def _is_uid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def _is_json(value: object) -> bool:
    try:
        msgspec.json.decode(value if isinstance(value, str) else b"")
    except msgspec.DecodeError:
        return False
    return True


def _are_uids(value: object) -> bool:
    try:
        uids = msgspec.json.decode(value if isinstance(value, str) else b"", type=list[str])
    except msgspec.DecodeError:
        return False
    return all(_is_uid(uid) for uid in uids)


def _is_moment(value: object) -> bool:
    return isinstance(value, int) and 0 <= value < _LAST_MOMENT


def _is_day(row: Row) -> bool:
    """Tell a day's total from what a broken page makes of one."""
    numbers: Iterable[object] = (row["first_offset_minutes"], row["last_offset_minutes"])
    try:
        date.fromisoformat(row["day"])
    except ValueError:
        return False
    return (
        row["state"] in {"active", "idle", "locked"}
        and all(isinstance(number, int) and abs(number) <= 1080 for number in numbers)  # noqa: PLR2004  the schema's bound
        and _is_moment(row["first_at"])
        and _is_moment(row["last_at"])
        and isinstance(row["ms"], int)
        and isinstance(row["sessions"], int)
        and 0 <= row["ms"] <= 2 * DAY_MS
        and 0 < row["sessions"] <= DAY_MS
        and row["first_at"] <= row["last_at"] <= row["first_at"] + 2 * DAY_MS
    )
