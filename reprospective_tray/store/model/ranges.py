"""Ranges of days as lived, and how to find by index what reaches into them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from reprospective_tray.store.model.sessions import DAY_MS, MINUTE_MS

# The schema's bound on `utc_offset_minutes`: no wall clock is further from UTC.
LARGEST_OFFSET_MS = 1080 * MINUTE_MS
# How far back imported sessions that overlap, against the rules, are still all found.
_REACH_MS = DAY_MS
# As `reach`, for each device; written out, because every look at a day asks it several times, and
# making it of expressions takes ten times as long as what it does. The devices come by one index
# look-up each: DISTINCT would read the whole index.
_LOCAL_OVER = f"""
WITH RECURSIVE devices (device) AS (
    SELECT min(device_id) FROM desktop_activity_sessions
    UNION ALL
    SELECT (SELECT min(device_id) FROM desktop_activity_sessions WHERE device_id > device)
    FROM devices WHERE device IS NOT NULL
), earlier (device, last_start) AS (
    SELECT device, (SELECT started_at FROM desktop_activity_sessions
        WHERE device_id = device AND deleted = 0 AND started_at < :moment AND ended_at > started_at
        ORDER BY started_at DESC LIMIT 1)
    FROM devices WHERE device IS NOT NULL
)
SELECT uid FROM earlier CROSS JOIN desktop_activity_sessions
WHERE device_id = device AND deleted = 0 AND ended_at > :moment AND started_at < :moment
    AND started_at >= min(last_start, :moment - {_REACH_MS})
ORDER BY device, started_at
"""  # noqa: S608  a number of ours
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


def reach(session: Any, device_id: str, moment: int) -> int:
    """Return where what the device recorded over `moment` began; `moment` where nothing was.

    Sessions that were recorded never overlap: it is the last one that began
    before. Imported ones may, so those of a day before it are looked at, too.
    """
    of_device = (
        session.select(session.started_at)
        .where(
            session.device_id == device_id,
            session.deleted == 0,
            session.started_at < moment,
            session.ended_at > session.started_at,
        )
        .order_by(session.started_at)
        .tuples()
    )
    last = of_device.order_by(session.started_at.desc()).first()
    if last is None:
        return moment
    since = min(last[0], moment - _REACH_MS)
    over = of_device.where(session.started_at >= since, session.ended_at > moment).first()
    return int(over[0]) if over else moment


def local_uids_over(database: Any, moment: int) -> list[str]:
    """Return the uids of all devices' sessions that last over `moment`, in a local database."""
    return [uid for (uid,) in database.execute_sql(_LOCAL_OVER, {"moment": moment})]
