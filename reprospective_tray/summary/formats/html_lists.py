"""The lists of the page: applications with their titles, sessions, categories, computers, days."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import takewhile
from xml.etree.ElementTree import Element

from msgspec import Struct

from reprospective_tray.messages import _
from reprospective_tray.store.model.sessions import MINUTE_MS, State
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures import shown
from reprospective_tray.summary.figures.category_tree import CategoryLine
from reprospective_tray.summary.figures.months import months as months_of
from reprospective_tray.summary.figures.report import ApplicationReport, Report
from reprospective_tray.summary.format_text import (
    application_label,
    columns,
    duration,
    figure_text,
    printable,
    title_label,
)
from reprospective_tray.summary.formats.html_builder import (
    cut,
    element,
    hidden,
    swatch,
)
from reprospective_tray.summary.rounding import Figure, percentages
from reprospective_tray.summary.session_list import SessionLine
from reprospective_tray.summary.view_model import PeriodView

_BAR_COLOUR = "var(--accent)"


def applications(report: Report, view: PeriodView, titles: int) -> Element:
    """Return the applications, longest first; each opens into its longest `titles`."""
    lines = []
    opens = False
    figures = shown.of_applications(report)
    for each, bar, figure in zip(report.applications, view.bars, figures, strict=True):
        line = cut("span.name", bar.name), _bar(bar.share, bar.colour), _time(bar.time)
        if not each.titles or not titles:
            lines.append(element("div.row", element("span.arrow"), line))
            continue
        arrow = element("span.arrow", aria_hidden="true")
        made = element("details", element("summary.row", arrow, line))
        made.append(element("ul.titles", _titles(each, figure, titles)))
        if not opens:
            made.set("open", "open")
        lines.append(made)
        opens = True
    return element(
        "div.rows" if opens else "div.rows.flat", lines, style=_room(bar.time for bar in view.bars)
    )


def _titles(application: ApplicationReport, figure: Figure, count: int) -> Iterator[Element]:
    figures = shown.of_titles(application, figure)
    titles = (application.titles or ())[:count]
    for title, of_title in zip(titles, figures.listed, strict=False):
        label = title_label(title.window_title)
        yield element("li", cut("span.name", label), _time(figure_text(of_title)))
    for label, of_rest in sentences.rest_of_titles(figures, count):
        yield element("li.dim", element("span", label), _time(figure_text(of_rest)))


def sessions(lines: Sequence[SessionLine]) -> Element:
    """Return the sessions of a day, the newest first."""
    several = len({line.host for line in lines}) > 1
    return element(
        "table.sessions",
        _head(_("When"), _("Time"), _("Window")),
        element("tbody", (_session(line, several=several) for line in lines)),
    )


def _session(line: SessionLine, *, several: bool) -> Element:
    active = line.state is State.ACTIVE
    host = application_label(line.host) if several else ""
    return element(
        # What lasted a moment alone is left out of what is printed.
        "tr" if line.ms >= MINUTE_MS else "tr.brief",
        element("td.when", line.when),
        element("td.time", line.time),
        element(
            "td.window",
            element(
                "div",
                swatch(line.colour) if active else element("i.swatch.away"),
                cut("span.name" if active else "span.name.dim", line.name),
                cut("span.title", line.title) if line.title else None,
                cut("span.host", host) if host else None,
            ),
        ),
    )


def categories(lines: Sequence[CategoryLine]) -> Element:
    """Return the categories with time and share, each below the subtotal that it is a part of."""
    return _shares(
        _("Category"),
        [
            _Share(
                printable(line.label),
                line.ms,
                line.figure,
                line.percent,
                line.category.colour if line.category else "",
                line.depth,
                _stripes(lines[number:]),
            )
            for number, line in enumerate(lines)
        ],
    )


def _stripes(lines: Sequence[CategoryLine]) -> str:
    """Return the fill of the first line's bar: of a subtotal, stripes of what it is made of."""
    first = lines[0]
    if first.category is not None:
        return first.category.colour
    stops, reached = [], 0.0
    for line in takewhile(lambda each: each.depth > first.depth, lines[1:]):
        if line.category is not None:
            begin, reached = reached, reached + 100 * line.ms / first.ms
            stops.append(f"{line.category.colour} {begin:.2f}% {reached:.2f}%")
    return f"linear-gradient(to right,{','.join(stops)})"


