"""The desktop's message bus, where there is one."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from reprospective_tray.system.dbus_address import NO_BUS, SESSION_ADDRESS, session_address
from reprospective_tray.system.lean_memory import without

_log = logging.getLogger(__name__)

# A bus answers at once; one that takes this long never does.
DEADLINE_S = 2.0
CANCEL_S = 0.5


def is_offered() -> bool:
    """Say whether the desktop names a session bus.

    Asked first: where it names none, libraries start one of their own, which nobody listens to.
    """
    return session_address() is not None


def connect() -> tuple[Any, Any] | None:
    """Return PyGObject's Gio module and the connection to the session bus.

    None where the desktop has no bus, where the bus does not answer in `DEADLINE_S`, or where
    PyGObject is missing. The connection is shared by the whole process and may be used by any
    thread.

    After a bus that did not answer there is none for the rest of the process's life. To be
    called before GTK is imported, which would wait for such a bus forever.
    """
    if not is_offered():
        return None
    try:
        # PyGObject loads asyncio, which nobody here runs, and that loads OpenSSL.
        with without("ssl"):
            from gi.repository import Gio, GLib
    except (ImportError, ValueError):  # gi says ValueError where a typelib is missing
        return None
    cancellable = Gio.Cancellable()
    connected: list[Any] = []

    def ask() -> None:
        try:
            bus = Gio.bus_get_sync(Gio.BusType.SESSION, cancellable)
            # A bus that ends must not end the program with it.
            bus.set_exit_on_close(False)
            connected.append(bus)
        except GLib.Error as error:
            _log.debug("no session bus: %s", error)

    # In a thread: a signal handler of Python's would wait for this call if it were made here.
    thread = threading.Thread(target=ask, name="session-bus", daemon=True)
    thread.start()
    thread.join(DEADLINE_S)
    if thread.is_alive():
        cancellable.cancel()
        thread.join(CANCEL_S)
        if not connected:
            _give_up()
    return (Gio, connected[0]) if connected else None


def _give_up() -> None:
    """Let nobody here ask for the bus again.

    Libraries ask on their own and without a deadline: GTK for the accessibility bus, GIO for
    remote folders. Programs that are started from here are spared it too.
    """
    if is_offered():
        os.environ[SESSION_ADDRESS] = NO_BUS
        _log.warning("the session bus does not answer: going on without one")


def is_owned(name: str, timeout_ms: int = 2000) -> bool:
    """Say whether somebody on the session bus answers to `name`; False without a bus."""
    there = connect()
    if there is None:
        return False
    gio, bus = there
    from gi.repository import GLib

    try:
        answer = bus.call_sync(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "NameHasOwner",
            GLib.Variant("(s)", (name,)),
            None,
            gio.DBusCallFlags.NONE,
            timeout_ms,
            None,
        )
    except GLib.Error:
        return False
    return bool(answer.unpack()[0])
