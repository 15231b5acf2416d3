"""Ends a pause from the window; a thread asks the running instance, which may not answer."""

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


class Resuming:
    """Asks once at a time, then tells whether it was done."""

    def __init__(
        self,
        root: Any,
        resume: Callable[[], object],
        done: Callable[[], object],
        say: Callable[[str], object],
    ) -> None:
        """Take what asks the instance, what follows, and what shows why it was not done."""
        self._root, self._resume, self._done, self._say = root, resume, done, say
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._is_asking = False

    def begin(self) -> None:
        """End the pause; does not wait."""
        if not self._is_asking:
            self._is_asking = True
            threading.Thread(target=self._ask, name="resume", daemon=True).start()
            self._root.after(_POLL_MS, self._look)

    def _ask(self) -> None:
        problem = ""
        try:
            self._resume()
        except ReprospectiveError as error:
            problem = f"{error} {error.remedy}".strip()
        except Exception as error:  # noqa: BLE001  the top of the thread: the window says it
            _log.exception("the pause could not be ended")
            problem = _("Internal error: {error}. See the log for details.").format(error=error)
        self._answers.put(problem)

    def _look(self) -> None:
        if self._answers.empty():
            self._root.after(_POLL_MS, self._look)
            return
        self._is_asking = False
        if problem := self._answers.get():
            self._say(problem)
        self._done()
