"""The X11 probe: told by events, polls no window.

The window manager says which window is active, the active window says when its title changes.
Idle time comes from MIT-SCREEN-SAVER.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from Xlib import X, error
from Xlib.ext import screensaver

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes import x11_connection
from reprospective_tray.monitor.probes.base import ProbeLostError, WindowProbe, steady_ms
from reprospective_tray.monitor.probes.processes import ProcessNames
from reprospective_tray.monitor.probes.waker import Waker
from reprospective_tray.monitor.probes.x11_focus import Focus
from reprospective_tray.monitor.probes.x11_manager import GONE, WindowManager
from reprospective_tray.monitor.probes.x11_process import WindowProcess
from reprospective_tray.monitor.probes.x11_text import WindowTexts
from reprospective_tray.monitor.probes.xsync import IdleAlarms

# A process that was held up finds events of this age at most; older ones are of another clock.
_OLDEST_EVENT_MS = 5_000


class X11Probe(WindowProbe):
    """Observes the windows of one X server, by the window manager's own word."""

    name = "x11"

    def __init__(self, poll_interval_s: float, display_name: str | None = None) -> None:
        """Connect to `display_name`, or to $DISPLAY.

        Every `poll_interval_s` the focus is asked for where the window manager, or
        the lack of one, names no active window.

        Raises:
            ProbeLostError: no X server answers there.
        """
        try:
            self._display = x11_connection.connect(display_name)
        # A number that no port has is an OverflowError.
        except (error.DisplayError, error.ConnectionClosedError, OSError, OverflowError) as reason:
            raise ProbeLostError(str(reason)) from reason
        self._poll_interval_s = poll_interval_s
        self._processes = ProcessNames()
        self._active: Any = None
        self._waker = Waker()
        try:
            with self._connection():
                self._prepare()
        except ProbeLostError:
            self.close()
            raise

    def current(self) -> Observation | None:
        """Return the active window; see `WindowProbe.current`."""
        with self._connection():
            window = self._active
            if window is None:
                return None
            try:
                return self._describe(window)
            except GONE:
                return None

    def wait(self, timeout_s: float) -> int | None:
        """Wait for an event that concerns the active window; see `WindowProbe.wait`."""
        with self._connection():
            if self._names_active:
                changed_at = self._wait_for_event(timeout_s)
            else:
                changed_at = self._wait_and_look(min(timeout_s, self._poll_interval_s))
        # Last of all: what this thread waits for meanwhile makes the change no younger.
        return None if changed_at is None else steady_ms() - changed_at

    def _wait_for_event(self, timeout_s: float) -> int | None:
        """Wait until an event is news, and return when it was made, in ms of the steady clock.

        The window manager's many others end nothing.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            news, changed_at = self._take_events()
            left_s = deadline - time.monotonic()
            if news or left_s <= 0:
                return changed_at
            if self._waker.wait([self._display.fileno()], left_s):
                return self._take_events()[1]

    def _wait_and_look(self, timeout_s: float) -> int | None:
        """Wait, then ask for the focus, where nobody tells of the active window."""
        changed_at = self._wait_for_event(timeout_s)
        if changed_at is None and not self._names_active:
            # A window manager may have told of itself before it was there.
            before = self._active.id if self._active else 0
            self._look()
            if before != (self._active.id if self._active else 0):
                return steady_ms()
        return changed_at

    def _take_events(self) -> tuple[bool, int | None]:
        """Take what has arrived; tell whether any is news, and when the windows changed."""
        news, changed_at = False, None
        # What arrived with an earlier answer lies in python-xlib's queue, not in the socket.
        while self._display.pending_events():
            event = self._display.next_event()
            arrived_at = steady_ms()
            if self._concerns(event):
                news = True
                timed = event.type == X.PropertyNotify
                changed_at = _made_at(event.time, arrived_at) if timed else arrived_at
            elif self._alarms is not None and self._alarms.sent(event):
                news = True
        return news, changed_at

    def wake(self) -> None:
        """End a `wait` of another thread."""
        self._waker.wake()

    def abort(self) -> None:
        """Cut the connection; see `WindowProbe.abort`."""
        with suppress(OSError):
            self._display.display.socket.shutdown(socket.SHUT_RDWR)

    def idle_ms(self) -> int | None:
        """Return the ms since the last input; see `WindowProbe.idle_ms`."""
        if not self._has_screensaver:
            return None
        with self._connection():
            return int(screensaver.query_info(self._root).idle)

    def watch_idle(self, idle_ms: int) -> bool:
        """Set the server's alarms; see `WindowProbe.watch_idle`."""
        if self._alarms is None:
            return False
        with self._connection():
            self._alarms.set(idle_ms)
        return True

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError, error.ConnectionClosedError, error.DisplayError):
            self._display.close()
        self._waker.close()

    def _prepare(self) -> None:
        # A window that vanished makes requests without answer fail later: that is no news.
        self._display.set_error_handler(lambda *_ignored: None)
        self._root = self._display.screen().root
        self._manager = WindowManager(self._display)
        self._texts = WindowTexts(self._display)
        self._focus = Focus(self._display, self._texts)
        self._process = WindowProcess(self._display)
        self._has_screensaver = bool(self._display.has_extension(screensaver.extname))
        self._alarms = IdleAlarms.of(self._display)
        self._look()

    @contextmanager
    def _connection(self) -> Iterator[None]:
        try:
            yield
        except (error.ConnectionClosedError, OSError) as reason:
            raise ProbeLostError(str(reason)) from reason

    def _concerns(self, event: Any) -> bool:
        """Take one event; tell whether the window in front may be another or renamed."""
        if self._manager.take(event):
            self._look()
            return True
        if event.type == X.DestroyNotify:
            # The last window of all: openbox goes on to name it as the active one.
            return self._active is not None and event.window == self._active
        if event.type != X.PropertyNotify:
            return False
        return event.window == self._active and event.atom in self._texts.atoms

    def _look(self) -> None:
        """Follow the window that is active now: by the window manager's word, or by the focus."""
        self._names_active = self._manager.is_there()
        self._follow(self._manager.active() if self._names_active else self._focus.window())

    def _follow(self, number: int) -> None:
        """Listen to the window that is active now."""
        before = self._active
        if before is not None and before.id != number:
            before.change_attributes(event_mask=X.NoEventMask)
        self._active = None
        if number:
            # Also where the number is the same: ids of closed windows are used again.
            self._active = self._display.create_resource_object("window", number)
            self._active.change_attributes(event_mask=X.PropertyChangeMask | X.StructureNotifyMask)

    def _describe(self, window: Any) -> Observation:
        process_id = self._process.of(window)
        name = self._texts.class_name(window) or self._processes.name(process_id)
        return Observation.of(name, self._texts.title(window), process_id, window.id)


def _made_at(server_time: int, arrived_at: int) -> int:
    """Return when an event was made, in ms of the steady clock, by the X server's time stamp.

    A server of this machine counts that clock's ms in 32 bits; one elsewhere
    counts something of its own, and its events are taken for new.
    """
    age = (arrived_at - server_time) & 0xFFFFFFFF
    return arrived_at - age if age <= _OLDEST_EVENT_MS else arrived_at
