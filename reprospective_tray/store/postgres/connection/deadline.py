"""A deadline that holds on this side: it ends a statement whose server has gone silent.

statement_timeout is the server's, and keepalives see a dead host but no dead network. What ends
a psycopg2 call that waits is the end of its socket, so that is what is done to it.

In the same way ends an answer that is too long: libpq keeps all of it in memory before anybody
here sees any.
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


# What its thread does takes no time.
JOIN_S = 1.0
# More than any answer that this program asks for; of short messages libpq makes 15 times as much.
MOST_BYTES = 64_000_000
# Where linux/tcp.h has tcpi_bytes_received.
_RECEIVED_AT = 128
_GLANCE_S = 0.1  # between two looks at how much has come


class End(Enum):
    """Why a statement was ended from here."""

    TIME = "no answer in time"
    ABORT = "aborted"
    SIZE = "the answer is too long"


class DeadlineError(TimeoutError):
    """Time was over before an answer came, it was too long, or somebody would not wait for it."""

    def __init__(self, seconds: float, why: End) -> None:
        """Take how many seconds it had, and what ended it."""
        super().__init__(f"{why.value} ({seconds:g} s)")
        self.seconds = seconds
        self.why = why


class Deadline:
    """Watches statements on psycopg2 connections: several at once, of any threads.

    One thread, begun with the first statement, sleeps until the next deadline; a statement
    wakes it only where its own comes earlier. Close it when no connection needs it any more.
    """

    def __init__(self) -> None:
        """Begin nothing yet."""
        self._changed = threading.Condition()
        self._watched: set[Within] = set()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None
        self._closed = False
        self._aborted = False

    def within(self, connection: Any, seconds: float) -> Within:
        """Return the context in which `connection` is used for at most `seconds`.

        Raises:
            DeadlineError: on leaving it: time was over, and what was done failed of it. The
                connection is closed then, and also where the last answer came with the deadline.
        """
        return Within(self, connection, seconds)

    def abort(self) -> None:
        """Let everything that waits now, and whatever would from now on, end at once.

        For a thread that others wait for; any thread may call it.
        """
        with self._changed:
            self._aborted = True
            for one in self._watched:
                one.end(End.ABORT)
            self._watched.clear()

    def close(self) -> None:
        """End its thread; nothing may be watched any more."""
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
        """Take the psycopg2 `connection`, and the `seconds` that it may be used for."""
        self._deadline = deadline
        self._connection = connection
        self._seconds = seconds
        self.ends_at = math.inf
        self._ended: End | None = None
        self._received: int | None = None

    def end(self, why: End) -> None:
        """Shut the socket down, which fails whatever waits for it; for `Deadline` alone."""
        self._ended = why
        with suppress(OSError):  # the peer ended it first
            self._socket.shutdown(socket.SHUT_RDWR)

    def is_too_long(self) -> bool:
        """Tell whether more than `MOST_BYTES` have come since this was asked first."""
        received = bytes_received(self._socket)
        if self._received is None:
            self._received = received
        return received - self._received > MOST_BYTES

    def __enter__(self) -> None:
        # A descriptor of its own: libpq may close its one at any moment, and the system may give
        # the number to somebody else; this one stays the same socket until it is closed here.
        # The family is not asked for: only its end matters, and a lost socket may not tell it.
        try:
            number = self._connection.fileno()
            self._socket = socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:  # no descriptor is left, or it is none any more
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
        self._deadline._remove(self)  # noqa: SLF001  from here on nobody ends it
        self._socket.close()
        if self._ended is None:
            return
        self._connection.close()
        # An answer of the server that came in time is worth more than that it was the last.
        if isinstance(error, Exception) and getattr(error, "pgcode", None) is None:
            raise DeadlineError(self._seconds, self._ended) from error


def bytes_received(one: socket.socket) -> int:
    """Return how much has come on a connection, or what grows with it.

    Linux counts for TCP; elsewhere it is the memory of this process, which holds all of it.
    """
    if hasattr(socket, "TCP_INFO"):
        with suppress(OSError, struct.error):  # a socket that is a file, or an older kernel
            info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RECEIVED_AT + 8)
            (count,) = struct.unpack_from("=Q", info, _RECEIVED_AT)
            return int(count)
    import psutil

    return int(psutil.Process().memory_info().rss)
