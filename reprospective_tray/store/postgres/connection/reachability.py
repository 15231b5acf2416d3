"""Checks whether a server accepts connections, without logging in; cheap enough to repeat."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprospective_tray.store.postgres.connection.address import ServerAddress


def knock(address: ServerAddress, timeout_s: float) -> bool:
    """Return whether any host accepts a connection within `timeout_s` seconds in total.

    Name resolution cannot be interrupted and may take longer.
    """
    ends_at = time.monotonic() + timeout_s
    places = address.places()
    for number, (host, port) in enumerate(places):
        left = ends_at - time.monotonic()
        if left <= 0:
            return False
        if _takes_connections(host, port, left / (len(places) - number)):
            return True
    return False


def _takes_connections(host: str, port: int, timeout_s: float) -> bool:
    try:
        if host.startswith(("/", "@")):
            path = f"{host}/.s.PGSQL.{port}"
            with socket.socket(socket.AF_UNIX) as knocking:
                knocking.settimeout(timeout_s)
                knocking.connect(f"\0{path[1:]}" if host.startswith("@") else path)
        else:
            with socket.create_connection((host, port), timeout_s):
                pass
    except OSError:
        return False
    return True
