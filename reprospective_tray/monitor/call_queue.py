"""CallQueue: runs other threads' calls in the recording thread, between two writes."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _

T = TypeVar("T")


class _Call:
    """One call and its result."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None


class CallQueue:
    """Calls that wait; `ask` is for other threads, `do` for the thread that runs them."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """Take the function that wakes the running thread."""
        self._wake = wake
        self._lock = threading.Lock()
        self._waiting: deque[_Call] = deque()
        self._open = True

    def ask(self, work: Callable[[], T], timeout: float) -> T:
        """Run `work` in the other thread and return its result, or raise what it raised.

        Raises:
            StoreError: it was not started within `timeout` seconds, or never will be.
        """
        errand = _Call(work)
        with self._lock:
            if not self._open:
                raise _ended()
            self._waiting.append(errand)
        self._wake()
        if not errand.done.wait(timeout):
            with self._lock:
                begun = errand not in self._waiting
                if not begun:
                    self._waiting.remove(errand)
            if not begun:
                raise StoreError(
                    _("Recording is busy and did not answer within {seconds} s.").format(
                        seconds=round(timeout)
                    ),
                    _("Try again in a moment."),
                )
            errand.done.wait()
        if errand.error is not None:
            raise errand.error
        return cast("T", errand.result)

    def do(self) -> None:
        """Run the waiting calls."""
        while self._waiting:
            with self._lock:
                errand = self._waiting.popleft() if self._waiting else None
            if errand is None:
                return
            try:
                errand.result = errand.work()
            # Any exception belongs to the caller; recording continues.
            except BaseException as error:  # noqa: BLE001
                errand.error = error
            errand.done.set()

    def end(self) -> None:
        """Accept no more calls, and drop the waiting ones."""
        with self._lock:
            self._open = False
            left = list(self._waiting)
            self._waiting.clear()
        for errand in left:
            errand.error = _ended()
            errand.done.set()


def _ended() -> StoreError:
    return StoreError(
        _("The program is quitting."), _("Try again when it has ended, or after its next start.")
    )
