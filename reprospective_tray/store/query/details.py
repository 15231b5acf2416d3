"""RemoteDetails: details of days, from the server where retention has taken the sessions."""

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from reprospective_tray.store.model.answers import (
    DayTitle,
    HourTotal,
    StoredSession,
    TitleTotal,
    day_titles_in_order,
    titles_in_order,
)
from reprospective_tray.store.model.focus_streaks import FocusStreaks, Row, stretches_of
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.query.archived_days import not_here, runs
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.query.raw_queries import RawQueries
from reprospective_tray.store.sqlite.adapter import SqliteAdapter

Part = TypeVar("Part", TitleTotal, DayTitle, HourTotal, StoredSession, Row)


class RemoteDetails:
    """Answers what needs the sessions themselves as if nothing had ever been taken.

    What the file holds is asked of the file, whatever the server thinks of it.
    The server is asked for the rest, on missing days alone; what was forgotten
    by range, and the pieces outside of what was cut by that, come from it only
    once it knows of it. Where nothing is missing this costs what `Queries` cost.

    Ask inside the `connection()` of each adapter; inside each one's `snapshot()`
    all answers are of one moment. What is missing of a range is looked up once:
    make another one for another look. What the server's adapter raises comes
    through.

    Attributes:
        missing: The missing days, in order, of all ranges that were asked for so far: the
            server has answered for these or, where there is none, nobody has.
    """

    def __init__(self, local: Queries, server: Queries | None) -> None:
        """Ask `local`, and `server` for what is not there any more."""
        self.missing: tuple[str, ...] = ()
        self._local = local
        self._server = server
        self._known: dict[DayRange, list[tuple[DayRange, RawQueries]]] = {}

    def titles(self, days: DayRange, host: str | None = None) -> list[TitleTotal]:
        """See `RawQueries.titles`."""
        found, is_whole = self._ask(days, lambda queries, these: queries.titles(these, host))
        if is_whole:
            return found
        total: dict[tuple[str, str], int] = defaultdict(int)
        for each in found:
            total[each.application_name, each.window_title] += each.ms
        return titles_in_order(TitleTotal(*names, ms) for names, ms in total.items())

    def day_titles(self, days: DayRange, host: str | None = None) -> list[DayTitle]:
        """See `RawQueries.day_titles`."""
        found, is_whole = self._ask(days, lambda queries, these: queries.day_titles(these, host))
        if is_whole:
            return found
        total: dict[tuple[str, str, str], int] = defaultdict(int)
        for each in found:
            total[each.day, each.application_name, each.window_title] += each.ms
        return day_titles_in_order(DayTitle(*key, ms) for key, ms in total.items())

    def hours(self, days: DayRange, host: str | None = None) -> list[HourTotal]:
        """See `RawQueries.hours`."""
        found, is_whole = self._ask(days, lambda queries, these: queries.hours(these, host))
        if is_whole:
            return found
        total = dict.fromkeys(sorted(each.start for each in found), 0)
        for each in found:
            total[each.start] += each.active_ms
        return [HourTotal(start, ms) for start, ms in total.items()]

    def stretches(self, days: DayRange, host: str | None = None) -> FocusStreaks:
        """See `RawQueries.stretches`."""
        found, _is_whole = self._ask(days, lambda queries, these: queries.stretch_rows(these, host))
        return stretches_of(found, days)

    def sessions(
        self, days: DayRange, host: str | None = None, *, newest: int | None = None
    ) -> list[StoredSession]:
        """See `RawQueries.sessions`; what lies on the server alone says so by `elsewhere`."""
        found, is_whole = self._ask(
            days, lambda queries, these: queries.sessions(these, host, newest=newest)
        )
        if is_whole:
            return found
        # The server knows the numbers that the rows had here.
        found.sort(key=lambda one: (one.started_at, one.original_id or 0))
        return found if newest is None else found[max(len(found) - newest, 0) :]

    def _ask(
        self, days: DayRange, ask: Callable[[RawQueries, DayRange], list[Part]]
    ) -> tuple[list[Part], bool]:
        """Return all answers, and whether they are those of the file alone.

        None is there twice: each day of a session that was taken is missing, so
        that no two runs of such days have it both.
        """
        found = ask(self._local, days)
        elsewhere = self._runs(days)
        for these, queries in elsewhere:
            found += ask(queries, these)
        return found, not elsewhere

    def _runs(self, days: DayRange) -> list[tuple[DayRange, RawQueries]]:
        """Return what to ask of the server, and for which of `days`."""
        if days not in self._known:
            self._known[days] = self._look_up(days)
        return self._known[days]

    def _look_up(self, days: DayRange) -> list[tuple[DayRange, RawQueries]]:
        local, server = self._local.adapter, self._server
        missing = self._local.missing_days(days)
        self.missing = tuple(sorted({*self.missing, *missing}))
        # What is no local file misses nothing.
        if server is None or not isinstance(local, SqliteAdapter):
            return []
        return [
            (these, RawQueries(server.adapter, not_here(local, these))) for these in runs(missing)
        ]
