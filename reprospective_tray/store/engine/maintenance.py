"""Maintenance: what may become of a database while it is recorded into, and what is done about it.

The local file may be replaced or damaged under the recorder. A server may go
away and come back; its tables are not ours to mend.
"""

import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee

from reprospective_tray.errors import ServerDataError, StoreError

RETRY_S = 1.0
# How long the end waits for what goes on beside recording.
_HELPERS_S = 1.0

OnDamage = Callable[[Path], None]


class Maintenance(ABC):
    """Of one database; every method belongs to the recording thread."""

    # What says that a change can never be stored: waiting does not mend it. The last two are the
    # drivers' own: a number beyond 64 bits, a text that is none.
    unstorable: tuple[type[Exception], ...] = (
        *(peewee.IntegrityError, sqlite3.IntegrityError, ServerDataError),
        *(OverflowError, ValueError),
    )
    # How long the end waits for a database that is blocked, in seconds.
    last_s = 1.5
    # Whether what is opened anew holds what this run has written, its open session included.
    goes_on = False

    def __init__(self, errors: tuple[type[Exception], ...]) -> None:
        """Take what using the database may raise, `DatabaseAdapter.errors`; begin nothing yet."""
        # Of the disk come OSErrors: what is kept beside the database cannot be read or written.
        self.trouble: tuple[type[Exception], ...] = (*errors, StoreError, OSError)
        self.stopping = threading.Event()
        self.given_up = False
        self._helpers: list[threading.Thread] = []

    # What follows does nothing where nothing of the kind can happen.

    def opening(self, adapter: Any, busy_timeout_s: float) -> None:  # noqa: B027  not abstract
        """Prepare an adapter that is about to be opened."""

    def opened(self, adapter: Any) -> None:  # noqa: B027  not abstract
        """See after an adapter that was opened, inside its connection, before it is written to."""

    def ready(self, adapter: Any) -> None:  # noqa: B027  not abstract
        """Begin what goes on beside recording."""

    def is_lost(self, adapter: Any) -> bool:  # noqa: ARG002  a question that most never ask
        """Tell whether the adapter must be let go of, and opened anew."""
        return False

    def is_damaged(self, error: Exception | None = None) -> bool:  # noqa: ARG002  as above
        """Tell whether `error`, or what was found beside recording, means damage."""
        return False

    def set_aside(self, adapter: Any) -> None:  # noqa: B027  not abstract
        """Make room for a new database in place of a damaged one.

        Raises:
            OSError: it cannot be moved.
        """

    def check(self, adapter: Any, on_damage_found: Callable[[], None]) -> None:  # noqa: B027  not abstract
        """Look for damage beside recording; tell where there is any."""

    def retry_s(self, failures: int) -> float:  # noqa: ARG002  for those that grow tired
        """Return how long a blocked queue waits after so many failed attempts in a row."""
        return RETRY_S

    @abstractmethod
    def problem(self, error: Exception) -> str:
        """Return what to tell the person of `error`; empty where it ends by itself."""

    def stop(self) -> None:
        """End what goes on beside recording."""
        self.stopping.set()
        until = time.monotonic() + _HELPERS_S
        for helper in self._helpers:
            helper.join(max(0.0, until - time.monotonic()))
        self._helpers.clear()
        self.stopping = threading.Event()  # one that is late has its own, and ends all the same

    def _help(self, name: str, work: Callable[[], None]) -> None:
        helper = threading.Thread(target=work, name=name, daemon=True)
        self._helpers.append(helper)
        helper.start()
