"""Ranges of local days, and index-friendly queries for the sessions that overlap them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from reprospective_tray.store.model.sessions import DAY_MS, MINUTE_MS

# The schema's limit for `utc_offset_minutes`: no time zone is further from UTC.
LARGEST_OFFSET_MS = 1080 * MINUTE_MS
# Overlapping sessions, which only an import can create, are all found within this distance.
_REACH_MS = DAY_MS
# The same as `reach`, for each device. It is plain SQL because every view of a day runs it several
# times, and building it from expressions takes ten times as long as running it. Each device is
# found by one index look-up; DISTINCT would read the whole index.
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
        """The start of the first day: ms of local wall time, counted as if it were UTC."""
        return (self.first.toordinal() - _EPOCH_ORDINAL) * DAY_MS

    @property
    def end(self) -> int:
        """The end of the last day: ms of local wall time, counted as if it were UTC."""
        return (self.last.toordinal() - _EPOCH_ORDINAL + 1) * DAY_MS

    @property
    def count(self) -> int:
        """The number of days."""
        return self.last.toordinal() - self.first.toordinal() + 1

    def holds(self, day: str) -> bool:
        """Return whether the ISO date `day` is in the range."""
        return self.first.isoformat() <= day <= self.last.isoformat()


def lived(instant: Any, utc_offset_minutes: Any) -> Any:
    """Return the local wall time of `instant` (ms), counted as if it were UTC.

    Takes columns or values.
    """
    return instant + utc_offset_minutes * MINUTE_MS


def reach(session: Any, device_id: str, moment: int) -> int:
    """Return the start of the device's earliest session that spans `moment` (ms UTC).

    Returns `moment` if there is none. Recorded sessions never overlap, so only the last one that
    began before can span it. Imported ones may overlap, so those of one day before are checked too.
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
    """Return the uids of all devices' sessions that span `moment`, in a local database."""
    return [uid for (uid,) in database.execute_sql(_LOCAL_OVER, {"moment": moment})]
