"""Ranges of days as lived, and how to find by index what reaches into them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from reprospective_tray.store.sessions import DAY_MS, MINUTE_MS

# The schema's bound on `utc_offset_minutes`: no wall clock is further from UTC.
LARGEST_OFFSET_MS = 1080 * MINUTE_MS
# How far back imported sessions that overlap, against the rules, are still all found.
_REACH_MS = DAY_MS
# Written out: every look at a day asks them, and making them of expressions takes ten times as
# long as what they do.
_LAST = """
SELECT started_at FROM desktop_activity_sessions
WHERE device_id = ? AND deleted = 0 AND started_at < ? AND ended_at > started_at
ORDER BY started_at DESC LIMIT 1
"""
_OVER = """
SELECT uid, started_at FROM desktop_activity_sessions
WHERE device_id = ? AND deleted = 0 AND started_at >= ? AND started_at < ? AND ended_at > ?
ORDER BY started_at
"""
_FIRST_DEVICE = "SELECT device_id FROM desktop_activity_sessions ORDER BY device_id LIMIT 1"
_NEXT_DEVICE = (
    "SELECT device_id FROM desktop_activity_sessions WHERE device_id > ? ORDER BY device_id LIMIT 1"
)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class DayRange:
    """The days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def begin(self) -> int:
        """The lived ms (wall time as if it were UTC) at which the first day begins."""
        return (self.first.toordinal() - _EPOCH_ORDINAL) * DAY_MS

    @property
    def end(self) -> int:
        """The lived ms at which the last day is over."""
        return (self.last.toordinal() - _EPOCH_ORDINAL + 1) * DAY_MS

    @property
    def count(self) -> int:
        """How many days these are."""
        return self.last.toordinal() - self.first.toordinal() + 1

    def holds(self, day: str) -> bool:
        """Tell whether the ISO date `day` is one of these."""
        return self.first.isoformat() <= day <= self.last.isoformat()


def lived(instant: Any, utc_offset_minutes: Any) -> Any:
    """Return the wall time of `instant` (ms) as lived, as if it were UTC; columns or values."""
    return instant + utc_offset_minutes * MINUTE_MS


def straddling(database: Any, device_id: str, moment: int) -> list[tuple[str, int]]:
    """Return uid and start of the device's sessions that last over `moment`, in order.

    Sessions that were recorded never overlap: it is the last one that began
    before. Imported ones may, so those of a day before it are looked at, too.
    """
    ask = database.execute_sql
    last = ask(_LAST, (device_id, moment)).fetchone()
    if last is None:
        return []
    since = min(last[0], moment - _REACH_MS)
    found: list[tuple[str, int]] = ask(_OVER, (device_id, since, moment, moment)).fetchall()
    return found


def straddling_uids(database: Any, moment: int) -> list[str]:
    """Return the uids of all devices' sessions that last over `moment`."""
    return [uid for each in devices(database) for uid, _at in straddling(database, each, moment)]


def reach(database: Any, device_id: str, moment: int) -> int:
    """Return where what the device recorded over `moment` began; `moment` where nothing was."""
    over = straddling(database, device_id, moment)
    return over[0][1] if over else moment


def devices(database: Any) -> Iterator[str]:
    """Yield every device id by one index look-up each; DISTINCT would read the whole index."""
    ask = database.execute_sql
    row = ask(_FIRST_DEVICE).fetchone()
    while row:
        yield row[0]
        row = ask(_NEXT_DEVICE, row).fetchone()
