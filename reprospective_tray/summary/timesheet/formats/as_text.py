"""The time sheet as text for a terminal: a heading for each day, its rows, and the totals."""

from collections.abc import Iterator
from itertools import zip_longest

from reprospective_tray.messages import _
from reprospective_tray.summary.format_text import columns, fit, right, wrap
from reprospective_tray.summary.timesheet.sheet import TimeSheet
from reprospective_tray.summary.timesheet.shown import (
    Shown,
    show,
)

_NARROWEST, _WIDEST, _NARROWEST_NAME = 40, 110, 12
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_Line = tuple[str, str, tuple[str, ...]]  # style, name, cells (none: a heading)


def render(sheet: TimeSheet, person: str, *, width: int = 80, colour: bool = False) -> str:
    """Return the sheet as text that ends with a newline.

    Args:
        sheet: The figures.
        person: Whose time it is.
        width: The columns of the terminal: no line is wider, if there are 80 or more.
        colour: Whether to style it with escape sequences.
    """
    shown = show(sheet)
    width = max(_NARROWEST, min(width, _WIDEST))
    lines = list(_lines(shown))
    widths = [
        max(map(columns, found)) for found in zip_longest(*(c for *_, c in lines), fillvalue="")
    ]
    room = max(width - sum(widths) - 2 * len(widths), _NARROWEST_NAME)
    found = [fit(line, width).rstrip() for line in (shown.heading, shown.period, person)]
    text = [_styled(_BOLD, found[0], colour=colour), *filter(None, found[1:]), ""]
    for style, name, cells in lines:
        if not cells:
            text += ["", *(_styled(style, line, colour=colour) for line in wrap(name, width))]
            continue
        indent = name[: len(name) - len(name.lstrip())]
        first, *others = wrap(name.lstrip(), room - len(indent))
        figures = "".join(
            "  " + right(cell, size) for cell, size in zip(cells, widths, strict=True)
        )
        rows = [fit(indent + first, room) + figures, *(indent + other for other in others)]
        text += [_styled(style, row.rstrip(), colour=colour) for row in rows]
    for note in shown.notes:
        text += ["", *wrap(note, width)]
    return "\n".join(text) + "\n"


def _lines(shown: Shown) -> Iterator[_Line]:
    what, *figures = shown.columns
    yield _DIM, what, tuple(figures)
    for section in shown.sections:
        if section.heading:
            yield _BOLD, section.name, ()
        for row in section.rows:
            yield "", row.name, shown.cells(row.figures)
            for line in row.lines:
                name = " ".join(filter(None, (line.when, line.label)))
                yield _DIM, f"  {name}", shown.part_cells(line.figures)
        if section.total:
            yield _BOLD, _("Total"), shown.cells(section.total)
        if section.uncategorised:
            yield _DIM, _("Uncategorised"), shown.measured_cells(section.uncategorised)
    yield _BOLD, _("All"), ()
    yield _BOLD, _("Total"), shown.cells(shown.total)
    if shown.uncategorised:
        yield _DIM, _("Uncategorised"), shown.measured_cells(shown.uncategorised)


def _styled(code: str, text: str, *, colour: bool) -> str:
    return f"{code}{text}{_PLAIN}" if colour and code and text else text
