"""The time sheet as one page to hand in: on A4, with a table for each day and lines to sign on."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

from reprospective_tray.messages import _, language
from reprospective_tray.summary.formats.html_builder import document, element, hidden
from reprospective_tray.summary.formats.html_page import head
from reprospective_tray.summary.timesheet.sheet import TimeSheet
from reprospective_tray.summary.timesheet.shown import RowLine, Section, Shown, created, show

_STYLE = Path(__file__).with_name("sheet_style.css")


def render(sheet: TimeSheet, person: str, *, now: datetime) -> str:
    """Return the page.

    Args:
        sheet: The figures.
        person: Whose time it is.
        now: When it was made, by the clock on the wall.
    """
    shown = show(sheet)
    title = " \N{EN DASH} ".join(filter(None, (shown.heading, person)))
    tables = [_table(shown, section, number) for number, section in enumerate(shown.sections)] or [
        element("p.empty", _("Nothing was recorded and entered."))
    ]
    return document(
        element(
            "html",
            head(title, _STYLE),
            element(
                "body",
                element(
                    "header",
                    element("div", element("h1", shown.heading), element("p.dim", shown.period)),
                    element(
                        "div.whose",
                        element("p", element("bdi", person)),
                        element("p.dim", created(now)),
                    ),
                ),
                # Where there is little room it scrolls, also by keys.
                element("main", tables, _total(shown), _notes(shown), tabindex="0"),
                element(
                    "footer",
                    element("p", _("Date, signature")),
                    element("p", _("Approved")),
                ),
            ),
            lang=language(),
        )
    )


def _table(shown: Shown, section: Section, number: int) -> Element:
    caption = None
    if section.heading:
        closed = element("span.tag", _("closed")) if section.is_closed else None
        caption = element("caption", element("h2", section.heading), closed)
    rows = [line for row in section.rows for line in _row(shown, row)]
    if section.total:
        rows.append(_line("tr.sum", _("Total"), shown.cells(section.total)))
    if section.uncategorised:
        rows.append(
            _line("tr.rest", _("Uncategorised"), shown.measured_cells(section.uncategorised))
        )
    return element("table", caption, _columns(shown), _head(shown, number), element("tbody", rows))


def _columns(shown: Shown) -> Element:
    return element("colgroup", element("col"), (element("col.time") for _c in shown.columns[1:]))


def _head(shown: Shown, number: int) -> Element:
    """Return the head of a table; only the first is seen, for all columns stand in line."""
    names = shown.columns
    if not number:
        return element("thead", element("tr", (element("th", n, scope="col") for n in names)))
    cells = (element("th", hidden(name), scope="col") for name in names)
    return element("thead.again", element("tr", cells))


def _row(shown: Shown, row: RowLine) -> Iterator[Element]:
    label = element("bdi", row.label)
    remark = None if row.billable else element("span.tag", _("not billable"))
    made = element("span.dim", element("bdi", row.applications)) if row.applications else None
    yield _line("tr", [label, remark, made], shown.cells(row.figures))
    for line in row.lines:
        when = ", ".join(filter(None, (_("manual") if line.is_manual else "", line.when)))
        label = element("bdi", line.label)
        tag = element("span.tag.by-hand" if line.is_manual else "span.tag", when) if when else None
        yield _line("tr.part", [label, tag], shown.part_cells(line.figures))


def _line(kind: str, name: str | list[Element | None], cells: tuple[str, ...]) -> Element:
    return element(kind, element("th", name, scope="row"), (element("td", cell) for cell in cells))


def _total(shown: Shown) -> Element:
    rows = [_line("tr.total", _("Total"), shown.cells(shown.total))]
    if shown.uncategorised:
        cells = shown.measured_cells(shown.uncategorised)
        rows.append(_line("tr.rest", _("Uncategorised"), cells))
    return element("table.totals", _columns(shown), _head(shown, 1), element("tbody", rows))


def _notes(shown: Shown) -> Element | None:
    return (
        element("div.notes", (element("p", note) for note in shown.notes)) if shown.notes else None
    )
