"""A server that speaks PostgreSQL's protocol (3.0) and answers whatever a test wants it to."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
TEXT, INT8, BOOL = 25, 20, 16


def message(kind: bytes, body: bytes = b"") -> bytes:
    """Return one message of the protocol."""
    return kind + struct.pack("!i", len(body) + 4) + body


def error(text: str, code: str = "XX000", severity: str = "ERROR") -> bytes:
    """Return an ErrorResponse."""
    fields = [("S", severity), ("V", severity), ("C", code), ("M", text)]
    body = b"".join(key.encode() + value.encode() + b"\0" for key, value in fields)
    return message(b"E", body + b"\0")


def columns(*types: int) -> bytes:
    """Return a RowDescription of columns of these types."""
    described = [b"c\0" + struct.pack("!ihihih", 0, 0, kind, -1, -1, 0) for kind in types]
    return message(b"T", struct.pack("!h", len(types)) + b"".join(described))


def row(*values: str | None) -> bytes:
    """Return a DataRow."""
    parts = [
        struct.pack("!i", -1)
        if value is None
        else struct.pack("!i", len(value.encode())) + value.encode()
        for value in values
    ]
    return message(b"D", struct.pack("!h", len(values)) + b"".join(parts))


def answer(rows: Iterable[Sequence[str | None]], types: Sequence[int]) -> bytes:
    """Return all that answers a query with these rows."""
    return columns(*types) + b"".join(row(*each) for each in rows) + DONE


DONE = message(b"C", b"SELECT 1\0")
READY = message(b"Z", b"I")
AUTH_OK = message(b"R", struct.pack("!i", 0))
AUTH_CLEAR_TEXT = message(b"R", struct.pack("!i", 3))
PARAMETERS = b"".join(
    message(b"S", f"{name}\0{value}\0".encode())
    for name, value in {
        "server_version": "15.18",
        "server_encoding": "UTF8",
        "client_encoding": "UTF8",
        "DateStyle": "ISO, MDY",
        "integer_datetimes": "on",
        "standard_conforming_strings": "on",
        "TimeZone": "UTC",
    }.items()
)


class FakeServer:
    """Listens on a port of 127.0.0.1; `reply` says what answers a query, ReadyForQuery apart.

    What `reply` returns may be an endless iterator of pieces. `refuses` answers the log-in, and
    with `asks_clear_text` it asks for a password, which is then in `passwords`.
    """

    def __init__(
        self,
        reply: Callable[[str], bytes | Iterator[bytes]] = lambda _query: DONE,
        *,
        refuses: bytes | None = None,
        asks_clear_text: bool = False,
    ) -> None:
        self._reply, self._refuses, self._asks = reply, refuses, asks_clear_text
        self.passwords: list[str] = []
        self.queries: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, name="fake server", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                peer, _address = self._listener.accept()
            except OSError:
                return
            self._open.add(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, suppress(OSError, EOFError):
            stream = peer.makefile("rb")
            self._log_in(peer, stream)
            while True:
                kind, body = _read(stream, 1)
                if kind == b"X":
                    return
                if kind != b"Q":
                    continue
                query = body[:-1].decode("utf-8", "replace")
                self.queries.append(query)
                if query.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SET ")):
                    reply: bytes | Iterator[bytes] = message(
                        b"C", query.split()[0].encode() + b"\0"
                    )
                else:
                    reply = self._reply(query)
                for piece in [reply] if isinstance(reply, bytes) else reply:
                    peer.sendall(piece)
                peer.sendall(READY)

    def _log_in(self, peer: socket.socket, stream: object) -> None:
        while True:
            _kind, body = _read(stream, 0)
            (code,) = struct.unpack("!i", body[:4])
            if code == CANCEL_REQUEST:
                raise EOFError
            if code not in {SSL_REQUEST, GSS_REQUEST}:
                break
            peer.sendall(b"N")
        if self._refuses is not None:
            peer.sendall(self._refuses)
            raise EOFError
        if self._asks:
            peer.sendall(AUTH_CLEAR_TEXT)
            kind, body = _read(stream, 1)
            if kind == b"p":
                self.passwords.append(body[:-1].decode())
        peer.sendall(AUTH_OK + PARAMETERS + message(b"K", struct.pack("!ii", 1, 2)) + READY)


def _read(stream: object, type_bytes: int) -> tuple[bytes, bytes]:
    kind = _exactly(stream, type_bytes)
    (length,) = struct.unpack("!i", _exactly(stream, 4))
    return kind, _exactly(stream, length - 4)


def _exactly(stream: object, count: int) -> bytes:
    data = stream.read(count)  # type: ignore[attr-defined]
    if len(data) < count:
        raise EOFError
    return data
