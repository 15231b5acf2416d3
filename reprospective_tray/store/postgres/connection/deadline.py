"""A client-side deadline: ends a statement whose server no longer answers.

statement_timeout is enforced by the server, and keepalives detect a dead host but not every dead
network. Shutting down the socket makes a blocked psycopg2 call return.

An answer that is too long is ended in the same way, because libpq holds a whole answer in memory
before the program sees any of it.
"""

from __future__ import annotations

import math
import socket
import struct
import threading
import time
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType


# Its thread never blocks for long.
JOIN_S = 1.0
# More than any answer this program expects; for short messages libpq needs 15 times the memory.
MOST_BYTES = 64_000_000
# Offset of tcpi_bytes_received in struct tcp_info (linux/tcp.h).
_RECEIVED_AT = 128
_GLANCE_S = 0.1  # interval between checks of the received size


class End(Enum):
    """Why the client ended a statement."""

    TIME = "no answer in time"
    ABORT = "aborted"
    SIZE = "the answer is too long"


class DeadlineError(TimeoutError):
    """The deadline passed without an answer, the answer was too long, or it was aborted."""

    def __init__(self, seconds: float, why: End) -> None:
        """Take the deadline in seconds and the reason."""
        super().__init__(f"{why.value} ({seconds:g} s)")
        self.seconds = seconds
        self.why = why


class Deadline:
    """Watches statements on psycopg2 connections, several at once and from any thread.

    A thread, started with the first statement, sleeps until the next deadline; a statement wakes
    it only if its own deadline is earlier. Call `close` when no connection needs it any more.
    """

    def __init__(self) -> None:
        """Create it; the thread starts with the first statement."""
        self._changed = threading.Condition()
        self._watched: set[Within] = set()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None
        self._closed = False
        self._aborted = False

    def within(self, connection: Any, seconds: float) -> Within:
        """Return a context in which `connection` may be used for at most `seconds`.

        Raises:
            DeadlineError: on exit, if the block failed because the deadline passed. The connection
                is then closed, also if the last answer arrived just at the deadline.
        """
        return Within(self, connection, seconds)

    def abort(self) -> None:
        """End all current and future statements at once; any thread may call it."""
        with self._changed:
            self._aborted = True
            for one in self._watched:
                one.end(End.ABORT)
            self._watched.clear()

    def close(self) -> None:
        """Stop the thread; nothing may be watched afterwards."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(JOIN_S)
            self._thread = None

    def _add(self, one: Within) -> None:
        with self._changed:
            assert not self._closed
            if self._aborted:
                one.end(End.ABORT)
                return
            self._watched.add(one)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadline", daemon=True)
                self._thread.start()
            elif one.ends_at < self._wakes_at:
                self._changed.notify()

    def _remove(self, one: Within) -> None:
        with self._changed:
            self._watched.discard(one)

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                for one in list(self._watched):
                    if one.ends_at <= now:
                        self._end(one, End.TIME)
                    elif one.is_too_long():
                        self._end(one, End.SIZE)
                ends = [each.ends_at for each in self._watched]
                self._wakes_at = min([*ends, now + _GLANCE_S]) if ends else math.inf
                forever = self._wakes_at == math.inf
                self._changed.wait(None if forever else self._wakes_at - now)

    def _end(self, one: Within, why: End) -> None:
        self._watched.discard(one)
        one.end(why)


class Within:
    """One use of one connection; see `Deadline.within`."""

    __slots__ = (
        "_connection",
        "_deadline",
        "_ended",
        "_received",
        "_seconds",
        "_socket",
        "ends_at",
    )

    def __init__(self, deadline: Deadline, connection: Any, seconds: float) -> None:
        """Take the psycopg2 `connection` and the `seconds` for which it may be used."""
        self._deadline = deadline
        self._connection = connection
        self._seconds = seconds
        self.ends_at = math.inf
        self._ended: End | None = None
        self._received: int | None = None

    def end(self, why: End) -> None:
        """Shut down the socket, so that a blocked call fails; only for `Deadline`."""
        self._ended = why
        with suppress(OSError):  # the peer closed it first
            self._socket.shutdown(socket.SHUT_RDWR)

    def is_too_long(self) -> bool:
        """Return whether more than `MOST_BYTES` have arrived since the first call."""
        received = bytes_received(self._socket)
        if self._received is None:
            self._received = received
        return received - self._received > MOST_BYTES

    def __enter__(self) -> None:
        # A duplicate descriptor: libpq may close its own at any time, and the system may reuse the
        # number for another file. The address family is not queried, because only shutdown is
        # needed and a broken socket may not report it.
        try:
            number = self._connection.fileno()
            self._socket = socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:  # no free descriptor, or it was closed
            import psycopg2

            self._connection.close()
            raise psycopg2.OperationalError(error.strerror or str(error)) from error
        self.ends_at = time.monotonic() + self._seconds
        self._deadline._add(self)  # noqa: SLF001  two halves of one thing

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._deadline._remove(self)  # noqa: SLF001  it can no longer be ended after this
        self._socket.close()
        if self._ended is None:
            return
        self._connection.close()
        # An error that the server itself reported takes precedence over the deadline.
        if isinstance(error, Exception) and getattr(error, "pgcode", None) is None:
            raise DeadlineError(self._seconds, self._ended) from error


def bytes_received(one: socket.socket) -> int:
    """Return the bytes received on a connection, or a number that grows with them.

    On Linux it is the TCP counter; elsewhere the resident memory of this process, which holds the
    whole answer.
    """
    if hasattr(socket, "TCP_INFO"):
        with suppress(OSError, struct.error):  # a Unix socket, or an older kernel
            info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RECEIVED_AT + 8)
            (count,) = struct.unpack_from("=Q", info, _RECEIVED_AT)
            return int(count)
    import psutil

    return int(psutil.Process().memory_info().rss)
