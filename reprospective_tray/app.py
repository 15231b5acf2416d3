"""The composition root: what is built, what starts and stops, and in what order.

The tray owns the main thread; `monitor` records; `control` answers other
processes; `actions` does what the person clicks; `display` refreshes the icon.
"""

import logging
import os
import queue
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray import config, own_windows, state
from reprospective_tray.care import Care, Part
from reprospective_tray.control import ControlServer, InstanceLock
from reprospective_tray.desktop.autostart.login import StartAtLogin
from reprospective_tray.desktop.notifications import NAME, Notifier
from reprospective_tray.desktop.presence import Presence, PresenceWatcher, make_watcher
from reprospective_tray.ending_signals import EndingSignals
from reprospective_tray.errors import DamagedStoreError, ReprospectiveError, StoreError
from reprospective_tray.forgetting_here import ForgettingHere
from reprospective_tray.housekeeping import Housekeeping
from reprospective_tray.messages import _, set_language
from reprospective_tray.monitor import observation
from reprospective_tray.monitor.desktop_monitor import DesktopActivityMonitor, MonitorState
from reprospective_tray.monitor.probes import open_probe
from reprospective_tray.monitor.probes.base import ProbeLostError
from reprospective_tray.monitor.probes.session_type import WAYLAND, session_type
from reprospective_tray.own_windows import OwnWindows
from reprospective_tray.parts import (
    make_filter,
    make_means,
    make_passing_reader,
    make_recorder,
    make_rules,
)
from reprospective_tray.paths import Paths
from reprospective_tray.pause_reminder import PauseReminder
from reprospective_tray.sending import CurrentIdentity, NotSending, Sending
from reprospective_tray.settings_watch import SettingsWatch
from reprospective_tray.status import status_object, today_active_ms
from reprospective_tray.tray.menu import Action, action_arguments

if TYPE_CHECKING:
    from reprospective_tray.tray.live import LiveIcon

log = logging.getLogger(__name__)

# How long everything else waits for the first look at the desktop.
_FIRST_S = 1.0
# How long the computer waits with its sleep: logind's own limit is 5 s (InhibitDelayMaxSec).
_SLEEP_WAITS_S = 4.0
# Who has touched something since is there.
_LATELY_MS = 60_000
# The program's own note to itself, among the clicks.
_PAUSE_OVER = Action("pause over")


