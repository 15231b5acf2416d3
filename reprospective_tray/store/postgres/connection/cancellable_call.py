"""CancellableCall: runs a call that may hang in a daemon thread that need not be joined."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class CancellableCall(Generic[T]):
    """Runs one call in its own thread, starting at once; the caller may stop waiting any time.

    The thread then continues on its own, and a late result is passed to `dispose`.
    """

    def __init__(self, make: Callable[[], T], dispose: Callable[[T], None], name: str) -> None:
        """Start `make` in a thread named `name`."""
        self._make = make
        self._dispose = dispose
        self._changed = threading.Condition()
        self._given_up = False
        self._made: list[T] = []
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def result(self, seconds: float | None = None) -> T:
        """Return the call's result, or raise its exception.

        Args:
            seconds: How long to wait; None means without limit.

        Raises:
            TimeoutError: the time is over, or `give_up` was called.
        """
        with self._changed:
            self._changed.wait_for(self._is_settled, seconds)
            if self._error is not None:
                raise self._error
            if self._made and not self._given_up:
                return self._made[0]
            self._given_up = True
            raise TimeoutError

    def give_up(self) -> None:
        """Make `result` raise TimeoutError at once; any thread may call this."""
        with self._changed:
            if not self._is_settled():
                self._given_up = True
                self._changed.notify_all()

    def _is_settled(self) -> bool:
        return bool(self._made) or self._error is not None or self._given_up

    def _run(self) -> None:
        try:
            made = self._make()
        except BaseException as error:  # noqa: BLE001  raised again in the thread that waits
            with self._changed:
                self._error = error
                self._changed.notify_all()
            return
        with self._changed:
            if not self._given_up:
                self._made.append(made)
                self._changed.notify_all()
                return
        self._dispose(made)
