"""DesktopActivityMonitor: the thread that pumps probe -> privacy -> sessionizer -> store."""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from reprospective_tray.monitor.call_queue import CallQueue
from reprospective_tray.monitor.observation import Moment, Observation, read_clocks
from reprospective_tray.monitor.presence_queue import PresenceQueue
from reprospective_tray.monitor.probes.base import Lack, ProbeLostError, WindowProbe
from reprospective_tray.monitor.sessionizer import Rules, Sessionizer
from reprospective_tray.monitor.timeline import HELD_STEP_MS
from reprospective_tray.store.model.sessions import Change, State, StepBack
from reprospective_tray.store.outbox import device_change
from reprospective_tray.store.recording.records import Records
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.system.presence import Presence
from reprospective_tray.system.supervisor import SupervisedPart, Supervisor

log = logging.getLogger(__name__)

# How often to check for the person's return where the desktop does not report it.
_LOOK_FOR_RETURN_S = 1.0
_LOOK_AT_CLOCK_S = 60.0
# How long a display can delay the end.
_PROBE_PATIENCE_S = 1.0

# How long others wait for this thread to start what they ask of it.
_WORK_S = 10.0

T = TypeVar("T")
Filter = Callable[[Observation], Observation | None]


@dataclass(frozen=True, slots=True)
class MonitorState:
    """The state of the monitor, for those who display it."""

    paused: bool = False
    paused_until: int | None = None  # ms since the epoch, UTC; None: until the person resumes
    idle: bool = False
    locked: bool = False
    watching: bool = False  # windows are visible and their content is recorded
    lack: Lack = Lack.NOTHING  # why windows cannot be seen
    application_name: str = ""
    problem: str = ""


