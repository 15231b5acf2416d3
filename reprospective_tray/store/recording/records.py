"""Records: what the monitor records with, wherever that goes."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from reprospective_tray.store.model.sessions import Change, Interval


class Records(Protocol):
    """What the monitor records with; every method belongs to its thread, and none holds it up."""

    @property
    def problem(self) -> str:
        """What keeps changes in memory, for the person; empty where nothing does."""

    @property
    def waiting(self) -> int:
        """How many changes are in memory alone."""

    def retry_in_ms(self) -> int | None:
        """Return when to call `flush` again, or None when there is nothing for it to do."""

    def running(self) -> AbstractContextManager[None]:
        """Hold the database, and leave it as readers need it."""

    def occupied(self, since: int) -> list[Interval]:
        """Return the recorded times after `since` (ms), as far as they can be read."""

    def record(self, changes: Sequence[Change]) -> None:
        """Write `changes` as soon as possible."""

    def flush(self) -> bool:
        """Write of what waits as much as takes no time; tell whether nothing waits any more."""

    def exclusively(self) -> AbstractContextManager[Any]:
        """Yield the open database, everything that was recorded in it, for other work on it."""

    def check(self, on_damage_found: Callable[[], None] = lambda: None) -> None:
        """Look for damage beside recording; `on_damage_found` may be called from any thread.

        It is dealt with at the next `flush`.
        """
