"""The X11 probe: uses events and does not poll windows.

A thread of its own waits for events and reads what is in front at once, however long the
recording thread is delayed by its disk: the X server reports when something changed, not what
it was. Idle time comes from MIT-SCREEN-SAVER.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from Xlib import error
from Xlib.ext import screensaver

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.base import ProbeLostError, WindowProbe, steady_ms
from reprospective_tray.monitor.probes.waker import Waker
from reprospective_tray.monitor.probes.x11 import connection as x11_connection
from reprospective_tray.monitor.probes.x11.front_window import Change, X11Front
from reprospective_tray.monitor.probes.x11.idle_alarms import IdleAlarms

# Its connection is cut by then, and what it waits for ends at once.
_LISTENER_S = 2.0


class X11Probe(WindowProbe):
    """Observes the windows of one X server, as the window manager reports them."""

    name = "x11"
    notes_each_change = True

    def __init__(self, poll_interval_s: float, display_name: str | None = None) -> None:
        """Connect to `display_name`, or to $DISPLAY.

        Every `poll_interval_s` the focus is asked for if no window manager names the
        active window.

        Raises:
            ProbeLostError: no X server answers there.
        """
        with self._connection():
            self._display = x11_connection.connect(display_name)
        self._poll_interval_s = poll_interval_s
        # Changes that were not passed on yet.
        self._told: deque[Change] = deque()
        self._failure: BaseException | None = None
        self._is_woken = self._is_closing = False
        self._waker, self._ender = Waker(), Waker()
        self._windows: X11Front | None = None
        self._listener = threading.Thread(target=self._listen, name="x11", daemon=True)
        try:
            with self._connection():
                self._has_screensaver = bool(self._display.has_extension(screensaver.extname))
                self._alarms = IdleAlarms.of(self._display)
                self._windows = X11Front(display_name)
                self._front = self._windows.describe()
        except ProbeLostError:
            self.close()
            raise
        self._listener.start()

    def current(self) -> Observation | None:
        """Return the active window; see `WindowProbe.current`."""
        return self._front

    def wait(self, timeout_s: float) -> int | None:
        """Wait until the active window or its texts change; see `WindowProbe.wait`."""
        deadline = time.monotonic() + timeout_s
        while True:
            if self._told:
                # One at a time: each has its own time.
                changed_at, self._front = self._told.popleft()
                return steady_ms() - changed_at
            if self._failure:
                raise self._failure
            is_woken, self._is_woken = self._is_woken, False
            left_s = deadline - time.monotonic()
            if self._take_alarms() or is_woken or left_s <= 0:
                return None
            self._waker.wait([self._display.fileno()], left_s)

    def wake(self) -> None:
        """End another thread's `wait`."""
        self._is_woken = True
        self._waker.wake()

    def abort(self) -> None:
        """Cut both connections; see `WindowProbe.abort`."""
        with suppress(OSError):
            self._display.display.socket.shutdown(socket.SHUT_RDWR)
        windows = self._windows
        if windows:
            windows.cut()

    def idle_ms(self) -> int | None:
        """Return the ms since the last input; see `WindowProbe.idle_ms`."""
        if not self._has_screensaver:
            return None
        with self._connection():
            return int(screensaver.query_info(self._display.screen().root).idle)

    def watch_idle(self, idle_ms: int) -> bool:
        """Set the server's alarms; see `WindowProbe.watch_idle`."""
        if self._alarms is None:
            return False
        with self._connection():
            self._alarms.set(idle_ms)
        return True

    def close(self) -> None:
        """Close both connections."""
        self._is_closing = True
        self._ender.wake()
        if self._windows:
            self._windows.cut()
            if self._listener.is_alive():
                self._listener.join(_LISTENER_S)
            self._windows.close()
        with suppress(OSError, error.ConnectionClosedError, error.DisplayError):
            self._display.close()
        self._waker.close()
        self._ender.close()

    def _listen(self) -> None:
        """Note changes as soon as they happen, until the X server or the probe ends."""
        windows = self._windows
        assert windows is not None
        try:
            with self._connection():
                while not self._is_closing:
                    if not (found := windows.changes()):
                        every_s = None if windows.is_named else self._poll_interval_s
                        self._ender.wait([windows.fileno()], every_s)
                        found = windows.changes() if windows.is_named else windows.look()
                    self._told += found
                    if found:
                        self._waker.wake()
        # It goes to the recording thread, which distinguishes what is lost from what is broken.
        except BaseException as failure:  # noqa: BLE001
            self._failure = failure
            self._waker.wake()

    def _take_alarms(self) -> bool:
        """Take the events of idle time that have arrived; tell whether there were any."""
        news = False
        with self._connection():
            while self._display.pending_events():
                event = self._display.next_event()
                news |= self._alarms is not None and self._alarms.sent(event)
        return news

    @contextmanager
    def _connection(self) -> Iterator[None]:
        try:
            yield
        # A number that is not a valid port raises OverflowError.
        except (error.DisplayError, error.ConnectionClosedError, OSError, OverflowError) as reason:
            raise ProbeLostError(str(reason)) from reason
