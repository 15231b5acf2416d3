"""The time sheet as one table for a spreadsheet; its seconds add up to the millisecond.

What is uncategorised has a row for each day, named ``Other`` as in the config, that is not rounded.
It begins with a byte order mark: Excel reads UTF-8 only then.
"""

import csv
import io
from collections.abc import Iterable, Iterator

from reprospective_tray.store.transfer.export import guarded
from reprospective_tray.summary.figures.categories import OTHER
from reprospective_tray.summary.timesheet.sheet import TimeSheet

COLUMNS = (
    *("day", "category", "billable", "seconds", "tracked_seconds", "manual_seconds"),
    *("rounded_seconds", "amount", "currency", "notes"),
)
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def render(sheet: TimeSheet) -> str:
    """Return the table; cells that a spreadsheet would run as a formula get an apostrophe."""
    return _BYTE_ORDER_MARK + table(COLUMNS, _rows(sheet))


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table as RFC 4180 has it; cells that would run as a formula get an apostrophe."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return stream.getvalue()


def _rows(sheet: TimeSheet) -> Iterator[tuple[object, ...]]:
    currency = sheet.rate.currency if sheet.rate else ""
    for row in sheet.rows:
        seconds = (ms / 1000 for ms in (row.ms, row.tracked_ms, row.manual_ms, row.rounded_ms))
        notes = "; ".join(row.notes)
        yield row.day, row.category, row.billable, *seconds, row.amount, currency, notes
    for day, ms in sheet.uncategorised.items():
        yield day, OTHER.name, False, ms / 1000, ms / 1000, 0.0, None, None, "", ""
