"""Sessionizer: observations in, session changes out. Pure: no clock, no I/O, no thread.

A change of the window in front becomes a session once it has lasted
`SETTLE_MS`, from the moment it began: between two windows the window manager
names none for some milliseconds, and a new window gets its title a moment
after its focus. Such moments are not sessions; they belong to what follows.
If nothing lasts that long, what is in front after `UNREST_MS` is used.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reprospective_tray.monitor.observation import Moment, Observation
from reprospective_tray.monitor.open_session import OpenSession, Target
from reprospective_tray.monitor.presence_state import PresenceState
from reprospective_tray.monitor.timeline import Break, Timeline, TimelineReading
from reprospective_tray.monitor.title_comparison import Comparable, TitleRate
from reprospective_tray.store.model.sessions import (
    Change,
    Interval,
    Session,
    State,
    StepBack,
)
from reprospective_tray.system.presence import Presence

SETTLE_MS = 50
UNREST_MS = 1_000
# If its next heartbeat is this much late, the process was asleep or stopped.
STALL_TOLERANCE_MS = 5_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What creates a session; times in ms."""

    heartbeat_ms: int
    idle_after_ms: int
    title_changes_per_minute: int
    comparable: Comparable
    new_uid: Callable[[int], str]
    never_idle: Callable[[str], bool] = lambda _application_name: False
    """Whether a window of this application in front prevents idle time."""


_NO_WINDOW = Observation("", "")


