"""Records: the interface through which the monitor records, for any kind of database."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from reprospective_tray.store.model.sessions import Change, Interval


class Records(Protocol):
    """The monitor's recorder; all methods are called from its thread and do not block it."""

    @property
    def problem(self) -> str:
        """Why changes stay in memory, as a message for the user; empty if they do not."""

    @property
    def waiting(self) -> int:
        """The number of changes that are only in memory."""

    def retry_in_ms(self) -> int | None:
        """Return in how many ms to call `flush` again, or None if it has nothing to do."""

    def running(self) -> AbstractContextManager[None]:
        """Keep the database open; on exit, leave it in a state for readers."""

    def occupied(self, since: int) -> list[Interval]:
        """Return the recorded times after `since` (ms); empty if they cannot be read."""

    def record(self, changes: Sequence[Change]) -> None:
        """Write `changes` as soon as possible."""

    def flush(self) -> bool:
        """Write queued changes for a short time; return whether the queue is empty."""

    def exclusively(self) -> AbstractContextManager[Any]:
        """Yield the open database with all changes written, for other work on it."""

    def check(self, on_damage_found: Callable[[], None] = lambda: None) -> None:
        """Check for damage in a helper thread, which calls `on_damage_found`.

        The next `flush` handles the damage.
        """
