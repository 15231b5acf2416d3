"""Real windows with chosen names, and a pager that switches among them and knows when it was."""

import select
import time
from collections.abc import Callable
from typing import Self

from Xlib import X, Xatom, Xutil, display, error
from Xlib.protocol import event

from reprospective_tray.monitor.probes.x11 import connection as x11_connection
from tests.support import PATIENCE_S

PAGER = 2  # the source indication of EWMH for a person's direct wish


def now_ms() -> int:
    """Return the wall clock, in ms since the epoch."""
    return time.time_ns() // 1_000_000


def _when(came: event.rq.Event) -> int:
    """Return when the server made an event, in ms since the epoch.

    Its time stamps are the monotonic clock's: scheduling of this process does not blur them.
    """
    if came.type != X.PropertyNotify:
        return now_ms()
    age = (time.monotonic_ns() // 1_000_000 - came.time) & 0xFFFFFFFF
    return now_ms() - age


class Windows:
    """One connection to an X server; the windows it has opened go with it."""

    def __init__(self, display_name: str) -> None:
        """Connect, and listen for what the window manager says of the active window."""
        self.connection = x11_connection.connect(display_name)
        # A window that another test has closed is no news; the default prints it.
        self.connection.set_error_handler(lambda _error, _request: None)
        self.root = self.connection.screen().root
        self.root.change_attributes(event_mask=X.PropertyChangeMask)
        self._atom = self.connection.intern_atom
        self._active = self._atom("_NET_ACTIVE_WINDOW")
        self._opened: list[Window] = []
        # When the window manager first named another active window since the last deed, in ms.
        self._told_at: int | None = None
        self._newest: Window | None = None  # opened last, and not yet asked to be active

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about_the_error: object) -> None:
        for window in self._opened:
            window.close()
        self.connection.close()

    def open(  # noqa: PLR0913  each is a property of a window, named at the call
        self,
        application: str,
        title: str | bytes | None,
        *,
        pid: int | None = None,
        instance: str | None = None,
        legacy_title: bool = False,
        activate: bool = True,
    ) -> "Window":
        """Open a window, by default as the active one.

        Args:
            application: The class in WM_CLASS; ``""``: the window has no WM_CLASS.
            title: As text or raw bytes; None: it has none.
            pid: For _NET_WM_PID; None: it has none.
            instance: The instance name in WM_CLASS; the class in small letters by default.
            legacy_title: Whether the title goes into WM_NAME (latin-1) alone.
            activate: Whether to make it the active window and wait for that.
        """
        self.drop_events()
        made = self.root.create_window(
            *(80 + 24 * len(self._opened), 80 + 24 * len(self._opened), 480, 300, 0),
            self.connection.screen().root_depth,
            background_pixel=self.connection.screen().white_pixel,
            event_mask=X.StructureNotifyMask | X.PropertyChangeMask,
        )
        window = Window(self, made, legacy_title=legacy_title)
        if application:
            made.set_wm_class(instance or application.lower(), application)
        if title is not None:
            window._write_title(title)
        if pid is not None:
            made.change_property(self._atom("_NET_WM_PID"), Xatom.CARDINAL, 32, [pid])
        made.set_wm_hints(flags=Xutil.InputHint, input=1)
        made.map()
        self._opened.append(window)
        self._newest = window
        self.await_event(lambda it: it.type == X.MapNotify and it.window.id == made.id, "the map")
        if activate:
            window.activate()
        return window

    def active_window(self) -> int:
        """Return the window that the window manager names as the active one; 0: none."""
        value = self.root.get_full_property(self._active, X.AnyPropertyType)
        return int(value.value[0]) if value and len(value.value) else 0

    def await_active(self, window: int) -> int:
        """Wait until the window manager names `window` active (0: none); return that time in ms.

        Raises:
            TimeoutError: it names another one.
        """
        return self._await_named(lambda named: named == window, f"window {window:#x}")[0]

    def await_next(self, closed: int) -> tuple[int, int]:
        """Wait until the window manager names another window than one that was `closed`.

        Returns when that was, in ms, and which one it is.

        Raises:
            TimeoutError: it names none.
        """
        return self._await_named(lambda named: named not in {0, closed}, "the next window")

    def _await_named(self, wanted: Callable[[int], bool], what: str) -> tuple[int, int]:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            # What the server made before its answer has arrived with it.
            named, is_told = self.active_window(), False
            while self.connection.pending_events():
                is_told |= self._tells(self.connection.next_event())
            if wanted(named):
                return now_ms() if self._told_at is None else self._told_at, named
            # What came behind the answer may be what is awaited: then nothing more comes.
            if not is_told:
                self._await_socket(deadline, f"{what} to be active")

    def drop_events(self) -> None:
        """Forget what has happened up to now."""
        self.connection.sync()
        while self.connection.pending_events():
            self.connection.next_event()
        self._told_at = None

    def _tells(self, came: event.rq.Event) -> bool:
        """Say whether an event tells of another active window; the first one's time is kept.

        Between two windows none is named for some ms: the change began there.
        """
        is_told = came.type == X.PropertyNotify and came.atom == self._active
        if is_told and self._told_at is None:
            self._told_at = _when(came)
        return bool(is_told)

    def await_event(self, wanted: Callable[[event.rq.Event], bool], what: str) -> int:
        """Take events until the `wanted` one; return when it came, in ms since the epoch.

        Raises:
            TimeoutError: it has not come; says `what` was awaited.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            while self.connection.pending_events():
                came = self.connection.next_event()
                self._tells(came)
                at = _when(came)
                if wanted(came):
                    return at
            self._await_socket(deadline, what)

    def _await_socket(self, deadline: float, what: str) -> None:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.connection], [], [], left)[0]:
            raise TimeoutError(f"waited {PATIENCE_S:g} s for {what}")


class Window:
    """A window opened by `Windows`."""

    def __init__(
        self, owner: Windows, window: display.drawable.Window, *, legacy_title: bool
    ) -> None:
        self._owner = owner
        self._window = window
        self._legacy_title = legacy_title
        self.id: int = window.id

    def set_title(self, title: str | bytes) -> int:
        """Change the title; return when the server had it, in ms since the epoch."""
        atom = self._owner.connection.intern_atom
        named = {Xatom.WM_NAME, atom("_NET_WM_NAME")}
        self._owner.drop_events()
        self._write_title(title)
        return self._owner.await_event(
            lambda it: it.type == X.PropertyNotify and it.window.id == self.id and it.atom in named,
            "the new title",
        )

    def activate(self) -> int:
        """Ask the window manager as a pager does; return when it named the window active, in ms.

        A new window it may have named by itself, before anybody asked.
        """
        if self._owner._newest is not self:
            self._owner.drop_events()
        self._owner._newest = None
        self._wish("_NET_ACTIVE_WINDOW", PAGER)
        return self._owner.await_active(self.id)

    def minimise(self) -> None:
        """Ask the window manager to make it an icon; afterwards no window may be active."""
        self._wish("WM_CHANGE_STATE", Xutil.IconicState)

    def close(self) -> int:
        """Destroy it, if it is still there; return when the server had done so, in ms.

        With the last window gone, openbox goes on to name it as the active one.
        """
        if self in self._owner._opened:
            self._owner._opened = [other for other in self._owner._opened if other is not self]
            self._window.destroy(onerror=error.CatchError(error.BadWindow))
            self._owner.connection.sync()
        return now_ms()

    def _wish(self, message: str, value: int) -> None:
        wish = event.ClientMessage(
            window=self._window,
            client_type=self._owner.connection.intern_atom(message),
            data=(32, [value, X.CurrentTime, 0, 0, 0]),
        )
        mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
        self._owner.root.send_event(wish, event_mask=mask)
        self._owner.connection.flush()

    def _write_title(self, title: str | bytes) -> None:
        atom = self._owner.connection.intern_atom
        if self._legacy_title:
            raw = title.encode("latin-1") if isinstance(title, str) else title
            self._window.change_property(Xatom.WM_NAME, Xatom.STRING, 8, raw)
        else:
            raw = title.encode() if isinstance(title, str) else title
            self._window.change_property(atom("_NET_WM_NAME"), atom("UTF8_STRING"), 8, raw)
