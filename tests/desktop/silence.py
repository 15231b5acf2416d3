"""What takes connections and never answers."""

import socket
import threading
from contextlib import suppress
from pathlib import Path


class SilentBus:
    """Listens, takes every connection, and says nothing.

    Attributes:
        env: How a session names it.
        asked: Set with the first connection.
    """

    def __init__(self, path: Path, is_said: bool) -> None:
        self.env = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={path}"} if is_said else {}
        self.asked = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def _take(self) -> None:
        with suppress(OSError):  # closed
            while True:
                self._taken.append(self._listener.accept()[0])
                self.asked.set()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for one in [*self._taken, self._listener]:
            one.close()
