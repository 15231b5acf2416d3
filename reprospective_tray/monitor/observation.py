"""Observation: the value that a probe returns; Moment: when it was made."""

import time
from dataclasses import dataclass

from reprospective_tray.store.model.sessions import clean

# Anything longer is a page's text in a title bar, not a title.
TITLE_LIMIT = 4_096
# The end is kept, too: browsers put their names there, and that a window is private.
_END_KEPT = 256


@dataclass(frozen=True, slots=True)
class Observation:
    """The window in front. Names are never None; a missing one is ``''``."""

    application_name: str
    window_title: str
    process_id: int | None = None
    window_id: int = 0

    @classmethod
    def of(
        cls, application_name: str | None, title: str | None, process_id: int | None, window_id: int
    ) -> "Observation":
        """Make one from what a desktop reports, without what no database can store."""
        return cls(
            clean(application_name or "")[:TITLE_LIMIT],
            _shortened(clean(title or "")),
            process_id,
            window_id,
        )


def _shortened(title: str) -> str:
    """Return `title` with its middle cut out if it is longer than `TITLE_LIMIT`."""
    if len(title) <= TITLE_LIMIT:
        return title
    return f"{title[: TITLE_LIMIT - _END_KEPT - 1]}…{title[-_END_KEPT:]}"


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on both clocks, in ms."""

    steady: int  # never steps; continues while the computer sleeps
    wall: int  # since the epoch, UTC
    utc_offset_minutes: int

    def back(self, ms: int) -> "Moment":
        """Return the moment `ms` earlier."""
        return Moment(self.steady - ms, self.wall - ms, self.utc_offset_minutes)

    def not_before(self, other: "Moment") -> "Moment":
        """Return the later of the two."""
        return self if self.steady > other.steady else other


# Linux's monotonic clock stops during sleep, its boot-time clock does not.
_STEADY_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)
# A thread that was delayed longer between the two clocks reads them again, at most so often.
_TOGETHER_NS = 200_000
_READINGS = 5


def read_clocks() -> Moment:
    """Return the present moment; follows a change of the system's time zone."""
    if hasattr(time, "tzset"):
        time.tzset()
    _held_up, steady, wall = _read_together()
    offset = time.localtime(wall // 1_000_000_000).tm_gmtoff // 60
    return Moment(steady // 1_000_000, wall // 1_000_000, offset)


def _read_together() -> tuple[int, int, int]:
    """Read both clocks; return their largest possible distance, steady and wall time, in ns."""
    readings = []
    for _attempt in range(_READINGS):
        steady, wall = _steady_ns(), time.time_ns()
        readings.append((_steady_ns() - steady, steady, wall))
        if readings[-1][0] <= _TOGETHER_NS:
            break
    return min(readings)


def _steady_ns() -> int:
    return time.monotonic_ns() if _STEADY_CLOCK is None else time.clock_gettime_ns(_STEADY_CLOCK)
