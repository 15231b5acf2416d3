"""Speaks with sway over its socket, as sway-ipc(7) describes it."""

import json
import select
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

MAGIC = b"i3-ipc"
HEADER = struct.Struct("=6sII")
RUN_COMMAND, SUBSCRIBE, GET_TREE = 0, 2, 4
IS_EVENT = 1 << 31
ANSWER_SECONDS = 10.0


class SwayError(Exception):
    """Sway refused a command."""


class SwayIpc:
    """One connection; what it has subscribed to comes on it, too."""

    def __init__(self, path: Path | str) -> None:
        """Connect to the socket at `path`.

        Raises:
            OSError: nobody listens there.
        """
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(ANSWER_SECONDS)
        self._events: list[dict[str, Any]] = []
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about_the_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def command(self, text: str) -> None:
        """Let sway do something, as a line of its config would.

        Raises:
            SwayError: it did not; has its word for it.
        """
        refused = [one for one in self._ask(RUN_COMMAND, text) if not one["success"]]
        if refused:
            raise SwayError(f"{text}: {refused[0].get('error')}")

    def tree(self) -> dict[str, Any]:
        """Return all outputs, workspaces and windows."""
        found: dict[str, Any] = self._ask(GET_TREE)
        return found

    def focused(self) -> dict[str, Any]:
        """Return the node that has the focus: a window, or a workspace without any."""
        return next(node for node in nodes(self.tree()) if node["focused"])

    def subscribe(self, *kinds: str) -> None:
        """Let events of these kinds come, such as ``window``."""
        self._ask(SUBSCRIBE, json.dumps(kinds))

    def event(self, seconds: float) -> dict[str, Any] | None:
        """Return the next event, None where none comes for so long."""
        if not self._events and select.select([self._socket], [], [], max(seconds, 0))[0]:
            self._events.append(self._receive()[1])
        return self._events.pop(0) if self._events else None

    def _ask(self, kind: int, payload: str = "") -> Any:
        raw = payload.encode()
        self._socket.sendall(HEADER.pack(MAGIC, len(raw), kind) + raw)
        while True:
            came, answer = self._receive()
            if came == kind:
                return answer
            self._events.append(answer)

    def _receive(self) -> tuple[int, Any]:
        _magic, length, kind = HEADER.unpack(self._read(HEADER.size))
        return kind, json.loads(self._read(length))

    def _read(self, length: int) -> bytes:
        received = bytearray()
        while len(received) < length:
            piece = self._socket.recv(length - len(received))
            if not piece:
                raise ConnectionError("sway hung up")
            received += piece
        return bytes(received)


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node and all nodes below it."""
    yield tree
    for inner in (*tree["nodes"], *tree["floating_nodes"]):
        yield from nodes(inner)
