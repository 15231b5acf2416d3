"""What the window shows of a day, a week or a month, as values: no database and no widgets."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from reprospective_tray.messages import _
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.query.raw_queries import HourTotal, StoredSession
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures.categories import Categories, CategoryTotal
from reprospective_tray.summary.figures.comparison import month_of, week_of, year_of
from reprospective_tray.summary.figures.months import months
from reprospective_tray.summary.figures.report import ApplicationReport, Report
from reprospective_tray.summary.figures.search import Search
from reprospective_tray.summary.figures.timeline import Strip, strip
from reprospective_tray.summary.format_text import (
    application_label,
    duration,
    long_date,
    month_name,
    short_weekday_name,
    title_label,
)
from reprospective_tray.summary.period_bars import PeriodBar
from reprospective_tray.summary.session_list import SessionList
from reprospective_tray.summary.year_view import DayShade, day_shades, month_bars

NOTHING = "\N{EN DASH}"
HOURS_A_DAY = 24
WEEKDAYS = 7


class View(StrEnum):
    """How much is looked at."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    def around(self, day: date) -> DayRange:
        """Return the days that the view with `day` in it shows."""
        if self is View.DAY:
            return DayRange(day, day)
        if self is View.YEAR:
            return year_of(day)
        return week_of(day) if self is View.WEEK else month_of(day)


class Card(Struct, frozen=True):
    """One figure: what it is, the figure, and a word on it; `mark` stands out before the word."""

    label: str
    figure: str
    note: str = ""
    mark: str = ""


class LegendEntry(Struct, frozen=True):
    """One category and its time."""

    label: str
    time: str
    colour: str


class TitleLine(Struct, frozen=True):
    """One window title and its time."""

    title: str
    time: str


class Bar(Struct, frozen=True):
    """One application: its time, its share of the longest one's, and its titles."""

    name: str
    time: str
    share: float
    colour: str
    titles: tuple[TitleLine, ...]


class HeatRow(Struct, frozen=True):
    """One weekday: for each hour the share of the busiest one, and its time in words."""

    label: str
    shares: tuple[float, ...]
    times: tuple[str, ...]


class PeriodView(Struct, frozen=True):
    """A range as the window shows it; sessions come newest first.

    Attributes:
        strip: The timeline of a day; None for more.
        day_bars: A bar for each day of a week or month, or each month of a year; empty for a day.
        heat: The hours of the weekdays of a week or month; empty for a day and a year.
        year_days: The days of a year that have activity; None for less than a year.
        matching: What the search has found, in words; empty where nothing is searched for.
        origin: Where titles and hours come from, where that is worth a word.
    """

    cards: tuple[Card, ...]
    legend: tuple[LegendEntry, ...]
    productive: str
    strip: Strip | None
    day_bars: tuple[PeriodBar, ...]
    heat: tuple[HeatRow, ...]
    year_days: tuple[DayShade, ...] | None
    bars: tuple[Bar, ...]
    category_bars: tuple[Bar, ...]
    sessions: SessionList
    sessions_note: str
    matching: str
    origin: str
    is_empty: bool


def period_view(  # noqa: PLR0913  the parts that a view is made of
    report: Report,
    sessions: Sequence[StoredSession],
    categories: Categories,
    *,
    newest: int,
    is_here: bool = False,
    search: Search | None = None,
) -> PeriodView:
    """Return what the window shows of `report`.

    Args:
        report: Of one day, or of more.
        sessions: In order; where something is searched for, all of them.
        categories: The rules.
        newest: How many are shown at most, the newest ones.
        is_here: Whether they lie in the local file, but those that say otherwise.
        search: What is searched for.
    """
    search = search or Search("")
    bars = tuple(_bars(report.applications, search))
    one_day = report.range.count == 1
    is_year = report.range == year_of(report.range.first)
    found = [each for each in sessions if search.finds_session(each)] if search.words else sessions
    note = ""
    if len(found) >= newest:
        note = _("the newest {count}").format(count=f"{newest:,}")
    return PeriodView(
        cards=tuple(_cards(report)),
        legend=tuple(
            LegendEntry(total.category.label, duration(total.ms), total.category.colour)
            for total in report.categories
        ),
        productive=sentences.productive_share(report.categories),
        strip=strip(sessions, report.range, categories, search.finds_session) if one_day else None,
        day_bars=_bars_of_days(report),
        heat=() if one_day else tuple(heat_rows(report.hours or ())),
        year_days=day_shades(report) if is_year else None,
        bars=bars,
        category_bars=tuple(_category_bars(report.categories)),
        sessions=SessionList(found[-newest:][::-1], report.range, categories, is_here=is_here),
        sessions_note=note,
        matching=_matching(report.applications, search),
        origin=sentences.origin_note(report.origin),
        is_empty=report.is_empty,
    )


