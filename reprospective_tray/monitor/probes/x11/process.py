"""The process of an X11 window, if it runs on this computer."""

import socket
from typing import Any

from Xlib import Xatom

from reprospective_tray.monitor.probes.x11.text import Property

# A host name has at most 255 bytes; lengths of properties are counted in units of 32 bits.
_NAME_UNITS = 64
_NUMBER_UNIT, _TEXT_UNIT = 32, 8
_LARGEST_PID = 0x7FFF_FFFF


Asked = tuple[Property, Property]


class WindowProcess:
    """Finds the process of windows of one display."""

    def __init__(self, display: Any) -> None:
        """Ask `display` for the number of the property's name."""
        self._display = display
        self._pid = display.intern_atom("_NET_WM_PID")

    def ask(self, window: Any) -> Asked:
        """Ask a window for what `of` reads; does not wait."""
        return (
            Property(self._display, window, self._pid, units=1),
            Property(self._display, window, Xatom.WM_CLIENT_MACHINE, units=_NAME_UNITS),
        )

    def of(self, asked: Asked) -> int | None:
        """Return the number of the process on this computer; None if the window does not report it.

        A program on another computer, or in a container with its own name, has a number that
        means a different process here.

        Raises:
            Xlib.error.BadWindow: the window is gone.
        """
        (_kind, pid), (_type, name) = asked[0].read(_NUMBER_UNIT), asked[1].read(_TEXT_UNIT)
        if not pid or not 0 < int(pid[0]) <= _LARGEST_PID:
            return None
        machine = bytes(name or b"").split(b"\0")[0].decode("ascii", "replace")
        return int(pid[0]) if is_this_computer(machine) else None


def is_this_computer(machine: str) -> bool:
    """Tell whether `machine` is a name of this computer; one of the names may lack the domain."""
    theirs, ours = machine.strip().casefold(), socket.gethostname().casefold()
    if theirs in {"", "localhost", ours}:
        return True
    their_host, _dot, their_domain = theirs.partition(".")
    our_host, _dot, our_domain = ours.partition(".")
    return their_host == our_host and (not their_domain or not our_domain)
