"""The control channel's protocol: one line of JSON in each direction, of bounded length.

instance.json has the channel's address and the token that every request must contain.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import socket

MAX_REQUEST = 64 * 1024
MAX_ANSWER = 4 * 1024 * 1024
# Clients send their line at once; a connection that is silent for longer is closed.
REQUEST_SECONDS = 3.0


class Request(msgspec.Struct):
    """A command with its token; `arguments` are plain JSON values."""

    token: str
    command: str
    arguments: dict[str, object] = {}


class Reply(msgspec.Struct, omit_defaults=True):
    """The instance's answer: a result, or an error with its remedy."""

    result: dict[str, object] | None = None
    error: str = ""
    remedy: str = ""
    is_busy: bool = False


def read_line(connection: socket.socket, most: int, until: float) -> bytes:
    """Read one line from `connection`.

    Raises:
        TimeoutError: the line is not complete by `until`, in seconds of the monotonic clock.
        ValueError: it is longer than `most` bytes, or the other side closed the connection early.
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
