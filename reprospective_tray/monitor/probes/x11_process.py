"""The process of an X11 window, where it runs on this computer."""

import socket
from typing import Any

from Xlib import X, Xatom

from reprospective_tray.monitor.probes.x11_manager import number

# A name of a host is at most 255 bytes; lengths of properties are counted in units of 32 bits.
_NAME_UNITS = 64
_LARGEST_PID = 0x7FFF_FFFF


class WindowProcess:
    """Tells the process of windows of one display."""

    def __init__(self, display: Any) -> None:
        """Ask `display` for the number of the property's name."""
        self._pid = display.intern_atom("_NET_WM_PID")

    def of(self, window: Any) -> int | None:
        """Return the process's number on this computer; None where the window does not tell.

        A program on another computer, or in a container with a name of its own, has a number
        there, which means another process here.
        """
        pid = number(window, self._pid)
        if not 0 < pid <= _LARGEST_PID:
            return None
        found = window.get_property(Xatom.WM_CLIENT_MACHINE, X.AnyPropertyType, 0, _NAME_UNITS)
        machine = bytes(found.value) if found is not None and found.format == 8 else b""  # noqa: PLR2004  a text
        return pid if is_this_computer(machine.split(b"\0")[0].decode("ascii", "replace")) else None


def is_this_computer(machine: str) -> bool:
    """Say whether `machine` is a name of this computer; one of them may lack the domain."""
    theirs, ours = machine.strip().casefold(), socket.gethostname().casefold()
    if theirs in {"", "localhost", ours}:
        return True
    their_host, _dot, their_domain = theirs.partition(".")
    our_host, _dot, our_domain = ours.partition(".")
    return their_host == our_host and (not their_domain or not our_domain)
