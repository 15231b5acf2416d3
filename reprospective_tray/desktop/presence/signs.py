"""Signs: what several sources say, put together to one presence."""

import threading
from collections.abc import Callable

from reprospective_tray.desktop.presence.base import Tell
from reprospective_tray.system.presence import Presence


class Signs:
    """Keeps what each source says; for any thread. Tells each change once, one after the other."""

    def __init__(self, tell: Tell) -> None:
        """Take who is told."""
        self._tell = tell
        self._lock = threading.Lock()
        self._locks: set[str] = set()
        self._away: set[str] = set()
        self._inhibitors: set[str] = set()
        self._requests = 0
        self._request = 0  # the number of a lock that was asked for and is not over
        self._told = Presence()
        self._closed = False

    def close(self) -> None:
        """Tell nothing any more."""
        self._closed = True

    def lock(self, source: str, *, on: bool) -> None:
        """Take that `source` says locked or unlocked; unlocked is when all say so."""

        def change() -> None:
            if source in self._locks and not on:
                self._request = 0  # whoever unlocks seldom says so by the request's own way
            _put(self._locks, source, on=on)

        self._change(change)

    def ask_for_lock(self, *, on: bool) -> None:
        """Take that the screen is to be locked now, or unlocked; a locker may follow it or not."""

        def change() -> None:
            self._requests += on
            self._request = self._requests if on else 0

        self._change(change)

    def leave(self, source: str, *, on: bool) -> None:
        """Take that the computer goes to sleep or the like, or that this is over."""
        self._change(lambda: _put(self._away, source, on=on))

    def inhibit(self, source: str, *, on: bool) -> None:
        """Take whether `source` names something that holds off idle time."""
        self._change(lambda: _put(self._inhibitors, source, on=on))

    def _change(self, change: Callable[[], None]) -> None:
        with self._lock:
            change()
            now = Presence(
                locked=bool(self._locks or self._request),
                unconfirmed=0 if self._locks else self._request,
                away=bool(self._away),
                inhibited=bool(self._inhibitors),
            )
            if now != self._told and not self._closed:
                self._told = now
                self._tell(now)


def _put(names: set[str], name: str, *, on: bool) -> None:
    if on:
        names.add(name)
    else:
        names.discard(name)
