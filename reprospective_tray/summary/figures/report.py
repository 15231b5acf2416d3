"""The figures of a range of days: what `report` prints and the window shows."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol

from msgspec import Struct

from reprospective_tray.config.keys import CategorySettings
from reprospective_tray.store.model.focus_streaks import FocusStreaks
from reprospective_tray.store.model.ranges import DayRange, lived
from reprospective_tray.store.model.sessions import State
from reprospective_tray.store.model.totals import (
    ApplicationDay,
    DayTotal,
    HostTotal,
    StateTotals,
)
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.query.raw_queries import (
    DayTitle,
    HourTotal,
    StoredSession,
    TitleTotal,
)
from reprospective_tray.summary.figures.categories import (
    OTHER,
    Categories,
    Category,
    CategoryTotal,
)
from reprospective_tray.summary.figures.comparison import (
    Comparison,
    before,
    elapsed,
    kind_of,
)
from reprospective_tray.summary.figures.grouping import (
    DayCategories,
    added_up,
    by_day_and_category,
    main_category,
    titles_by_application,
)

# Titles and hours need raw rows: of longer ranges only when they are asked for.
DETAILED_DAYS = 31


class DetailQueries(Protocol):
    """What answers the questions that need raw rows."""

    def day_titles(self, days: DayRange, host: str | None = None) -> list[DayTitle]:
        """See `RawQueries`."""
        ...

    def hours(self, days: DayRange, host: str | None = None) -> list[HourTotal]:
        """See `RawQueries`."""
        ...

    def stretches(self, days: DayRange, host: str | None = None) -> FocusStreaks:
        """See `RawQueries`."""
        ...

    def sessions(
        self, days: DayRange, host: str | None = None, *, newest: int | None = None
    ) -> list[StoredSession]:
        """See `RawQueries`."""
        ...


class ApplicationReport(Struct, frozen=True):
    """One application's time.

    Attributes:
        name: As it was recorded.
        ms: Its active time.
        sessions: How many; one over midnight counts once for each day.
        titles: Its longest titles; None where raw rows were not read.
        category: The one that it spent most of its time in.
        further_titles: The ms of each title beyond those that were asked for.
    """

    name: str
    ms: int
    sessions: int
    titles: tuple[TitleTotal, ...] | None
    category: Category = OTHER
    further_titles: tuple[int, ...] = ()


class Origin(Struct, frozen=True):
    """Where titles and hours were read, as far as they are not in the source itself.

    Attributes:
        server_days: Days whose sessions have left this computer: read on the server.
        absent_days: Such days whose titles and hours could not be read anywhere.
        problem: Why not.
    """

    server_days: tuple[str, ...] = ()
    absent_days: tuple[str, ...] = ()
    problem: str = ""


class Filter(Struct, frozen=True):
    """What a report is narrowed to.

    Attributes:
        text: The words that must stand in the names, as the person wrote them.
        whole_active_ms: The active time of all windows.
    """

    text: str
    whole_active_ms: int


class Report(Struct, frozen=True):
    """The figures of `range`; applications, titles and categories come longest first.

    `host_totals` are there for several computers alone. `hours` and `stretches` are None
    where raw rows were not read, `stretches` also where no active day has any. What was
    active is said once in `day_titles` and `application_days` together: the latter has the
    days whose titles were not read. With a `filter` all figures are those of what it finds.
    """

    range: DayRange
    source: str
    hosts: tuple[str, ...]
    host_totals: tuple[HostTotal, ...]
    states: StateTotals
    applications: tuple[ApplicationReport, ...]
    categories: tuple[CategoryTotal, ...]
    days: tuple[DayTotal, ...]
    day_categories: tuple[DayCategories, ...]
    hours: tuple[HourTotal, ...] | None
    stretches: FocusStreaks | None
    comparison: Comparison | None
    origin: Origin
    day_titles: tuple[DayTitle, ...] = ()
    application_days: tuple[ApplicationDay, ...] = ()
    filter: Filter | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was recorded."""
        return not any((self.days, self.states.idle_ms, self.states.locked_ms))


