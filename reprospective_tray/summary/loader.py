"""Reads a day for the window in a thread of its own, so that the window never waits."""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.queries import Queries
from reprospective_tray.store.ranges import DayRange
from reprospective_tray.summary import report
from reprospective_tray.summary.view_model import DayView, day_view

NEWEST_SESSIONS = 1000
_STOP_SECONDS = 1.0

Status = dict[str, object]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A day as it was read; without `view`, `problem` says what is in the way."""

    day: date
    view: DayView | None
    status: Status | None
    problem: str = ""


class Loader:
    """Answers wishes for days, always the newest wish alone."""

    def __init__(
        self, adapter_factory: Callable[[], DatabaseAdapter], status: Callable[[], Status | None]
    ) -> None:
        """Take what makes a read-only adapter, and what asks the running instance."""
        self._adapter_factory = adapter_factory
        self._status = status
        self._wishes: queue.SimpleQueue[date | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Loaded] = queue.SimpleQueue()
        # A daemon: a database that hangs must not keep a closed window's process.
        self._thread = threading.Thread(target=self._run, name="summary-loader", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; one that is stuck in a read ends with the process."""
        self._wishes.put(None)
        self._thread.join(_STOP_SECONDS)

    def ask(self, day: date) -> None:
        """Wish for `day`."""
        self._wishes.put(day)

    def answer(self) -> Loaded | None:
        """Return the newest answer that has come since the last call."""
        newest = None
        while not self._answers.empty():
            newest = self._answers.get()
        return newest

    def _run(self) -> None:
        while (day := self._wishes.get()) is not None:
            while not self._wishes.empty():
                day = self._wishes.get()
                if day is None:
                    return
            try:
                self._answers.put(self.load(day))
            except Exception as error:  # noqa: BLE001  the top of the thread: the window says it and lives on
                _log.exception("the summary cannot be read")
                self._answers.put(Loaded(day, None, None, str(error)))

    def load(self, day: date) -> Loaded:
        """Read `day` and the status now."""
        status = self._status()
        try:
            # Made anew each time: a damaged file may have been replaced meanwhile.
            adapter = self._adapter_factory()
            adapter.open()
            days = DayRange(day, day)
            with adapter.reading():
                queries = Queries(adapter)
                figures = report.build(queries, days)
                sessions = queries.sessions(days, newest=NEWEST_SESSIONS)
        except ReprospectiveError as error:
            return Loaded(day, None, status, _sentences(error))
        return Loaded(day, day_view(figures, sessions, NEWEST_SESSIONS), status)


def _sentences(error: ReprospectiveError) -> str:
    return _("{what}\n{remedy}").format(what=error, remedy=error.remedy).strip()
