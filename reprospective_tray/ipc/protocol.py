"""What goes over the channel: one line of JSON each way, of bounded length.

instance.json says where the channel is, and holds the token that every request carries.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import socket

MAX_REQUEST = 64 * 1024
MAX_ANSWER = 4 * 1024 * 1024
# A command sends its line at once; who says nothing for longer is cut off.
REQUEST_SECONDS = 3.0


class Request(msgspec.Struct):
    """What a command asks; `arguments` are plain JSON values."""

    token: str
    command: str
    arguments: dict[str, object] = {}


class Reply(msgspec.Struct, omit_defaults=True):
    """What the instance answers: a result, or an error with its remedy."""

    result: dict[str, object] | None = None
    error: str = ""
    remedy: str = ""
    is_busy: bool = False


def read_line(connection: socket.socket, most: int, until: float) -> bytes:
    """Return the line that `connection` sends.

    Raises:
        TimeoutError: it is not whole when the monotonic clock shows `until`.
        ValueError: it is longer than `most`, or the other side hung up in its middle.
    """
    received = bytearray()
    while b"\n" not in received:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(65536)
        if not piece:
            raise ValueError("the other side hung up")
        received += piece
        if len(received) > most:
            raise ValueError("the line is too long")
    return bytes(received[: received.index(b"\n")])
