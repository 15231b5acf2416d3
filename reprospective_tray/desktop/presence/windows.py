"""The watcher on Windows: session notifications, by WTSRegisterSessionNotification.

Not run on Windows as yet: its tests stand in for the system's calls. Sleep shows as a gap between
the clocks there.
"""

from __future__ import annotations

import ctypes
import logging
import threading
from typing import TYPE_CHECKING, Any

from reprospective_tray.desktop.presence.base import PresenceWatcher, Tell
from reprospective_tray.desktop.presence.signs import Signs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

# WinUser.h and WtsApi32.h.
WM_DESTROY, WM_CLOSE, WM_WTSSESSION_CHANGE = 0x0002, 0x0010, 0x02B1
HWND_MESSAGE = -3
NOTIFY_FOR_THIS_SESSION = 0
WTS_CONSOLE_CONNECT, WTS_CONSOLE_DISCONNECT = 1, 2
WTS_REMOTE_CONNECT, WTS_REMOTE_DISCONNECT = 3, 4
WTS_SESSION_LOGOFF, WTS_SESSION_LOCK, WTS_SESSION_UNLOCK = 6, 7, 8
# What each says of the session: by which sign, and whether it is locked.
_LOCKS = {
    WTS_SESSION_LOCK: ("lock", True),
    WTS_SESSION_UNLOCK: ("lock", False),
    # Another person's session came in front: user switching, or a remote desktop that was left.
    WTS_CONSOLE_DISCONNECT: ("switch", True),
    WTS_CONSOLE_CONNECT: ("switch", False),
    WTS_REMOTE_DISCONNECT: ("switch", True),
    WTS_REMOTE_CONNECT: ("switch", False),
}

CLASS_NAME = "ReprospectiveTrayPresence"
END_S = 0.5

_PROCEDURE = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)(
    ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_uint, ctypes.c_size_t, ctypes.c_ssize_t
)
_MESSAGE_BYTES = 64  # a MSG has 48


class WindowClass(ctypes.Structure):
    """WNDCLASSW of WinUser.h."""

    _fields_ = (
        ("style", ctypes.c_uint),
        ("lpfnWndProc", _PROCEDURE),
        ("cbClsExtra", ctypes.c_int),
        ("cbWndExtra", ctypes.c_int),
        ("hInstance", ctypes.c_void_p),
        ("hIcon", ctypes.c_void_p),
        ("hCursor", ctypes.c_void_p),
        ("hbrBackground", ctypes.c_void_p),
        ("lpszMenuName", ctypes.c_wchar_p),
        ("lpszClassName", ctypes.c_wchar_p),
    )


class WindowsWatcher(PresenceWatcher):
    """Has a window that nobody sees, to which Windows sends the session's notifications."""

    def __init__(self, libraries: Any = None) -> None:
        """Take the system's libraries by their names, as `ctypes.windll` has them."""
        self._libraries = libraries
        self._window: int | None = None
        self._registered = False
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)
        self._signs: Signs | None = None
        self._log_out: Callable[[], None] | None = None

    def start(self, tell: Tell, log_out: Callable[[], None]) -> None:
        """Open the window in a thread of its own; see `PresenceWatcher`."""
        if self._libraries is None:
            self._libraries = ctypes.windll  # type: ignore[attr-defined]  # on Windows alone
        self._signs, self._log_out = Signs(tell), log_out
        self._thread.start()

    def stop(self) -> None:
        """Close the window; see `PresenceWatcher`."""
        if self._signs:
            self._signs.close()
        if self._window:
            self._libraries.user32.PostMessageW(ctypes.c_void_p(self._window), WM_CLOSE, 0, 0)
        if self._thread.is_alive():
            self._thread.join(END_S)

    def describe(self) -> Mapping[str, bool]:
        """Return whether Windows notifies; see `PresenceWatcher`."""
        return {"session notifications": self._registered}

    def _run(self) -> None:
        user32, wtsapi32 = self._libraries.user32, self._libraries.wtsapi32
        user32.CreateWindowExW.restype = ctypes.c_void_p
        user32.DefWindowProcW.restype = ctypes.c_ssize_t
        # Kept until the end: Windows has nothing but its address.
        procedure = _PROCEDURE(self._receive)
        described = WindowClass(lpfnWndProc=procedure, lpszClassName=CLASS_NAME)
        user32.RegisterClassW(ctypes.byref(described))
        parent = ctypes.c_void_p(HWND_MESSAGE)
        self._window = user32.CreateWindowExW(
            0, CLASS_NAME, None, 0, 0, 0, 0, 0, parent, None, None, None
        )
        window = ctypes.c_void_p(self._window)
        if not self._window or not wtsapi32.WTSRegisterSessionNotification(
            window, NOTIFY_FOR_THIS_SESSION
        ):
            log.warning("Windows does not tell when the screen is locked")
            return
        self._registered = True
        message = ctypes.create_string_buffer(_MESSAGE_BYTES)
        while user32.GetMessageW(message, None, 0, 0) > 0:
            user32.DispatchMessageW(message)
        self._registered = False

    def _receive(self, window: int, message: int, what: int, detail: int) -> int:
        assert self._signs is not None
        assert self._log_out is not None
        user32 = self._libraries.user32
        if message == WM_WTSSESSION_CHANGE:
            if what in _LOCKS:
                sign, on = _LOCKS[what]
                self._signs.lock(sign, on=on)
            elif what == WTS_SESSION_LOGOFF:
                self._signs.leave("session", on=True)
                self._log_out()
            return 0
        if message == WM_DESTROY:
            self._libraries.wtsapi32.WTSUnRegisterSessionNotification(ctypes.c_void_p(window))
            user32.PostQuitMessage(0)
            return 0
        return int(
            user32.DefWindowProcW(
                ctypes.c_void_p(window), message, ctypes.c_size_t(what), ctypes.c_ssize_t(detail)
            )
        )
