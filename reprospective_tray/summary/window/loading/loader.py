"""Reads what the window shows, so that the window never waits.

What is here is read in one thread and what the server has in another: a server that does not
answer keeps nobody from what is here.
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.summary.figures import report as reports
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.filtered import narrowed
from reprospective_tray.summary.figures.report import Report
from reprospective_tray.summary.figures.search import Chip, Search
from reprospective_tray.summary.figures.sources import (
    LOCAL,
    SERVER,
    THIS_COMPUTER,
    OpenSource,
    Scope,
    Sources,
    ask,
)
from reprospective_tray.summary.view_model import PeriodView, View, period_view
from reprospective_tray.summary.window.loading.running_messages import NOT_KNOWN, Status

NEWEST_SESSIONS = 20_000
_MOST_AHEAD = 8
_STOP_SECONDS = 1.0
# A server answers soon for the last weeks; all others are asked for behind them.
_LATELY_DAYS, _ANY_DAYS = 31, 10_000
# Drawing has the processor first: reading on in this thread would slow it to half its speed.
_SHOWN_SECONDS = 0.5

_log = logging.getLogger(__name__)


class LoadRequest(Struct, frozen=True):
    """What is to be shown: a day with its week, month or year, of some computers, as far as found.

    `search` are words, and `chips` what was clicked on.
    """

    view: View
    day: date
    scope: Scope = THIS_COMPUTER
    search: str = ""
    chips: tuple[Chip, ...] = ()

    def near(self) -> "tuple[LoadRequest, ...]":
        """Return what may be wished for next and is read in a moment: the days before and after."""
        if self.view is not View.DAY or self.scope.source != LOCAL:
            return ()
        if self.search or self.chips:
            return ()
        days = (self.day + timedelta(days=by) for by in (1, -1))
        return tuple(replace(self, day=day) for day in days)


class LoadedView(Struct, frozen=True):
    """A wish as it was read; without `view`, `problem` says what is in the way.

    Attributes:
        wish: What was wished for.
        view: What to show of it.
        report: Its figures as far as they match, to be saved or copied.
        sessions: The matching sessions of a day, for the timeline of what is saved; of more none.
        status: Of the running instance.
        scopes: The computers that can be looked at, the present one first.
        problem: What is in the way, and what to do.
        goes_on: Whether more of the same wish is on its way.
        categories: The rules that it was read by; None where nothing was read.
        last_day: Where there is nothing on a day: the last day before it that has something, or
            else the last one of all.
    """

    wish: LoadRequest
    view: PeriodView | None = None
    report: Report | None = None
    sessions: tuple[StoredSession, ...] = ()
    status: Status | None = None
    scopes: tuple[Scope, ...] = ()
    problem: str = ""
    goes_on: bool = False
    categories: Categories | None = None
    last_day: date | None = None


class Loader:
    """Answers wishes, always the newest wish alone."""

    def __init__(
        self,
        sources: Sources,
        categories: Categories,
        status: Callable[[], Status | None],
    ) -> None:
        """Take where to read, and what asks the running instance."""
        self._sources, self._sources_there = sources, sources.apart()
        self._categories = categories
        self._status = status
        self._ahead: dict[LoadRequest, LoadedView] = {}
        self._to_read: list[LoadRequest] = []
        self._last_status: Status | None = NOT_KNOWN
        self._known_scopes: dict[str, tuple[str, ...]] = {}
        self._wishes: queue.SimpleQueue[LoadRequest | None] = queue.SimpleQueue()
        self._wishes_there: queue.SimpleQueue[LoadRequest | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[LoadedView] = queue.SimpleQueue()
        self._newest: LoadRequest | None = None
        self._is_answered_there = False
        self._turning = threading.Lock()
        self._shown = threading.Event()
        # Daemons: a database that hangs must not keep a closed window's process.
        self._thread = threading.Thread(target=self._run, name="summary-loader", daemon=True)
        self._thread_there = threading.Thread(
            target=self._run_there, name="summary-server", daemon=True
        )

    def use(self, categories: Categories) -> None:
        """Read by these rules from now on; `ask` behind it."""
        self._categories = categories

    def start(self) -> None:
        """Start the threads."""
        self._thread.start()
        if self._sources.has_server:
            self._thread_there.start()

    def stop(self) -> None:
        """End the threads; one that is stuck in a read ends with the process."""
        self._wishes_there.put(None)
        self._wishes.put(None)
        self._shown.set()
        self._thread.join(_STOP_SECONDS)
        self._sources_there.let_end(self._thread_there, _STOP_SECONDS)

    def ask(self, wish: LoadRequest) -> None:
        """Wish for something else than before, or for the same anew."""
        with self._turning:
            if wish != self._newest:
                self._newest, self._is_answered_there = wish, False
        self._wishes.put(wish)
        self._shown.set()

    def shown(self) -> None:
        """Take that the last answer is on the screen."""
        self._shown.set()

    def answer(self) -> LoadedView | None:
        """Return the newest answer that has come since the last call."""
        newest = None
        while not self._answers.empty():
            newest = self._answers.get()
        return newest

    def _run(self) -> None:
        while (wish := self._next_wish()) is not None:
            while not self._wishes.empty():
                wish = self._wishes.get()
                if wish is None:
                    return
            try:
                self._forget_older_rules()
                if known := self._ahead.get(wish):
                    # What was read ahead is shown at once, and read anew behind it.
                    self._show(replace(known, status=self._last_status, goes_on=True))
                for loaded in self._here(wish):
                    if not (loaded.goes_on and self._is_answered_there):
                        self._show(loaded)
                    if not self._wishes.empty():
                        break
                else:
                    self._to_read = [each for each in wish.near() if each not in self._ahead]
                    if loaded.goes_on:
                        self._wishes_there.put(wish)
            except Exception as error:  # noqa: BLE001  the top of the thread: the window says it and lives on
                _log.exception("the summary cannot be read")
                self._answers.put(LoadedView(wish, problem=str(error)))

    def _forget_older_rules(self) -> None:
        for wish, loaded in list(self._ahead.items()):
            if loaded.categories is not self._categories:
                del self._ahead[wish]

    def _show(self, loaded: LoadedView) -> None:
        """Answer, and go on once that is drawn, or something else is wished for."""
        self._shown.clear()
        self._answers.put(loaded)
        if self._wishes.empty():
            self._shown.wait(_SHOWN_SECONDS)

    def _run_there(self) -> None:
        while (wish := self._wishes_there.get()) is not None:
            while not self._wishes_there.empty():
                wish = self._wishes_there.get()
                if wish is None:
                    return
            try:
                loaded = self._there(wish)
            except Exception as error:  # noqa: BLE001  the top of the thread: the window says it and lives on
                _log.exception("the summary cannot be read from the server")
                loaded = LoadedView(wish, problem=str(error))
            with self._turning:
                # Meanwhile something else may be wished for.
                if wish == self._newest:
                    self._is_answered_there = True
                    self._answers.put(loaded)

    def _next_wish(self) -> LoadRequest | None:
        """Return the next wish; while there is none, what may be wished for next is read ahead."""
        while self._to_read and self._wishes.empty():
            wish = self._to_read.pop()
            with suppress(ReprospectiveError):
                if len(self._ahead) >= _MOST_AHEAD:
                    self._ahead.pop(next(iter(self._ahead)))
                self._ahead[wish] = self._read(self._sources, wish, alone=True)
        return self._wishes.get()

    def load(self, wish: LoadRequest) -> Iterator[LoadedView]:
        """Read what is wished for: first what is here, then what another process has to say.

        That is the running instance's status, and what only the server has.
        """
        for loaded in self._here(wish):
            yield loaded
        if loaded.goes_on:
            yield self._there(wish)

    def _here(self, wish: LoadRequest) -> Iterator[LoadedView]:
        """Read what is here; the last answer goes on where the server has more to say."""
        if wish.scope.source == SERVER and self._sources.has_server:
            self._last_status = self._status()
            asked = LoadedView(wish, scopes=self._scopes(), problem=_("Waiting for the server."))
            yield replace(asked, status=self._last_status, goes_on=True)
            return
        try:
            first = self._read(self._sources, wish, alone=True)
        except ReprospectiveError as error:
            first = LoadedView(wish, scopes=self._scopes(), problem=_sentences(error))
        yield replace(first, status=self._last_status, goes_on=True)
        self._last_status = self._status()
        lacks = first.report is not None and bool(first.report.origin.absent_days)
        more = lacks and self._sources.has_server
        yield replace(first, status=self._last_status, goes_on=more)

    def _there(self, wish: LoadRequest) -> LoadedView:
        """Read what is wished for with the server's help."""
        try:
            loaded = self._read(self._sources_there, wish, alone=False)
        except ReprospectiveError as error:
            loaded = LoadedView(wish, scopes=self._scopes(), problem=_sentences(error))
        return replace(loaded, status=self._last_status)

    def _read(self, sources: Sources, wish: LoadRequest, *, alone: bool) -> LoadedView:
        days = wish.view.around(wish.day)
        categories = self._categories
        search = Search(wish.search, wish.chips, categories)

        def question(look: OpenSource) -> LoadedView:
            report = reports.build(
                look.queries,
                days,
                source=wish.scope.source,
                host=wish.scope.host,
                categories=categories,
                details=look.details,
                origin=look.origin,
            )
            newest = NEWEST_SESSIONS if search.finds_all else None
            sessions: list[StoredSession] = []
            if wish.view is not View.YEAR:
                sessions = look.details.sessions(days, wish.scope.host, newest=newest)
            found, of_found = narrowed(report, sessions, search, categories)
            view = period_view(
                found,
                of_found,
                categories,
                newest=NEWEST_SESSIONS,
                is_here=wish.scope.source == LOCAL,
                among=sessions,
            )
            self._known_scopes[wish.scope.source] = tuple(look.queries.hosts())
            of_day = tuple(of_found) if days.count == 1 else ()
            is_empty_day = view.is_empty and days.count == 1
            last_day = _last_day(look, days.first, wish.scope.host) if is_empty_day else None
            return LoadedView(
                *(wish, view, found, of_day),
                scopes=self._scopes(),
                categories=categories,
                last_day=last_day,
            )

        return ask(sources, wish.scope, days, question, alone=alone)

    def _scopes(self) -> tuple[Scope, ...]:
        """Return what can be chosen, as far as it is known by now."""
        found = [THIS_COMPUTER]
        local = self._known_scopes.get(LOCAL, ())
        if len(local) > 1:
            found += [Scope(LOCAL, host) for host in local]
        if self._sources.has_server:
            found.append(Scope(SERVER))
            found += [Scope(SERVER, host) for host in self._known_scopes.get(SERVER, ())]
        return tuple(found)


def _last_day(look: OpenSource, empty: date, host: str | None) -> date | None:
    """Return the last day before an `empty` one that has something, or else the last after it."""
    for days in (-_LATELY_DAYS, -_ANY_DAYS, _ANY_DAYS):
        number = min(max(empty.toordinal() + days, date.min.toordinal()), date.max.toordinal())
        first, last = sorted((empty, date.fromordinal(number)))
        if found := look.queries.last_day(DayRange(first, last), host):
            return found
    return None


def _sentences(error: ReprospectiveError) -> str:
    return _("{what}\n{remedy}").format(what=error, remedy=error.remedy).strip()
