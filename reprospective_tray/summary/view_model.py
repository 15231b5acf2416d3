"""What the window shows of a day, a week or a month, as values: no database and no widgets."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from reprospective_tray.messages import _
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures import shown
from reprospective_tray.summary.figures.categories import OTHER_PATH, Categories, CategoryTotal
from reprospective_tray.summary.figures.category_tree import CategoryLine
from reprospective_tray.summary.figures.comparison import month_of, week_of, year_of
from reprospective_tray.summary.figures.months import months
from reprospective_tray.summary.figures.report import ApplicationReport, Report
from reprospective_tray.summary.figures.search import Chip, ChipKind
from reprospective_tray.summary.figures.shown import WEEKDAYS
from reprospective_tray.summary.figures.timeline import Strip, strip
from reprospective_tray.summary.format_text import (
    application_label,
    duration,
    figure_text,
    long_date,
    month_name,
    short_weekday_name,
    title_label,
)
from reprospective_tray.summary.period_bars import PeriodBar
from reprospective_tray.summary.rounding import Figure
from reprospective_tray.summary.session_list import SessionList
from reprospective_tray.summary.year_view import DayShade, day_shades, month_bars

NOTHING = "\N{EN DASH}"
# An application opens into as many; the rest of them is one line.
TITLES_SHOWN = 200


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
    """One category and its time; `name` is as it stands in the config."""

    label: str
    figure: Figure
    colour: str
    name: str

    @property
    def time(self) -> str:
        """The figure in words."""
        return figure_text(self.figure)


class TitleLine(Struct, frozen=True):
    """One window title, or the rest of them, and its time."""

    title: str
    time: str


class Bar(Struct, frozen=True):
    """One application or category: its time, its share of the longest one's, and its titles.

    `chip` is what a search asks for that finds it alone.
    """

    name: str
    time: str
    share: float
    colour: str
    titles: tuple[TitleLine, ...]
    chip: Chip


class HeatRow(Struct, frozen=True):
    """One weekday: for each hour the share of the busiest one, and its time in words."""

    label: str
    shares: tuple[float, ...]
    times: tuple[str, ...]


class PeriodView(Struct, frozen=True):
    """A range as the window shows it, or what a search finds of it; sessions come newest first.

    Attributes:
        strip: The timeline of a day, with what the search does not find; None for more.
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
    among: Sequence[StoredSession] | None = None,
) -> PeriodView:
    """Return what the window shows of `report`.

    Args:
        report: Of one day, or of more; narrowed where something is searched for.
        sessions: In order; where something is searched for, all that are found.
        categories: The rules.
        newest: How many are shown at most, the newest ones.
        is_here: Whether they lie in the local file, but those that say otherwise.
        among: All sessions of the range, where `sessions` are those that a search finds.
    """
    one_day = report.range.count == 1
    is_year = report.range == year_of(report.range.first)
    lines = shown.of_categories(report)
    legend = tuple(_legend(lines))
    note = ""
    if len(sessions) >= newest:
        note = _("the newest {count}").format(count=f"{newest:,}")
    return PeriodView(
        cards=tuple(_cards(report)),
        legend=legend,
        productive=sentences.productive_share(lines),
        strip=_strip(report, sessions, categories, among) if one_day else None,
        day_bars=_bars_of_days(report),
        heat=() if one_day else tuple(heat_rows(report)),
        year_days=day_shades(report) if is_year else None,
        bars=tuple(_bars(report)),
        category_bars=tuple(_category_bars(legend)),
        sessions=SessionList(sessions[-newest:][::-1], report.range, categories, is_here=is_here),
        sessions_note=note,
        matching=_matching(report),
        origin=sentences.origin_note(report.origin),
        is_empty=report.is_empty and report.filter is None,
    )


def _strip(
    report: Report,
    sessions: Sequence[StoredSession],
    categories: Categories,
    among: Sequence[StoredSession] | None,
) -> Strip:
    if among is None:
        return strip(sessions, report.range, categories)
    found = {session.uid for session in sessions}
    return strip(among, report.range, categories, lambda session: session.uid in found)


