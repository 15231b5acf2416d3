"""Recovers the readable rows of a damaged file that was moved away."""

import logging
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from reprospective_tray.store.model.bounds import bounded
from reprospective_tray.store.model.day_split import Addition, DayKey, totals
from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS
from reprospective_tray.store.model.sessions import MINUTE_MS
from reprospective_tray.store.model.tombstones import blanked
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.file import damaged_file
from reprospective_tray.store.sqlite.file.connection import open_file
from reprospective_tray.store.sqlite.rows.row_writer import SqliteRowWriter
from reprospective_tray.store.sqlite.salvage import memory as salvage_memory

log = logging.getLogger(__name__)

_CHUNK = 1000
_BUSY_TIMEOUT_MS = 60_000
_STEPS_TO_STOP = 10_000
# Otherwise SQLite refuses to read a file that is shorter than its header says.
_READ_TRUNCATED = "PRAGMA writable_schema = ON"
# Limits the search, because a damaged last page may report any id as the largest.
_MOST_FAILURES = 200_000
_LAST_MOMENT = 253_000_000_000_000  # in the year 9987, ms
# Prefix of keys in desktop_activity_meta; the rest names a damaged file to recover. After recovery
# the value is `_DONE` until the journal drops the file, so that no total is added twice.
_NOTE = "take_over:"
_DONE = "done"


def is_sound(path: Path, stop: threading.Event) -> bool:
    """Return whether every page of the file can be read (SQLite's quick_check)."""
    try:
        with _open(path) as connection:
            connection.set_progress_handler(stop.is_set, _STEPS_TO_STOP)
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:
        return True  # locked, unreachable or interrupted: no damage was found
    except sqlite3.DatabaseError:
        return False
    return bool(answer == "ok")


def adopt(damaged: Sequence[Path], adapter: SqliteAdapter) -> list[Path]:
    """Take over the device id of the newest of `damaged`, which are sorted oldest first.

    Stores persistently that their rows are to be recovered, and returns the files that were not
    known before. Must be called in the adapter's `connection()`.
    """
    meta = adapter.models.Meta
    adopted = []
    device_id = None
    with adapter.database.atomic("IMMEDIATE"):
        # Drop the notes of recovered files that are no longer in the journal.
        names = [_NOTE + each.name for each in damaged]
        meta.delete().where(
            meta.key.startswith(_NOTE), meta.value == _DONE, meta.key.not_in(names)
        ).execute()
        for each in reversed(damaged):
            if meta.get_or_none(key=_NOTE + each.name):
                continue
            adopted.append(each)
            if not device_id and (device_id := _device_id_of(each)):
                adapter.adopt_device_id(device_id)
            with suppress(sqlite3.Error), _reading(each) as connection:
                salvage_memory.copy_facts(connection, adapter, _NOTE)
            meta.insert(key=_NOTE + each.name, value="").on_conflict_ignore().execute()
    return adopted


def unfinished(adapter: SqliteAdapter) -> list[Path]:
    """Return the damaged files still to be recovered; must be called in `connection()`."""
    meta = adapter.models.Meta
    notes = meta.select().where(meta.key.startswith(_NOTE)).order_by(meta.key)
    known = {adapter.path.with_name(note.key.removeprefix(_NOTE)): note.value for note in notes}
    # Includes files in the journal that have no note yet.
    every = dict.fromkeys(damaged_file.pending(adapter.path), "") | known
    return [each for each, value in every.items() if value != _DONE]


