"""CancellableCall: runs a call that may hang in a thread that nobody has to join."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class CancellableCall(Generic[T]):
    """One making of something, begun at once. Who waits for it may stop waiting at any time.

    The thread is left alone then; what it still makes is handed to `dispose`.
    """

    def __init__(self, make: Callable[[], T], dispose: Callable[[T], None], name: str) -> None:
        """Begin `make` in a thread of this name."""
        self._make = make
        self._dispose = dispose
        self._changed = threading.Condition()
        self._given_up = False
        self._made: list[T] = []
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def result(self, seconds: float | None = None) -> T:
        """Return what was made, or raise what its making raised.

        Args:
            seconds: How long it may still take; None: as long as it likes.

        Raises:
            TimeoutError: time is over, or somebody gave it up.
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
        """Let who waits for it wait no longer; any thread may call this."""
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
