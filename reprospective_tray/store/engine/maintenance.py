"""Maintenance: detects and handles problems with the database during recording.

The local file may be replaced or damaged while it is open. A server may become unreachable and
return; this program does not repair its tables.
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
# Total time that `stop` waits for helper threads.
_HELPERS_S = 1.0

OnDamage = Callable[[Path], None]


class Maintenance(ABC):
    """Maintains one database; all methods must be called from the recording thread."""

    # Errors of changes that can never be stored, so a retry is useless. The drivers raise the last
    # two: for an integer beyond 64 bits and for invalid text.
    unstorable: tuple[type[Exception], ...] = (
        *(peewee.IntegrityError, sqlite3.IntegrityError, ServerDataError),
        *(OverflowError, ValueError),
    )
    # How long shutdown waits for a blocked database, in seconds.
    last_s = 1.5
    # Whether a reopened database still holds the rows that this run wrote, its open session
    # included.
    goes_on = False

    def __init__(self, errors: tuple[type[Exception], ...]) -> None:
        """Take the exceptions that the database may raise, as `DatabaseAdapter.errors`."""
        # OSError: a file next to the database cannot be read or written.
        self.trouble: tuple[type[Exception], ...] = (*errors, StoreError, OSError)
        self.stopping = threading.Event()
        self.given_up = False
        self._helpers: list[threading.Thread] = []

    # The hooks below do nothing by default; each kind of database overrides those it needs.

    def opening(self, adapter: Any, busy_timeout_s: float) -> None:  # noqa: B027  not abstract
        """Prepare an adapter before it is opened."""

    def opened(self, adapter: Any) -> None:  # noqa: B027  not abstract
        """Run after the adapter was opened and before the first write, inside its connection."""

    def ready(self, adapter: Any) -> None:  # noqa: B027  not abstract
        """Start the helper threads."""

    def is_lost(self, adapter: Any) -> bool:  # noqa: ARG002  a question that most never ask
        """Return whether the adapter must be closed and opened again."""
        return False

    def is_damaged(self, error: Exception | None = None) -> bool:  # noqa: ARG002  as above
        """Return whether `error`, or a finding of a helper thread, means that it is damaged."""
        return False

    def set_aside(self, adapter: Any) -> None:  # noqa: B027  not abstract
        """Move a damaged database away so that a new one can take its place.

        Raises:
            OSError: it cannot be moved.
        """

    def check(self, adapter: Any, on_damage_found: Callable[[], None]) -> None:  # noqa: B027  not abstract
        """Check for damage in a helper thread; call `on_damage_found` if there is any."""

    def retry_s(self, failures: int) -> float:  # noqa: ARG002  for subclasses that back off
        """Return the seconds to wait before the next attempt after `failures` in a row."""
        return RETRY_S

    @abstractmethod
    def problem(self, error: Exception) -> str:
        """Return the message for the user about `error`; empty if it needs none."""

    def stop(self) -> None:
        """Stop the helper threads; wait at most 1 s for them."""
        self.stopping.set()
        until = time.monotonic() + _HELPERS_S
        for helper in self._helpers:
            helper.join(max(0.0, until - time.monotonic()))
        self._helpers.clear()
        self.stopping = threading.Event()  # a late helper keeps the old, set event and still ends

    def _help(self, name: str, work: Callable[[], None]) -> None:
        helper = threading.Thread(target=work, name=name, daemon=True)
        self._helpers.append(helper)
        helper.start()