def take_over(damaged: Path, adapter: SqliteAdapter, stop: threading.Event) -> int:
    """Copy what is readable of `damaged` into `adapter`; return how many sessions were new.

    Totals of unreadable or removed sessions are added last, exactly once. If `stop` is set, it
    ends at once and continues at the next start.
    """
    taken = 0
    with adapter.connection():
        adapter.database.execute_sql(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        meta = adapter.models.Meta
        note = meta.update(value=_DONE).where(meta.key == _NOTE + damaged.name, meta.value != _DONE)
        if not damaged.exists():
            note.execute()
            _forget(damaged, adapter)
            return 0
        with _reading(damaged) as connection:
            salvage_memory.copy_taken(connection, adapter, stop.is_set)
            if stop.is_set():
                return taken
            again = salvage_memory.is_to_be_offered_again(connection)
            salvage_memory.copy_entries(connection, adapter, stop.is_set, offer_again=again)
            if stop.is_set():
                return taken
            explained: dict[DayKey, Addition] = {}
            rows = _readable_rows(connection)
            while batch := list(islice(rows, _CHUNK)):
                if stop.is_set():
                    return taken
                counted = (row for row in batch if not (row["open"] or row["deleted"]))
                for key, part in totals(counted).items():
                    if key in explained:
                        explained[key].take(part)
                    else:
                        explained[key] = part
                if again:
                    batch = [row | {"synced": 0} for row in batch]
                taken += _take(batch, adapter)
            with adapter.writing():
                if note.execute():
                    salvage_memory.copy_totals(connection, adapter, explained)
    _forget(damaged, adapter)
    log.warning("%d sessions were taken over from %s", taken, damaged)
    return taken


def _forget(damaged: Path, adapter: SqliteAdapter) -> None:
    """Remove `damaged` from the journal, unless the new file has been replaced meanwhile."""
    if not adapter.replaced:
        damaged_file.done(adapter.path, damaged)


def _take(rows: list[dict[str, Any]], adapter: SqliteAdapter) -> int:
    """Store missing rows; a row that recording has continued here is kept with a newer revision."""
    table = adapter.models.Session
    by_uid = {row["uid"]: row for row in map(bounded, rows)}
    taken = 0
    with adapter.database.atomic("IMMEDIATE"):
        for held in list(table.select().where(table.uid.in_(list(by_uid)))):
            row = by_uid.pop(held.uid)
            if held.revision <= row["revision"] and held.ended_at != row["ended_at"]:
                newer = row["revision"] + held.revision
                table.update(revision=newer, synced=0).where(table.id == held.id).execute()
        for row in [row for row in by_uid.values() if row["open"] and not row["deleted"]]:
            this_device = table.device_id == row["device_id"]
            if table.select().where(this_device, table.open == 1).exists():
                row |= {"open": 0, "synced": 0, "revision": row["revision"] + 1}
            else:
                # Recording may continue it; otherwise the next session or start closes it.
                table.insert(by_uid.pop(row["uid"])).execute()
                taken += 1
        return taken + SqliteRowWriter(adapter, restoring=True).write(list(by_uid.values()))


def _device_id_of(damaged: Path) -> str | None:
    try:
        with _reading(damaged) as connection:
            query = "SELECT value FROM desktop_activity_meta WHERE key = 'device_id'"
            found = connection.execute(query).fetchone()
        return str(uuid.UUID(found[0])) if found else None
    except (sqlite3.Error, ValueError):
        return None  # the new file keeps its own id


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    # Read-only, so that the damaged file and its -wal are not changed.
    connection = open_file(path, "ro")
    try:
        connection.row_factory = sqlite3.Row
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        yield connection
    finally:
        connection.close()


@contextmanager
def _reading(damaged: Path) -> Iterator[sqlite3.Connection]:
    with _open(damaged) as connection:
        connection.execute(_READ_TRUNCATED)
        yield connection


def _readable_rows(connection: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    query = "SELECT * FROM desktop_activity_sessions WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?"
    failures = 0
    ranges = [(1, _last_id(connection))]
    while ranges and failures < _MOST_FAILURES:
        first, last = ranges.pop()
        if first > last:
            continue
        try:
            rows = connection.execute(query, (first, last, _CHUNK)).fetchall()
        except sqlite3.DatabaseError:
            failures += 1
            if first < last:
                # Split off small chunks first, so that a damaged page in the middle costs little.
                middle = min((first + last) // 2, first + _CHUNK - 1)
                ranges += [(middle + 1, last), (first, middle)]
            continue
        if len(rows) == _CHUNK:
            ranges.append((rows[-1]["id"] + 1, last))
        for row in rows:
            if _is_whole(row):
                values = dict(row)
                del values["id"]
                yield blanked(values)


def _last_id(connection: sqlite3.Connection) -> int:
    for query in (
        "SELECT seq FROM sqlite_sequence WHERE name = 'desktop_activity_sessions'",
        "SELECT max(id) FROM desktop_activity_sessions",
    ):
        try:
            found = connection.execute(query).fetchone()
        except sqlite3.DatabaseError:
            continue
        if found and found[0]:
            return int(found[0])
    return 0


def _is_whole(row: sqlite3.Row) -> bool:
    """Return whether `row` is a plausible session and not the result of a damaged page."""
    texts = ("uid", "device_id", "source_host", "state", "application_name", "window_title")
    numbers = ("started_at", "ended_at", "utc_offset_minutes", "revision")
    return (
        all(isinstance(row[name], str) for name in texts)
        and all(isinstance(row[name], int) for name in numbers)
        and all(row[name] in (0, 1) for name in ("open", "deleted", "synced"))
        and all(isinstance(row[name], int | None) for name in ("process_id", "synced_at"))
        and 0 <= row["started_at"] <= row["ended_at"] < _LAST_MOMENT
        and abs(row["utc_offset_minutes"]) * MINUTE_MS <= LARGEST_OFFSET_MS
        and row["state"] in {"active", "idle", "locked"}
    )
