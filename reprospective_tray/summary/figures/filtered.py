"""A report narrowed to what a search finds, with the same lists as a whole one. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from reprospective_tray.store.model.day_split import Edge, day_name
from reprospective_tray.store.model.focus_streaks import stretches_of
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import DAY_MS, MINUTE_MS
from reprospective_tray.store.model.totals import (
    ApplicationDay,
    DayTotal,
    HostTotal,
    StateTotals,
)
from reprospective_tray.store.query.raw_queries import DayTitle, HourTotal, StoredSession
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.grouping import (
    added_up,
    by_day_and_category,
    main_category,
    titles_by_application,
)
from reprospective_tray.summary.figures.report import ApplicationReport, Filter, Report
from reprospective_tray.summary.figures.search import Search
from reprospective_tray.summary.figures.timeline import HOUR_MS

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  wall time as lived has no zone


def narrowed(
    report: Report, sessions: Sequence[StoredSession], search: Search, categories: Categories
) -> tuple[Report, Sequence[StoredSession]]:
    """Return `report` and `sessions` as far as `search` finds them; all of it without a search.

    Args:
        report: With all titles.
        sessions: All those of its days, in order.
        search: Finds windows. Of days whose titles could not be read it finds applications by
            name, and those days keep their start and end.
        categories: The rules that the report was made by.
    """
    if search.finds_all:
        return report, sessions
    found = [session for session in sessions if search.finds_session(session)]
    titles = [
        each for each in report.day_titles if search.finds(each.application_name, each.window_title)
    ]
    untitled = [
        each for each in report.application_days if search.finds_application(each.application_name)
    ]
    by_category = by_day_and_category(categories, titles, untitled)
    counted = _Counted(found, report.range)
    days = tuple(_days(report, titles, untitled, counted.edges()))
    is_whole = not report.origin.absent_days
    return replace(
        report,
        filter=Filter(search.text, report.states.active_ms),
        states=StateTotals(sum(day.active_ms for day in days), 0, 0),
        applications=tuple(_applications(titles, untitled, categories, counted.sessions)),
        categories=added_up(by_category),
        day_categories=tuple(by_category),
        days=days,
        hours=None if report.hours is None else tuple(counted.hours()),
        host_totals=tuple(counted.hosts()) if report.host_totals and is_whole else (),
        stretches=None
        if report.stretches is None
        else stretches_of(
            [
                (
                    *(each.device_id, each.started_at, each.ended_at, each.utc_offset_minutes),
                    *(each.state.value, each.application_name),
                )
                for each in found
            ],
            report.range,
        ),
        comparison=None,
        day_titles=tuple(titles),
        application_days=tuple(untitled),
    ), found


class _Counted:
    """What only sessions tell: hours, computers, starts and ends of days, and their number."""

    def __init__(self, sessions: Iterable[StoredSession], days: DayRange) -> None:
        """Count sessions, clipped to `days`, in one loop: there may be tens of thousands."""
        self._hours: dict[int, int] = defaultdict(int)
        self._hosts: dict[str, int] = defaultdict(int)
        self._edges: dict[int, tuple[Edge, Edge]] = {}
        self.sessions: Counter[str] = Counter()
        first_ms, end_ms = days.begin, days.end
        for session in sessions:
            offset = session.utc_offset_minutes
            shift = offset * MINUTE_MS
            begin, end = session.started_at + shift, session.ended_at + shift
            begin, end = max(begin, first_ms), min(end, end_ms)
            self._hosts[session.source_host] += end - begin
            counted_on = -1
            while True:
                hour, day = begin // HOUR_MS, begin // DAY_MS
                border = min(end, (hour + 1) * HOUR_MS)
                self._hours[hour] += border - begin
                if day != counted_on:
                    counted_on = day
                    self.sessions[session.application_name] += 1
                edges = (begin - shift, offset), (border - shift, offset)
                if day in self._edges:
                    first, last = self._edges[day]
                    edges = min(first, edges[0]), max(last, edges[1])
                self._edges[day] = edges
                if border >= end:
                    break
                begin = border

    def hours(self) -> Iterator[HourTotal]:
        """Yield the hours with activity, in order."""
        for hour in sorted(self._hours):
            if self._hours[hour]:
                yield HourTotal(_EPOCH + timedelta(hours=hour), self._hours[hour])

    def hosts(self) -> Iterator[HostTotal]:
        """Yield the computers, longest first, then by name."""
        for host, ms in sorted(self._hosts.items(), key=lambda item: (-item[1], item[0])):
            yield HostTotal(host, ms)

    def edges(self) -> dict[str, tuple[Edge, Edge]]:
        """Return when each day's first session began and when its last one ended."""
        return {day_name(day * DAY_MS): edges for day, edges in self._edges.items()}


def _applications(
    day_titles: Sequence[DayTitle],
    untitled: Sequence[ApplicationDay],
    categories: Categories,
    sessions: Counter[str],
) -> Iterator[ApplicationReport]:
    lengths: dict[str, int] = defaultdict(int)
    parts: Iterable[DayTitle | ApplicationDay] = (*day_titles, *untitled)
    for each in parts:
        lengths[each.application_name] += each.ms
    titles = titles_by_application(day_titles)
    for name, ms in sorted(lengths.items(), key=lambda item: (-item[1], item[0])):
        of_name = titles[name]
        category = main_category(categories, name, of_name)
        yield ApplicationReport(name, ms, sessions[name], tuple(of_name), category)


def _days(
    report: Report,
    day_titles: Sequence[DayTitle],
    untitled: Sequence[ApplicationDay],
    edges: dict[str, tuple[Edge, Edge]],
) -> Iterator[DayTotal]:
    lengths: dict[str, int] = defaultdict(int)
    parts: Iterable[DayTitle | ApplicationDay] = (*day_titles, *untitled)
    for each in parts:
        lengths[each.day] += each.ms
    for day in report.days:
        if day.day in lengths:
            whole = (
                (day.first_at, day.first_offset_minutes),
                (day.last_at, day.last_offset_minutes),
            )
            first, last = edges.get(day.day, whole)
            yield DayTotal(day.day, lengths[day.day], *first, *last)
