"""The icon's process outlives a session bus that crashes: GLib would end it with the bus."""

from __future__ import annotations

import logging
from typing import Any

from reprospective_tray.desktop import session_bus

_log = logging.getLogger(__name__)


def outlive_bus() -> Any:
    """Return the connection that GTK and AppIndicator share, as one that does not end the process.

    To be kept as long as they are: GLib forgets a connection that nobody holds, and makes the
    next one anew. None where there is no bus. To be called when the bus is known to answer.
    """
    if not session_bus.is_offered():
        return None
    from gi.repository import Gio, GLib

    try:
        shared = Gio.bus_get_sync(Gio.BusType.SESSION)
    except GLib.Error as error:
        _log.debug("GLib has no session bus: %s", error)
        return None
    shared.set_exit_on_close(False)
    return shared
