"""SignalHandlers: end the program on SIGTERM, SIGINT and SIGHUP."""

import signal
import socket
import threading
from collections.abc import Callable

_NAMES = ("SIGTERM", "SIGINT", "SIGHUP")


class SignalHandlers:
    """Calls back for each; also for one that comes where the main thread does not hear of it.

    Python runs handlers in the main thread alone, and one that waits is not woken by a signal
    that the system has given to another thread. So what Python notes at once, in whatever
    thread, is read as well.
    """

    def __init__(self, on_signal: Callable[[], None]) -> None:
        """Take what is called, for one signal once or twice, from any thread; it must not block."""
        self._on_signal = on_signal
        self._numbers = {int(getattr(signal, name)) for name in _NAMES if hasattr(signal, name)}
        self._note: socket.socket | None = None

    def start(self) -> None:
        """Take them from now on; for the main thread."""
        noted, self._note = socket.socketpair()
        self._note.setblocking(False)
        self.take()
        threading.Thread(target=self._read, args=(noted,), name="signals", daemon=True).start()

    def take(self) -> None:
        """Take them again, from a library that took them for itself; for the main thread."""
        for number in self._numbers:
            signal.signal(number, lambda *_unused: self._on_signal())
        if self._note:
            signal.set_wakeup_fd(self._note.fileno(), warn_on_full_buffer=False)
        if hasattr(signal, "SIGUSR1"):
            # It brings up a window that was started from here; one that is not ready inherits this.
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    def stop(self) -> None:
        """Read them no more; for the main thread."""
        signal.set_wakeup_fd(-1)
        if self._note:
            self._note.close()  # ends the reading

    def _read(self, noted: socket.socket) -> None:
        with noted:
            while numbers := noted.recv(64):
                if self._numbers & set(numbers):
                    self._on_signal()
