"""GTK without its Wayland compositor, whose end would be the program's.

GTK starts with a display alone, and ends the process (with code 1) as soon as the compositor has
gone. An icon and a menu that a panel draws need no display: so GTK's is let go of.
"""

from __future__ import annotations

import ctypes
import logging
import os
import socket
from typing import Any

_log = logging.getLogger(__name__)

# GTK's reader of the compositor's events is among the first that its main loop gets.
_EARLY = range(1, 200)
_READER = "GDK Wayland Event source"


def outlive_compositors() -> None:
    """Hang up on the compositor, where GTK speaks with one; no window can be shown any more."""
    from gi.repository import Gdk, GLib

    display = Gdk.Display.get_default()
    # GTK 3 describes the type to nobody.
    if display is None or display.__gtype__.name != "GdkWaylandDisplay":
        return
    reader = _reader(GLib.MainContext.default())
    if reader is None:
        _log.debug("GTK's reader of the compositor's events was not found")
        return
    reader.destroy()
    # Not left unread: what the compositor has to say would fill its memory.
    with socket.socket(fileno=os.dup(_descriptor(display))) as line:
        line.shutdown(socket.SHUT_RDWR)


def _reader(context: Any) -> Any:
    for number in _EARLY:
        source = context.find_source_by_id(number)
        if source is not None and (source.get_name() or "").startswith(_READER):
            return source
    return None


def _descriptor(display: Any) -> int:
    """Return the file descriptor of GTK's connection."""
    of_display = ctypes.CDLL("libgdk-3.so.0").gdk_wayland_display_get_wl_display
    of_display.argtypes, of_display.restype = [ctypes.c_void_p], ctypes.c_void_p
    descriptor = ctypes.CDLL("libwayland-client.so.0").wl_display_get_fd
    descriptor.argtypes = [ctypes.c_void_p]
    # The hash of PyGObject's objects is where they are.
    return int(descriptor(of_display(hash(display))))
