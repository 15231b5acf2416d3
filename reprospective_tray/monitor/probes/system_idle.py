"""Idle time on Windows and macOS, from system calls; the X11 probe has its own."""

import ctypes
from collections.abc import Callable

IdleSource = Callable[[], int | None]

# CGEventTypes.h and CGEventSource.h of macOS.
_ANY_INPUT = 0xFFFFFFFF
_COMBINED_SESSION = 0


class _LastInputInfo(ctypes.Structure):
    _fields_ = (("cbSize", ctypes.c_uint), ("dwTime", ctypes.c_uint))


def idle_source(platform: str) -> IdleSource:
    """Return the function that returns the ms since the last input on `platform`."""
    if platform == "win32":
        return _windows()
    if platform == "darwin":
        return _macos()
    return lambda: None


def _windows() -> IdleSource:
    """GetLastInputInfo and GetTickCount, both in ms, both wrapping after 49.7 days."""
    user32 = ctypes.windll.user32  # type: ignore[attr-defined]  # only on Windows
    kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined]  # only on Windows

    def idle() -> int | None:
        info = _LastInputInfo(ctypes.sizeof(_LastInputInfo), 0)
        if not user32.GetLastInputInfo(ctypes.byref(info)):
            return None
        return int(kernel32.GetTickCount() - info.dwTime) & 0xFFFFFFFF

    return idle


def _macos() -> IdleSource:
    """CGEventSourceSecondsSinceLastEventType, in seconds."""
    library = ctypes.cdll.LoadLibrary(
        "/System/Library/Frameworks/ApplicationServices.framework/ApplicationServices"
    )
    seconds = library.CGEventSourceSecondsSinceLastEventType
    seconds.argtypes = (ctypes.c_int32, ctypes.c_uint32)
    seconds.restype = ctypes.c_double
    return lambda: int(seconds(_COMBINED_SESSION, _ANY_INPUT) * 1000)
