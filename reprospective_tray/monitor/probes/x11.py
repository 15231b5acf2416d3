"""The X11 probe: told by events, polls no window.

The root window says which window is active (_NET_ACTIVE_WINDOW, EWMH 1.5), the
active window says when its title changes. Idle time comes from MIT-SCREEN-SAVER.
"""

import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from Xlib import X, Xatom, error
from Xlib.display import Display
from Xlib.ext import screensaver

from reprospective_tray.monitor.observation import TITLE_LIMIT, Observation
from reprospective_tray.monitor.probes.base import ProbeLostError, WindowProbe
from reprospective_tray.monitor.probes.processes import ProcessNames
from reprospective_tray.monitor.probes.xsync import IdleAlarms

# python-xlib counts property lengths in units of 32 bits; a character takes up to 4 bytes.
_TITLE_UNITS = TITLE_LIMIT
# Properties of text are lists of 8-bit units.
_TEXT_FORMAT = 8
# A process that was held up finds events of this age at most; older ones are of another clock.
_OLDEST_EVENT_MS = 5_000
# The window went away between its event and our question.
_GONE = (error.BadWindow, error.BadDrawable, error.BadMatch)
# Compound text (X Consortium Standard) marks UTF-8 parts, and names the sets of ISO 2022
# in a longer way than Python's codec does.
_COMPOUND_SETS = {
    b"\x1b%G": b"",
    b"\x1b%@": b"",
    b"\x1b$(A": b"\x1b$A",
    b"\x1b$(B": b"\x1b$B",
}


class X11Probe(WindowProbe):
    """Observes the windows of one X server, by the window manager's own word."""

    name = "x11"

    def __init__(self, display_name: str | None = None) -> None:
        """Connect to `display_name`, or to $DISPLAY.

        Raises:
            ProbeLostError: no X server answers there.
        """
        try:
            self._display = Display(display_name)
        # A number that no port has is an OverflowError.
        except (error.DisplayError, error.ConnectionClosedError, OSError, OverflowError) as reason:
            raise ProbeLostError(str(reason)) from reason
        self._processes = ProcessNames()
        self._active: Any = None
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        with self._connection():
            self._prepare()

    def current(self) -> Observation | None:
        """Return the active window; see `WindowProbe.current`."""
        with self._connection():
            window = self._active
            if window is None:
                return None
            try:
                return self._describe(window)
            except _GONE:
                return None

    def wait(self, timeout_s: float) -> int | None:
        """Wait for an event that concerns the active window; see `WindowProbe.wait`."""
        with self._connection():
            # What arrived with an earlier answer lies in python-xlib's queue, not in the socket.
            if self._display.pending_events() == 0:
                ready, _write, _error = select.select(
                    [self._display.fileno(), self._wake_read], [], [], max(timeout_s, 0.0)
                )
                if self._wake_read in ready:
                    with suppress(BlockingIOError):
                        os.read(self._wake_read, 1024)
            age: int | None = None
            while self._display.pending_events():
                event = self._display.next_event()
                if self._concerns(event):
                    age = _age_ms(event.time) if event.type == X.PropertyNotify else 0
            return age

    def wake(self) -> None:
        """End a `wait` of another thread."""
        with suppress(OSError):
            os.write(self._wake_write, b"\0")

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
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _prepare(self) -> None:
        # A window that vanished makes requests without answer fail later: that is no news.
        self._display.set_error_handler(lambda *_ignored: None)
        self._root = self._display.screen().root
        self._net_active = self._display.intern_atom("_NET_ACTIVE_WINDOW")
        self._net_name = self._display.intern_atom("_NET_WM_NAME")
        self._net_pid = self._display.intern_atom("_NET_WM_PID")
        self._compound_text = self._display.intern_atom("COMPOUND_TEXT")
        self._has_screensaver = bool(self._display.has_extension(screensaver.extname))
        self._alarms = IdleAlarms.of(self._display)
        self._root.change_attributes(event_mask=X.PropertyChangeMask)
        self._follow_active()

    @contextmanager
    def _connection(self) -> Iterator[None]:
        try:
            yield
        except (error.ConnectionClosedError, OSError) as reason:
            raise ProbeLostError(str(reason)) from reason

    def _concerns(self, event: Any) -> bool:
        """Take one event; tell whether the window in front may be another or renamed."""
        if event.type == X.DestroyNotify:
            # The last window of all: openbox goes on to name it as the active one.
            return self._active is not None and event.window == self._active
        if event.type != X.PropertyNotify:
            return False
        if event.window == self._root:
            if event.atom != self._net_active:
                return False
            self._follow_active()
            return True
        return event.window == self._active and event.atom in {
            self._net_name,
            Xatom.WM_NAME,
            Xatom.WM_CLASS,
        }

    def _follow_active(self) -> None:
        """Listen to the window that is active now."""
        found = self._root.get_full_property(self._net_active, X.AnyPropertyType)
        number = int(found.value[0]) if found and len(found.value) else 0
        before = self._active
        if before is not None and before.id != number:
            before.change_attributes(event_mask=X.NoEventMask)
        self._active = None
        if number:
            # Also where the number is the same: ids of closed windows are used again.
            self._active = self._display.create_resource_object("window", number)
            self._active.change_attributes(event_mask=X.PropertyChangeMask | X.StructureNotifyMask)

    def _describe(self, window: Any) -> Observation:
        pid = window.get_full_property(self._net_pid, X.AnyPropertyType)
        process_id = int(pid.value[0]) if pid and len(pid.value) else None
        names = window.get_wm_class()
        name = (names[1] or names[0]) if names else ""
        return Observation.of(
            name or self._processes.name(process_id), self._title(window), process_id, window.id
        )

    def _title(self, window: Any) -> str:
        for atom in (self._net_name, Xatom.WM_NAME):
            found = window.get_property(atom, X.AnyPropertyType, 0, _TITLE_UNITS)
            if found is not None and found.format == _TEXT_FORMAT and found.value:
                return self._decode(found.property_type, bytes(found.value))
        return ""

    def _decode(self, kind: int, raw: bytes) -> str:
        raw = raw.split(b"\0", 1)[0]
        if kind == Xatom.STRING:
            return raw.decode("latin-1")
        if kind == self._compound_text:
            return _compound_text(raw)
        return raw.decode("utf-8", "replace")


def _age_ms(server_time: int) -> int:
    """Return how long ago an event was made, by the X server's own time stamp.

    A server of this machine counts the monotonic clock's ms in 32 bits; one
    elsewhere counts something of its own, and its events are taken for new.
    """
    age = (time.monotonic_ns() // 1_000_000 - server_time) & 0xFFFFFFFF
    return age if age <= _OLDEST_EVENT_MS else 0


def _compound_text(raw: bytes) -> str:
    """Return the text of an old program's title, as far as Python knows its character sets."""
    for begin, same in _COMPOUND_SETS.items():
        raw = raw.replace(begin, same)
    for encoding in ("utf-8", "iso2022_jp_2", "latin-1"):
        with suppress(UnicodeDecodeError):
            text = raw.decode(encoding)
            if "\x1b" not in text:
                return text
    return raw.decode("latin-1").replace("\x1b", "")
