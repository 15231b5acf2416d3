"""The report as one table for a spreadsheet: a row for each day, application and title.

The rows add up to the active time, to the millisecond. Where titles were not read, or
fewer were asked for, a row without a title has the rest of its application's time.
It begins with a byte order mark: Excel reads UTF-8 only then, and others pass over it.
"""

import csv
import io
from collections import defaultdict

from reprospective_tray.store.transfer.export import guarded
from reprospective_tray.summary.figures.categories import Categories, Category
from reprospective_tray.summary.figures.report import Report

COLUMNS = ("date", "application", "title", "category", "productive", "seconds")
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def render(report: Report, categories: Categories) -> str:
    """Return the table as RFC 4180 has it; rows come by day, longest first.

    Cells that a spreadsheet would run as a formula get an apostrophe in front.
    """
    stream = io.StringIO(newline="")
    stream.write(_BYTE_ORDER_MARK)
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    rows = sorted(_rows(report, categories).items(), key=lambda item: (item[0][0], -item[1]))
    for (day, application, title, category), ms in rows:
        cells = (day, application, title, category.name, category.productive, ms / 1000)
        writer.writerow([guarded(cell) for cell in cells])
    return stream.getvalue()


def _rows(report: Report, categories: Categories) -> dict[tuple[str, str, str, Category], int]:
    """Return the active ms by day, application, title and category, in order of the names."""
    listed = {
        (application.name, title.window_title)
        for application in report.applications
        for title in application.titles or ()
    }
    found: dict[tuple[str, str, str, Category], int] = defaultdict(int)
    for each in sorted(report.day_titles, key=lambda it: (it.application_name, it.window_title)):
        name, title = each.application_name, each.window_title
        category = categories.of(name, title)
        found[each.day, name, title if (name, title) in listed else "", category] += each.ms
    for rest in report.application_days:
        name = rest.application_name
        found[rest.day, name, "", categories.of(name, None)] += rest.ms
    return {key: ms for key, ms in found.items() if ms}
