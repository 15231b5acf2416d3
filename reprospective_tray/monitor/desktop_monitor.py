"""DesktopActivityMonitor: the thread that pumps probe -> privacy -> sessionizer -> store."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from reprospective_tray.care import Care, Part
from reprospective_tray.monitor.errands import Errands
from reprospective_tray.monitor.notices import Notices
from reprospective_tray.monitor.observation import Observation, Presence, read_clocks
from reprospective_tray.monitor.probes.base import Lack, ProbeLostError, WindowProbe
from reprospective_tray.monitor.sessionizer import Rules, Sessionizer
from reprospective_tray.monitor.timeline import HELD_STEP_MS
from reprospective_tray.store import identity
from reprospective_tray.store.adapter import SqliteAdapter
from reprospective_tray.store.records import Records
from reprospective_tray.store.sessions import Change, State, StepBack

log = logging.getLogger(__name__)

# How often the person's return is looked for where the desktop does not tell of it.
_LOOK_FOR_RETURN_S = 1.0
_LOOK_AT_CLOCK_S = 60.0
# How long a display may keep the end waiting.
_PROBE_PATIENCE_S = 2.0

# How long others wait for this thread to begin what they want done in it.
_WORK_S = 10.0

T = TypeVar("T")
Filter = Callable[[Observation], Observation | None]


@dataclass(frozen=True, slots=True)
class MonitorState:
    """What the monitor is doing, for those who show it."""

    paused: bool = False
    paused_until: int | None = None  # ms since the epoch, UTC; None: until somebody resumes
    idle: bool = False
    locked: bool = False
    lack: Lack = Lack.NOTHING  # what keeps windows from being seen
    application_name: str = ""
    problem: str = ""


class DesktopActivityMonitor:
    """Records until it is stopped.

    `pause`, `resume`, `stop`, `perform`, `cut`, `take_presence` and what changes
    who the file is may come from any thread but its own.
    """

    def __init__(  # noqa: PLR0913  its parts, each another's work
        self,
        recorder: Records,
        rules: Rules,
        privacy: Filter,
        open_probe: Callable[[], WindowProbe],
        on_change: Callable[[MonitorState], None],
        *,
        care: Care | None = None,
    ) -> None:
        """Take the parts; `on_change` hears of each new state and must not block."""
        self._care = care or Care()
        self._recorder = recorder
        self._rules = rules
        self._privacy = privacy
        self._open_probe = open_probe
        self._on_change = on_change
        self._sessionizer = Sessionizer(rules)
        self._probe: WindowProbe | None = None
        self._stopping = False
        self._lock = threading.Lock()
        self._news = threading.Event()  # a wish of another thread
        self._errands = Errands(self._poke)
        self._notices = Notices(self._poke)
        self._at = read_clocks()  # what came before has been recorded
        self._opening = threading.Event()  # a probe is being opened
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self.state = MonitorState()
        self.recording = threading.Event()  # set once the store and the probe are ready

    def start(self, *, paused: bool = False, paused_until: int | None = None) -> None:
        """Begin, paused or not."""
        self.state = replace(self.state, paused=paused, paused_until=paused_until)
        self._thread.start()

    def pause(self, until: int | None) -> None:
        """End the open session and record nothing until `until` (ms), or until `resume`."""
        self._wish(paused=True, paused_until=until)

    def resume(self) -> None:
        """Record again."""
        self._wish(paused=False, paused_until=None)

    def perform(self, work: Callable[[SqliteAdapter], T], timeout: float = _WORK_S) -> T:
        """Do `work` in the recording thread, on its connection, and return what it returns.

        Everything that was recorded is written by then, and nothing is until
        `work` returns: it should be short. It is done also while recording is
        paused, while the person is away, and where there is no display.

        Raises:
            StoreError: the database cannot be written now, recording was not
                reached within `timeout` seconds, or it has ended.
        """

        def do() -> T:
            with self._recorder.exclusively() as adapter:
                return work(adapter)

        return self._errands.ask(do, timeout)

    def cut(self, timeout: float = _WORK_S) -> int:
        """End the open session now, begin its successor, and return that moment in ms.

        All that follows lies at or after it, and nothing reaches back over it.

        Raises:
            StoreError: as `perform`.
        """
        return self._errands.ask(self._cut, timeout)

    def take_presence(self, presence: Presence) -> threading.Event:
        """Take what the desktop says of the person from this moment on.

        Returns an event that is set once it is recorded; the caller need not wait.
        """
        return self._notices.put(presence)

    def become_another_device(self) -> None:
        """Let the file and its open session go on under new names: it is a copy, or an older one.

        Raises:
            StoreError: as `perform`; then nothing has changed.
        """

        def become(adapter: SqliteAdapter) -> None:
            try:
                renamed = identity.become_another_device(adapter)
            except BaseException:
                adapter.reread_device_id()
                raise
            going_on = self._sessionizer.open_session
            if renamed and going_on and going_on.uid == renamed.old_uid:
                self._sessionizer.rename(renamed.new_uid)

        self.perform(become)

    def leave_open_session(self) -> None:
        """Let recording go on in a new session: the present one was forgotten elsewhere.

        What was recorded of it until now stays under its uid, whose tombstone comes next.

        Raises:
            StoreError: as `perform`.
        """
        self.cut()

    def stop(self) -> None:
        """End the open session and the thread; returns when both have ended.

        Where a display never answers while it is being opened, the thread ends
        with the process.
        """
        with self._lock:
            self._stopping = True
        self._errands.end()
        self._poke()
        self._thread.join(_PROBE_PATIENCE_S)
        if not self._thread.is_alive():
            return
        probe = self._probe
        if probe:
            log.warning("the display does not answer: letting go of it")
            probe.abort()
        if self._opening.is_set():
            # No session is open then, and nothing cuts a connection that is not made yet.
            log.warning("the display does not answer: ending without it")
            return
        self._thread.join()

    def _wish(self, *, paused: bool, paused_until: int | None) -> None:
        with self._lock:
            self.state = replace(self.state, paused=paused, paused_until=paused_until)
        self._poke()
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
            # Whatever went wrong, recording goes on: the log keeps the traceback.
            except BaseException:  # noqa: BLE001  some of what probes load ends the process
                self._sessionizer = Sessionizer(self._rules)
                self._rest(self._care.died(Part.RECORDING))

    def _rest(self, seconds: float) -> None:
        """Wait, whatever others wish meanwhile, but for the end."""
        until = time.monotonic() + seconds
        while not self._stopping and (left_s := until - time.monotonic()) > 0:
            self._news.wait(left_s)
            self._news.clear()

    def _record(self) -> None:
        while not self._stopping:
            if self.state.paused:
                self._sit_out_pause()
                continue
            self._errands.do()
            self._notices.take_unrecorded()
            self._opening.set()
            try:
                probe = self._open_probe()
            finally:
                self._opening.clear()
            self._probe = probe
            if probe.lack and self.state.lack is not probe.lack:
                log.warning("no window can be seen: %s", probe.trouble)
            self._tell(lack=probe.lack)
            try:
                self._pump(probe)
            except ProbeLostError as reason:
                if probe.sees_windows:
                    log.warning("the display went away: %s", reason)
            finally:
                self._probe = None
                try:
                    self._write(self._sessionizer.stop(read_clocks()))
                finally:
                    probe.close()
                    self._tell(idle=False, locked=False, application_name="")

    def _pump(self, probe: WindowProbe) -> None:
        told_of_input = probe.watch_idle(self._rules.idle_after_ms)
        at = self._at = read_clocks()
        # Nothing is open, and it may be another sessionizer: it hears how things stand.
        changes = self._be_present(probe, self._notices.latest)
        changes += self._sessionizer.tick(at, probe.idle_ms())
        changes += self._see(probe)
        self._write(changes)
        self.recording.set()
        while not (self._stopping or self.state.paused):
            self._errands.do()
            timeout_s = self._sessionizer.due_in_ms(self._at) / 1000
            if self._looks_for_input(told_of_input=told_of_input):
                timeout_s = min(timeout_s, _LOOK_FOR_RETURN_S)
            retry_ms = self._recorder.retry_in_ms()
            if retry_ms is not None:
                timeout_s = min(timeout_s, retry_ms / 1000)
            due_at = self._at.steady + timeout_s * 1000
            age = probe.wait(timeout_s)
            changed_at = read_clocks().back(age or 0)
            self._take_notices(probe)
            changes = []
            if age is not None:
                # What happened before the last look was seen in it.
                self._at = changed_at.not_before(self._at)
                changes += self._see(probe)
            # The event that ends idle time may come together with a window's.
            now = read_clocks()
            if age is None or self._sessionizer.waits_for_input or now.steady >= due_at:
                self._at = now
                changes += self._sessionizer.tick(now, probe.idle_ms())
            self._write(changes)

    def _looks_for_input(self, *, told_of_input: bool) -> bool:
        """Tell whether the next input is waited for, and nothing tells of it."""
        told = told_of_input and self._sessionizer.state is State.IDLE
        return self._sessionizer.waits_for_input and not told

    def _see(self, probe: WindowProbe) -> list[Change]:
        seen = probe.current()
        return self._sessionizer.see(
            self._at,
            self._privacy(seen) if seen else None,
            holds_off_idle=bool(seen and self._rules.never_idle(seen.application_name)),
        )

    def _take_notices(self, probe: WindowProbe) -> None:
        """Record what was said of the person meanwhile."""
        for notice in self._notices.take():
            at = self._at = notice.at.not_before(self._at)
            idle_ms = probe.idle_ms()
            if idle_ms is not None:
                idle_ms -= read_clocks().steady - at.steady
            changes = self._sessionizer.tick(at, idle_ms)
            self._write(changes + self._be_present(probe, notice.presence))

    def _be_present(self, probe: WindowProbe, presence: Presence) -> list[Change]:
        # Where no window can be seen nothing is recorded, no locked time either.
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
        # The clock may be set back by so much, and be followed.
        since = read_clocks().wall - HELD_STEP_MS
        self._sessionizer.occupy(self._recorder.occupied(since))

    def _sit_out_pause(self) -> None:
        """Wait until the pause is over; the desktop is not even listened to meanwhile."""
        while self.state.paused and not self._stopping:
            self._errands.do()
            self._notices.take_unrecorded()
            until, now = self.state.paused_until, read_clocks().wall
            if until is not None and now >= until:
                self.resume()
                return
            # A pause ends by the wall clock, which may be set, or sleep, meanwhile.
            left_s = None if until is None else min((until - now) / 1000, _LOOK_AT_CLOCK_S)
            retry_ms = self._recorder.retry_in_ms()
            if retry_ms is not None:
                left_s = min(_LOOK_AT_CLOCK_S if left_s is None else left_s, retry_ms / 1000)
            self._news.wait(left_s)
            self._news.clear()
            self._write(())

    def _tell(self, **values: object) -> None:
        """Let others know, where something is new."""
        with self._lock:
            before = self.state
            self.state = replace(before, **values)  # type: ignore[arg-type]  # names of its fields
            news = self.state != before
        if news:
            self._say()

    def _say(self) -> None:
        try:
            self._on_change(self.state)
        # Whoever shows it: that is no reason to record less.
        except Exception:
            log.exception("the new state could not be passed on")
