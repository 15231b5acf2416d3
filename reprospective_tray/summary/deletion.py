"""Deleting sessions from the list: ten seconds to undo, and only then is anything done."""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _, plural
from reprospective_tray.summary.session_list import SessionLine

UNDO_SECONDS = 10
_TICK_MS = 1000
_POLL_MS = 50
_log = logging.getLogger(__name__)


class Deletion:
    """What is to be deleted, until it is undone or done."""

    def __init__(
        self,
        root: Any,
        toast: Any,
        forget: Callable[[list[str]], object],
        changed: Callable[[], object],
    ) -> None:
        """Take the window, where to offer the undo, what deletes by uid, and whom to tell.

        `forget` is called in a thread of its own.
        """
        self._root = root
        self._toast = toast
        self._forget = forget
        self._changed = changed
        self._uids: list[str] = []
        self._gone: set[str] = set()
        self._left = 0
        self._timer = ""
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()

    @property
    def hidden(self) -> frozenset[str]:
        """The uids that the list shows no more."""
        return frozenset(self._uids) | self._gone

    def add(self, lines: Sequence[SessionLine]) -> None:
        """Offer to undo the deletion of `lines`; what lies elsewhere cannot be deleted here."""
        here = [line.uid for line in lines if line.uid]
        if len(here) < len(lines):
            self._toast.show(
                _("Sessions on the server alone are deleted with: reprospective-tray forget"),
                _("OK"),
                self._toast.hide,
            )
        if not here:
            return
        self._uids += [uid for uid in here if uid not in self.hidden]
        self._left = UNDO_SECONDS
        self._stop_timer()
        self._tick()
        self._changed()

    def undo(self) -> None:
        """Delete nothing after all."""
        self._stop_timer()
        self._uids = []
        self._toast.hide()
        self._changed()

    def finish(self) -> None:
        """Do at once what still waits: the window closes, and the person meant it."""
        self._stop_timer()
        if self._uids:
            self._do(self._uids)

    def _tick(self) -> None:
        if self._left <= 0:
            self._timer = ""
            self._toast.hide()
            uids, self._uids = self._uids, []
            self._gone |= set(uids)
            threading.Thread(target=self._do, args=(uids,), name="deletion", daemon=True).start()
            self._await_answer()
            return
        count = len(self._uids)
        sentence = plural(
            "{count} session will be deleted in {seconds} s.",
            "{count} sessions will be deleted in {seconds} s.",
            count,
        ).format(count=count, seconds=self._left)
        self._toast.show(sentence, _("Undo"), self.undo)
        self._left -= 1
        self._timer = self._root.after(_TICK_MS, self._tick)

    def _do(self, uids: list[str]) -> None:
        problem = ""
        try:
            self._forget(uids)
        except ReprospectiveError as error:
            problem = f"{error} {error.remedy}".strip()
            _log.warning("not deleted: %s", problem)
        except Exception as error:  # noqa: BLE001  the top of the thread: the window says it and lives on
            problem = str(error)
            _log.exception("not deleted")
        self._answers.put(problem)

    def _await_answer(self) -> None:
        if self._answers.empty():
            self._root.after(_POLL_MS, self._await_answer)
            return
        if problem := self._answers.get():
            self._gone.clear()
            self._toast.show(problem, _("OK"), self._toast.hide)
        self._changed()

    def _stop_timer(self) -> None:
        if self._timer:
            self._root.after_cancel(self._timer)
            self._timer = ""
