"""The calendar's months: which days they show, and where each step leads."""

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.summary.figures import month_grid

DAYS = st.dates(date(2, 1, 1), date(9998, 12, 31))


@given(DAYS)
def test_a_month_shows_its_days_once_in_weeks_from_monday_to_sunday(month):
    weeks = month_grid.weeks(month)
    assert [len(week) for week in weeks] == [7] * 6
    days = [day for week in weeks for day in week]
    assert days == [days[0] + timedelta(days=n) for n in range(42)]
    assert days[0].weekday() == calendar.MONDAY
    length = calendar.monthrange(month.year, month.month)[1]
    own = [day for day in weeks[0] if day.month == month.month]
    assert own
    assert sum((day.year, day.month) == (month.year, month.month) for day in days) == length
    assert month_grid.grid_range(month) == DayRange(days[0], days[-1])


def test_a_month_that_begins_on_a_monday_begins_in_the_first_row():
    assert month_grid.weeks(date(2027, 2, 28))[0][0] == date(2027, 2, 1)
    assert month_grid.weeks(date(2027, 2, 28))[3][6] == date(2027, 2, 28)


def test_the_first_and_the_last_month_that_dates_can_name_are_shown():
    assert month_grid.weeks(date.min)[0][0] == date.min
    last = month_grid.weeks(date.max)
    assert last[4][4] == date.max
    assert last[4][5:] == (None, None)
    assert last[5] == (None,) * 7
    assert month_grid.grid_range(date.max) == DayRange(date(9999, 11, 29), date.max)


@pytest.mark.parametrize(
    ("day", "months", "last", "expected"),
    [
        ("2026-11-30", -1, "2026-11-30", "2026-10-30"),
        ("2026-03-31", -1, "2026-11-30", "2026-02-28"),
        ("2028-02-29", -12, "2028-11-30", "2027-02-28"),
        ("2026-01-15", -1, "2026-11-30", "2025-12-15"),
        ("2025-12-15", 1, "2026-11-30", "2026-01-15"),
        ("2026-10-31", 1, "2026-11-20", "2026-11-20"),
        ("2026-05-01", 12, "2026-11-20", "2026-11-20"),
        ("0001-03-04", -12, "2026-11-20", "0001-01-01"),
        ("9999-12-01", 1, "9999-12-31", "9999-12-31"),
    ],
)
def test_the_same_day_of_another_month_is_found(day, months, last, expected):
    found = month_grid.by_months(*map(date.fromisoformat, (day,)), months, date.fromisoformat(last))
    assert found == date.fromisoformat(expected)


@given(DAYS, st.integers(-30, 30), DAYS)
def test_no_step_leads_past_the_last_day(day, count, last):
    day = min(day, last)
    assert month_grid.by_days(day, count, last) <= last
    assert month_grid.by_months(day, count, last) <= last
    assert month_grid.week_end(day, last) <= last


@given(DAYS)
def test_a_week_begins_on_monday_and_ends_on_sunday(day):
    begin, end = month_grid.week_begin(day), month_grid.week_end(day, date.max)
    assert (begin.weekday(), end - begin) == (calendar.MONDAY, timedelta(days=6))
    assert begin <= day <= end


def test_steps_end_where_dates_do():
    assert month_grid.by_days(date.min, -1, date.max) == date.min
    assert month_grid.by_days(date.max, 7, date.max) == date.max
    assert not month_grid.has_earlier_month(date(1, 1, 31))
    assert month_grid.has_earlier_month(date(1, 2, 1))


def test_later_months_end_with_that_of_the_last_day():
    assert month_grid.has_later_month(date(2026, 10, 31), date(2026, 11, 1))
    assert not month_grid.has_later_month(date(2026, 11, 1), date(2026, 11, 30))