class Sessionizer:
    """Turns what is seen, and when, into changes of sessions that never overlap."""

    def __init__(self, rules: Rules) -> None:
        """Start with nothing seen and nothing open."""
        self._rules = rules
        self._timeline = Timeline(rules.heartbeat_ms + STALL_TOLERANCE_MS)
        self._open = OpenSession(rules.new_uid)
        self._window: Observation | None = None
        self._attendance = PresenceState(rules.idle_after_ms)
        self._differs_since: int | None = None  # what is in front has no session yet
        self._settling: Target | None = None
        self._settling_since = 0
        self._unbroken_since: int | None = None  # idle time is never dated back beyond it
        self._now = 0
        self._offset_minutes = 0
        self._occupied: deque[Interval] = deque()
        self._title_rate = TitleRate(rules.title_changes_per_minute)

    @property
    def open_session(self) -> Session | None:
        """The open session, as last written."""
        return self._open.session

    @property
    def now(self) -> int:
        """The latest time that was reported to it, in ms."""
        return self._now

    @property
    def state(self) -> State | None:
        """What time counts as; None while nothing is recorded."""
        return self._attendance.state

    @property
    def waits_for_input(self) -> bool:
        """Whether the next input changes the state by itself."""
        return self._attendance.waits_for_input

    def occupy(self, intervals: Iterable[Interval]) -> None:
        """Avoid the times that earlier runs have recorded, in order, as (start, end)."""
        self._occupied = deque(intervals)

    def see(
        self, at: Moment, window: Observation | None, *, holds_off_idle: bool = False
    ) -> list[Change]:
        """Apply the window in front from `at` on; None if there is none to record.

        While it `holds_off_idle`, time without input does not count as idle.
        """
        now = self._advance(at)
        # What was in front before may have settled by now without a tick in between.
        self._reconcile(now)
        self._window = window
        before = self.state
        self._attendance.take_window(now, holds=holds_off_idle)
        if self.state is not before and not self._blocked(now):
            self._turn(now)
        self._reconcile(now)
        return self._open.emit()

    def present(self, at: Moment, presence: Presence) -> list[Change]:
        """Apply what the desktop reports about the person from `at` on.

        Locked time begins and ends at `at` to the ms; nothing is recorded while
        the person is away. Idle time never reaches back beyond it.
        """
        if self._unbroken_since is None:  # nothing was seen since `stop`
            self._attendance.take(at.wall, presence)
            return []
        now = self._advance(at)
        self._reconcile(now)
        before, target = self.state, self._target()
        self._attendance.take(now, presence)
        if self.state is not before:
            self._unbroken_since = now
            if not self._blocked(now):
                self._turn_at_once(now, target)
        return self._open.emit()

    def tick(self, at: Moment, idle_ms: int | None) -> list[Change]:
        """Apply that time has passed; `idle_ms` since the last input, None if unknown."""
        now = self._advance(at)
        # What came to the front before the person went away gets its session, too.
        self._reconcile(now)
        if idle_ms is not None:
            self._take_idle(now, max(idle_ms, 0))
        self._reconcile(now)
        self._beat(now)
        return self._open.emit()

    def stop(self, at: Moment) -> list[Change]:
        """End what is open at `at`; the next `see` starts again, after a gap."""
        self._end(self._advance(at))
        self._forget_the_present()
        return self._open.emit()

    def cut(self, at: Moment) -> list[Change]:
        """End the open session at `at` and start its successor there, for the same window.

        From then on no change reaches back beyond `at`: what lies before can be forgotten.
        """
        if self._unbroken_since is None:
            return []  # nothing was seen since `stop`
        now = self._advance(at)
        if not self._blocked(now):
            if self._differs_since is not None:
                self._switch(self._differs_since, self._target())
            if target := self._open.target:
                self._open.close(now)
                self._begin(now, target)
        self._unbroken_since = now
        return self._open.emit()

    def rename(self, uid: str) -> None:
        """Continue the open session as `uid`, which its row already has."""
        self._open.rename(uid)

    def due_in_ms(self, at: Moment) -> int:
        """Return how long after `at` the next `tick` is due."""
        due = self._rules.heartbeat_ms
        if self.open_session:
            due = min(due, self._timeline.until(at.steady, self._open.last_put + due))
        if self._differs_since is not None:
            settles = min(self._settling_since + SETTLE_MS, self._differs_since + UNREST_MS)
            due = min(due, self._timeline.until(at.steady, settles))
        if (idle_at := self._attendance.idle_at) is not None:
            due = min(due, self._timeline.until(at.steady, idle_at))
        return max(due, 1)

    def _advance(self, at: Moment) -> int:
        nothing_goes_on = self.open_session is None and self._differs_since is None
        reading = self._timeline.read(
            at, settled_until=self._open.last_end if nothing_goes_on else None
        )
        if reading.kind is not Break.NONE:
            self._break(reading)
        now = self._now = reading.now
        unbroken = reading.kind is Break.NONE
        while self._occupied and now >= self._occupied[0][0]:
            start, end = self._occupied[0]
            self._end(start)
            if now < end:
                break
            self._occupied.popleft()
            self._open.last_end = max(self._open.last_end, end)
            if self._unbroken_since is None or self._unbroken_since >= end:
                continue  # it was over before anything was seen
            # After a break nothing is known about the time since the interval's end.
            self._unbroken_since = end if unbroken else now
            self._differ(self._unbroken_since)
        if self._unbroken_since is None or self._unbroken_since > now:
            self._unbroken_since = now
        if at.utc_offset_minutes != self._offset_minutes:
            self._change_offset(now, at.utc_offset_minutes)
        return now

    def _break(self, reading: TimelineReading) -> None:
        """End the earlier session at the break and start after it."""
        self._end(reading.before)
        if reading.kind is Break.BACK:
            for lead in reading.leads:
                beyond = min(lead.since, reading.now) if lead.whole else reading.now
                self._open.change(StepBack(lead.step, beyond, lead.since, lead.until))
            self._open.last_end = min(self._open.last_end, reading.now)
            self._occupied.clear()  # the caller asks the store again
            self._title_rate = TitleRate(self._rules.title_changes_per_minute)
        self._unbroken_since = reading.now
        self._differ(reading.now)
        if reading.kind is not Break.STALL:
            self._attendance.shift(reading.now - reading.before)

    def _change_offset(self, now: int, offset_minutes: int) -> None:
        """Split the open session: each part keeps the wall clock of its time."""
        target = self._open.target
        self._open.close(now if self._differs_since is None else self._differs_since)
        self._offset_minutes = offset_minutes
        if target and self._differs_since is None:
            self._begin(now, target)

    def _take_idle(self, now: int, idle_ms: int) -> None:
        before = self.state
        since = self._attendance.take_input(now, idle_ms)
        if self.state is before or self._blocked(now):
            return
        since = max(since, self._unbroken_since or since)
        if self.state is State.IDLE:
            self._open.take_back(since)
        self._turn(since)

    def _turn(self, since: int) -> None:
        """End what is open where idle time begins or ends; what is in front then follows."""
        self._open.close(since if self._differs_since is None else min(since, self._differs_since))
        self._differ(since)

    def _turn_at_once(self, now: int, before: Target | None) -> None:
        """End at `now` what stood for `before`, and start what follows there."""
        if self._differs_since is not None:
            # A moment between two windows goes to the first one: the lock has its own time.
            if not (self.open_session and before):
                self._switch(self._differs_since, before)
            self._differs_since = None
        self._open.close(now)
        target = self._target()
        if target and target.state is State.LOCKED:
            self._begin(now, target)
        elif target:
            self._differ(now)

    def _target(self) -> Target | None:
        state = self.state
        if state is State.ACTIVE:
            return Target(state, self._window) if self._window else None
        return Target(state, _NO_WINDOW) if state else None

    def _reconcile(self, now: int) -> None:
        """Match the open session to what is in front, once that has settled."""
        if not self._blocked(now):
            self._settle(now)

    def _settle(self, now: int) -> None:
        target = self._target()
        if self._same(self._open.target, target, now):
            self._differs_since = None
            return
        since = now if self._differs_since is None else self._differs_since
        if self._differs_since is None:
            self._differ(now)
        elif not self._same(self._settling, target, now):
            self._settling, self._settling_since = target, now
        if now - self._settling_since >= SETTLE_MS or now - since >= UNREST_MS:
            self._switch(since, target)

    def _differ(self, since: int) -> None:
        """Give what is in front a session from `since` on, once it has settled."""
        self._differs_since = self._settling_since = since
        self._settling = self._target()

    def _same(self, current: Target | None, target: Target | None, now: int) -> bool:
        """Tell whether a session for `current` continues for `target`."""
        if current is None or target is None:
            return current is target
        if current.state is not target.state:
            return False
        if current.window.application_name != target.window.application_name:
            return False
        comparable = self._rules.comparable
        if comparable(current.window.window_title) == comparable(target.window.window_title):
            return True
        same_window = current.window.window_id == target.window.window_id
        return same_window and self._title_rate.exceeded(target.window.window_id, now)

    def _switch(self, since: int, target: Target | None) -> None:
        """Close what is open and start what is in front, both at `since`."""
        before = self._open.target
        self._differs_since = None
        self._open.close(since)
        if target is None:
            return
        if before and before.state is target.state is State.ACTIVE:
            old, new = before.window, target.window
            if (old.window_id, old.application_name) == (new.window_id, new.application_name):
                self._title_rate.count(new.window_id, since)
        self._begin(max(since, self._open.last_end), target)

    def _begin(self, since: int, target: Target) -> None:
        self._open.begin(since, target, now=self._now, utc_offset_minutes=self._offset_minutes)

    def _end(self, moment: int) -> None:
        """End what is open, and what has settled by `moment`, there; nothing continues."""
        if self.open_session is None and self._differs_since is None:
            return
        if self._occupied:
            moment = min(moment, self._occupied[0][0])
        self._settle(moment)
        self._open.close(moment if self._differs_since is None else self._differs_since)
        self._differs_since = None

    def _beat(self, now: int) -> None:
        if now - self._open.last_put >= self._rules.heartbeat_ms:
            self._open.beat(self._differs_since or now, now)

    def _blocked(self, now: int) -> bool:
        return bool(self._occupied) and now >= self._occupied[0][0]

    def _forget_the_present(self) -> None:
        self._window = None
        self._attendance.forget()
        self._differs_since = self._unbroken_since = None
