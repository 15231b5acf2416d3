"""Sessionizer: observations in, session changes out. Pure: no clock, no I/O, no thread.

A change of the window in front becomes a session once it has lasted
`SETTLE_MS`, from the moment it began: between two windows the window manager
names none for some milliseconds, and a new window gets its title a moment
after its focus. Such moments are no sessions; they belong to what follows.
Where nothing lasts that long, what is in front after `UNREST_MS` is taken.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from reprospective_tray.monitor.observation import Moment, Observation
from reprospective_tray.monitor.timeline import Break, Reading, Timeline
from reprospective_tray.monitor.titles import Comparable, TitleRate
from reprospective_tray.store.sessions import (
    Change,
    Put,
    Rewind,
    Session,
    State,
    StepBack,
)

SETTLE_MS = 50
UNREST_MS = 1_000
# Later than its next heartbeat by this much, a process was asleep or stopped.
STALL_TOLERANCE_MS = 5_000
# An input younger than the last one known by less than this is the same one, read anew.
_INPUT_JITTER_MS = 100

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes a session; times in ms."""

    heartbeat_ms: int
    idle_after_ms: int
    title_changes_per_minute: int
    comparable: Comparable
    new_uid: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class _Target:
    """What a session should stand for at present."""

    state: State
    window: Observation


_NO_WINDOW = Observation("", "")


