"""The probe for wlroots and similar compositors (sway, Hyprland, labwc, river), using events.

wlr-foreign-toplevel-management reports which windows exist, and which of them is active. Its
events have no times: a thread of its own waits for them, and notes when each one arrived,
however long the recording thread is delayed by its disk.
"""

import struct
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.application_names import ApplicationNames
from reprospective_tray.monitor.probes.base import (
    NotOfferedError,
    ProbeLostError,
    WindowProbe,
    steady_ms,
)
from reprospective_tray.monitor.probes.waker import Waker
from reprospective_tray.monitor.probes.wayland.connection import ANSWER_S, WaylandConnection
from reprospective_tray.monitor.probes.wayland.idle import PAUSE_MS, IdleNotices

# zwlr_foreign_toplevel_handle_v1.state
_ACTIVATED = 2


@dataclass(slots=True)
class _Window:
    """What is known of one window; `is_active` and the texts are valid since its last ``done``."""

    number: int
    title: str = ""
    app_id: str = ""
    is_active: bool = False
    activated: int = 0  # a running number of activations
    coming: dict[str, Any] = field(default_factory=dict)


_Front = tuple[int, str, str] | None
"""The number, app_id and title of the active window."""


class WlrProbe(WindowProbe):
    """Observes the windows of one Wayland compositor, as it reports them."""

    name = "wlr"
    notes_each_change = True
    learns_idle_s = PAUSE_MS / 1000

    def __init__(self, display_name: str | None = None) -> None:
        """Connect to `display_name`, or to $WAYLAND_DISPLAY.

        Raises:
            NotOfferedError: the compositor does not report windows.
            ProbeLostError: no compositor answers there, or pywayland is missing.
        """
        self._windows: dict[Any, _Window] = {}
        self._numbers, self._activations = count(1), count(1)
        self._has_changed = self._is_finished = False
        self._names = ApplicationNames()
        # What was reported and not yet passed on, with its time in ms of the steady clock.
        self._told: deque[tuple[int, _Front]] = deque()
        self._lost: ProbeLostError | None = None
        self._is_woken = self._is_closing = False
        self._lock = threading.Lock()  # between the two threads, for everything that events change
        self._connection = WaylandConnection(display_name)
        self._waker, self._ender = Waker(), Waker()
        self._listener = threading.Thread(target=self._listen, name="wayland", daemon=True)
        try:
            self._prepare()
        except ProbeLostError:
            self.close()
            raise
        self._front = self._active()
        self._listener.start()

    def current(self) -> Observation | None:
        """Return the active window; see `WindowProbe.current`."""
        if self._front is None:
            return None
        number, app_id, title = self._front
        return Observation.of(self._names.of(app_id), title, None, number)

    def wait(self, timeout_s: float) -> int | None:
        """Wait until the active window or its texts change; see `WindowProbe.wait`."""
        deadline = time.monotonic() + timeout_s
        while True:
            with self._lock:
                if self._told:
                    # One at a time: each has its own time.
                    arrived_at, self._front = self._told.popleft()
                    return steady_ms() - arrived_at
                if self._lost:
                    raise self._lost
                is_back = self._idle is not None and self._idle.take_news()
                is_woken, self._is_woken = self._is_woken, False
            left_s = deadline - time.monotonic()
            if is_back or is_woken or left_s <= 0:
                return None
            self._waker.wait([], left_s)

    def wake(self) -> None:
        """End another thread's `wait`."""
        self._is_woken = True
        self._waker.wake()

    def abort(self) -> None:
        """Cut the connection; see `WindowProbe.abort`."""
        self._connection.abort()

    def idle_ms(self) -> int | None:
        """Return the ms since the last input; see `WindowProbe.idle_ms`."""
        with self._lock:
            return self._idle.idle_ms() if self._idle else None

    def watch_idle(self, idle_ms: int) -> bool:
        """Let the next input after `idle_ms` end a `wait`; see `WindowProbe.watch_idle`."""
        if self._idle is None:
            return False
        with self._lock:
            self._idle.watch(idle_ms)
        return True

    def close(self) -> None:
        """Close the connection."""
        self._is_closing = True
        self._ender.wake()
        if self._listener.is_alive():
            self._listener.join(2 * ANSWER_S)
        self._connection.close()
        self._windows.clear()
        self._waker.close()
        self._ender.close()

    def _prepare(self) -> None:
        from reprospective_tray.monitor.probes.wayland.protocols import (
            NewObjectMessage,
            ToplevelManager,
        )

        if not self._connection.offers(ToplevelManager.name):
            raise NotOfferedError(f"the compositor does not offer {ToplevelManager.name}")
        self._idle = IdleNotices.of(self._connection)
        manager = self._connection.bind(ToplevelManager)
        for message in manager.dispatcher.messages:
            if isinstance(message, NewObjectMessage):
                message.display = self._connection.display
        manager.dispatcher["toplevel"] = self._on_toplevel
        manager.dispatcher["finished"] = self._on_finished
        # The windows first, then what is reported of each.
        self._connection.complete()
        self._has_changed = False

    def _listen(self) -> None:
        """Take events as they arrive, until the compositor or the probe ends."""
        try:
            while not self._is_closing:
                if not self._ender.wait([self._connection.fileno()], None):
                    self._take(steady_ms())
        except ProbeLostError as reason:
            self._lost = reason
            self._waker.wake()

    def _take(self, arrived_at: int) -> None:
        with self._lock:
            self._connection.take()
            if self._is_finished:
                raise ProbeLostError("the compositor tells of windows no more")
            if self._has_changed:
                self._told.append((arrived_at, self._active()))
                self._has_changed = False
        self._waker.wake()

    def _active(self) -> _Front:
        active = [window for window in self._windows.values() if window.is_active]
        if not active:
            return None
        # Each seat can have one: the person is where it changed last.
        window = max(active, key=lambda one: one.activated)
        return window.number, window.app_id, window.title

    def _on_finished(self, _manager: Any) -> None:
        self._is_finished = True

    def _on_toplevel(self, _manager: Any, handle: Any) -> None:
        self._windows[handle] = _Window(next(self._numbers))
        for name in ("title", "app_id", "state"):
            handle.dispatcher[name] = self._keep_for_later(name)
        handle.dispatcher["done"] = self._on_done
        handle.dispatcher["closed"] = self._on_closed

    def _keep_for_later(self, name: str) -> Any:
        def keep(handle: Any, value: Any) -> None:
            if (window := self._windows.get(handle)) is not None:
                window.coming[name] = value

        return keep

    def _on_done(self, handle: Any) -> None:
        window = self._windows.get(handle)
        if window is None:
            return
        was_active = window.is_active
        window.title = window.coming.pop("title", window.title)
        window.app_id = window.coming.pop("app_id", window.app_id)
        states = window.coming.pop("state", None)
        if states is not None:
            window.is_active = (_ACTIVATED,) in struct.iter_unpack("=I", states)
            if window.is_active and not was_active:
                window.activated = next(self._activations)
        self._has_changed |= was_active or window.is_active

    def _on_closed(self, handle: Any) -> None:
        window = self._windows.pop(handle, None)
        if window is not None:
            self._has_changed |= window.is_active
            handle.release()