def build(  # noqa: PLR0913  each is named at the call
    queries: Queries,
    days: DayRange,
    *,
    source: str = "local",
    host: str | None = None,
    titles: int | None = None,
    categories: Categories | None = None,
    details: DetailQueries | None = None,
    origin: Origin | None = None,
    now: datetime | None = None,
) -> Report:
    """Ask for the figures of `days`, all of the same moment.

    Args:
        queries: Of an adapter whose `connection()` is open.
        days: The days, as lived.
        source: What `queries` asks: ``local`` or ``server``.
        host: A `source_host`; every host without it.
        titles: The most titles an application gets; this asks for titles and hours also
            with more than `DETAILED_DAYS`. Without it all titles of a short range come.
        categories: The rules; the built-in ones by default.
        details: What answers where raw rows are needed; `queries` by default.
        origin: Where that is; `queries` has all of it by default.
        now: The wall clock here, for the comparison; the present by default.
    """
    categories = categories or Categories(CategorySettings())
    details, origin = details or queries, origin or Origin()
    detailed = titles is not None or days.count <= DETAILED_DAYS
    with queries.snapshot():
        totals = queries.totals(days, host)
        day_titles = details.day_titles(days, host) if detailed else []
        untitled: list[ApplicationDay] = []
        if not detailed or origin.absent_days:
            by_day = queries.application_days(days, host)
            untitled = [each for each in by_day if not detailed or each.day in origin.absent_days]
        by_category = by_day_and_category(categories, day_titles, untitled)
        by_title = titles_by_application(day_titles)
        hosts = totals.hosts if host is None else [host]
        active = {day.day for day in totals.days}
        has_rows = detailed and not (active and active <= set(origin.absent_days))
        return Report(
            range=days,
            source=source,
            hosts=tuple(hosts),
            host_totals=tuple(totals.host_totals) if len(hosts) > 1 else (),
            states=totals.states,
            applications=tuple(
                ApplicationReport(
                    total.application_name,
                    total.ms,
                    total.sessions,
                    tuple(by_title[total.application_name][:titles]) if detailed else None,
                    main_category(
                        categories, total.application_name, by_title[total.application_name]
                    ),
                    _beyond(by_title[total.application_name], titles),
                )
                for total in totals.applications
            ),
            categories=added_up(by_category),
            days=tuple(totals.days),
            day_categories=tuple(by_category),
            hours=tuple(details.hours(days, host)) if detailed else None,
            stretches=details.stretches(days, host) if has_rows else None,
            comparison=_compare(queries, days, host, now),
            origin=origin,
            day_titles=tuple(day_titles),
            application_days=tuple(untitled),
        )


def _beyond(titles: list[TitleTotal], asked: int | None) -> tuple[int, ...]:
    return () if asked is None else tuple(title.ms for title in titles[asked:])


def _compare(
    queries: Queries, days: DayRange, host: str | None, now: datetime | None
) -> Comparison | None:
    """Return the active time of the range before; None where nothing was recorded then.

    It is also None where it takes sessions of a day that are not here any more.
    """
    moment = now or datetime.now().astimezone()
    earlier = before(days)
    whole, part = elapsed(days, earlier, moment.date())
    ms = queries.states(whole, host).active_ms if whole else 0
    if part is not None:
        day = DayRange(part, part)
        # The sessions of one day; where retention has taken them, nobody waits for a server here.
        if queries.missing_days(day):
            return None
        ms += _until(queries.sessions(day, host), part, moment)
    return Comparison(kind_of(days), earlier, ms, part is not None) if ms else None


def _until(sessions: Iterable[StoredSession], day: date, now: datetime) -> int:
    """Return the active ms of `day` up to the time of day that it is now."""
    begin = DayRange(day, day).begin
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    end = begin + round((now.replace(tzinfo=None) - midnight).total_seconds() * 1000)
    total = 0
    for session in sessions:
        if session.state is State.ACTIVE:
            offset = session.utc_offset_minutes
            length = min(lived(session.ended_at, offset), end) - max(
                lived(session.started_at, offset), begin
            )
            total += max(0, length)
    return total
