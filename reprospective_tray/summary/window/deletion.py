"""Deleting sessions from the list: ten seconds to undo, and only then is anything done."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor

    from reprospective_tray.summary.session_list import SessionLine

UNDO_SECONDS = 10
# How long a window that closes waits for what is being deleted before it says so.
FINISH_SECONDS = 5.0
_TICK_MS = 1000
_POLL_MS = 50
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _DeletedTogether:
    """What was deleted by one press: undone together until `ends_at` (monotonic seconds)."""

    uids: tuple[str, ...]
    ends_at: float


@dataclass(slots=True)
class _DeletionInThread:
    """The uids of a batch, and what becomes of their deletion."""

    uids: tuple[str, ...]
    future: Future[str] = field(repr=False)


class Deletion:
    """What is to be deleted, until it is undone or done.

    Each batch has its own time to undo. They are deleted one after the other, in a thread that
    the end of the process waits for.
    """

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
        self._waiting: list[_DeletedTogether] = []
        self._under_way: list[_DeletionInThread] = []
        self._gone: set[str] = set()
        self._problems: list[str] = []
        self._is_finishing = False
        self._when_done: Callable[[], object] | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._timer = ""
        self._poll_timer = ""

    @property
    def hidden(self) -> frozenset[str]:
        """The uids that the list shows no more."""
        waiting = (uid for batch in self._waiting for uid in batch.uids)
        return frozenset(waiting) | self._gone

    def add(self, lines: Sequence[SessionLine]) -> None:
        """Offer to undo the deletion of `lines`; what lies elsewhere cannot be deleted here."""
        if not lines:
            return
        here = [line.uid for line in lines if line.uid]
        if len(here) < len(lines):
            self._say(
                _(
                    "Sessions that are only on the server can be deleted with: reprospective-tray "
                    "forget"
                )
            )
        hidden = self.hidden
        uids = tuple(uid for uid in here if uid not in hidden)
        if uids:
            self._waiting.append(_DeletedTogether(uids, time.monotonic() + UNDO_SECONDS))
            self._stop_timer()
            self._tick()
            self._changed()

    def undo(self) -> bool:
        """Leave what was deleted last as it is; tell whether there was still time for it."""
        if not self._waiting:
            return False
        self._waiting.pop()
        self._show()
        self._changed()
        return True

    def dismiss(self) -> bool:
        """Hide what could not be done; tell whether there was anything."""
        was_said = bool(self._problems)
        self._problems.clear()
        self._show()
        return was_said

    def finish(self, when_done: Callable[[], object] | None = None) -> bool:
        """Do what still waits: the window closes, and the person meant it.

        Waits for at most `FINISH_SECONDS`, and says what could not be deleted, or that it takes
        longer. Returns whether the window may go: all is done, or this is the second time.
        `when_done` is called once all is done later on.
        """
        self._stop_timer()
        self._problems.clear()
        self._begin(len(self._waiting))
        if self._is_finishing:
            return True  # the end of the process waits for the rest
        if self._under_way:
            from concurrent.futures import wait

            wait([work.future for work in self._under_way], FINISH_SECONDS)
            self._take_answers()
        self._is_finishing, self._when_done = bool(self._under_way), when_done
        if self._under_way or self._problems:
            self._show()
            self._changed()
            return False
        return True

    @property
    def _left(self) -> int:
        """The whole seconds that are left to undo the newest batch."""
        if not self._waiting:
            return 0
        return max(0, math.ceil(self._waiting[-1].ends_at - time.monotonic()))

    def _tick(self) -> None:
        now = time.monotonic()
        over = sum(batch.ends_at <= now for batch in self._waiting)
        if len(self._waiting) > over:
            # In time for the first that is over, and at each second of the newest.
            next_ms = math.ceil(1000 * (self._waiting[over].ends_at - now))
            self._timer = self._root.after(max(1, min(_TICK_MS, next_ms)), self._tick)
        else:
            self._timer = ""
        self._begin(over)
        self._show()

    def _begin(self, count: int) -> None:
        """Delete the oldest `count` batches, behind what is being deleted."""
        batches, self._waiting = self._waiting[:count], self._waiting[count:]
        if not batches:
            return
        if self._executor is None:
            from concurrent.futures import ThreadPoolExecutor

            self._executor = ThreadPoolExecutor(1, "deletion")
        for batch in batches:
            self._gone.update(batch.uids)
            future = self._executor.submit(self._do, list(batch.uids))
            self._under_way.append(_DeletionInThread(batch.uids, future))
        self._await_answers()

    def _do(self, uids: list[str]) -> str:
        """Delete, and return what is in the way of it."""
        try:
            self._forget(uids)
        except ReprospectiveError as error:
            _log.warning("not deleted: %s %s", error, error.remedy)
            return f"{error} {error.remedy}".strip()
        except Exception as error:  # noqa: BLE001  the top of the thread: the window says it and lives on
            _log.exception("not deleted")
            return str(error) or type(error).__name__
        return ""

    def _await_answers(self) -> None:
        if not self._poll_timer:
            self._poll_timer = self._root.after(_POLL_MS, self._poll)

    def _poll(self) -> None:
        self._poll_timer = ""
        count = len(self._under_way)
        self._take_answers()
        if self._under_way:
            self._await_answers()
        elif self._is_finishing:
            self._is_finishing = False
            if self._when_done and not (self._problems or self._waiting):
                self._when_done()
                return
        if len(self._under_way) < count:
            self._show()
            self._changed()

    def _take_answers(self) -> None:
        done = [work for work in self._under_way if work.future.done()]
        self._under_way = [work for work in self._under_way if work not in done]
        for work in done:
            if problem := work.future.result():
                self._gone.difference_update(work.uids)
                self._problems.append(_("Not deleted: {problem}").format(problem=problem))

    def _say(self, problem: str) -> None:
        self._problems.append(problem)
        self._show()

    def _show(self) -> None:
        """Show what could not be done, and what can be undone."""
        lines = list(dict.fromkeys(self._problems))
        if self._waiting:
            sentence = plural(
                "{count} session will be deleted in {seconds} s.",
                "{count} sessions will be deleted in {seconds} s.",
                len(self._waiting[-1].uids),
            )
            lines.append(sentence.format(count=len(self._waiting[-1].uids), seconds=self._left))
            self._toast.show("\n".join(lines), _("Undo"), self.undo)
        elif lines:
            self._toast.show("\n".join(lines), _("OK"), self.dismiss)
        elif self._is_finishing:
            sentence = _("Deleting … The window closes when it is done.")
            self._toast.show(sentence, _("OK"), self._toast.hide)
        else:
            self._toast.hide()

    def _stop_timer(self) -> None:
        if self._timer:
            self._root.after_cancel(self._timer)
            self._timer = ""
