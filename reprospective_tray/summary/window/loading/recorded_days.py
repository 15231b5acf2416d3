"""RecordedDays: on which days there is data, read in a thread of its own for the calendar."""

import logging
import queue
import threading
from datetime import date
from functools import partial

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.summary.figures.month_grid import Recorded
from reprospective_tray.summary.figures.sources import (
    OpenSource,
    Scope,
    Sources,
    ask,
)

_STOP_SECONDS = 1.0
_log = logging.getLogger(__name__)
_DaysRequest = tuple[Scope, DayRange]


class RecordedDays:
    """Answers from the daily totals, always the newest question first; opened when first asked."""

    def __init__(self, sources: Sources) -> None:
        """Take where to read; its connections are its own."""
        self._sources = sources.apart()
        self._known: dict[_DaysRequest, frozenset[date]] = {}
        self._newest: _DaysRequest | None = None
        self._requests: queue.SimpleQueue[_DaysRequest | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def of(self, scope: Scope) -> Recorded:
        """Return what tells on which days of `scope` there is data, as of now."""
        self._known, self._newest = {}, None
        return partial(self._answer, scope)

    def stop(self) -> None:
        """End the thread; one that is stuck in a read ends with the process."""
        if self._thread is not None:
            self._requests.put(None)
            self._sources.let_end(self._thread, _STOP_SECONDS)

    def _answer(self, scope: Scope, days: DayRange) -> frozenset[date] | None:
        question = scope, days
        if question not in self._known and question != self._newest:
            self._newest = question
            self._requests.put(question)
            if self._thread is None:
                # A daemon: a server that hangs must not keep a closed window's process.
                self._thread = threading.Thread(target=self._run, name="recorded-days", daemon=True)
                self._thread.start()
        return self._known.get(question)

    def _run(self) -> None:
        while (question := self._requests.get()) is not None:
            while not self._requests.empty():
                question = self._requests.get()
                if question is None:
                    return
            known = self._known  # a calendar that opens meanwhile asks anew
            try:
                known[question] = self._read(*question)
            except ReprospectiveError as error:
                _log.info("the calendar marks no days: %s", error)
                known[question] = frozenset()
            except Exception:  # noqa: BLE001  the top of the thread: a calendar without marks is one
                _log.exception("the calendar marks no days")
                known[question] = frozenset()

    def _read(self, scope: Scope, days: DayRange) -> frozenset[date]:
        def question(look: OpenSource) -> frozenset[date]:
            totals = look.queries.days(days, scope.host)
            return frozenset(date.fromisoformat(each.day) for each in totals)

        return ask(self._sources, scope, None, question)