def computers(report: Report) -> Element:
    """Return the computers by their active time."""
    lengths = [total.active_ms for total in report.host_totals]
    found = zip(
        *(report.host_totals, shown.of_computers(report), percentages(lengths, sum(lengths))),
        strict=True,
    )
    return _shares(
        _("Computer"),
        [
            _Share(application_label(total.source_host), total.active_ms, figure, percent)
            for total, figure, percent in found
        ],
    )


def days(report: Report) -> Element:
    """Return the days on which there was activity."""
    return _figures(
        (_("Date"), _("Active"), _("Start \N{EN DASH} end")),
        (
            (
                sentences.short_date(date.fromisoformat(day.day)),
                figure_text(figure),
                sentences.edges(day),
            )
            for day, figure in zip(report.days, shown.of_days(report), strict=True)
        ),
    )


def months(report: Report) -> Element:
    """Return the months, with the average of the days on which there was activity."""
    found = list(months_of(report))
    return _figures(
        (_("Month"), _("Active"), _("Active days"), _("Daily average")),
        (
            (
                month.label,
                figure_text(figure),
                str(month.days),
                duration(month.ms // month.days) if month.days else "\N{EN DASH}",
            )
            for month, figure in zip(found, shown.of_months(found, report), strict=True)
        ),
    )


class _Share(Struct, frozen=True):
    """A line of a list with shares; `colour` is empty where it has no square before it."""

    name: str
    ms: int
    figure: Figure
    percent: int
    colour: str = ""
    depth: int = 0
    fill: str = _BAR_COLOUR


def _shares(label: str, lines: Sequence[_Share]) -> Element:
    longest = max((line.ms for line in lines), default=0) or 1
    return element(
        "table.shares",
        _head(label, "", _("Time"), _("Share")),
        element("tbody", (_share(line, longest) for line in lines)),
        style=_room(figure_text(line.figure) for line in lines),
    )


def _share(line: _Share, longest: int) -> Element:
    mark = swatch(line.colour) if line.colour else None
    name = element("div", mark, cut("span.name", line.name))
    if line.depth:
        name.set("style", f"--depth:{line.depth}")
    return element(
        "tr",
        element("th", name, scope="row"),
        element("td.bar", _bar(line.ms / longest, line.fill)),
        element("td.time", figure_text(line.figure)),
        element("td.time.dim", sentences.share(line.percent, line.ms)),
    )


def _figures(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Element:
    return element(
        "table.figures",
        element("thead", element("tr", (element("th", name, scope="col") for name in head))),
        element(
            "tbody",
            (
                element(
                    "tr",
                    element("th", first, scope="row"),
                    (element("td", figure) for figure in figures),
                )
                for first, *figures in rows
            ),
        ),
    )


def _head(*names: str) -> Element:
    """Return the head of a table that explains itself to who sees it."""
    columns = (element("th", hidden(n), scope="col") if n else element("td") for n in names)
    return element("thead", element("tr", columns))


def _bar(share: float, colour: str) -> Element:
    return element(
        "span.track",
        element("i", style=f"width:{share * 100:.3f}%;background:{colour}"),
        aria_hidden="true",
    )


def _room(times: Iterable[str]) -> str:
    """Return the style that gives the longest of `times` its room, as wide as so many digits."""
    return f"--time:{max(map(columns, times), default=0)}ch"


def _time(time: str) -> Element:
    return element("span.time", time)
