"""The report as one page that needs nothing else: no script, font or picture from anywhere."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import Element

from reprospective_tray.messages import _, language
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures import shown
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.months import months
from reprospective_tray.summary.figures.report import DETAILED_DAYS, Report
from reprospective_tray.summary.format_text import application_label
from reprospective_tray.summary.formats import html_charts as charts
from reprospective_tray.summary.formats import html_lists as lists
from reprospective_tray.summary.formats.html_builder import document, element
from reprospective_tray.summary.formats.html_page import head
from reprospective_tray.summary.formats.html_timeline import timeline_lanes
from reprospective_tray.summary.view_model import (
    NOTHING,
    Card,
    PeriodView,
    period_view,
)

TITLES_SHOWN = 10
NEWEST_SESSIONS = 5000
_STYLE = Path(__file__).with_name("html_style.css")


def render(
    report: Report,
    sessions: Sequence[StoredSession],
    categories: Categories,
    *,
    titles: int | None = None,
    now: datetime | None = None,
) -> str:
    """Return the page.

    Args:
        report: The figures.
        sessions: Those of a single day, in order; the newest ones are listed.
        categories: The rules that the report was made by.
        titles: The most titles an application opens into, `TITLES_SHOWN` without it.
        now: When it was made, by the clock on the wall; the present by default.
    """
    view = period_view(report, sessions, categories, newest=len(sessions) + 1)
    title = sentences.short_range_name(report.range)
    return document(
        element(
            "html",
            head(title, _STYLE),
            element(
                "body",
                element("header", element("h1", title), _computers(report), _filtered(report)),
                element(
                    "main",
                    _empty(report)
                    if report.is_empty
                    else _sections(report, view, TITLES_SHOWN if titles is None else titles),
                ),
                _footer(report, view, now or datetime.now().astimezone()),
            ),
            lang=language(),
        )
    )


def _computers(report: Report) -> Element | None:
    """Return whose day it is, where that is not plain."""
    if report.source == "local" and len(report.hosts) < 2:  # noqa: PLR2004  another one
        return None
    return element("p.dim", element("bdi", ", ".join(map(application_label, report.hosts))))


def _filtered(report: Report) -> Element | None:
    filtered = sentences.filtered_by(report)
    return element("p.filter", element("bdi", filtered)) if filtered else None


def _empty(report: Report) -> Element:
    return element("section.card.empty", element("p", sentences.nothing_to_show(report)))


def _sections(report: Report, view: PeriodView, titles: int) -> Iterator[Element]:
    cards = [card for card in view.cards if card.figure != NOTHING or report.stretches is not None]
    yield element("dl.cards", map(_card, cards), style=f"--cards:{len(cards)}")
    yield from _charts(report, view)
    found = lists.applications(report, view, titles)
    left, right = [_panel("apps", _("Applications"), found)], list(_of_days(report, view))
    shares = list(_shares(report, view))
    # Where there is room: a day's sessions scroll beside all the rest, of days there may be few.
    is_long = report.range.count > DETAILED_DAYS
    days = len(list(months(report))) if is_long else len(report.days)
    if report.range.count == 1 or len(report.applications) < days:
        left += shares
    else:
        right = shares + right
    columns = [element("div", column) for column in (left, right) if column]
    yield element("div.columns" if len(columns) > 1 else "div.column", columns)


def _card(card: Card) -> Element:
    rose = card.mark.startswith("\N{BLACK UP-POINTING TRIANGLE}")
    mark = element("span.more" if rose else "span.less", card.mark) if card.mark else None
    return element(
        "div.card",
        element("dt", card.label),
        element("dd.figure", card.figure),
        element("dd.note", mark, " " if mark is not None else None, element("bdi", card.note)),
    )


def _charts(report: Report, view: PeriodView) -> Iterator[Element]:
    legend = charts.legend(view.legend)
    heat = None
    if view.heat:
        heat = _panel("chart", _("Hours of the week"), charts.heat_map(view.heat))
    if view.strip is not None:
        lanes = timeline_lanes(view.strip, report.range) if view.strip.blocks else ()
        yield _panel("chart", _("Timeline"), legend, *lanes, heard=True)
    elif report.range.count > DETAILED_DAYS:
        found = list(months(report))
        columns = list(charts.month_columns(found, shown.of_months(found, report)))
        chart = charts.bars(columns, _("Months"))
        yield _panel("chart", _("Months"), legend, chart, heard=True)
        if heat is not None:
            yield heat
    else:
        chart = charts.bars(list(charts.day_columns(view.day_bars)), _("Days"))
        panel = _panel("chart", _("Days"), legend, chart, heard=True)
        yield panel if heat is None else element("div.columns", panel, heat)


def _shares(report: Report, view: PeriodView) -> Iterator[Element]:
    if report.categories:
        productive = element("p.dim", view.productive) if view.productive else None
        table = lists.categories(shown.of_categories(report))
        yield _panel("shares", _("Categories"), table, productive)
    if len(report.host_totals) > 1:
        yield _panel("shares", _("Computers"), lists.computers(report))


def _of_days(report: Report, view: PeriodView) -> Iterator[Element]:
    """Yield the sessions of a day, or the days or months of more."""
    if view.sessions and report.range.count == 1:
        note = ""
        if len(view.sessions) > NEWEST_SESSIONS:
            note = _("the newest {count}").format(count=f"{NEWEST_SESSIONS:,}")
        table = lists.sessions(list(islice(view.sessions, NEWEST_SESSIONS)))
        label = _("Sessions")
        scroll = element("div.scroll", table, tabindex="0", role="region", aria_label=label)
        yield _panel("log", label, scroll, note=note)
    elif report.days and report.range.count > DETAILED_DAYS:
        yield _panel("figures", _("Months"), lists.months(report))
    elif report.days and report.range.count > 1:
        yield _panel("figures", _("Days"), lists.days(report))


def _panel(
    kind: str, title: str, *children: Element | None, note: str = "", heard: bool = False
) -> Element:
    """Return a part of the page with its heading; one that is `heard` alone is not seen."""
    more = element("span.dim", note) if note else None
    heading = element("h2.heard" if heard else "h2", title, " " if note else None, more)
    return element(f"section.card.{kind}", heading, children)


def _footer(report: Report, view: PeriodView, now: datetime) -> Element:
    made = _("Updated {time}").format(time=f"{now:%Y-%m-%d %H:%M}")
    why = "" if report.is_empty or report.hours is not None else sentences.why_no_details()
    return element(
        "footer",
        [element("p.note", note) for note in (view.origin, why) if note],
        element("p", _("Re:prospective")),
        element("p", made),
    )
