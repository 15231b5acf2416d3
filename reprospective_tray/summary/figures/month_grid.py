"""The days of a calendar's month, and which day each step leads to. Pure."""

import calendar
from collections.abc import Callable
from datetime import date, timedelta

from reprospective_tray.store.model.ranges import DayRange

WEEK = 7
YEAR = 12
# A month reaches into six weeks at most; a calendar that keeps its height does not jump.
WEEKS = 6

# Tells which days of a range have data; None: that is not known yet.
Recorded = Callable[[DayRange], frozenset[date] | None]
Week = tuple[date | None, ...]


def weeks(month: date) -> tuple[Week, ...]:
    """Return the six weeks from the Monday on or before the first of the month of `month`.

    None stands for what no date can name: the days after the year 9999.
    """
    first = month.replace(day=1).toordinal()
    monday = first - month.replace(day=1).weekday()
    last = date.max.toordinal()
    ordinals = [monday + n for n in range(WEEKS * WEEK)]
    days = [date.fromordinal(number) if number <= last else None for number in ordinals]
    return tuple(tuple(days[start : start + WEEK]) for start in range(0, len(days), WEEK))


def grid_range(month: date) -> DayRange:
    """Return the days that `weeks` shows."""
    days = [day for week in weeks(month) for day in week if day is not None]
    return DayRange(days[0], days[-1])


def by_days(day: date, count: int, last: date) -> date:
    """Return the day `count` days later, no later than `last` and no earlier than there are."""
    number = min(day.toordinal() + count, last.toordinal())
    return date.fromordinal(max(number, date.min.toordinal()))


def by_months(day: date, count: int, last: date) -> date:
    """Return the same day `count` months later, or the month's last; no later than `last`."""
    year, month = divmod(day.year * YEAR + day.month - 1 + count, YEAR)
    if year < date.min.year:
        return date.min
    if year > date.max.year:
        return last
    length = calendar.monthrange(year, month + 1)[1]
    return min(date(year, month + 1, min(day.day, length)), last)


def week_begin(day: date) -> date:
    """Return the Monday of the week of `day`."""
    return day - timedelta(days=day.weekday())


def week_end(day: date, last: date) -> date:
    """Return the Sunday of the week of `day`, no later than `last`."""
    return by_days(day, WEEK - 1 - day.weekday(), last)


def has_later_month(day: date, last: date) -> bool:
    """Tell whether any day after the month of `day` is no later than `last`."""
    return (day.year, day.month) < (last.year, last.month)


def has_earlier_month(day: date) -> bool:
    """Tell whether there is a month before that of `day`."""
    return (day.year, day.month) > (date.min.year, date.min.month)
