"""A year as somebody works, in a local file: for figures about reading."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from reprospective_tray.store.model.ids import derived_uid
from reprospective_tray.store.model.sessions import DAY_MS, MINUTE_MS, State
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.rows.daily_totals import DailyTotals

FIRST_DAY = date(2025, 1, 1)
APPLICATIONS = 40
APPLICATIONS_A_DAY = 25
TITLES_A_DAY = 12  # of each application
_OFFSET_MINUTES = 60
_COLUMNS = (
    *("uid", "device_id", "source_host", "state", "application_name", "window_title"),
    *("process_id", "started_at", "ended_at", "utc_offset_minutes", "open", "deleted"),
    *("revision", "synced", "synced_at"),
)
# S608: nothing but this module's own words.
_INSERT = (
    f"INSERT INTO desktop_activity_sessions ({', '.join(_COLUMNS)})"  # noqa: S608
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)

Row = dict[str, Any]


def day_of_work(
    number: int, sessions: int, device_id: str, host: str = "desk", first_day: date = FIRST_DAY
) -> Iterator[Row]:
    """Yield some `sessions` of the day `number` after the first, the same at each call.

    An application is in front for some titles, then another one; now and then nobody is there,
    and the evening ends beyond midnight.
    """
    chance = random.Random(number)  # noqa: S311  no secret
    midnight = datetime.combine(first_day + timedelta(days=number), datetime.min.time(), UTC)
    moment = int(midnight.timestamp() * 1000) + (8 * 60 - _OFFSET_MINUTES) * MINUTE_MS
    # So that the last one ends a little after midnight.
    mean = (16 * 60 + 5) * MINUTE_MS / sessions
    applications = chance.sample(range(APPLICATIONS), APPLICATIONS_A_DAY)
    application, left = 0, 0
    for count in range(sessions):
        length = int(min(chance.expovariate(1 / mean), 20 * mean)) + 50
        active = chance.random() > 0.05
        if not left:
            application, left = chance.choice(applications), chance.randint(1, 8)
        left -= 1
        title = number + chance.randrange(TITLES_A_DAY)
        yield {
            "uid": derived_uid(moment, device_id, count),
            "device_id": device_id,
            "source_host": host,
            "state": (State.ACTIVE if active else State.IDLE).value,
            "application_name": f"Application {application}" if active else "",
            "window_title": f"document {title} - a title of a usual length" if active else "",
            "process_id": 4711,
            "started_at": moment,
            "ended_at": moment + length,
            "utc_offset_minutes": _OFFSET_MINUTES,
            "open": 0,
            "deleted": 0,
            "revision": 2,
            "synced": 1,
            "synced_at": moment + DAY_MS,
        }
        moment += length
        if chance.random() < 0.01:
            moment += chance.randint(0, 5000)  # paused, or another probe


def fill(
    path: Path, days: int = 365, a_day: int = 2740, *, first_day: date = FIRST_DAY
) -> SqliteAdapter:
    """Return an open adapter over a new file with `days` days, rollup included."""
    adapter = SqliteAdapter(path)
    adapter.open()
    with adapter.connection():
        rollup = DailyTotals(adapter)
        connection: Any = adapter.database.connection()
        with adapter.database.atomic("IMMEDIATE"):
            for number in range(days):
                work = day_of_work(number, a_day, adapter.device_id, first_day=first_day)
                rows = list(work)
                connection.executemany(_INSERT, (tuple(map(row.get, _COLUMNS)) for row in rows))
                rollup.add(rows)
    return adapter
