"""A thread that keeps to one message bus: looks for it, listens, looks again when it is gone."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from reprospective_tray.system.dbus import BusConnection, BusLostError

log = logging.getLogger(__name__)

# A bus that restarts is back in a moment; where there is none, there seldom will be.
RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
END_S = 0.5


class BusSource(Protocol):
    """Something on a bus that says how the person stands."""

    def attach(self, line: BusConnection) -> None:
        """Follow what it says on `line`; raises `BusLostError`."""

    def lose(self) -> None:
        """Take back all that it said: nobody would hear of its end."""

    def describe(self) -> dict[str, bool]:
        """Return what it listens to, and whether it is there."""


class BusWatch:
    """One bus and its sources."""

    def __init__(self, name: str, find: Callable[[], str | None], source: BusSource) -> None:
        """Take the bus's name, what finds its address (None: there is none), and who listens."""
        self.name = name
        self._find = find
        self._source = source
        self._line: BusConnection | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"presence-{name}", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether the bus is there."""
        return self._line is not None

    def start(self) -> None:
        """Begin to look for it."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; where it waits for a bus that hangs, it ends with the process."""
        self._ending.set()
        line = self._line
        if line:
            line.hang_up()
        if self._thread.is_alive():
            self._thread.join(END_S)

    def _run(self) -> None:
        retry_s = RETRY_S
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                self._listen()
            except BusLostError as reason:
                log.debug("no %s bus: %s", self.name, reason)
            # What a service may say is without end; recording goes on without it.
            except Exception:
                log.exception("listening to the %s bus failed", self.name)
            if time.monotonic() - began > LONGEST_RETRY_S:
                retry_s = RETRY_S  # it was there for long, and may be back in a moment
            self._ending.wait(retry_s)
            retry_s = min(retry_s * 2, LONGEST_RETRY_S)

    def _listen(self) -> None:
        """Listen until the bus is gone.

        Raises:
            BusLostError: it is gone, or was never there.
        """
        address = self._find()
        if address is None:
            return
        line = BusConnection(address)
        self._line = line
        try:
            self._source.attach(line)
            log.debug("listening to the %s bus", self.name)
            while not self._ending.is_set():
                line.listen()
        finally:
            self._line = None
            line.close()
            self._source.lose()
