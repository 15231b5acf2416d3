"""The charts of the page: legend, bars of days or months, and the hours of the week."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from reprospective_tray.messages import _
from reprospective_tray.summary.figures.months import Month
from reprospective_tray.summary.format_text import figure_text, long_date, short_month_name
from reprospective_tray.summary.formats.html_builder import element, hidden, swatch
from reprospective_tray.summary.period_bars import PeriodBar
from reprospective_tray.summary.rounding import Figure
from reprospective_tray.summary.view_model import HeatRow, LegendEntry

# More bars than these have no room for the time above them, or for each one's name below.
_TIMES_SHOWN = 12
_NAMES_SHOWN = 16
_HOURS_STEP = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A bar: its name below, what is said under the pointer, its time, and its parts.

    `parts` are shares of the longest bar, each with its colour.
    """

    label: str
    name: str
    time: str
    parts: tuple[tuple[float, str], ...]


def legend(entries: Sequence[LegendEntry]) -> Element:
    """Return the categories with their time."""
    return element(
        "ul.legend",
        (
            element(
                "li",
                swatch(entry.colour),
                element("bdi", entry.label),
                " ",
                element("span.dim", entry.time),
            )
            for entry in entries
        ),
    )


def day_columns(bars: Sequence[PeriodBar]) -> Iterator[Column]:
    """Yield a column for each day."""
    for bar in bars:
        yield Column(bar.label, long_date(bar.day), bar.time, bar.parts)


def month_columns(months: Sequence[Month], figures: Sequence[Figure]) -> Iterator[Column]:
    """Yield a column for each month with its figure; the year stands below the first of it."""
    longest = max((month.ms for month in months), default=0) or 1
    year = None
    for month, figure in zip(months, figures, strict=True):
        name = short_month_name(month.month)
        yield Column(
            name if month.year == year else f"{name}\n{month.year}",
            month.label,
            figure_text(figure) if month.ms else "",
            tuple((total.ms / longest, total.category.colour) for total in month.categories),
        )
        year = month.year


def bars(columns: Sequence[Column], label: str) -> Element:
    """Return the chart; its figures stand in a table elsewhere, so that it is one picture."""
    every = -(-len(columns) // _NAMES_SHOWN)
    kind = "div.bars" if len(columns) <= _TIMES_SHOWN else "div.bars.many"
    if any("\n" in column.label for column in columns):
        kind += ".years"
    return element(
        kind,
        (_slot(column, named=not number % every) for number, column in enumerate(columns)),
        role="img",
        aria_label=label,
    )


def _slot(column: Column, *, named: bool) -> Element:
    time = column.time or _("nothing recorded")
    height = sum(share for share, _colour in column.parts)
    return element(
        "div.slot",
        element(
            "div.room",
            element("span.above", column.time),
            element(
                "div.stack",
                (
                    element("i", style=f"height:{share * 100 / height:.3f}%;background:{colour}")
                    for share, colour in column.parts
                ),
                style=f"height:{height * 100:.3f}%",
            ),
        ),
        element("span.below", column.label if named else ""),
        title=f"{column.name}\n{time}",
    )


def heat_map(rows: Sequence[HeatRow]) -> Element:
    """Return the hours of the weekdays as a table: the darker, the more active."""
    hours = range(len(rows[0].shares))
    return element(
        "table.heat",
        element(
            "tbody",
            (
                element(
                    "tr",
                    element("th", row.label, scope="row"),
                    (_cell(row, hour) for hour in hours),
                )
                for row in rows
            ),
        ),
        element(
            "tfoot",
            element(
                "tr",
                element("td"),
                (
                    element("th", str(hour), scope="col", colspan=str(_HOURS_STEP))
                    for hour in hours[::_HOURS_STEP]
                ),
            ),
        ),
    )


def _cell(row: HeatRow, hour: int) -> Element:
    if not row.times[hour]:
        return element("td")
    return element(
        "td",
        hidden(row.times[hour]),
        title=f"{row.label} {hour}:00 \N{EN DASH} {hour + 1}:00\n{row.times[hour]}",
        style=f"--share:{15 + 85 * row.shares[hour]:.0f}%",
    )
