"""RemoteDetails: details of days, from the server if retention removed the sessions here."""

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
    """Runs queries that need the sessions themselves, as if retention had removed nothing.

    Sessions in the file are always taken from the file. The server is queried only for the rest,
    on missing days. Sessions that overlap a range forgotten here are excluded; their remaining
    parts appear once the server has carried out the deletion. If no day is missing, the cost is
    that of `Queries`.

    Must be used in the `connection()` of each adapter; in each one's `snapshot()` all answers are
    consistent. The missing days of a range are looked up once, so create a new instance to refresh
    them. Exceptions of the server's adapter are not caught.

    Attributes:
        missing: The missing days, in order, of all ranges queried so far. Their details come from
            the server, or are absent if there is no server.
    """

    def __init__(self, local: Queries, server: Queries | None) -> None:
        """Query `local`, and `server` for sessions that are no longer in it."""
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
        """See `RawQueries.sessions`; sessions from the server are marked with `elsewhere`."""
        found, is_whole = self._ask(
            days, lambda queries, these: queries.sessions(these, host, newest=newest)
        )
        if is_whole:
            return found
        # `original_id` on the server is the row id that the session had here.
        found.sort(key=lambda one: (one.started_at, one.original_id or 0))
        return found if newest is None else found[max(len(found) - newest, 0) :]

    def _ask(
        self, days: DayRange, ask: Callable[[RawQueries, DayRange], list[Part]]
    ) -> tuple[list[Part], bool]:
        """Return all results, and whether they come only from the file.

        No session appears twice: every day of a removed session is a missing day, so only one run
        of missing days contains it.
        """
        found = ask(self._local, days)
        elsewhere = self._runs(days)
        for these, queries in elsewhere:
            found += ask(queries, these)
        return found, not elsewhere

    def _runs(self, days: DayRange) -> list[tuple[DayRange, RawQueries]]:
        """Return the ranges within `days` to query on the server, each with its queries."""
        if days not in self._known:
            self._known[days] = self._look_up(days)
        return self._known[days]

    def _look_up(self, days: DayRange) -> list[tuple[DayRange, RawQueries]]:
        local, server = self._local.adapter, self._server
        missing = self._local.missing_days(days)
        self.missing = tuple(sorted({*self.missing, *missing}))
        # Only a local file can have missing days.
        if server is None or not isinstance(local, SqliteAdapter):
            return []
        return [
            (these, RawQueries(server.adapter, not_here(local, these))) for these in runs(missing)
        ]
