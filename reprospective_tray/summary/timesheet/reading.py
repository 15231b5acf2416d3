"""Reads what a time sheet is made of."""

from collections.abc import Callable
from datetime import timedelta

from reprospective_tray.errors import StoreError
from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS, DayRange
from reprospective_tray.store.query.entries import EntryQueries
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.sources import LOCAL, OpenSource, Scope, Sources, ask
from reprospective_tray.summary.timesheet.rounding import Rounding
from reprospective_tray.summary.timesheet.sheet import Rate, TimeSheet, build

# By two clocks as different as can be, a time lies on days this far apart.
_AROUND = timedelta(days=2)


def read_sheet(  # noqa: PLR0913  each is named at the call
    sources: Sources,
    scope: Scope,
    days: DayRange,
    categories: Categories,
    *,
    group: tuple[str, ...],
    rounding: Rounding | None = None,
    rate: Rate | None = None,
    check: Callable[[OpenSource], None] = lambda _look: None,
) -> TimeSheet:
    """Return the sheet of `days`; sessions that have left this computer come from the server.

    With a host, sessions are those of that computer; entries are the person's, wherever made.

    Args:
        sources: Where to read.
        scope: Which of them, and which host.
        days: The days, as lived.
        categories: The rules.
        group: See `TimeSheet`.
        rounding: See `TimeSheet`.
        rate: See `TimeSheet`.
        check: Called with the open source before anything is read.

    Raises:
        ReprospectiveError: the source cannot be read.
    """
    closed_days = _closed_days(sources, days)

    def read(look: OpenSource) -> TimeSheet:
        check(look)
        with look.queries.snapshot():
            entries = EntryQueries(look.queries.adapter).between(
                days.begin - LARGEST_OFFSET_MS, days.end + LARGEST_OFFSET_MS
            )
            around = DayRange(days.first - _AROUND, days.last + _AROUND) if entries else days
            absent = look.origin.absent_days
            archived = look.queries.application_days(days, scope.host) if absent else []
            return build(
                days,
                look.details.sessions(around, scope.host),
                entries,
                categories,
                group=group,
                rounding=rounding,
                rate=rate,
                closed_days=closed_days,
                archived=[each for each in archived if each.day in absent],
                origin=look.origin,
            )

    return ask(sources, scope, days, read)


def _closed_days(sources: Sources, days: DayRange) -> tuple[str, ...]:
    """Return the closed days of the range; the local file alone knows them."""
    try:
        with sources.reading(LOCAL) as queries:
            return EntryQueries(queries.adapter).closed_days(days)
    except StoreError:
        # Who reads on the server may have recorded nothing here; `ask` says what cannot be read.
        return ()
