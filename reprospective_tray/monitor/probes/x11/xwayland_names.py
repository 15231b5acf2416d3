"""The spelling of an X11 program's class in a Wayland session: KWin reports it in lower case."""

import os
from contextlib import suppress

from Xlib import error

from reprospective_tray.monitor.probes.x11 import connection as x11_connection
from reprospective_tray.monitor.probes.x11.text import WindowTexts

_TROUBLE = (
    *(error.DisplayError, error.ConnectionClosedError, error.XError),
    *(OSError, OverflowError),  # a number that is not a valid port
)


class XWaylandNames:
    """Asks XWayland once for each class."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._spelled: dict[str, str] = {}

    def of(self, window_id: int, lowered: str) -> str:
        """Return the class of the X window whose class in lower case is known.

        ``''`` if it is no X window (0), or cannot be asked.
        """
        if not window_id or not lowered:
            return ""
        if lowered not in self._spelled:
            spelled = _ask(window_id)
            # The number of a closed window may belong to another one by now.
            if spelled.lower() != lowered.lower():
                return ""
            self._spelled[lowered] = spelled
        return self._spelled[lowered]


def _ask(window_id: int) -> str:
    if not os.environ.get("DISPLAY"):
        return ""
    with suppress(*_TROUBLE):
        display = x11_connection.connect()
        try:
            window = display.create_resource_object("window", window_id)
            return WindowTexts(display).class_name(window)
        finally:
            display.close()
    return ""
