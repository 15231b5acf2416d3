"""Housekeeping: regular checks every few seconds, all in one thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from reprospective_tray.system.supervisor import SupervisedPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.system.supervisor import Supervisor

# Seconds. Rare enough to be negligible among the program's wake-ups.
LOOK_S = 3.0


class Housekeeping:
    """Calls each of `looks` regularly; if one raises, that is counted, and it continues."""

    def __init__(self, supervisor: Supervisor, looks: tuple[Callable[[], None], ...]) -> None:
        """Take the supervisor that counts failures, and what is called."""
        self._supervisor = supervisor
        self._looks = looks
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Start, with a first look at once."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End within `seconds`; a call that takes longer ends with the process."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _keep(self) -> None:
        self._supervisor.run(SupervisedPart.HOUSEKEEPING, self._look, self._ended)

    def _look(self) -> None:
        while not self._ended.is_set():
            for look in self._looks:
                look()
            self._ended.wait(LOOK_S)