class Sessionizer:
    """Turns what is seen, and when, into changes of sessions that never overlap."""

    def __init__(self, rules: Rules) -> None:
        """Start with nothing seen and nothing open."""
        self._rules = rules
        self._timeline = Timeline(rules.heartbeat_ms + STALL_TOLERANCE_MS)
        self._open: Session | None = None
        self._open_target: _Target | None = None
        self._window: Observation | None = None
        self._idle = False
        self._last_input: int | None = None
        self._differs_since: int | None = None  # what is in front has no session yet
        self._settling: _Target | None = None
        self._settling_since = 0
        self._unbroken_since: int | None = None  # idle time is never back-dated beyond it
        self._now = 0
        self._last_end = 0
        self._last_put = 0
        self._offset_minutes = 0
        self._occupied: deque[Interval] = deque()
        self._title_rate = TitleRate(rules.title_changes_per_minute)
        self._changes: list[Change] = []

    @property
    def open_session(self) -> Session | None:
        """The session that goes on, as last written."""
        return self._open

    @property
    def now(self) -> int:
        """The latest time that it was told of, in ms."""
        return self._now

    @property
    def idle(self) -> bool:
        """Whether the person is away."""
        return self._idle

    def occupy(self, intervals: Iterable[Interval]) -> None:
        """Keep out of times that earlier runs have recorded, in order, as (start, end)."""
        self._occupied = deque(intervals)

    def see(self, at: Moment, window: Observation | None) -> list[Change]:
        """Take the window in front from `at` on; None where there is none to record."""
        now = self._advance(at)
        # What was in front before may have settled by now without a tick in between.
        self._reconcile(now)
        self._window = window
        self._reconcile(now)
        return self._emit()

    def tick(self, at: Moment, idle_ms: int | None) -> list[Change]:
        """Take that time has passed; `idle_ms` since the last input, None where unknown."""
        now = self._advance(at)
        # What came to the front before the person went away has its session, too.
        self._reconcile(now)
        if idle_ms is not None:
            self._take_idle(now, max(idle_ms, 0))
        self._reconcile(now)
        self._beat(now)
        return self._emit()

    def stop(self, at: Moment) -> list[Change]:
        """End what is open at `at`; the next `see` begins anew, after a gap."""
        self._end(self._advance(at))
        self._forget_the_present()
        return self._emit()

    def cut(self, at: Moment) -> list[Change]:
        """End the open session at `at` and begin its successor there, for the same window.

        From then on no change reaches back over `at`: what lies before it may be forgotten.
        """
        if self._unbroken_since is None:
            return []  # nothing was seen since `stop`
        now = self._advance(at)
        if not self._blocked(now):
            if self._differs_since is not None:
                self._switch(self._differs_since)
            if target := self._open_target:
                self._close(now)
                self._begin(now, target)
        self._unbroken_since = now
        return self._emit()

    def rename(self, uid: str) -> None:
        """Let the open session go on as `uid`, which its row has got already."""
        if self._open:
            self._open = replace(self._open, uid=uid)

    def due_in_ms(self, at: Moment) -> int:
        """Return how long after `at` the next `tick` is due."""
        due = self._rules.heartbeat_ms
        if self._open:
            due = min(due, self._timeline.until(at.steady, self._last_put + due))
        if self._differs_since is not None:
            settles = min(self._settling_since + SETTLE_MS, self._differs_since + UNREST_MS)
            due = min(due, self._timeline.until(at.steady, settles))
        if not self._idle and self._last_input is not None:
            idle_at = self._last_input + self._rules.idle_after_ms
            due = min(due, self._timeline.until(at.steady, idle_at))
        return max(due, 1)

    def _advance(self, at: Moment) -> int:
        nothing_goes_on = self._open is None and self._differs_since is None
        reading = self._timeline.read(at, settled_until=self._last_end if nothing_goes_on else None)
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
            self._last_end = max(self._last_end, end)
            if self._unbroken_since is None or self._unbroken_since >= end:
                continue  # it was over before anything was seen
            # After a break nothing is known of the time since the interval's end.
            self._unbroken_since = end if unbroken else now
            self._differ(self._unbroken_since)
        if self._unbroken_since is None or self._unbroken_since > now:
            self._unbroken_since = now
        if at.utc_offset_minutes != self._offset_minutes:
            self._change_offset(now, at.utc_offset_minutes)
        return now

    def _break(self, reading: Reading) -> None:
        """End what went before at the break and begin after it."""
        self._end(reading.before)
        if reading.kind is Break.BACK:
            self._changes.append(StepBack(reading.step, reading.now))
            self._last_end = min(self._last_end, reading.now)
            self._occupied.clear()  # the caller asks the store again
            self._title_rate = TitleRate(self._rules.title_changes_per_minute)
        self._unbroken_since = reading.now
        self._differ(reading.now)
        if self._last_input is not None and reading.kind is not Break.STALL:
            self._last_input += reading.now - reading.before

    def _change_offset(self, now: int, offset_minutes: int) -> None:
        """Split the open session: each part keeps the clock that was on the wall."""
        target = self._open_target
        self._close(now if self._differs_since is None else self._differs_since)
        self._offset_minutes = offset_minutes
        if target and self._differs_since is None:
            self._begin(now, target)

    def _take_idle(self, now: int, idle_ms: int) -> None:
        if self._blocked(now):
            return
        known, last_input = self._last_input, now - idle_ms
        self._last_input = last_input
        since = max(last_input, self._unbroken_since or last_input)
        away = idle_ms >= self._rules.idle_after_ms
        if away and not self._idle:
            self._idle = True
            self._take_back(since)
            self._turn(since)
        elif self._idle and not away and (known is None or last_input > known + _INPUT_JITTER_MS):
            self._idle = False
            self._turn(since)

    def _turn(self, since: int) -> None:
        """End what is open where idle time begins or ends; what is in front then follows."""
        self._close(since if self._differs_since is None else min(since, self._differs_since))
        self._differ(since)

    def _take_back(self, since: int) -> None:
        """Undo what was recorded after `since`, the last input."""
        if self._open and self._open.started_at < since:
            return  # closing it there is enough
        if self._open or self._last_end > since:
            self._changes.append(Rewind(since))
            self._last_end = since
            self._open = self._open_target = None

    def _target(self) -> _Target | None:
        if self._idle:
            return _Target(State.IDLE, _NO_WINDOW)
        return _Target(State.ACTIVE, self._window) if self._window else None

    def _reconcile(self, now: int) -> None:
        """Bring what is open in line with what is in front, once that has settled."""
        if not self._blocked(now):
            self._settle(now)

    def _settle(self, now: int) -> None:
        target = self._target()
        if self._same(self._open_target, target, now):
            self._differs_since = None
            return
        since = now if self._differs_since is None else self._differs_since
        if self._differs_since is None:
            self._differ(now)
        elif not self._same(self._settling, target, now):
            self._settling, self._settling_since = target, now
        if now - self._settling_since >= SETTLE_MS or now - since >= UNREST_MS:
            self._switch(since)

    def _differ(self, since: int) -> None:
        """Let what is in front have a session from `since` on, once it has settled."""
        self._differs_since = self._settling_since = since
        self._settling = self._target()

    def _same(self, current: _Target | None, target: _Target | None, now: int) -> bool:
        """Tell whether a session for `current` goes on under `target`."""
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

    def _switch(self, since: int) -> None:
        """Close what is open and begin what is in front, both at `since`."""
        target, before = self._target(), self._open_target
        self._differs_since = None
        self._close(since)
        if target is None:
            return
        if before and before.state is target.state is State.ACTIVE:
            old, new = before.window, target.window
            if (old.window_id, old.application_name) == (new.window_id, new.application_name):
                self._title_rate.count(new.window_id, since)
        self._begin(max(since, self._last_end), target)

    def _begin(self, since: int, target: _Target) -> None:
        self._open_target = target
        self._open = Session(
            uid=self._rules.new_uid(since),
            state=target.state,
            application_name=target.window.application_name,
            window_title=target.window.window_title,
            process_id=target.window.process_id,
            started_at=since,
            ended_at=max(since, self._now),
            utc_offset_minutes=self._offset_minutes,
            open=True,
        )
        self._put(self._open)

    def _close(self, end: int) -> None:
        if self._open is None:
            return
        started_at = self._open.started_at
        if end > started_at:
            self._put(replace(self._open, ended_at=end, open=False))
        else:
            self._changes.append(Rewind(started_at))  # it never was
            self._last_end = started_at
        self._open = self._open_target = None

    def _end(self, moment: int) -> None:
        """End what is open, and what has settled by `moment`, there; nothing goes on."""
        if self._open is None and self._differs_since is None:
            return
        if self._occupied:
            moment = min(moment, self._occupied[0][0])
        self._settle(moment)
        self._close(moment if self._differs_since is None else self._differs_since)
        self._differs_since = None

    def _beat(self, now: int) -> None:
        if self._open is None or now - self._last_put < self._rules.heartbeat_ms:
            return
        self._open = replace(self._open, ended_at=self._differs_since or now)
        self._put(self._open)
        self._last_put = now

    def _put(self, session: Session) -> None:
        self._changes.append(Put(session))
        self._last_put = self._last_end = session.ended_at

    def _blocked(self, now: int) -> bool:
        return bool(self._occupied) and now >= self._occupied[0][0]

    def _forget_the_present(self) -> None:
        self._window = None
        self._idle = False
        self._last_input = self._differs_since = self._unbroken_since = None

    def _emit(self) -> list[Change]:
        changes, self._changes = self._changes, []
        return changes
