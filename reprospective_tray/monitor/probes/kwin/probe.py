"""The probe of KWin (KDE Plasma 5 and 6) in Wayland sessions, told by a script inside it."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from typing import Any

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.base import (
    NotOfferedError,
    ProbeLostError,
    steady_ms,
)
from reprospective_tray.monitor.probes.kwin.script import (
    INTERFACE,
    KWIN,
    MEMBER,
    KWinScript,
)
from reprospective_tray.monitor.probes.session_bus_probe import SessionBusProbe
from reprospective_tray.monitor.probes.wayland.connection import WaylandConnection
from reprospective_tray.monitor.probes.wayland.idle import PAUSE_MS, IdleNotices
from reprospective_tray.monitor.probes.x11.xwayland_names import XWaylandNames
from reprospective_tray.system.clock import now_ms
from reprospective_tray.system.dbus import Follow

log = logging.getLogger(__name__)

# A bus answers at once; one that takes this long never does.
_BUS_S = 2.0
# A process that was held up hears of changes of this age at most; older ones are of another clock.
_OLDEST_MS = 5_000


class KWinProbe(SessionBusProbe):
    """Observes the windows of one KWin, by its own word."""

    name = "kwin"
    notes_each_change = True

    def __init__(self, display_name: str | None = None) -> None:
        """Let KWin on the session bus run the script; idle time comes from the compositor.

        Without pywayland, or where no compositor answers at `display_name` or $WAYLAND_DISPLAY,
        there is no idle time.

        Raises:
            NotOfferedError: there is no KWin, or it runs no scripts.
            ProbeLostError: the bus is gone.
        """
        super().__init__("KWin", _BUS_S)
        self._x_names = XWaylandNames()
        # What was told and not yet passed on, with its time in ms of the steady clock.
        self._told: deque[tuple[int, Observation | None]] = deque()
        self._wayland: WaylandConnection | None = None
        self._idle: IdleNotices | None = None
        self._script = KWinScript(self._line)
        with self._closed_if_lost():
            with self._speaking():
                self._prepare()
            self._open_idle(display_name)

    def wait(self, timeout_s: float) -> int | None:
        """Wait until the script tells something; see `WindowProbe.wait`."""
        deadline, is_woken = time.monotonic() + timeout_s, False
        while True:
            is_back = self._take()
            if self._told:
                # One at a time: each has a time of its own.
                told_at, self._window = self._told.popleft()
                return max(steady_ms() - told_at, 0)
            left_s = deadline - time.monotonic()
            if is_back or is_woken or left_s <= 0:
                return None
            is_woken = self._waker.wait(self._descriptors(), left_s)

    def abort(self) -> None:
        """Cut both connections; see `WindowProbe.abort`."""
        super().abort()
        wayland = self._wayland
        if wayland:
            wayland.abort()

    def idle_ms(self) -> int | None:
        """Return the ms since the last input; see `WindowProbe.idle_ms`."""
        if self._wayland is None or self._idle is None:
            return None
        self._wayland.take()
        return self._idle.idle_ms()

    def watch_idle(self, idle_ms: int) -> bool:
        """Let the next input after `idle_ms` end a `wait`; see `WindowProbe.watch_idle`."""
        if self._idle is None:
            return False
        self._idle.watch(idle_ms)
        return True

    def close(self) -> None:
        """Take the script back, and close both connections."""
        self._script.unload()
        super().close()
        if self._wayland:
            self._wayland.close()

    def _prepare(self) -> None:
        self._follow_service(Follow(KWIN, INTERFACE, self._on_owner, on_call=self._on_call))
        if not self._script.load(lambda: bool(self._told)):
            raise NotOfferedError("KWin does not run the script that tells of windows")
        _told_at, self._window = self._told.pop()
        self._told.clear()

    def _open_idle(self, display_name: str | None) -> None:
        try:
            self._wayland = WaylandConnection(display_name)
        except ProbeLostError as reason:
            log.debug("no idle time from KWin: %s", reason)
            return
        self._idle = IdleNotices.of(self._wayland)
        if self._idle:
            self.learns_idle_s = PAUSE_MS / 1000

    def _descriptors(self) -> list[int]:
        found = [self._line.fileno()]
        if self._wayland:
            found.append(self._wayland.fileno())
        return found

    def _take(self) -> bool:
        """Take what has arrived; tell whether there was an input that was watched for."""
        with self._speaking():
            self._line.listen(0)
        if not self._is_there:
            raise ProbeLostError("KWin has left the session bus")
        if self._wayland is None:
            return False
        self._wayland.take()
        return self._idle is not None and self._idle.take_news()

    def _on_call(
        self, _path: str, _interface: str, member: str, arguments: tuple[Any, ...]
    ) -> None:
        try:
            at, text = arguments
            told_at, window = int(at), json.loads(text)
            seen = self._describe(window) if window else None
        # Other scripts are inside KWin, too.
        except (ValueError, TypeError, KeyError) as reason:
            log.warning("KWin says %s in a way that is not understood: %s", member, reason)
            return
        if member == MEMBER:
            self._told.append((steady_ms() - _age(told_at), seen))

    def _describe(self, window: dict[str, Any]) -> Observation:
        """Return the window that the script tells of."""
        app_id = str(window["app_class"] or window["desktop_file"])
        name = self._x_names.of(int(window["x_window"]), app_id) or self._names.of(app_id)
        process_id = max(int(window["process_id"]), 0) or None
        return Observation.of(
            name or self._processes.name(process_id),
            window["title"],
            process_id,
            hash(window["id"]),
        )


def _age(told_at: int) -> int:
    """Return how many ms ago something was told, by the wall clock; 0 where that was set since."""
    age = now_ms() - told_at
    return age if 0 <= age <= _OLDEST_MS else 0
