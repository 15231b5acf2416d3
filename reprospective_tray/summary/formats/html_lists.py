"""The lists of the page: applications with their titles, sessions, categories, computers, days."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from xml.etree.ElementTree import Element

from reprospective_tray.messages import _
from reprospective_tray.store.model.sessions import MINUTE_MS, State
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures.months import Month
from reprospective_tray.summary.figures.report import ApplicationReport, Report
from reprospective_tray.summary.format_text import (
    application_label,
    columns,
    duration,
    printable,
    title_label,
)
from reprospective_tray.summary.formats.html_builder import (
    cut,
    element,
    hidden,
    swatch,
)
from reprospective_tray.summary.session_list import SessionLine
from reprospective_tray.summary.view_model import PeriodView

_BAR_COLOUR = "var(--accent)"


def applications(report: Report, view: PeriodView, titles: int) -> Element:
    """Return the applications, longest first; each opens into its longest `titles`."""
    lines = []
    opens = False
    for each, bar in zip(report.applications, view.bars, strict=True):
        line = cut("span.name", bar.name), _bar(bar.share, bar.colour), _time(bar.time)
        if not each.titles or not titles:
            lines.append(element("div.row", element("span.arrow"), line))
            continue
        arrow = element("span.arrow", aria_hidden="true")
        made = element("details", element("summary.row", arrow, line))
        made.append(element("ul.titles", _titles(each, titles)))
        if not opens:
            made.set("open", "open")
        lines.append(made)
        opens = True
    return element(
        "div.rows" if opens else "div.rows.flat", lines, style=_room(bar.time for bar in view.bars)
    )


def _titles(application: ApplicationReport, titles: int) -> Iterator[Element]:
    found = application.titles or ()
    for title in found[:titles]:
        label = title_label(title.window_title)
        yield element("li", cut("span.name", label), _time(duration(title.ms)))
    if rest := found[titles:]:
        more = sentences.and_more(len(rest), sum(title.ms for title in rest))
        yield element("li.dim", element("span", more))


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


def categories(report: Report) -> Element:
    """Return the categories by their whole path, with time and share."""
    whole = sum(total.ms for total in report.categories)
    return _shares(
        _("Category"),
        (
            (
                printable(total.category.full_label),
                total.category.colour,
                total.ms,
                sentences.share(total.ms, whole),
            )
            for total in report.categories
        ),
    )


def computers(report: Report) -> Element:
    """Return the computers by their active time."""
    whole = sum(total.active_ms for total in report.host_totals)
    return _shares(
        _("Computer"),
        (
            (
                application_label(total.source_host),
                "",
                total.active_ms,
                sentences.share(total.active_ms, whole),
            )
            for total in report.host_totals
        ),
    )


def days(report: Report) -> Element:
    """Return the days on which there was activity."""
    return _figures(
        (_("Date"), _("Active"), _("Start \N{EN DASH} end")),
        (
            (
                sentences.short_date(date.fromisoformat(day.day)),
                duration(day.active_ms),
                sentences.edges(day),
            )
            for day in report.days
        ),
    )


def months(found: Sequence[Month]) -> Element:
    """Return the months, with the average of the days on which there was activity."""
    return _figures(
        (_("Month"), _("Active"), _("Active days"), _("Daily average")),
        (
            (
                month.label,
                duration(month.ms),
                str(month.days),
                duration(month.ms // month.days) if month.days else "\N{EN DASH}",
            )
            for month in found
        ),
    )


def _shares(label: str, rows: Iterable[tuple[str, str, int, str]]) -> Element:
    found = list(rows)
    longest = max((ms for _name, _colour, ms, _share in found), default=0) or 1
    return element(
        "table.shares",
        _head(label, "", _("Time"), _("Share")),
        element(
            "tbody",
            (
                element(
                    "tr",
                    element(
                        "th",
                        element("div", swatch(colour) if colour else None, cut("span.name", name)),
                        scope="row",
                    ),
                    element("td.bar", _bar(ms / longest, colour or _BAR_COLOUR)),
                    element("td.time", duration(ms)),
                    element("td.time.dim", share),
                )
                for name, colour, ms, share in found
            ),
        ),
        style=_room(duration(ms) for _name, _colour, ms, _share in found),
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
