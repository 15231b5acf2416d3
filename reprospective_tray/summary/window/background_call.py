"""Does in a thread what may take long, so that the window never waits."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING, Any

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_MS = 50
_log = logging.getLogger(__name__)


class BackgroundCall:
    """Makes one call at a time; another one meanwhile is not begun."""

    def __init__(self, root: Any, name: str, say: Callable[[str], object]) -> None:
        """Take the window, the thread's name, and what shows why a call failed."""
        self._root, self._name, self._say = root, name, say
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._done: Callable[[], object] | None = None

    def begin(self, call: Callable[[], object], done: Callable[[], object]) -> None:
        """Make `call` in a thread, and call `done` in this one once that is over; does not wait."""
        if self._done is None:
            self._done = done
            threading.Thread(target=self._run, args=(call,), name=self._name, daemon=True).start()
            self._root.after(_POLL_MS, self._look)

    def _run(self, call: Callable[[], object]) -> None:
        problem = ""
        try:
            call()
        except ReprospectiveError as error:
            problem = f"{error} {error.remedy}".strip()
        except Exception as error:  # noqa: BLE001  the top of the thread: the window says it
            _log.exception("a call of the window failed")
            problem = _("Internal error: {error}. See the log for details.").format(error=error)
        self._answers.put(problem)

    def _look(self) -> None:
        if self._answers.empty():
            self._root.after(_POLL_MS, self._look)
            return
        done, self._done = self._done, None
        if problem := self._answers.get():
            self._say(problem)
        elif done is not None:
            done()
