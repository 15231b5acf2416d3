"""The few X11 requests that tell whether a desktop is ready, without any library.

Source: the X Window System Protocol, version 11, appendix B (encoding).
"""

import socket
import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

GET_WINDOW_ATTRIBUTES = 3
QUERY_TREE = 15
INTERN_ATOM = 16
GET_PROPERTY = 20
GET_SELECTION_OWNER = 23
GET_GEOMETRY = 14
ANSWER_SECONDS = 10.0
VIEWABLE = 2
REPLY_BYTES = 32


class XError(OSError):
    """The X server refused a request, such as one about a window that has gone."""


def remove_files(display: int) -> None:
    """Remove what a killed X server leaves behind."""
    for name in (f".X{display}-lock", f".X11-unix/X{display}"):
        with suppress(OSError):  # not every server locks
            Path("/tmp", name).unlink()  # noqa: S108  where X servers put them


class XConnection:
    """A connection to one local X server that asks one thing after the other."""

    def __init__(self, display: int) -> None:
        """Connect to display number `display`.

        Raises:
            OSError: nobody listens there, or it refuses.
        """
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(ANSWER_SECONDS)
        try:
            self._socket.connect(f"/tmp/.X11-unix/X{display}")  # noqa: S108  where X servers listen
            setup = self._set_up()
        except BaseException:
            self._socket.close()
            raise
        vendor, formats = struct.unpack_from("<16xH3xB", setup)
        self.root: int = struct.unpack_from("<I", setup, 32 + (vendor + 3) // 4 * 4 + formats * 8)[
            0
        ]
        self._atoms: dict[str, int] = {}

    def _set_up(self) -> bytes:
        self._socket.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        accepted, length = struct.unpack("<B5xH", self._read(8))
        setup = self._read(length * 4)
        if accepted != 1:
            raise XError(f"the X server refuses: {setup!r}")
        return setup

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def selection_owner(self, selection: str) -> int:
        """Return the window that owns a selection; 0 where none does."""
        reply = self._ask(struct.pack("<BxHI", GET_SELECTION_OWNER, 2, self._atom(selection)))
        return int.from_bytes(reply[8:12], "little")

    def root_property(self, name: str) -> int:
        """Return the first 32-bit value of a property of the root window; 0 where there is none."""
        request = struct.pack("<BxHIIIII", GET_PROPERTY, 6, self.root, self._atom(name), 0, 0, 1)
        reply = self._ask(request)
        return struct.unpack_from("<I", reply, 32)[0] if len(reply) > REPLY_BYTES else 0

    def popups(self, smallest: int) -> set[int]:
        """Return the visible windows that no window manager frames, such as open menus.

        Args:
            smallest: Leave out windows whose width or height is below it, in pixels.
        """
        reply = self._ask(struct.pack("<BxHI", QUERY_TREE, 2, self.root))
        (count,) = struct.unpack_from("<H", reply, 16)
        found = set()
        for window in struct.unpack_from(f"<{count}I", reply, 32):
            try:
                attributes = self._ask(struct.pack("<BxHI", GET_WINDOW_ATTRIBUTES, 2, window))
                geometry = self._ask(struct.pack("<BxHI", GET_GEOMETRY, 2, window))
            except XError:
                continue  # it has gone meanwhile
            map_state, override_redirect = attributes[26], attributes[27]
            width, height = struct.unpack_from("<HH", geometry, 16)
            if map_state == VIEWABLE and override_redirect and min(width, height) >= smallest:
                found.add(window)
        return found

    def _atom(self, name: str) -> int:
        if name not in self._atoms:
            raw = name.encode()
            words = 2 + (len(raw) + 3) // 4
            request = struct.pack("<BxHHxx", INTERN_ATOM, words, len(raw)) + raw
            reply = self._ask(request.ljust(words * 4, b"\0"))
            self._atoms[name] = struct.unpack_from("<I", reply, 8)[0]
        return self._atoms[name]

    def _ask(self, request: bytes) -> bytes:
        self._socket.sendall(request)
        while True:
            head = self._read(32)
            if head[0] == 1:
                return head + self._read(struct.unpack_from("<I", head, 4)[0] * 4)
            if head[0] == 0:
                raise XError(f"the X server answers with error {head[1]}")
            # Anything else is an event, such as a new keyboard map, which every client is sent.

    def _read(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = self._socket.recv(count - len(parts))
            if not part:
                raise ConnectionResetError("the X server has closed the connection")
            parts += part
        return bytes(parts)
