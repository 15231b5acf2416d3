"""Connections to X servers that do not affect each other.

python-xlib 0.33 stores a server's numbers for its extensions' events for all connections of
the process. Another server has other numbers, so that connecting fails, or events are misread.
"""

from functools import cached_property
from typing import Any

from Xlib.display import Display, _BaseDisplay
from Xlib.protocol import event

_OWN = cached_property[Any](lambda _connection: event.event_class.copy())
_OWN.__set_name__(_BaseDisplay, "event_classes")
_BaseDisplay.event_classes = _OWN  # type: ignore[assignment]  # of each connection, not of all


def connect(name: str | None = None) -> Display:
    """Return a connection to the X server `name`, or to $DISPLAY.

    Raises:
        Xlib.error.DisplayError: none answers there, or it refuses.
        Xlib.error.ConnectionClosedError: it hung up.
        OSError: the connection failed in another way.
        OverflowError: the name contains a number that is not a valid port.
    """
    return Display(name)
