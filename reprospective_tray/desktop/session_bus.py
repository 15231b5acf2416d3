"""The desktop's message bus, where there is one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def is_offered() -> bool:
    """Say whether the desktop names a session bus.

    Asked first: where it names none, libraries start one of their own, which nobody listens to.
    """
    if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return bool(runtime) and Path(str(runtime), "bus").exists()


def connect() -> tuple[Any, Any] | None:
    """Return PyGObject's Gio module and the connection to the session bus.

    None where the desktop has no bus or PyGObject is missing. The connection is shared by the
    whole process and may be used by any thread.
    """
    if not is_offered():
        return None
    try:
        from gi.repository import Gio, GLib
    except (ImportError, ValueError):  # gi says ValueError where a typelib is missing
        return None
    try:
        return Gio, Gio.bus_get_sync(Gio.BusType.SESSION, None)
    except GLib.Error:
        return None


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
