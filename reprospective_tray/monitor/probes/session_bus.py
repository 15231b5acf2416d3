"""The session bus, for probes of desktops that tell of windows there."""

from collections.abc import Iterator
from contextlib import contextmanager

from reprospective_tray.monitor.probes.base import NotOfferedError, ProbeLostError
from reprospective_tray.system.dbus import BusConnection, BusLostError
from reprospective_tray.system.dbus_address import session_address


def open_line(who: str, answer_s: float) -> BusConnection:
    """Return a line to the session bus, where `who` would be, who answers within `answer_s`.

    Raises:
        NotOfferedError: there is no such bus, or it does not answer.
    """
    address = session_address()
    if address is None:
        raise NotOfferedError(f"there is no session bus, where {who} would be")
    try:
        return BusConnection(address, answer_s)
    except BusLostError as reason:
        raise NotOfferedError(f"the session bus, where {who} would be: {reason}") from reason


@contextmanager
def speaking_with(who: str) -> Iterator[None]:
    """Let the end of the bus, or of `who`, be that of the probe.

    Raises:
        ProbeLostError: it came.
    """
    try:
        yield
    except (BusLostError, OSError) as reason:
        raise ProbeLostError(f"{who} on the session bus: {reason}") from reason
