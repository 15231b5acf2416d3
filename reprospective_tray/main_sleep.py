"""Where the main thread sleeps while others work: no signal is too early or too late to wake it.

Waiting for an Event, Python misses one that arrives just before it begins to wait: the handler
would run with the next signal, whenever that is (seen, once in some hundred ends of the program).
"""

import select
import signal
import socket
import threading
from contextlib import suppress


class MainSleep:
    """Sleeps until an event is set; `wake` is for who sets it."""

    def __init__(self) -> None:
        """Make one; nothing of the process is changed before `until`."""
        self._waker: socket.socket | None = None

    def until(self, ended: threading.Event) -> None:
        """Sleep until `ended` is set, and let the handlers of signals run; in the main thread."""
        woken, self._waker = socket.socketpair()
        with woken, self._waker as waker:
            woken.setblocking(False)
            waker.setblocking(False)
            before = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
            try:
                # Who set it before there was anything to wake is seen here.
                while not ended.is_set():
                    select.select([woken], [], [])
                    woken.recv(4096)
            finally:
                signal.set_wakeup_fd(before)

    def wake(self) -> None:
        """Let the main thread look at the event; from any thread, without waiting."""
        waker = self._waker
        if waker:
            # Either it is so full that the thread wakes up anyway, or it is closed.
            with suppress(OSError):
                waker.send(b"\0")
