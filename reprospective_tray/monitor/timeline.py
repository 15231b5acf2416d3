"""Timeline: maps the two clocks to the one time that sessions are written in. Pure.

Durations come from the steady clock; the wall clock gives the epoch. If
the two diverge, either the computer slept or stalled, or the clock was set.
"""

from dataclasses import dataclass
from enum import Enum, auto

from reprospective_tray.monitor.observation import Moment

# A wall clock that is ahead by less is followed: time services correct in such steps.
FOLLOWED_STEP_MS = 1_000
# A clock set back by up to this is waited for; by more, it moves what was recorded.
HELD_STEP_MS = 60_000
# How many steps forward are remembered, in case they are undone.
_MOST_ERAS = 50


class Break(Enum):
    """Why the timeline is not continuous at a moment."""

    NONE = auto()
    STALL = auto()  # sleep, or a process that was stopped
    FORWARD = auto()  # the clock was set forward
    BACK = auto()  # the clock was set back by more than `HELD_STEP_MS`


@dataclass(frozen=True, slots=True)
class Lead:
    """How far the clock was ahead when the rows from `since` to `until` were recorded, in ms."""

    step: int
    since: int  # 0: the beginning of this run
    until: int | None  # None: the break
    whole: bool  # every row of that time was; otherwise only what lies beyond the corrected time


@dataclass(frozen=True, slots=True)
class TimelineReading:
    """A moment on the timeline, ms since the epoch, UTC."""

    now: int  # after the break
    before: int  # where the earlier session ends; `now` without a break
    kind: Break
    leads: tuple[Lead, ...] = ()  # at `Break.BACK`, in order of time

    @property
    def step(self) -> int:
        """How far the clock was set back; 0 if it was not."""
        return self.leads[-1].step if self.leads else 0


@dataclass(slots=True)
class _Era:
    """A time in which the clock was not set forward: it was right, or is undone as a whole."""

    since: int  # where the one before ended; 0: the first one
    offset: int  # wall minus steady, as used


class Timeline:
    """Reads moments; its time never runs backwards except at `Break.BACK`."""

    def __init__(self, stall_after_ms: int) -> None:
        """Treat a silence of `stall_after_ms` between two readings as a gap."""
        self._stall_after = stall_after_ms
        self._eras: list[_Era] = []
        self._last_steady = 0

    def until(self, steady: int, moment: int) -> int:
        """Return the ms from `steady` until the timeline reaches `moment`."""
        return moment - (steady + (self._eras[-1].offset if self._eras else 0))

    def read(self, at: Moment, *, settled_until: int | None) -> TimelineReading:
        """Place `at` on the timeline.

        `settled_until` is the end of what is recorded while no session is open,
        else None: then the timeline may go back to the wall clock that it had
        run ahead of.
        """
        wall_offset = at.wall - at.steady
        if not self._eras:
            self._eras.append(_Era(0, wall_offset))
            self._last_steady = at.steady
            return TimelineReading(at.wall, at.wall, Break.NONE)
        era = self._eras[-1]
        last = self._last_steady + era.offset
        held = at.steady + era.offset
        stalled = at.steady - self._last_steady > self._stall_after
        ahead = wall_offset - era.offset
        self._last_steady = at.steady
        before = last if stalled else held

        if ahead < -HELD_STEP_MS:
            return TimelineReading(at.wall, before, Break.BACK, self._set_back(wall_offset))
        if ahead > FOLLOWED_STEP_MS:
            self._eras = [*self._eras[-_MOST_ERAS:], _Era(before, wall_offset)]
            return TimelineReading(at.wall, before, Break.FORWARD)
        if stalled:
            era.offset = max(wall_offset, last - at.steady)
            return TimelineReading(at.steady + era.offset, last, Break.STALL)
        if ahead > 0 or (settled_until is not None and at.wall >= settled_until):
            era.offset = wall_offset
        now = at.steady + era.offset
        return TimelineReading(now, now, Break.NONE)

    def _set_back(self, offset: int) -> tuple[Lead, ...]:
        """Continue with `offset`; return by how much what was recorded is ahead of it.

        A clock that again shows the time from before it was set forward undoes that step, and all
        that came between; otherwise it continues what it has shown since it was last set forward.
        """
        eras, last = self._eras, len(self._eras) - 1
        same = (at for at in range(last) if abs(eras[at].offset - offset) <= HELD_STEP_MS)
        kept = max(same, default=-1)
        undone = kept + 1 if kept >= 0 else last
        ends = [each.since for each in eras[undone + 1 :]]
        leads = [
            Lead(each.offset - offset, each.since, until, whole=kept >= 0)
            for each, until in zip(eras[undone:], [*ends, None], strict=True)
            if each.offset > offset
        ]
        # What was undone continues as the time before it.
        self._eras = eras[: (kept if kept >= 0 else last) + 1]
        self._eras[-1].offset = offset
        return tuple(leads)
