"""The time sheet as Markdown: a table for each day, as GitHub has them."""

from collections.abc import Iterable, Iterator

from reprospective_tray.messages import _
from reprospective_tray.summary.formats.as_markdown import escaped
from reprospective_tray.summary.timesheet.sheet import TimeSheet
from reprospective_tray.summary.timesheet.shown import (
    RowLine,
    Shown,
    show,
)


def render(sheet: TimeSheet, person: str) -> str:
    """Return the sheet of `person` as Markdown that ends with a newline."""
    shown, whole = show(sheet), _("Total")
    blocks = [f"## {shown.heading}", escaped(" · ".join(filter(None, (person, shown.period))))]
    for section in shown.sections:
        if section.heading:
            blocks.append(f"### {escaped(section.name)}")
        rows = [cells for row in section.rows for cells in _row(shown, row)]
        if section.total:
            rows.append((f"**{whole}**", *shown.cells(section.total)))
        if section.uncategorised:
            rows.append((_("Uncategorised"), *shown.measured_cells(section.uncategorised)))
        blocks.append(_table(shown, rows))
    total = [(f"**{whole}**", *shown.cells(shown.total))]
    if shown.uncategorised:
        total.append((_("Uncategorised"), *shown.measured_cells(shown.uncategorised)))
    blocks += ["### " + _("All"), _table(shown, total)]
    blocks += map(escaped, shown.notes)
    return "\n\n".join(blocks) + "\n"


def _row(shown: Shown, row: RowLine) -> Iterator[tuple[str, ...]]:
    yield escaped(row.name), *shown.cells(row.figures)
    for line in row.lines:
        name = escaped(" ".join(filter(None, (line.when, line.label))))
        yield f"*{name}*" if name else "", *shown.part_cells(line.figures)


def _table(shown: Shown, rows: Iterable[Iterable[str]]) -> str:
    head = [escaped(name) for name in shown.columns]
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
