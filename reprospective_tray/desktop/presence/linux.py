"""The watcher on Linux: logind on the system bus, the desktop's services on the session bus."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray.desktop.presence.base import PresenceWatcher, Tell
from reprospective_tray.desktop.presence.bus_watch import BusSource, BusWatch
from reprospective_tray.desktop.presence.logind import Logind
from reprospective_tray.desktop.presence.session_services import SessionServices
from reprospective_tray.desktop.presence.signs import Signs
from reprospective_tray.system.dbus_address import session_address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SYSTEM_ADDRESS = "DBUS_SYSTEM_BUS_ADDRESS"
SYSTEM_SOCKET = "/run/dbus/system_bus_socket"


class LinuxWatcher(PresenceWatcher):
    """Listens to both buses, each in a thread of its own: one that hangs holds up nobody."""

    def __init__(self) -> None:
        """Note where the session bus is; it may be given up for this process later."""
        self._session_address = session_address()
        self._watches: list[tuple[BusWatch, BusSource]] = []
        self._signs: Signs | None = None

    def start(self, tell: Tell, log_out: Callable[[], None]) -> None:
        """Look for both buses; see `PresenceWatcher`."""
        self._signs = signs = Signs(tell)
        for name, find, source in (
            ("system", _system_address, Logind(signs, log_out)),
            ("session", self._find_session_bus, SessionServices(signs)),
        ):
            self._watches.append((BusWatch(name, find, source), source))
        for watch, _source in self._watches:
            watch.start()

    def stop(self) -> None:
        """Leave both buses; see `PresenceWatcher`."""
        if self._signs:
            self._signs.close()
        for watch, _source in self._watches:
            watch.stop()

    def describe(self) -> Mapping[str, bool]:
        """Return what is there; see `PresenceWatcher`."""
        found: dict[str, bool] = {}
        for watch, source in self._watches:
            found[f"{watch.name} bus"] = watch.connected
            found |= source.describe()
        return found

    def _find_session_bus(self) -> str | None:
        return self._session_address or session_address()


def _system_address() -> str | None:
    if address := os.environ.get(SYSTEM_ADDRESS):
        return address
    return f"unix:path={SYSTEM_SOCKET}" if Path(SYSTEM_SOCKET).exists() else None
