"""Application: what is built, started and stopped, and in what order.

The tray owns the main thread; `monitor` records; `control` answers other
processes; `actions` does what the person clicks; `display` refreshes the icon.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray import PRODUCT
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.desktop.autostart.login import StartAtLogin
from reprospective_tray.desktop.notifications import Notifier
from reprospective_tray.desktop.presence import PresenceWatcher, make_watcher
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.ipc.instance_lock import InstanceLock
from reprospective_tray.ipc.server import ControlServer
from reprospective_tray.messages import _
from reprospective_tray.monitor.desktop_monitor import MonitorState
from reprospective_tray.monitor.probes import open_probe
from reprospective_tray.monitor.probes.base import ProbeLostError
from reprospective_tray.runtime.actions import PAUSE_OVER, Actions
from reprospective_tray.runtime.components import Components, Hearers
from reprospective_tray.runtime.config_reload import ConfigReload
from reprospective_tray.runtime.first_start import FirstStart
from reprospective_tray.runtime.housekeeping import Housekeeping
from reprospective_tray.runtime.instance_status import StatusHere
from reprospective_tray.runtime.shutdown import Shutdown, Step
from reprospective_tray.runtime.signal_handlers import SignalHandlers
from reprospective_tray.runtime.state.pause import PauseMemory
from reprospective_tray.runtime.state.pause_reminder import PauseReminder
from reprospective_tray.runtime.sync_controller import HANG_UP_S, LAST_PASS_S
from reprospective_tray.runtime.window_launcher import OwnWindows
from reprospective_tray.system.clock import now_ms
from reprospective_tray.system.paths import Paths
from reprospective_tray.system.presence import Presence
from reprospective_tray.system.supervisor import Supervisor

if TYPE_CHECKING:
    from reprospective_tray.tray.live_icon import LiveIcon

log = logging.getLogger(__name__)

# How long everything else waits for the first look at the desktop.
_FIRST_S = 1.0
# How long the computer's sleep is delayed: logind's own limit is 5 s (InhibitDelayMaxSec).
_SLEEP_WAITS_S = 4.0
# The time for recording to end: first for a display that hangs, then for a blocked file.
_RECORDING_ENDS_S = 3.0
# The time for what ends at once.
_MOMENT_S = 0.6
# How long the end waits for a notification of what was lost.
_LAST_WORD_S = 1.0
# Input within this time counts as presence.
_LATELY_MS = 60_000


class Application:
    """The running program of one person."""

    def __init__(self, loaded: LoadedConfig, paths: Paths) -> None:
        """Build the parts; nothing runs yet."""
        self._paths = paths
        self._ended = threading.Event()
        self._shown = MonitorState()
        self._showing = threading.Lock()
        self._icon: LiveIcon | None = None
        self._watcher: PresenceWatcher | None = None
        self._notifier = Notifier()
        self._lock = InstanceLock(paths)
        self._supervisor = Supervisor(self._tell_icon)
        hearers = Hearers(
            self._on_change, self._on_damage, self._on_loss, self._tell_icon, self._notify
        )
        self._components = Components(loaded, paths, self._supervisor, hearers, self._ended)
        self._login = StartAtLogin(loaded, paths)
        self._ending = Shutdown(self._steps_of_end)
        self._pause_memory = PauseMemory(paths, lambda: self._components.monitor.state)
        self._status = StatusHere(
            self._components,
            self._supervisor,
            paths,
            (lambda: self._settings.problem, lambda: self._pause_memory.doubt),
            self._shown_here,
        )
        windows = OwnWindows(paths, lambda: self._components.loaded.file, lambda: self._has_menu)
        self._actions = Actions(
            self._components,
            self._pause_memory,
            self._supervisor,
            hearers,
            windows=windows,
            login=self._login,
            status=self._status.answer,
            end=self._ending.ask,
        )
        self._control = ControlServer(paths, self._actions.answer, self._supervisor)
        self._settings = ConfigReload(self._components, paths, hearers)
        self._pause_reminder = PauseReminder(
            paths, lambda: self._components.monitor.state.paused, self._is_person_there
        )
        self._first_start = FirstStart(
            self._components, paths, self._notify, windows.open_first_start
        )
        looks = (
            self._first_start.look,
            self._pause_memory.look,
            self._settings.look,
            self._remind_of_pause,
        )
        self._housekeeping = Housekeeping(self._supervisor, looks)
        self._signals = SignalHandlers(self._ending.ask)

    def run(self, *, tray: bool) -> None:
        """Record until the person quits or the system ends the program.

        Raises:
            AlreadyRunningError: this person already runs an instance.
            StoreError: another process records to the same file.
        """
        self._paths.prepare()
        self._lock.acquire()
        try:
            self._components.lock_file()
        except ReprospectiveError:
            self._lock.release()
            raise
        self._first_start.has_tray = tray
        self._ending.start()
        self._signals.start()
        try:
            self._begin()
            if tray:
                self._show_icon()
            self._ended.wait()
        except BaseException:
            self._ending.exit_code = 1
            raise
        finally:
            self._ending.ask()
            self._ending.wait()
            self._signals.stop()
            log.info("ended")

    def _begin(self) -> None:
        """Start the parts, recording first."""
        remembered = self._pause_memory.begin()
        paused = remembered.is_paused_at(now_ms())
        self._shown = MonitorState(paused=paused)
        self._components.start_recording(
            paused=paused, paused_until=remembered.paused_until if paused else None
        )
        if remembered.paused and not paused:
            self._actions.put(PAUSE_OVER)  # it ended while nothing ran
        # Loading the tray takes processor time for a while: the first session goes first.
        is_ready = self._components.monitor.recording.wait(_FIRST_S)
        if self._ended.is_set():
            return  # the person has already quit
        self._watcher = make_watcher()
        self._watcher.start(self._take_presence, self._ending.ask)
        self._control.start()
        self._actions.start()
        if paused:
            log.info("paused: nothing is recorded")
        elif not is_ready:
            log.warning("nothing is recorded yet: the desktop or the database does not answer")
        self._first_start.look()
        self._tell_of_doubt()
        threading.Thread(target=self._login.keep, name="login", daemon=True).start()
        self._components.start_sending()
        self._housekeeping.start()

    def _show_icon(self) -> None:
        """Show the tray icon until the end; if there is none, say why and return."""
        # The tray's libraries are most of the program's memory: not for `--no-tray`.
        from reprospective_tray.tray.live_icon import LiveIcon

        try:
            self._icon = LiveIcon(
                self._actions.put,
                self._status.today_ms,
                self._status.of,
                self._supervisor,
            )
            if self._icon.icon.has_notifications:
                self._notifier.fallback = self._icon.icon.notify
            if not self._ended.is_set():  # the person may have quit while the tray was being loaded
                self._icon.run(on_ready=self._signals.take)
        except ReprospectiveError as error:
            self._icon = None
            log.warning("%s %s", error, error.remedy)
        # An error in the display must not end recording.
        except Exception:
            self._icon = None
            log.exception("the icon failed; the program continues without it")

    def _tell_of_doubt(self) -> None:
        """Say at the start that recording is paused because the saved state is unclear."""
        if text := self._pause_memory.doubt:
            log.warning("%s", text)
            if self._components.loaded.config.notifications.paused:
                self._notify(text)

    def _remind_of_pause(self) -> None:
        text = self._pause_reminder.look()
        if text and self._components.loaded.config.notifications.paused:
            self._notify(text)

    def _is_person_there(self) -> bool:
        """Tell whether there was input lately, while nothing is recorded."""
        monitor = self._components.loaded.config.monitor
        probe = open_probe(monitor.poll_interval, monitor.probe)
        try:
            return probe.sees_windows and probe.is_touched(_LATELY_MS)
        except ProbeLostError:
            return False
        finally:
            probe.close()

    def _on_change(self, now: MonitorState) -> None:
        """Pass on the monitor's state, in its thread: nothing here may wait."""
        with self._showing:
            before, self._shown = self._shown, now
        if _is_recording(now) and not _is_recording(before):
            log.info("recording to %s", self._components.reader.place)
        self._tell_icon()
        if (
            now.problem
            and not before.problem
            and self._components.loaded.config.notifications.storage
        ):
            self._notify(now.problem)
        if before.paused and not now.paused:
            self._actions.put(PAUSE_OVER)

    def _take_presence(self, said: Presence) -> None:
        """Pass on what the desktop reports; before the computer sleeps, wait for the disk."""
        recorded = self._components.take_presence(said)
        if said.away:
            recorded.wait(_SLEEP_WAITS_S)

    def _tell_icon(self) -> None:
        if self._icon:
            self._icon.tell()

    def _on_damage(self, damaged: Path) -> None:
        text = _(
            "The database was damaged. It was moved to {path}. Recording continues in a new "
            "file, and what can still be read is copied to it."
        ).format(path=damaged)
        if self._components.loaded.config.notifications.damaged:
            self._notify(text)

    def _on_loss(self, lost: str) -> None:
        """Say what was lost, and wait until it can be seen: the program may be ending."""
        if self._components.loaded.config.notifications.storage:
            self._begin_to_notify(lost).join(_LAST_WORD_S)

    @property
    def _has_menu(self) -> bool:
        return self._icon is not None and self._icon.icon.has_menu

    def _shown_here(self) -> Mapping[str, object]:
        """Return the status of the tray, of starting at login and of the desktop's services."""
        return {
            "has_menu": self._has_menu,
            "starts_at_login": self._login.is_on(),
            "presence": dict(self._watcher.describe()) if self._watcher else {},
        }

    def _steps_of_end(self) -> tuple[tuple[Step, ...], ...]:
        """Return the stages of the end: the open session is written first."""

        def moment(name: str, work: Callable[[], object]) -> Step:
            return Step(name, lambda _seconds: work(), _MOMENT_S)

        return (
            (
                Step("recording", self._components.end, _RECORDING_ENDS_S),
                # A disk that is only slow must not make the program forget a pause.
                Step("the pause", lambda _seconds: self._pause_memory.look(), _RECORDING_ENDS_S),
                moment("the icon", self._take_icon_away),
                moment("the passes", self._components.sending.halt),
            ),
            (
                Step("housekeeping", self._housekeeping.stop, _MOMENT_S),
                moment("what the desktop says", self._stop_watcher),
                Step("commands", self._control.stop, _MOMENT_S),
            ),
            # The end of the open session is sent, too.
            (Step("sending", self._components.stop_sending, LAST_PASS_S + HANG_UP_S),),
            (
                moment("notifications", self._notifier.close),
                moment("the locks", self._release_locks),
            ),
        )

    def _release_locks(self) -> None:
        self._components.release_file()
        self._lock.release()

    def _take_icon_away(self) -> None:
        if self._icon:
            self._icon.stop()

    def _stop_watcher(self) -> None:
        if self._watcher:
            self._watcher.stop()

    def _notify(self, body: str) -> None:
        """Show a notification; a service that hangs must not delay anything."""
        self._begin_to_notify(body)

    def _begin_to_notify(self, body: str) -> threading.Thread:
        thread = threading.Thread(
            target=self._notifier.notify, args=(PRODUCT, body), name="notification", daemon=True
        )
        thread.start()
        return thread


def _is_recording(now: MonitorState) -> bool:
    """Tell whether windows are visible and their content is written."""
    return now.watching and not now.problem
