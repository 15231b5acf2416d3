"""What the window shows of a year, as values: its days as a heat map, and its months as bars."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from reprospective_tray.messages import _
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures import shown
from reprospective_tray.summary.figures.months import Month, months
from reprospective_tray.summary.figures.report import Report
from reprospective_tray.summary.format_text import duration, figure_text, short_month_name
from reprospective_tray.summary.period_bars import PeriodBar
from reprospective_tray.summary.rounding import Figure, alone

_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000


class DayShade(Struct, frozen=True):
    """One day with activity: its share of the busiest one, and its time in words."""

    day: date
    share: float
    time: str


def day_shades(report: Report) -> tuple[DayShade, ...]:
    """Return the days of `report` that have activity."""
    most = max((day.active_ms for day in report.days), default=0) or 1
    return tuple(
        DayShade(date.fromisoformat(each.day), each.active_ms / most, figure_text(figure))
        for each, figure in zip(report.days, shown.of_days(report), strict=True)
        if each.active_ms
    )


def month_bars(report: Report) -> Iterator[PeriodBar]:
    """Yield all months of the year of `report`, also those without activity."""
    year = report.range.first.year
    listed = list(months(report))
    found = {each.month: each for each in listed}
    figures = dict(zip(found, shown.of_months(listed, report), strict=True))
    longest = max((each.ms for each in found.values()), default=0) or 1
    before: Month | None = None
    for number in range(1, 13):
        month = found.get(number) or Month(year, number, 0, 0, ())
        more = _a_day(month) - _a_day(before) if before and before.ms and month.ms else 0
        yield PeriodBar(
            date(year, number, 1),
            short_month_name(number),
            _hours(month.ms) if month.ms else "",
            tuple((total.ms / longest, total.category.colour) for total in month.categories),
            tuple(_words(month, figures.get(number), more)),
            sentences.trend(alone(abs(more)), rose=more > 0),
        )
        before = month


def _a_day(month: Month) -> int:
    """Return the active ms of an average day with activity."""
    return month.ms // month.days if month.days else 0


def _hours(ms: int) -> str:
    """Return the time above a bar: hours without minutes, where there are ten or more."""
    if ms < 10 * _HOUR_MS:
        return duration(ms)
    return _("{hours} h").format(hours=f"{round(ms / _HOUR_MS):,}")


def _words(month: Month, figure: Figure | None, more: int) -> Iterator[str]:
    yield month.label
    if not month.ms or figure is None:
        yield _("nothing recorded")
        return
    yield f"{figure_text(figure)} · {sentences.on_days(month.days)}"
    text = _("{time} a day").format(time=duration(_a_day(month)))
    if abs(more) >= _MINUTE_MS:
        sentence = (
            _("{text}, {time} more than the month before")
            if more > 0
            else _("{text}, {time} less than the month before")
        )
        text = sentence.format(text=text, time=duration(abs(more)))
    yield text
