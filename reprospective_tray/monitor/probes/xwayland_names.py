"""How X11 programs in a Wayland session spell their class: KWin says it in small letters."""

import os
from contextlib import suppress
from typing import Any

from Xlib import X, Xatom, error
from Xlib.protocol import request
from Xlib.protocol.display import Display

from reprospective_tray.monitor.probes.x11_text import class_in

_TROUBLE = (
    *(error.DisplayError, error.ConnectionClosedError, error.XError),
    *(OSError, OverflowError),  # a number that no port has
)

# As much of a class as is read, in units of 32 bits; one of text has units of 8.
_UNITS, _TEXT_WIDTH = 1_024, 8


class _PlainDisplay(Display):
    """A connection without extensions: python-xlib mixes up those of several servers."""

    def get_resource_class(self, class_name: str, default: Any = None) -> Any:  # noqa: ARG002
        """Return `default`: the library's own classes are for displays with extensions."""
        return default


class XWaylandNames:
    """Asks XWayland once for each class."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._spelled: dict[str, str] = {}

    def of(self, window_id: int, lowered: str) -> str:
        """Return the class of the X window, whose class in small letters is known.

        ``''`` where it is no X window (0), or cannot be asked.
        """
        if not window_id or not lowered:
            return ""
        if lowered not in self._spelled:
            spelled = _ask(window_id)
            # The number of a closed window may be another's by now.
            if spelled.lower() != lowered.lower():
                return ""
            self._spelled[lowered] = spelled
        return self._spelled[lowered]


def _ask(window_id: int) -> str:
    if not os.environ.get("DISPLAY"):
        return ""
    with suppress(*_TROUBLE):
        display = _PlainDisplay()
        try:
            answer = request.GetProperty(
                display=display,
                delete=0,
                window=window_id,
                property=Xatom.WM_CLASS,
                type=X.AnyPropertyType,
                long_offset=0,
                long_length=_UNITS,
            )
            width, value = answer.value
            return class_in(bytes(value)) if width == _TEXT_WIDTH else ""
        finally:
            display.close()
    return ""
