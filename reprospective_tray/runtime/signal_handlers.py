"""SignalHandlers: end the program on SIGTERM, SIGINT and SIGHUP."""

import signal
import socket
import threading
from collections.abc import Callable

_NAMES = ("SIGTERM", "SIGINT", "SIGHUP")


class SignalHandlers:
    """Calls back for each signal, even if the main thread does not receive it.

    Python runs handlers in the main thread only, and a waiting main thread is not woken by a signal
    that the system has delivered to another thread. Python notes each signal at once, in any
    thread, so that note is read as well.
    """

    def __init__(self, on_signal: Callable[[], None]) -> None:
        """Take what is called, once or twice for one signal, from any thread; it must not block."""
        self._on_signal = on_signal
        self._numbers = {int(getattr(signal, name)) for name in _NAMES if hasattr(signal, name)}
        self._note: socket.socket | None = None

    def start(self) -> None:
        """Handle the signals from now on; for the main thread."""
        noted, self._note = socket.socketpair()
        self._note.setblocking(False)
        self.take()
        threading.Thread(target=self._read, args=(noted,), name="signals", daemon=True).start()

    def take(self) -> None:
        """Handle them again, after a library took them over; for the main thread."""
        for number in self._numbers:
            signal.signal(number, lambda *_unused: self._on_signal())
        if self._note:
            signal.set_wakeup_fd(self._note.fileno(), warn_on_full_buffer=False)
        if hasattr(signal, "SIGUSR1"):
            # It brings up a window that was started from here; one that is not ready inherits this.
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    def stop(self) -> None:
        """Stop reading them; for the main thread."""
        signal.set_wakeup_fd(-1)
        if self._note:
            self._note.close()  # ends the reading

    def _read(self, noted: socket.socket) -> None:
        with noted:
            while numbers := noted.recv(64):
                if self._numbers & set(numbers):
                    self._on_signal()
