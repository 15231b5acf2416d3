"""Recovers a damaged file's data other than sessions.

These are the totals of sessions that retention removed or that are unreadable, the uids removed by
retention, the forgotten ranges, the sync state, the entries and the closed days.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

import msgspec

from reprospective_tray.store.model.bounds import (
    EARLIEST_MS,
    LATEST_MS,
    LONGEST_MS,
    LONGEST_NAME,
    LONGEST_TITLE,
)
from reprospective_tray.store.model.day_split import Addition, DayKey
from reprospective_tray.store.model.ids import derived_uid
from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS
from reprospective_tray.store.model.sessions import DAY_MS, MINUTE_MS, Row
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import MetaKey
from reprospective_tray.store.sqlite.rows.daily_totals import DailyTotals
from reprospective_tray.store.sqlite.rows.entry_rows import EntryRows
from reprospective_tray.store.sqlite.rows.taken_times import TakenTimes

_CHUNK = 500
_LAST_MOMENT = 253_000_000_000_000  # in the year 9987, ms
_KINDS = {"started_at": int, "id": int}  # types of key columns; all others are str
_KEY = ("day", "device_id", "source_host", "state", "application_name")
# Not copied: row ids differ in the new file, and retention recomputes when it is due.
_REOFFERS = {MetaKey.REOFFER, MetaKey.REOFFER_ENTRIES}
_FACTS = tuple(fact for fact in MetaKey if fact not in {*_REOFFERS, MetaKey.RETENTION_DUE})


def copy_facts(damaged: sqlite3.Connection, adapter: SqliteAdapter, note: str) -> None:
    """Copy meta values and range orders, in a transaction; existing ones are kept.

    Keys that begin with `note` name damaged files that are not fully recovered yet.
    """
    models = adapter.models
    for row in _readable(damaged, "desktop_activity_meta", ("key",)):
        # Includes the notes of older damaged files that this file had not fully recovered.
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
    """Return whether the server may lack rows that are marked as synced."""
    rows = _readable(damaged, "desktop_activity_meta", ("key",))
    return any(row["key"] in _REOFFERS for row in rows)


def copy_taken(
    damaged: sqlite3.Connection, adapter: SqliteAdapter, stopped: Callable[[], bool]
) -> None:
    """Copy the uids and times of sessions removed by retention, in short transactions."""
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


def copy_entries(
    damaged: sqlite3.Connection,
    adapter: SqliteAdapter,
    stopped: Callable[[], bool],
    *,
    offer_again: bool,
) -> None:
    """Copy closed days, and entries with their tombstones, in short transactions.

    What is there already stays, so a repeat changes nothing. An entry that overlaps those made here
    meanwhile loses that time.
    """
    with adapter.writing():
        for row in _readable(damaged, "desktop_activity_closed_days", ("day",)):
            if _is_date(row["day"]) and _is_moment(row["closed_at"]):
                new = adapter.models.ClosedDay.insert(day=row["day"], closed_at=row["closed_at"])
                new.on_conflict_ignore().execute()
    rows = filter(_is_entry, _readable(damaged, "desktop_activity_entries", ("id",)))
    there = EntryRows(adapter.models)
    while (batch := list(islice(rows, _CHUNK))) and not stopped():
        with adapter.writing():
            for row in batch:
                del row["id"]  # row ids differ in the new file
                _copy_entry(row | {"synced": 0} if offer_again else row, there)


def _copy_entry(row: Row, there: EntryRows) -> None:
    if there.get(row["uid"]):
        return
    whole = [(row["started_at"], row["ended_at"])]
    parts = whole if row["deleted"] else there.free(row)
    if parts != whole:
        row |= {"revision": row["revision"] + 1, "synced": 0}
    for number, (start, end) in enumerate(parts):
        uid = derived_uid(start, row["uid"]) if number else row["uid"]
        there.insert(row | {"uid": uid, "started_at": start, "ended_at": end})


def copy_totals(
    damaged: sqlite3.Connection, adapter: SqliteAdapter, explained: dict[DayKey, Addition]
) -> None:
    """Add the daily totals minus those of the readable sessions, `explained`; in a transaction."""
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
    """Yield a table's rows from its beginning, then from its end, each up to a damaged page."""
    last: tuple[Any, ...] = ()
    for direction in ("", "DESC"):
        order = ", ".join(f"{name} {direction}" for name in key)
        try:
            # S608: built only from this module's constants.
            for row in damaged.execute(f"SELECT * FROM {table} ORDER BY {order}"):  # noqa: S608
                here = tuple(row[name] for name in key)
                if not all(isinstance(row[name], _KINDS.get(name, str)) for name in key):
                    continue
                if not direction:
                    last = here
                elif here <= last:
                    return
                yield dict(row)
        # The table is missing in an older version, or damaged here.
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


def _is_entry(row: Row) -> bool:
    """Return whether `row` is a plausible entry and not the result of a damaged page."""
    texts = ("device_id", "source_host", "category", "note")
    numbers = ("started_at", "ended_at", "utc_offset_minutes", "revision")
    return bool(
        _is_uid(row["uid"])
        and all(isinstance(row[name], str) for name in texts)
        and all(isinstance(row[name], int) for name in numbers)
        and all(row[name] in (0, 1) for name in ("billable", "deleted", "synced"))
        and isinstance(row["synced_at"], int | None)
        and EARLIEST_MS <= row["started_at"] < row["ended_at"] <= LATEST_MS
        and row["ended_at"] - row["started_at"] <= LONGEST_MS
        and abs(row["utc_offset_minutes"]) * MINUTE_MS <= LARGEST_OFFSET_MS
        and len(row["source_host"]) <= LONGEST_NAME
        and len(row["note"]) <= LONGEST_TITLE
        and (row["deleted"] or row["category"])
        and len(row["category"]) <= LONGEST_NAME
    )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_day(row: Row) -> bool:
    """Return whether `row` is a plausible daily total and not the result of a damaged page."""
    numbers: Iterable[object] = (row["first_offset_minutes"], row["last_offset_minutes"])
    return (
        _is_date(row["day"])
        and row["state"] in {"active", "idle", "locked"}
        and all(isinstance(number, int) and abs(number) <= 1080 for number in numbers)  # noqa: PLR2004  the schema's bound
        and _is_moment(row["first_at"])
        and _is_moment(row["last_at"])
        and isinstance(row["ms"], int)
        and isinstance(row["sessions"], int)
        and 0 <= row["ms"] <= 2 * DAY_MS
        and 0 < row["sessions"] <= DAY_MS
        and row["first_at"] <= row["last_at"] <= row["first_at"] + 2 * DAY_MS
    )