class Application:
    """The running program of one person."""

    def __init__(self, loaded: config.Loaded, paths: Paths) -> None:
        """Build the parts; nothing runs yet."""
        self._loaded = loaded
        self._paths = paths
        self._actions: queue.SimpleQueue[Action] = queue.SimpleQueue()
        self._ended = threading.Event()
        # A handler may do nothing else: it is a click on Quit.
        self._signals = EndingSignals(lambda: self._actions.put(Action("quit")))
        self._windows = OwnWindows(paths, lambda: self._loaded.file, lambda: self._has_menu)
        self._doing = threading.Lock()  # one command after the other, whoever asks
        self._shown = MonitorState()
        self._showing = threading.Lock()
        self._notifier = Notifier()
        self._login = StartAtLogin(loaded, paths)
        self._lock = InstanceLock(paths)
        self._care = Care(self._tell_icon)
        self._control = ControlServer(paths, self._answer, self._care)
        self._reader = make_passing_reader(loaded, paths)
        self._icon: LiveIcon | None = None
        self._watcher: PresenceWatcher | None = None
        self._presence: observation.Presence | None = None
        self._monitor = self._make_monitor(loaded)
        self._forgetting = ForgettingHere(self._monitor, self._ended)
        self._pause_reminder = PauseReminder(
            paths, lambda: self._monitor.state.paused, self._is_person_there
        )
        self._housekeeping = Housekeeping(
            self._care, (self._look_at_settings, self._remind_of_pause)
        )
        self._sending = self._make_sending(loaded)
        self._settings = SettingsWatch(loaded, paths)
        self._settings_problem = ""

    def _make_monitor(self, loaded: config.Loaded) -> DesktopActivityMonitor:
        poll_interval = loaded.config.monitor.poll_interval
        return DesktopActivityMonitor(
            make_recorder(loaded, self._paths, self._on_damage, self._care),
            make_rules(loaded),
            make_filter(loaded),
            lambda: open_probe(poll_interval),
            self._on_change,
            care=self._care,
        )

    def _make_sending(self, loaded: config.Loaded) -> NotSending:
        if not loaded.config.database.sync.enabled:
            return NotSending()
        means = make_means(loaded, self._paths, CurrentIdentity(lambda: self._monitor))
        return Sending(loaded, self._paths, means, self._tell_icon, self._notify, care=self._care)

    def run(self, *, tray: bool) -> None:
        """Record until the person quits or the system ends the program.

        Raises:
            AlreadyRunningError: another instance of this person runs.
        """
        self._paths.prepare()
        self._lock.acquire()
        self._signals.start()
        remembered = state.load(self._paths)
        paused = remembered.is_paused_at(_now())
        self._shown = MonitorState(paused=paused)
        self._monitor.start(paused=paused, paused_until=remembered.paused_until if paused else None)
        if remembered.paused and not paused:
            self._actions.put(_PAUSE_OVER)  # it ended while nothing ran
        try:
            # Loading the tray takes the processor for a while: the first session goes first.
            self._monitor.recording.wait(_FIRST_S)
            self._watcher = make_watcher()
            self._watcher.start(self._take_presence, lambda: self._actions.put(Action("quit")))
            self._control.start()
            threading.Thread(target=self._keep_acting, name="actions", daemon=True).start()
            log.info("recording to %s", self._reader.place)
            self._greet(remembered)
            threading.Thread(target=self._login.keep, name="login", daemon=True).start()
            self._sending.start()
            self._housekeeping.start()
            if tray:
                self._show_icon()
            self._ended.wait()
        finally:
            self._ended.set()
            self._housekeeping.stop()
            self._sending.halt()
            self._monitor.stop()
            if self._watcher:
                self._watcher.stop()
            self._control.stop()
            self._sending.stop()  # the end of the open session is written: it may go, too
            self._lock.release()
            self._signals.stop()
            log.info("ended")

    def _show_icon(self) -> None:
        """Show the tray icon until the end; without one, say why and return."""
        # The tray's libraries are most of the program's memory: not for `--no-tray`.
        from reprospective_tray.tray.live import LiveIcon

        try:
            self._icon = LiveIcon(
                self._actions.put, self._read_for_icon, self._status, self._login.is_on, self._care
            )
            if self._icon.icon.has_notifications:
                self._notifier.fallback = self._icon.icon.notify
            if not self._ended.is_set():  # somebody may have quit while the tray was being loaded
                self._icon.run(on_ready=self._signals.take)
        except ReprospectiveError as error:
            self._icon = None
            log.warning("%s %s", error, error.remedy)
        # Whatever fails in what is shown ends no recording.
        except Exception:
            self._icon = None
            log.exception("the icon failed; recording goes on without it")

    def _greet(self, remembered: state.ProgramState) -> None:
        """Say at the very first start what is recorded, where, and how to pause."""
        if remembered.first_start_at is not None:
            return
        if self._loaded.config.database.local.type == "postgresql":
            text = _(
                "Recording which window you use, and when, straight to {place}. "
                "Pause or quit at any time from the tray icon, or with: reprospective-tray pause"
            ).format(place=self._reader.place)
        else:
            text = self._sending.greeting(self._loaded.config.database_path(self._paths))
        log.info("first start: %s", text)
        if self._loaded.config.notifications.first_start:
            self._notify(text)
        try:
            state.update(self._paths, first_start_at=_now())
        except ReprospectiveError as error:
            log.warning("%s", error)

    def _look_at_settings(self) -> None:
        """Take over what the person has changed in config.yaml."""
        if self._forgetting.is_busy:
            return  # it works on the recording of the moment
        found = self._settings.look()
        if found is None:
            return
        notifies = self._loaded.config.notifications.settings
        if found.loaded is None:
            said = f"{found.error} {found.error.remedy if found.error else ''}".strip()
            self._settings_problem = _(
                "The changed settings cannot be used; those before hold: {error}"
            ).format(error=said)
            log.warning("%s", self._settings_problem)
            if notifies:
                self._notify(self._settings_problem)
        else:
            self._apply(found.loaded)
            is_mended, self._settings_problem = bool(self._settings_problem), ""
            log.info("the changed settings are in force")
            if is_mended and notifies:
                self._notify(_("The settings are right again, and in force."))
        self._tell_icon()

    def _apply(self, loaded: config.Loaded) -> None:
        """Let these settings hold: what depends on changed ones ends, and begins anew."""
        with self._doing:
            before, now = self._loaded.config, loaded.config
            set_language(now.language)
            others = before.database != now.database
            ways = (before.monitor, before.privacy) != (now.monitor, now.privacy)
            sends_otherwise = others or before.notifications.sync != now.notifications.sync
            monitor, sending = self._make_monitor(loaded), self._make_sending(loaded)
            if sends_otherwise:
                self._sending.halt()
                self._sending.let_go()
            self._loaded = loaded
            if others or ways:
                # The sessions of the two follow each other; the pause goes on.
                self._monitor.stop()
                held = self._monitor.state
                self._reader = make_passing_reader(loaded, self._paths)
                self._monitor = monitor
                self._forgetting = ForgettingHere(monitor, self._ended)
                if self._presence:
                    # A screen that was locked before still is.
                    monitor.take_presence(self._presence)
                monitor.start(paused=held.paused, paused_until=held.paused_until)
                log.info("recording to %s", self._reader.place)
            if sends_otherwise:
                self._sending = sending
                sending.start()

    def _remind_of_pause(self) -> None:
        text = self._pause_reminder.look()
        if text and self._loaded.config.notifications.paused:
            self._notify(text)

    def _is_person_there(self) -> bool:
        """Say whether somebody has touched anything lately, while nothing is recorded."""
        probe = open_probe(self._loaded.config.monitor.poll_interval)
        try:
            idle_ms = probe.idle_ms()
        except ProbeLostError:
            return False
        finally:
            probe.close()
        return probe.sees_windows and (idle_ms is None or idle_ms < _LATELY_MS)

    def _on_change(self, now: MonitorState) -> None:
        """Pass on what the monitor says, in its thread: nothing here may wait."""
        with self._showing:
            before, self._shown = self._shown, now
        self._tell_icon()
        if now.problem and not before.problem and self._loaded.config.notifications.storage:
            self._notify(now.problem)
        if before.paused and not now.paused:
            self._actions.put(_PAUSE_OVER)

    def _take_presence(self, said: Presence) -> None:
        """Pass on what the desktop says; before the computer sleeps, wait for the disk."""
        self._presence = observation.Presence(
            said.locked, said.unconfirmed, said.away, said.inhibited
        )
        recorded = self._monitor.take_presence(self._presence)
        if said.away:
            recorded.wait(_SLEEP_WAITS_S)

    def _tell_icon(self) -> None:
        if self._icon:
            self._icon.tell()

    def _on_damage(self, damaged: Path) -> None:
        text = _(
            "The database was damaged. It was set aside as {path}; recording goes on in a new "
            "file, and what can still be read is taken over."
        ).format(path=damaged)
        if self._loaded.config.notifications.damaged:
            self._notify(text)

    @property
    def _has_menu(self) -> bool:
        return self._icon is not None and self._icon.icon.has_menu

    def _today(self) -> tuple[int, str]:
        """Return today's active ms, and what keeps them from being read."""
        try:
            return today_active_ms(self._reader), ""
        except DamagedStoreError as error:
            return 0, str(error)
        except StoreError:
            return 0, ""  # nothing is there as yet, or it is the monitor's to say

    def _read_for_icon(self) -> int:
        self._sending.refresh()
        return self._today()[0]

    def _status(self, today_ms: int, trouble: str = "") -> dict[str, object]:
        now = self._monitor.state
        mode = "recording"
        if now.paused:
            mode = "paused"
        elif now.problem or not now.sees_windows:
            mode = "attention"
        elif now.idle:
            mode = "idle"
        problem = now.problem or trouble
        if not problem and not now.sees_windows and not now.paused:
            problem = _no_window(session_type(os.environ))
        if not problem and (problem := self._sending.problem()):
            mode = mode if now.paused else "attention"
        if not problem and (problem := self._settings_problem):
            mode = mode if now.paused else "attention"
        problem = problem or self._care.problem
        is_serious = self._care.is_serious
        if is_serious:
            problem, mode = self._care.problem, mode if now.paused else "attention"
        return status_object(
            pid=os.getpid(),
            paused=now.paused,
            paused_until=now.paused_until,
            today_ms=today_ms,
            data_path=self._reader.place,
        ) | {
            **self._sending.status(),
            "mode": mode,
            "application_name": now.application_name,
            "problem": problem,
            "session_type": session_type(os.environ),
            "sees_windows": now.sees_windows,
            "settings_problem": self._settings_problem,
            "log_folder": str(self._paths.log) if is_serious else "",
            "unreadable": bool(trouble),
            "has_menu": self._has_menu,
            "starts_at_login": self._login.is_on(),
            "presence": dict(self._watcher.describe()) if self._watcher else {},
        }

    def _answer(self, command: str, arguments: dict[str, object]) -> dict[str, object]:
        """Do what another process asks for, in that connection's thread."""
        if command == "status":
            self._sending.refresh()
            return self._status(*self._today())
        if command in {"sync", "sync_progress"}:
            return self._sending.answer(command, arguments)
        if command == "forget":
            return self._forgetting.answer(arguments)
        if command not in {
            "pause",
            "resume",
            "show",
            "quit",
            "ask_to_forget",
            "open_summary",
            "open_settings",
            "open_log_folder",
            "start_at_login",
        }:
            raise ReprospectiveError(
                _("The running instance does not know the command {command}.").format(
                    command=command
                ),
                _("Quit it and start it again: it may be of another version."),
            )
        if command == "quit":
            self._actions.put(Action("quit"))
        else:
            with self._doing:
                self._do(command, arguments)
        return {}

    def _keep_acting(self) -> None:
        self._care.run(Part.MENU, self._act, self._ended)

    def _act(self) -> None:
        """Do what was clicked, one after the other."""
        while not self._ended.is_set():
            action = self._actions.get()
            try:
                with self._doing:
                    self._do(action.command, action_arguments(action, _now()))
            except ReprospectiveError as error:
                log.warning("%s %s", error, error.remedy)
                self._notify(f"{error} {error.remedy}".strip())
            # A click that fails must not take the next one with it, nor hold it up.
            except BaseException:  # noqa: BLE001  it is counted and logged there
                log.warning("%s failed", action.command)
                self._care.died(Part.MENU)

    def _do(self, command: str, arguments: dict[str, object]) -> None:
        match command:
            case "pause":
                until = arguments.get("until")
                self._pause(round(until) if isinstance(until, int | float) else None)
            case "resume":
                self._monitor.resume()
                state.update(self._paths, paused=False, paused_until=None)
            case _PAUSE_OVER.command:
                self._forget_pause()
            case "start_at_login":
                self._login.switch(on=arguments.get("on") is True)
                self._tell_icon()
            case "sync":
                self._sending.answer(command, arguments)
            case _ if command in own_windows.COMMANDS:
                self._windows.open(command, arguments)
            case "quit":
                self._ended.set()
                if self._icon:
                    self._icon.stop()

    def _pause(self, until: int | None) -> None:
        self._monitor.pause(until)
        log.info("paused")
        # A restart must not begin to record what the person did not want recorded.
        state.update(self._paths, paused=True, paused_until=until, paused_at=_now())

    def _forget_pause(self) -> None:
        """Remember that a pause ended by itself, where nobody has begun another meanwhile."""
        if state.load(self._paths).paused and not self._monitor.state.paused:
            state.update(self._paths, paused=False, paused_until=None)

    def _notify(self, body: str) -> None:
        """Show a notification; a service that hangs must hold up nothing."""
        threading.Thread(
            target=self._notifier.notify, args=(NAME, body), name="notification", daemon=True
        ).start()


def _no_window(session: str) -> str:
    if session == WAYLAND:
        return _("Nothing is recorded: this is a Wayland session. Log in with X11 (Xorg) instead.")
    return _("No window can be seen: there is no display.")


def _now() -> int:
    return time.time_ns() // 1_000_000