def _cards(report: Report) -> Iterator[Card]:
    states, hosts = report.states, len(report.hosts)
    more = sentences.difference(report)
    mark, note = more or ("", "")
    yield Card(_("Active"), duration(states.active_ms), note, mark)
    computers = sentences.computers(hosts) if hosts > 1 else ""
    locked = _("locked {time}").format(time=duration(states.locked_ms)) if states.locked_ms else ""
    yield Card(_("Idle time"), duration(states.idle_ms), locked)
    if report.range.count == 1:
        figure = sentences.first_last(report) if report.days else NOTHING
        yield Card(_("Start \N{EN DASH} end"), figure, computers)
    else:
        days = len(report.days)
        figure = duration(states.active_ms // days) if days else NOTHING
        on_days = sentences.on_days(days) if days else ""
        yield Card(_("Daily average"), figure, computers or on_days)
    if report.range == year_of(report.range.first):
        yield from _busiest(report)
        return
    figure, note = sentences.longest(report) or (NOTHING, "")
    yield Card(_("Longest stretch"), figure, note)
    switches = NOTHING if report.stretches is None else f"{report.stretches.switches:,}"
    yield Card(_("Switches"), switches, sentences.switches_an_hour(report))


def _busiest(report: Report) -> Iterator[Card]:
    """Yield the day and the month of a year that have most."""
    day = max(report.days, key=lambda each: each.active_ms, default=None)
    month = max(months(report), key=lambda each: each.ms, default=None)
    when = sentences.short_date(date.fromisoformat(day.day)) if day else ""
    yield Card(_("Busiest day"), duration(day.active_ms) if day else NOTHING, when)
    figure = duration(month.ms) if month else NOTHING
    yield Card(_("Busiest month"), figure, month_name(month.month) if month else "")


def _bars(applications: Sequence[ApplicationReport], search: Search) -> Iterator[Bar]:
    found = sorted(search.applications(applications), key=lambda each: -each[1])
    longest = max((ms for _application, ms, _titles in found), default=0) or 1
    for application, ms, titles in found:
        yield Bar(
            application_label(application.name),
            duration(ms),
            ms / longest,
            application.category.colour,
            tuple(TitleLine(title_label(each.window_title), duration(each.ms)) for each in titles),
        )


def _category_bars(totals: Sequence[CategoryTotal]) -> Iterator[Bar]:
    longest = max((total.ms for total in totals), default=0) or 1
    for total in totals:
        category = total.category
        yield Bar(category.label, duration(total.ms), total.ms / longest, category.colour, ())


def _matching(applications: Sequence[ApplicationReport], search: Search) -> str:
    if not search.words:
        return ""
    found = sum(ms for _application, ms, _titles in search.applications(applications))
    return _("{time} found").format(time=duration(found))


def _bars_of_days(report: Report) -> tuple[PeriodBar, ...]:
    if report.range.count == 1:
        return ()
    if report.range == year_of(report.range.first):
        return tuple(month_bars(report))
    return tuple(_day_bars(report))


def _day_bars(report: Report) -> Iterator[PeriodBar]:
    by_day: dict[str, tuple[CategoryTotal, ...]] = {
        each.day: each.categories for each in report.day_categories or ()
    }
    active = {day.day: day.active_ms for day in report.days}
    longest = max(active.values(), default=0) or 1
    for number in range(report.range.count):
        day = report.range.first + timedelta(days=number)
        name = day.isoformat()
        label = str(day.day) if report.range.count > WEEKDAYS else sentences.day_name(day)
        yield PeriodBar(
            day,
            label,
            duration(active[name]) if name in active else "",
            tuple((total.ms / longest, total.category.colour) for total in by_day.get(name, ())),
            (long_date(day), duration(active[name]) if name in active else _("nothing recorded")),
        )


def heat_rows(hours: Sequence[HourTotal]) -> Iterator[HeatRow]:
    """Yield a row for each weekday, from Monday on; nothing where there was no activity."""
    total: dict[tuple[int, int], int] = defaultdict(int)
    for hour in hours:
        total[hour.start.weekday(), hour.start.hour] += hour.active_ms
    most = max(total.values(), default=0)
    if not most:
        return
    monday = date(2024, 1, 1)
    for weekday in range(WEEKDAYS):
        of_hours = [total[weekday, hour] for hour in range(HOURS_A_DAY)]
        yield HeatRow(
            short_weekday_name(monday + timedelta(days=weekday)),
            tuple(ms / most for ms in of_hours),
            tuple(duration(ms) if ms else "" for ms in of_hours),
        )