def _legend(lines: Sequence[CategoryLine]) -> Iterator[LegendEntry]:
    """Yield the categories by the figures that are shown, longest first, the rest last."""
    for line in sorted(
        (line for line in lines if line.category is not None),
        key=lambda each: (each.path == OTHER_PATH, -each.figure.ms, -each.ms),
    ):
        assert line.category is not None
        category = line.category
        yield LegendEntry(category.label, line.figure, category.colour, category.name)


def _cards(report: Report) -> Iterator[Card]:
    states, hosts = report.states, len(report.hosts)
    mark, note = sentences.difference(report) or ("", sentences.of_the_whole(report))
    yield Card(sentences.active_label(report), figure_text(shown.active(report)), note, mark)
    computers = sentences.computers(hosts) if hosts > 1 else ""
    if report.filter is None:
        locked = ""
        if states.locked_ms:
            locked = _("locked {time}").format(time=duration(states.locked_ms))
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
    days = zip(report.days, shown.of_days(report), strict=True)
    day, figure = max(days, key=lambda each: each[0].active_ms, default=(None, None))
    when = sentences.short_date(date.fromisoformat(day.day)) if day else ""
    yield Card(_("Busiest day"), figure_text(figure) if figure else NOTHING, when)
    found = list(months(report))
    of_months = zip(found, shown.of_months(found, report), strict=True)
    month, figure = max(of_months, key=lambda each: each[0].ms, default=(None, None))
    name = month_name(month.month) if month else ""
    yield Card(_("Busiest month"), figure_text(figure) if figure else NOTHING, name)


def _bars(report: Report) -> Iterator[Bar]:
    longest = max((each.ms for each in report.applications), default=0) or 1
    for each, figure in zip(report.applications, shown.of_applications(report), strict=True):
        yield Bar(
            application_label(each.name),
            figure_text(figure),
            each.ms / longest,
            each.category.colour,
            tuple(_titles(each, figure)),
            Chip(ChipKind.APPLICATION, each.name, each.category.colour),
        )


def _category_bars(legend: Sequence[LegendEntry]) -> Iterator[Bar]:
    longest = max((entry.figure.ms for entry in legend), default=0) or 1
    for entry in legend:
        chip = Chip(ChipKind.CATEGORY, entry.name, entry.colour, entry.label)
        yield Bar(entry.label, entry.time, entry.figure.ms / longest, entry.colour, (), chip)


def _titles(application: ApplicationReport, figure: Figure) -> Iterator[TitleLine]:
    figures = shown.of_titles(application, figure)
    titles = (application.titles or ())[:TITLES_SHOWN]
    for each, of_title in zip(titles, figures.listed, strict=False):
        yield TitleLine(title_label(each.window_title), figure_text(of_title))
    for label, rest in sentences.rest_of_titles(figures, TITLES_SHOWN) if titles else ():
        yield TitleLine(label, figure_text(rest))


def _matching(report: Report) -> str:
    if report.filter is None:
        return ""
    return _("{time} found").format(time=figure_text(shown.active(report)))


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
    figures = shown.of_days(report)
    times = {day.day: figure_text(each) for day, each in zip(report.days, figures, strict=True)}
    longest = max((day.active_ms for day in report.days), default=0) or 1
    for number in range(report.range.count):
        day = report.range.first + timedelta(days=number)
        name = day.isoformat()
        label = str(day.day) if report.range.count > WEEKDAYS else sentences.day_name(day)
        yield PeriodBar(
            day,
            label,
            times.get(name, ""),
            tuple((total.ms / longest, total.category.colour) for total in by_day.get(name, ())),
            (long_date(day), times.get(name) or _("nothing recorded")),
        )


def heat_rows(report: Report) -> Iterator[HeatRow]:
    """Yield a row for each weekday, from Monday on; nothing where there was no activity."""
    hours = shown.of_hours(report)
    most = max(ms for of_day in hours for ms, _figure in of_day)
    if not most:
        return
    monday = date(2024, 1, 1)
    for weekday, of_day in enumerate(hours):
        yield HeatRow(
            short_weekday_name(monday + timedelta(days=weekday)),
            tuple(ms / most for ms, _figure in of_day),
            tuple(figure_text(figure) if ms else "" for ms, figure in of_day),
        )
