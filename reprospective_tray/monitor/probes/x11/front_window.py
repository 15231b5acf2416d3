"""Follows the active window of an X server on a separate connection.

The window manager, if there is one, reports which window is active; the active window reports
when its title changes.
"""

import socket
from contextlib import suppress
from typing import Any

from Xlib import X, error

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.base import steady_ms
from reprospective_tray.monitor.probes.process_names import ProcessNames
from reprospective_tray.monitor.probes.x11 import connection as x11_connection
from reprospective_tray.monitor.probes.x11.focus import Focus
from reprospective_tray.monitor.probes.x11.process import WindowProcess
from reprospective_tray.monitor.probes.x11.text import WindowTexts
from reprospective_tray.monitor.probes.x11.window_manager import GONE, WindowManager

# A delayed process finds events of this age at most; older ones are of another clock.
_OLDEST_EVENT_MS = 5_000

Change = tuple[int, Observation | None]
"""When the window in front changed, in ms of the steady clock, and what it has been since."""


class X11Front:
    """The window in front; every method except `cut` belongs to one thread.

    All raise Xlib.error.ConnectionClosedError or OSError if the X server is gone.
    """

    def __init__(self, display_name: str | None = None) -> None:
        """Connect to `display_name`, or to $DISPLAY; raises what `x11_connection.connect` does."""
        self._display = x11_connection.connect(display_name)
        self._processes = ProcessNames()
        self._active: Any = None
        self.is_named = False
        """Whether a window manager names the active window; if not, the focus must be asked for."""
        try:
            self._prepare()
        except (error.ConnectionClosedError, OSError):
            self.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor that is readable when `changes` has something to take."""
        return int(self._display.fileno())

    def describe(self) -> Observation | None:
        """Return the window in front; None if there is none."""
        window = self._active
        if window is None:
            return None
        try:
            asked = self._process.ask(window)
            name, title = self._texts.read(window)
            process_id = self._process.of(asked)
        except GONE:
            return None
        return Observation.of(
            name or self._processes.name(process_id), title, process_id, window.id
        )

    def changes(self) -> list[Change]:
        """Take the events that have arrived, and return what they changed, in order.

        What the window manager named and renamed before it could be asked is one change, as old
        as the first of its events.
        """
        found: list[Change] = []
        since: int | None = None  # of what is not described yet
        is_another = False
        # What arrived with an earlier answer is in python-xlib's queue, not in the socket.
        while self._display.pending_events():
            event = self._display.next_event()
            at = _time_of(event)
            if self._manager.take(event):
                if since is not None and not is_another:
                    found.append((since, self.describe()))
                    since = None
                is_another = True
                self._follow(self._asked())
            elif not self._changes_active(event):
                continue
            since = at if since is None else since
        if since is not None:
            found.append((since, self.describe()))
        return found

    def look(self) -> list[Change]:
        """Ask for the focus, if nothing reports the active window.

        A window manager may have announced itself before it was ready.
        """
        number = self._asked()
        if number == (self._active.id if self._active else 0):
            return []
        self._follow(number)
        return [(steady_ms(), self.describe())]

    def cut(self) -> None:
        """Cut the connection: a call that waits for the X server raises; from any thread."""
        with suppress(OSError):
            self._display.display.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; never raises."""
        with suppress(OSError, error.ConnectionClosedError, error.DisplayError):
            self._display.close()

    def _prepare(self) -> None:
        # A window that disappeared makes requests without answer fail later: that is nothing new.
        self._display.set_error_handler(lambda *_ignored: None)
        self._manager = WindowManager(self._display)
        self._texts = WindowTexts(self._display)
        self._focus = Focus(self._display, self._texts)
        self._process = WindowProcess(self._display)
        self._follow(self._asked())

    def _asked(self) -> int:
        """Return the active window, from the window manager or from the focus; 0 for none."""
        self.is_named = self._manager.is_there()
        return self._manager.active() if self.is_named else self._focus.window()

    def _changes_active(self, event: Any) -> bool:
        """Tell whether the active window may have been renamed or closed."""
        if self._active is None or event.type not in {X.PropertyNotify, X.DestroyNotify}:
            return False
        # The last window of all: openbox continues to name it as the active one.
        is_news = event.type == X.DestroyNotify or event.atom in self._texts.atoms
        return is_news and event.window == self._active

    def _follow(self, number: int) -> None:
        """Listen to the window that is active now."""
        before = self._active
        if before is not None and before.id != number:
            before.change_attributes(event_mask=X.NoEventMask)
        self._active = None
        if number:
            # Also if the number is the same: ids of closed windows are reused.
            self._active = self._display.create_resource_object("window", number)
            self._active.change_attributes(event_mask=X.PropertyChangeMask | X.StructureNotifyMask)


def _time_of(event: Any) -> int:
    """Return when an event was made, in ms of the steady clock; those without a time are new."""
    arrived_at = steady_ms()
    return _made_at(event.time, arrived_at) if event.type == X.PropertyNotify else arrived_at


def _made_at(server_time: int, arrived_at: int) -> int:
    """Return when an event was made, in ms of the steady clock, from the X server's time stamp.

    A server on this computer counts that clock's ms in 32 bits; one elsewhere counts
    something else, and its events are treated as new.
    """
    age = (arrived_at - server_time) & 0xFFFFFFFF
    return arrived_at - age if age <= _OLDEST_EVENT_MS else arrived_at
