"""Timeline: from the two clocks to the one time that sessions are written in. Pure.

Durations come from the steady clock; the wall clock gives the epoch. Where
the two part, either the computer slept or stalled, or somebody set the clock.
"""

from dataclasses import dataclass
from enum import Enum, auto

from reprospective_tray.monitor.observation import Moment

# A wall clock that runs ahead by less is followed: time services correct in such steps.
FOLLOWED_STEP_MS = 1_000
# A clock set back by up to this is waited for, by more it moves what was recorded.
HELD_STEP_MS = 60_000


class Break(Enum):
    """Why the timeline is not continuous at a moment."""

    NONE = auto()
    STALL = auto()  # sleep, or a process that was stopped
    FORWARD = auto()  # the clock was set forward
    BACK = auto()  # the clock was set back by more than `HELD_STEP_MS`


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment on the timeline, ms since the epoch, UTC."""

    now: int  # after the break
    before: int  # where what went before ends; `now` without a break
    kind: Break
    step: int = 0  # how far the clock was set back


class Timeline:
    """Reads moments; time on it never runs backwards but at `Break.BACK`."""

    def __init__(self, stall_after_ms: int) -> None:
        """Take a silence of `stall_after_ms` between two readings for a gap."""
        self._stall_after = stall_after_ms
        self._offset: int | None = None  # wall minus steady, as used
        self._last_steady = 0

    def until(self, steady: int, moment: int) -> int:
        """Return the ms from `steady` until the timeline reaches `moment`."""
        return moment - (steady + (self._offset or 0))

    def read(self, at: Moment, *, settled_until: int | None) -> Reading:
        """Place `at` on the timeline.

        `settled_until` is the end of what is recorded while no session is open,
        else None: then the timeline may go back to the wall clock that it had
        run ahead of.
        """
        wall_offset = at.wall - at.steady
        if self._offset is None:
            self._offset, self._last_steady = wall_offset, at.steady
            return Reading(at.wall, at.wall, Break.NONE)
        last = self._last_steady + self._offset
        held = at.steady + self._offset
        stalled = at.steady - self._last_steady > self._stall_after
        ahead = wall_offset - self._offset
        self._last_steady = at.steady

        if ahead < -HELD_STEP_MS:
            self._offset = wall_offset
            return Reading(at.wall, last if stalled else held, Break.BACK, -ahead)
        if ahead > FOLLOWED_STEP_MS:
            self._offset = wall_offset
            return Reading(at.wall, last if stalled else held, Break.FORWARD)
        if stalled:
            self._offset = max(wall_offset, last - at.steady)
            return Reading(at.steady + self._offset, last, Break.STALL)
        if ahead > 0 or (settled_until is not None and at.wall >= settled_until):
            self._offset = wall_offset
        now = at.steady + self._offset
        return Reading(now, now, Break.NONE)
