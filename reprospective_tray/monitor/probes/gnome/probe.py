"""The probe of GNOME's shell, told by the extension *Focused Window D-Bus*.

It signals when another program has the focus; titles, and windows of one program, are asked for.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jeepney import DBusAddress

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.base import (
    Lack,
    ProbeLostError,
)
from reprospective_tray.monitor.probes.gnome.idle import MutterIdle
from reprospective_tray.monitor.probes.session_bus_probe import SessionBusProbe
from reprospective_tray.system.dbus import BusLostError, Follow

if TYPE_CHECKING:
    from reprospective_tray.system.dbus import Answer

SHELL = "org.gnome.Shell"
INTERFACE = "org.gnome.shell.extensions.FocusedWindow"
_PATH = "/org/gnome/shell/extensions/FocusedWindow"
_EXTENSION = DBusAddress(_PATH, SHELL, INTERFACE)
_INTROSPECTION = DBusAddress(_PATH, SHELL, "org.freedesktop.DBus.Introspectable")
_SCREEN_SAVER = DBusAddress(
    "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "org.gnome.ScreenSaver"
)
# The shell turns extensions off while the screen is locked, and for a moment while it updates them.
ABSENCE_S = 2.0
# The shell stands still while it starts programs or loads extensions; after this it hangs.
_ANSWER_S = 10.0


class ExtensionMissingError(ProbeLostError):
    """GNOME's shell is there, without the extension."""

    lack = Lack.EXTENSION


class GnomeProbe(SessionBusProbe):
    """Observes the windows of one GNOME shell, by its extension's word."""

    name = "gnome"

    def __init__(self, poll_interval_s: float) -> None:
        """Look for the shell on the session bus; every `poll_interval_s` the title is asked for.

        Raises:
            ExtensionMissingError: the shell has no such extension, or it is turned off.
            NotOfferedError: there is no shell of GNOME.
            ProbeLostError: the bus is gone, or the shell does not answer.
        """
        super().__init__("GNOME's shell", _ANSWER_S)
        self._poll_interval_s = poll_interval_s
        self._told: str | None = None
        self._has_changed = self._is_refused = False
        self._asked_at: float | None = None  # None: nothing is asked
        self._next_poll = 0.0
        self._missing_since: float | None = None
        self._idle = MutterIdle(self._line)
        with self._closed_if_lost(), self._speaking():
            self._prepare()

    def wait(self, timeout_s: float) -> int | None:
        """Wait until another window or title was told; see `WindowProbe.wait`."""
        deadline, is_woken = time.monotonic() + timeout_s, False
        while True:
            with self._speaking():
                self._take()
            if self._has_changed:
                self._has_changed = False
                return 0
            now = time.monotonic()
            if self._idle.take_news() or is_woken or now >= deadline:
                return None
            if self._asked_at is None and now >= self._next_poll:
                with self._speaking():
                    self._ask(now)
            next_s = self._next_poll if self._asked_at is None else self._asked_at + _ANSWER_S
            left_s = max(min(deadline, next_s) - now, 0)
            is_woken = self._waker.wait([self._line.fileno()], left_s)

    def idle_ms(self) -> int | None:
        """Return the ms since the last input; see `WindowProbe.idle_ms`."""
        with self._speaking():
            return self._idle.idle_ms()

    def watch_idle(self, idle_ms: int) -> bool:
        """Have the shell watch for it; see `WindowProbe.watch_idle`."""
        with self._speaking():
            return self._idle.watch(idle_ms)

    def close(self) -> None:
        """Take the watches back, and close the connection."""
        with suppress(BusLostError):
            self._idle.let_go()
        super().close()

    def _prepare(self) -> None:
        self._follow_service(Follow(SHELL, INTERFACE, self._on_owner, self._on_signal))
        if not self._has_extension():
            raise _missing()
        self._idle.follow()
        self._ask(time.monotonic())
        self._line.listen_until(lambda: self._asked_at is None, _ANSWER_S)
        self._has_changed = False

    def _has_extension(self) -> bool:
        answer = self._line.ask(_INTROSPECTION, "Introspect")
        return answer is not None and INTERFACE in answer[0]

    def _bear_absence(self) -> None:
        """Go on without the extension while the screen is locked, and for a moment.

        Raises:
            BusLostError: the bus is gone, or the shell does not answer.
            ExtensionMissingError: it was turned off.
        """
        is_locked = self._line.ask(_SCREEN_SAVER, "GetActive") == (True,)
        now = time.monotonic()
        if is_locked or self._missing_since is None:
            self._missing_since = now
        elif now - self._missing_since >= ABSENCE_S:
            raise _missing()

    def _take(self) -> None:
        """Take what has arrived.

        Raises:
            BusLostError: the bus or the shell is gone, or does not answer.
            ExtensionMissingError: the extension was turned off.
        """
        self._line.listen(0)
        if not self._is_there:
            raise BusLostError("it has left")
        if self._asked_at is not None and time.monotonic() - self._asked_at >= _ANSWER_S:
            raise BusLostError("it does not answer")
        if self._is_refused:
            # Older ones refuse where no window has the focus; a missing one refuses always.
            self._is_refused = False
            self._see(None)
            if self._has_extension():
                self._missing_since = None
            else:
                self._bear_absence()

    def _ask(self, now: float) -> None:
        self._asked_at, self._next_poll = now, now + self._poll_interval_s
        self._line.call(_EXTENSION, "Get", on_answer=self._on_answer)

    def _on_answer(self, answer: Answer) -> None:
        self._asked_at = None
        if answer is None:
            self._is_refused = True
        else:
            self._missing_since = None
            self._see(answer[0])

    def _on_signal(
        self, _path: str, _interface: str, member: str, arguments: tuple[Any, ...]
    ) -> None:
        if member == "FocusChanged":
            self._see(arguments[0])
            # A new window gets its title a moment later.
            self._next_poll = 0.0

    def _see(self, told: str | None) -> None:
        if told == self._told:
            return  # as most polls find it
        self._told = told
        seen = self._describe(told) if told else None
        if seen != self._window:
            self._window, self._has_changed = seen, True

    def _describe(self, told: str) -> Observation | None:
        """Return the window of the extension's JSON; None where it tells of none."""
        try:
            window = json.loads(told)
            if not window:
                return None
            app_id = str(window.get("wm_class") or window.get("wm_class_instance") or "")
            process_id = max(int(window.get("pid") or 0), 0) or None
            number = int(window.get("id") or 0)
            title = str(window.get("title") or "")
        except (ValueError, TypeError, AttributeError):  # it tells of none that is understood
            return None
        name = self._names.of(app_id) or self._processes.name(process_id)
        return Observation.of(name, title, process_id, number)


def _missing() -> ExtensionMissingError:
    return ExtensionMissingError("GNOME's shell lacks the extension Focused Window D-Bus")
