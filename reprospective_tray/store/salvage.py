"""What to do with a damaged file: set it aside, and take over what can be read."""

import logging
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from reprospective_tray.store.adapter import SqliteAdapter
from reprospective_tray.store.bulk import BulkWriter

log = logging.getLogger(__name__)

_CHUNK = 1000


def set_aside(path: Path) -> Path:
    """Rename the file at `path` with its -wal and -shm; return where it lies now."""
    stamp = datetime.now().astimezone().strftime("%Y%m%dT%H%M%S")
    target = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.stem}.damaged-{stamp}-{number}{path.suffix}")
    for end in ("", "-wal", "-shm"):
        part = Path(f"{path}{end}")
        if part.exists():
            part.rename(f"{target}{end}")
    log.error("the database %s is damaged: it lies in %s now", path, target)
    return target


def is_sound(path: Path) -> bool:
    """Tell whether every page of the file can be read (SQLite's quick_check)."""
    connection = _open(path)
    try:
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:
        return True  # locked or out of reach: nothing is known against it
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()
    return bool(answer == "ok")


def device_id_of(damaged: Path) -> str | None:
    """Return the device id that the damaged file bears, if that can still be read."""
    connection = _open(damaged)
    try:
        query = "SELECT value FROM desktop_activity_meta WHERE key = 'device_id'"
        found = connection.execute(query).fetchone()
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()
    return str(found[0]) if found else None


def take_over(damaged: Path, adapter: SqliteAdapter) -> int:
    """Copy every readable session of `damaged` into `adapter`; return how many were new."""
    taken = 0
    with adapter.connection():
        writer = BulkWriter(adapter)
        batch: list[dict[str, Any]] = []
        for row in _readable_rows(damaged):
            batch.append(row)
            if len(batch) >= _CHUNK:
                taken += writer.write(batch)
                batch = []
        taken += writer.write(batch)
    log.warning("%d sessions were taken over from %s", taken, damaged)
    return taken


def _open(path: Path) -> sqlite3.Connection:
    # Read-only, so that the damaged file and its -wal stay as they were found.
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection


def _readable_rows(damaged: Path) -> Iterator[dict[str, Any]]:
    connection = _open(damaged)
    try:
        ranges = [
            (first, first + _CHUNK - 1) for first in range(1, _last_id(connection) + 1, _CHUNK)
        ]
        while ranges:
            first, last = ranges.pop()
            try:
                query = "SELECT * FROM desktop_activity_sessions WHERE id BETWEEN ? AND ?"
                rows = connection.execute(query, (first, last)).fetchall()
            except sqlite3.DatabaseError:
                if first < last:
                    middle = (first + last) // 2
                    ranges += [(first, middle), (middle + 1, last)]
                continue
            for row in rows:
                if _is_whole(row):
                    values = dict(row)
                    del values["id"]
                    yield values | {"open": 0}
    finally:
        connection.close()


def _last_id(connection: sqlite3.Connection) -> int:
    for query in (
        "SELECT max(id) FROM desktop_activity_sessions",
        "SELECT seq FROM sqlite_sequence WHERE name = 'desktop_activity_sessions'",
    ):
        try:
            found = connection.execute(query).fetchone()
        except sqlite3.DatabaseError:
            continue
        if found and found[0]:
            return int(found[0])
    return 0


def _is_whole(row: sqlite3.Row) -> bool:
    """Tell a session from what a broken page makes of one."""
    texts = ("uid", "device_id", "source_host", "state", "application_name", "window_title")
    numbers = ("started_at", "ended_at", "utc_offset_minutes", "revision")
    return (
        all(isinstance(row[name], str) for name in texts)
        and all(isinstance(row[name], int) for name in numbers)
        and row["started_at"] <= row["ended_at"]
        and row["state"] in {"active", "idle", "locked"}
    )
