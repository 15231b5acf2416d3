"""What a range of days is compared with: the one before it, as far as it has gone. Pure."""

from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from reprospective_tray.store.model.ranges import DayRange

_WEEK = 7


class Kind(StrEnum):
    """What the earlier range is to the later one."""

    WEEKDAY = "weekday"  # the same day of the week before
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    DAYS = "days"  # as many days, right before


class Comparison(Struct, frozen=True):
    """The active ms of the range before.

    Attributes:
        kind: What it is to the later one.
        range: Its days.
        ms: Its active time.
        until_now: Whether it was counted up to the present time of day alone, since the
            later range goes on.
    """

    kind: Kind
    range: DayRange
    ms: int
    until_now: bool


def kind_of(days: DayRange) -> Kind:
    """Return how `days` are compared."""
    if days.count == 1:
        return Kind.WEEKDAY
    if days.count == _WEEK:
        return Kind.WEEK
    if days == month_of(days.first):
        return Kind.MONTH
    if days == year_of(days.first):
        return Kind.YEAR
    return Kind.DAYS


def before(days: DayRange) -> DayRange:
    """Return the range that `days` are compared with."""
    kind = kind_of(days)
    if kind is Kind.MONTH:
        return month_of(days.first - timedelta(days=1))
    if kind is Kind.YEAR and days.first.year > date.min.year:
        return year_of(days.first - timedelta(days=1))
    back = timedelta(days=_WEEK if kind in {Kind.WEEKDAY, Kind.WEEK} else days.count)
    # Before the calendar's first day there is nothing to compare with.
    if days.first - date.min < back:
        return DayRange(date.min, date.min)
    return DayRange(days.first - back, days.last - back)


def elapsed(days: DayRange, earlier: DayRange, today: date) -> tuple[DayRange | None, date | None]:
    """Return which days of `earlier` count whole, and which up to the time of day that it is now.

    While `days` goes on, only as much of `earlier` is compared as has gone of it.
    """
    if not days.first <= today <= days.last:
        return earlier, None
    gone = (today - days.first).days
    if gone >= earlier.count:
        return earlier, None
    now_there = earlier.first + timedelta(days=gone)
    whole = DayRange(earlier.first, now_there - timedelta(days=1)) if gone else None
    return whole, now_there


def month_of(day: date) -> DayRange:
    """Return the calendar month of `day`."""
    first = day.replace(day=1)
    following = (
        (first + timedelta(days=32)).replace(day=1) if first < date.max.replace(day=1) else None
    )
    return DayRange(first, following - timedelta(days=1) if following else date.max)


def year_of(day: date) -> DayRange:
    """Return the calendar year of `day`."""
    return DayRange(day.replace(month=1, day=1), day.replace(month=12, day=31))


def week_of(day: date) -> DayRange:
    """Return the week of `day`, from Monday on."""
    first = day - timedelta(days=min(day.weekday(), (day - date.min).days))
    return DayRange(first, first + timedelta(days=min(_WEEK - 1, (date.max - first).days)))
