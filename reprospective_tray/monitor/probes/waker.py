"""Waker: ends another thread's wait for file descriptors."""

import select
import socket
from collections.abc import Sequence
from contextlib import suppress


class Waker:
    """A pair of sockets; `wake` can be called by any thread, also after `close`."""

    def __init__(self) -> None:
        """Open the pair."""
        # Closed sockets refuse a late `wake`; a closed descriptor might be another file's by then.
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)

    def wait(self, descriptors: Sequence[int], timeout_s: float | None) -> bool:
        """Wait until one of `descriptors` can be read; return whether `wake` ended the wait.

        Without `timeout_s` it waits indefinitely.
        """
        awaited = [*descriptors, self._woken.fileno()]
        if self._woken.fileno() not in select.select(awaited, [], [], timeout_s)[0]:
            return False
        with suppress(BlockingIOError):
            self._woken.recv(1024)
        return True

    def wake(self) -> None:
        """End the current wait, or the next one."""
        with suppress(OSError):
            self._waker.send(b"\0")

    def close(self) -> None:
        """Close the pair."""
        self._woken.close()
        self._waker.close()
