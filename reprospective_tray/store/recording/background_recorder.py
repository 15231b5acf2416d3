"""BackgroundRecorder: records into a slow database from its own thread.

The monitor thread hands over its changes and continues. A slow or unresponsive server never blocks
it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.recording.recorder import Recorder
from reprospective_tray.system.supervisor import SupervisedPart, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reprospective_tray.store.model.sessions import Change, Interval
    from reprospective_tray.store.postgres.adapter import PostgresqlAdapter

# How long the monitor waits for the answer of `occupied`: at its start, and after a clock step.
_ANSWER_S = 1.0
# How long `exclusively` waits until all recorded changes are written.
_WORK_S = 5.0
# How long shutdown waits for the server; changes not written by then are spooled locally.
_LAST_S = 1.5
# How long spooling them may take.
_KEEP_S = 1.0


class _TimesRequest:
    """A request for the times that earlier runs recorded after `since`, and its answer."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.answer: list[Interval] = []
        self.answered = threading.Event()


class BackgroundRecorder:
    """Runs a `Recorder` in another thread; see `Records` for the methods."""

    def __init__(
        self,
        open_adapter: Callable[[], PostgresqlAdapter],
        source_host: str,
        supervisor: Supervisor | None = None,
        on_loss: Callable[[str], None] = lambda _lost: None,
    ) -> None:
        """Take the adapter factory, this computer's name, and the listeners for failures.

        `supervisor` counts failures of the writing thread; `on_loss` receives a sentence for the
        user about lost changes.
        """
        self._supervisor = supervisor or Supervisor()
        self._open_adapter = open_adapter
        self._adapters: list[PostgresqlAdapter] = []
        self._recorder = Recorder(self._make_adapter, source_host, lambda _damaged: None, on_loss)
        self._news = threading.Condition()  # guards the next four attributes
        self._inbox: list[Change] = []
        self._asked: list[_TimesRequest] = []
        self._ending = False
        self._written = True
        # Held while the writing thread uses the database, or while `exclusively` keeps it out.
        self._writing = threading.Lock()

    @property
    def problem(self) -> str:
        """See `Records.problem`."""
        return self._recorder.problem

    @property
    def waiting(self) -> int:
        """Always 0, because the other thread writes without `flush`."""
        return 0

    def retry_in_ms(self) -> int | None:
        """Return None, because `flush` need not be called."""
        return None

    def flush(self) -> bool:
        """Do nothing and return True, because the other thread writes by itself."""
        return True

    def check(self, on_damage_found: Callable[[], None] = lambda: None) -> None:
        """Do nothing: a server checks its own files."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the writing thread; on exit, spool locally what the server has not accepted."""
        self._ending = False
        thread = threading.Thread(target=self._run, name="writer", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with self._news:
                self._ending = True
                self._news.notify_all()
            thread.join(_LAST_S)
            if thread.is_alive():
                self._recorder.give_up()
                for adapter in list(self._adapters):
                    adapter.abort()
                thread.join(_KEEP_S)

    def record(self, changes: Sequence[Change]) -> None:
        """Queue `changes` for the writing thread."""
        if changes:
            with self._news:
                self._inbox.extend(changes)
                self._written = False
                self._news.notify_all()

    def occupied(self, since: int) -> list[Interval]:
        """Return the recorded times after `since` (ms); empty without an answer within 1 s."""
        question = _TimesRequest(since)
        with self._news:
            self._asked.append(question)
            self._news.notify_all()
        question.answered.wait(_ANSWER_S)
        return question.answer

    @contextmanager
    def exclusively(self) -> Iterator[Any]:
        """Yield an open adapter with all changes written; recording pauses until the block ends.

        Raises:
            StoreError: the changes cannot be written now, or an operation in the block fails.
        """
        with self._news:
            written = self._news.wait_for(lambda: self._written, _WORK_S)
        if not written or not self._writing.acquire(timeout=_WORK_S):
            raise StoreError(
                self.problem or _("The server has not received everything yet."),
                _("Try again in a moment."),
            )
        try:
            adapter = self._open_adapter()
            with adapter.reading():
                yield adapter
        finally:
            self._writing.release()

    def _make_adapter(self) -> PostgresqlAdapter:
        adapter = self._open_adapter()
        self._adapters = [*self._adapters[-1:], adapter]  # the previous one may still be blocked
        return adapter

    def _run(self) -> None:
        while True:
            try:
                with self._recorder.running():
                    self._write_until_the_end()
            # Recording continues after any error; the supervisor logs the traceback.
            except BaseException:  # noqa: BLE001  the top of a thread
                wait_s = self._supervisor.died(SupervisedPart.WRITING)
                with self._news:
                    self._news.wait_for(lambda: self._ending, wait_s)
            with self._news:
                if self._ending:
                    return

    def _write_until_the_end(self) -> None:
        while True:
            with self._news:
                changes, asked, ending = self._inbox, self._asked, self._ending
                self._inbox, self._asked = [], []
            with self._writing:
                self._recorder.record(changes)
                written = self._recorder.flush()
                for question in asked:
                    question.answer = self._recorder.occupied(question.since)
                    question.answered.set()
            with self._news:
                self._written = written and not self._inbox
                self._news.notify_all()
                if ending:
                    return
                self._news.wait_for(self._has_news, self._pause_s())

    def _has_news(self) -> bool:
        return bool(self._inbox or self._asked or self._ending)

    def _pause_s(self) -> float | None:
        retry_ms = self._recorder.retry_in_ms()
        return None if retry_ms is None else retry_ms / 1000