class DesktopActivityMonitor:
    """Records until it is stopped.

    `pause`, `resume`, `stop`, `perform`, `cut`, `take_presence` and the methods that change
    the file's identity can be called from any thread.
    """

    def __init__(  # noqa: PLR0913  its parts, each of which does other work
        self,
        recorder: Records,
        rules: Rules,
        privacy: Filter,
        open_probe: Callable[[], WindowProbe],
        on_change: Callable[[MonitorState], None],
        *,
        supervisor: Supervisor | None = None,
    ) -> None:
        """Take the parts; `on_change` receives each new state and must not block."""
        self._supervisor = supervisor or Supervisor()
        self._recorder = recorder
        self._rules = rules
        self._privacy = privacy
        self._open_probe = open_probe
        self._on_change = on_change
        self._sessionizer = Sessionizer(rules)
        self._probe: WindowProbe | None = None
        self._stopping = False
        self._ends_at: Moment | None = None  # when recording is to end or pause
        self._lock = threading.Lock()
        self._news = threading.Event()  # another thread wants something
        self._calls = CallQueue(self._poke)
        self._presence_changes = PresenceQueue(self._poke)
        self._at = read_clocks()  # everything before it has been recorded
        self._opening = threading.Event()  # a probe is being opened
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self.state = MonitorState()
        self.recording = threading.Event()  # set once the store and the probe are ready

    def start(self, *, paused: bool = False, paused_until: int | None = None) -> None:
        """Start, paused or not."""
        self.state = replace(self.state, paused=paused, paused_until=paused_until)
        self._thread.start()

    def pause(self, until: int | None) -> None:
        """End the open session and record nothing until `until` (ms), or until `resume`."""
        self._wish(paused=True, paused_until=until)

    def resume(self) -> None:
        """Resume recording."""
        self._wish(paused=False, paused_until=None)

    def perform(self, work: Callable[[SqliteAdapter], T], timeout: float = _WORK_S) -> T:
        """Run `work` in the recording thread, on its connection, and return its result.

        Everything recorded so far has been written by then, and nothing is written until
        `work` returns: it should be short. It also runs while recording is paused, while
        the person is away, and where there is no display.

        Raises:
            StoreError: the database cannot be written now, the recording thread did not
                react within `timeout` seconds, or it has ended.
        """

        def do() -> T:
            with self._recorder.exclusively() as adapter:
                return work(adapter)

        return self._calls.ask(do, timeout)

    def cut(self, timeout: float = _WORK_S) -> int:
        """End the open session now, start its successor, and return that moment in ms.

        Everything that follows lies at or after that moment, and nothing changes what lies before.

        Raises:
            StoreError: as `perform`.
        """
        return self._calls.ask(self._cut, timeout)

    def take_presence(self, presence: Presence) -> threading.Event:
        """Apply what the desktop reports about the person from this moment on.

        Return an event that is set once it is recorded; the caller need not wait.
        """
        return self._presence_changes.put(presence)

    def become_another_device(self) -> None:
        """Continue the file and its open session under new ids: it is a copy, or an older version.

        Raises:
            StoreError: as `perform`; then nothing has changed.
        """

        def become(adapter: SqliteAdapter) -> None:
            try:
                renamed = device_change.become_another_device(adapter)
            except BaseException:
                adapter.reread_device_id()
                raise
            going_on = self._sessionizer.open_session
            if renamed and going_on and going_on.uid == renamed.old_uid:
                self._sessionizer.rename(renamed.new_uid)

        self.perform(become)

    def leave_open_session(self) -> None:
        """Continue recording in a new session: the current one was forgotten elsewhere.

        What was recorded of it so far stays under its uid, whose tombstone comes next.

        Raises:
            StoreError: as `perform`.
        """
        self.cut()

    def stop(self, seconds: float = math.inf) -> None:
        """End the open session and the thread; return when both have ended.

        If they have not ended within `seconds`, or a display never answers while it is being
        opened, the thread ends with the process.
        """
        until = time.monotonic() + seconds
        with self._lock:
            self._stopping = True
            self._ends_at = self._ends_at or read_clocks()
        self._calls.end()
        self._poke()
        if self._thread.ident is None:
            return  # it never started
        self._thread.join(min(_PROBE_PATIENCE_S, seconds))
        if not self._thread.is_alive():
            return
        probe = self._probe
        if probe:
            probe.abort()
            log.warning("the display does not answer: closing the connection")
        if self._opening.is_set():
            # No session is open then, and a connection that is not made yet cannot be cut.
            log.warning("the display does not answer: ending without it")
            return
        left_s = until - time.monotonic()
        self._thread.join(None if left_s == math.inf else max(0.0, left_s))

    def _wish(self, *, paused: bool, paused_until: int | None) -> None:
        with self._lock:
            self.state = replace(self.state, paused=paused, paused_until=paused_until)
            self._ends_at = (self._ends_at or read_clocks()) if paused else None
        self._poke()
        self._say()

    def _end_pause(self, until: int) -> None:
        """Resume when a pause has run out, if it is still the current one."""
        with self._lock:
            if not self.state.paused or self.state.paused_until != until:
                return
            self.state = replace(self.state, paused=False, paused_until=None)
            if not self._stopping:
                self._ends_at = None
        self._say()

    def _poke(self) -> None:
        self._news.set()
        probe = self._probe
        if probe:
            probe.wake()

    def _run(self) -> None:
        while not self._stopping:
            try:
                with self._recorder.running():
                    self._recorder.check(self._poke)
                    self._keep_out_of_earlier_runs()
                    self._record()
            # Whatever went wrong, recording continues: the log has the traceback.
            except BaseException:  # noqa: BLE001  some of what probes load ends the process
                self._sessionizer = Sessionizer(self._rules)
                self._rest(self._supervisor.died(SupervisedPart.RECORDING))

    def _rest(self, seconds: float) -> None:
        """Wait regardless of what others want meanwhile, except for the end."""
        until = time.monotonic() + seconds
        while not self._stopping and (left_s := until - time.monotonic()) > 0:
            self._news.wait(left_s)
            self._news.clear()

    def _record(self) -> None:
        while not self._stopping:
            if self.state.paused:
                self._sit_out_pause()
                continue
            self._calls.do()
            self._presence_changes.take_unrecorded()
            self._opening.set()
            try:
                probe = self._open_probe()
            finally:
                self._opening.clear()
            if self._stopping or self.state.paused:
                # It may have taken long: what is visible now must not be recorded any more.
                probe.close()
                continue
            self._probe = probe
            if probe.lack and self.state.lack is not probe.lack:
                log.warning("nothing is recorded: no window can be seen: %s", probe.trouble)
            self._tell(lack=probe.lack)
            try:
                self._pump(probe)
            except ProbeLostError as reason:
                if probe.sees_windows:
                    log.warning("the display has disappeared: %s", reason)
            finally:
                self._probe = None
                try:
                    end = self._ends_at or read_clocks()
                    self._write(self._sessionizer.stop(end.not_before(self._at)))
                finally:
                    probe.close()
                    self._tell(watching=False, idle=False, locked=False, application_name="")

    def _pump(self, probe: WindowProbe) -> None:
        told_of_input = probe.watch_idle(self._rules.idle_after_ms)
        at = self._at = read_clocks()
        # Nothing is open, and the sessionizer may be a new one: tell it the present state.
        changes = self._be_present(probe, self._presence_changes.latest)
        changes += self._sessionizer.tick(at, probe.idle_ms())
        changes += self._see(probe)
        self._write(changes)
        self._tell(watching=probe.sees_windows)
        self.recording.set()
        age: int | None = None
        while self._ends_at is None:
            self._calls.do()
            timeout_s = self._sessionizer.due_in_ms(self._at) / 1000
            if self._looks_for_input(told_of_input=told_of_input):
                timeout_s = min(timeout_s, _LOOK_FOR_RETURN_S)
            retry_ms = self._recorder.retry_in_ms()
            if retry_ms is not None:
                timeout_s = min(timeout_s, retry_ms / 1000)
            due_at = self._at.steady + timeout_s * 1000
            age = probe.wait(timeout_s)
            if self._ends_at is None:
                self._go_on(probe, age, due_at)
                age = None
        if (end := self._ends_at) is not None:
            age = probe.wait(0) if age is None else age
            self._write(self._catch_up(probe, age, end, is_end=True))

    def _go_on(self, probe: WindowProbe, age: int | None, due_at: float) -> None:
        """Record what changed `age` ms ago and since, and that time has passed if that is due."""
        # All changes up to here are seen; later ones are seen in the next turn.
        now = read_clocks()
        changes = self._catch_up(probe, age, now)
        # The event that ends idle time can arrive together with a window's.
        if age is None or self._sessionizer.waits_for_input or now.steady >= due_at:
            self._at = now.not_before(self._at)
            changes += self._sessionizer.tick(self._at, self._idle_ms(probe))
        self._write(changes)

    def _catch_up(
        self, probe: WindowProbe, age: int | None, until: Moment, *, is_end: bool = False
    ) -> list[Change]:
        """See what changed `age` ms ago and since, until `until`, each change at its own time.

        While this thread waited for the disk, several windows may have been in front. If it
        `is_end`, nothing that came later is seen.
        """
        changes: list[Change] = []
        while age is not None:
            changed_at = read_clocks().back(age)
            if is_end and changed_at.steady > until.steady:
                break
            self._take_notices(probe, changes, changed_at)
            # What happened before the last look was seen then.
            self._at = changed_at.not_before(self._at)
            changes += self._see(probe, was_before=is_end)
            if changed_at.steady >= until.steady:
                break
            age = probe.wait(0)
        self._take_notices(probe, changes, until if is_end else None)
        return changes

    def _idle_ms(self, probe: WindowProbe) -> int | None:
        """Return how long there was no input at the moment that is being recorded."""
        idle_ms = probe.idle_ms()
        return None if idle_ms is None else idle_ms - (read_clocks().steady - self._at.steady)

    def _looks_for_input(self, *, told_of_input: bool) -> bool:
        """Tell whether the next input is awaited and nothing reports it."""
        told = told_of_input and self._sessionizer.state is State.IDLE
        return self._sessionizer.waits_for_input and not told

    def _see(self, probe: WindowProbe, *, was_before: bool = False) -> list[Change]:
        """See what is in front; `was_before` says that it came before the pause or the end."""
        seen = probe.current()
        if self.state.paused and not (was_before and probe.notes_each_change):
            return []  # it may have come to the front after the person paused
        return self._sessionizer.see(
            self._at,
            self._privacy(seen) if seen else None,
            holds_off_idle=bool(seen and self._rules.never_idle(seen.application_name)),
        )

    def _take_notices(
        self, probe: WindowProbe, changes: list[Change], until: Moment | None = None
    ) -> None:
        """Record `changes`, and what was reported about the person until `until`, if anything."""
        for notice in self._presence_changes.take(until):
            self._at = notice.at.not_before(self._at)
            changes += self._sessionizer.tick(self._at, self._idle_ms(probe))
            changes += self._be_present(probe, notice.presence)
            self._write(changes)
            changes.clear()

    def _be_present(self, probe: WindowProbe, presence: Presence) -> list[Change]:
        # Where no window is visible nothing is recorded, not even locked time.
        locked = presence.locked and probe.sees_windows
        return self._sessionizer.present(self._at, replace(presence, locked=locked))

    def _write(self, changes: Sequence[Change]) -> None:
        if changes:
            self._recorder.record(changes)
        elif self._recorder.retry_in_ms() is not None:
            self._recorder.flush()
        if any(isinstance(change, StepBack) for change in changes):
            self._keep_out_of_earlier_runs()
        going_on = self._sessionizer.open_session
        self._tell(
            idle=self._sessionizer.state is State.IDLE,
            locked=self._sessionizer.state is State.LOCKED,
            application_name=going_on.application_name if going_on else "",
            problem=self._recorder.problem,
        )

    def _cut(self) -> int:
        at = self._at = read_clocks()
        self._write(self._sessionizer.cut(at))
        with self._recorder.exclusively():
            return max(at.wall, self._sessionizer.now)

    def _keep_out_of_earlier_runs(self) -> None:
        # The clock can be set back by this much and still be followed.
        since = read_clocks().wall - HELD_STEP_MS
        self._sessionizer.occupy(self._recorder.occupied(since))

    def _sit_out_pause(self) -> None:
        """Wait until the pause is over; the desktop is not even listened to meanwhile."""
        while self.state.paused and not self._stopping:
            self._calls.do()
            self._presence_changes.take_unrecorded()
            until, now = self.state.paused_until, read_clocks().wall
            if until is not None and now >= until:
                self._end_pause(until)
                continue
            # A pause ends by the wall clock, which can be set, or the computer sleeps meanwhile.
            left_s = None if until is None else min((until - now) / 1000, _LOOK_AT_CLOCK_S)
            retry_ms = self._recorder.retry_in_ms()
            if retry_ms is not None:
                left_s = min(_LOOK_AT_CLOCK_S if left_s is None else left_s, retry_ms / 1000)
            self._news.wait(left_s)
            self._news.clear()
            self._write(())

    def _tell(self, **values: object) -> None:
        """Tell others if the state is new."""
        with self._lock:
            before = self.state
            self.state = replace(before, **values)  # type: ignore[arg-type]  # names of its fields
            news = self.state != before
        if news:
            self._say()

    def _say(self) -> None:
        try:
            self._on_change(self.state)
        # An error in who displays it is no reason to stop recording.
        except Exception:
            log.exception("the new state could not be passed on")
