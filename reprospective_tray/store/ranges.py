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


def straddling(session: Any, device_id: str, moment: int) -> list[tuple[str, int]]:
    """Return uid and start of the device's sessions that last over `moment`, in order.

    Sessions that were recorded never overlap: it is the last one that began
    before. Imported ones may, so those of a day before it are looked at, too.
    """
    of_device = (
        session.select(session.uid, session.started_at, session.ended_at)
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
        return []
    since = min(last[1], moment - _REACH_MS)
    near = of_device.where(session.started_at >= since, session.ended_at > moment)
    return [(uid, started_at) for uid, started_at, _ended_at in near]


def straddling_uids(session: Any, moment: int) -> list[str]:
    """Return the uids of all devices' sessions that last over `moment`."""
    return [uid for each in devices(session) for uid, _at in straddling(session, each, moment)]


def reach(session: Any, device_id: str, moment: int) -> int:
    """Return where what the device recorded over `moment` began; `moment` where nothing was."""
    over = straddling(session, device_id, moment)
    return over[0][1] if over else moment


def devices(session: Any) -> Iterator[str]:
    """Yield every device id by one index look-up each; DISTINCT would read the whole index."""
    found = session.select(session.device_id).order_by(session.device_id).limit(1)
    row = found.tuples().first()
    while row:
        yield row[0]
        row = found.where(session.device_id > row[0]).tuples().first()
