"""What a range is compared with, and how much of it while the range goes on."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.summary.figures.comparison import (
    Kind,
    before,
    elapsed,
    kind_of,
    month_of,
    week_of,
)


def days(first, last=None):
    return DayRange(date.fromisoformat(first), date.fromisoformat(last or first))


@pytest.mark.parametrize(
    ("later", "kind", "earlier"),
    [
        (days("2026-11-23"), Kind.WEEKDAY, days("2026-11-16")),
        (days("2026-11-23", "2026-11-29"), Kind.WEEK, days("2026-11-16", "2026-11-22")),
        (days("2026-03-01", "2026-03-31"), Kind.MONTH, days("2026-02-01", "2026-02-28")),
        (days("2026-01-01", "2026-01-31"), Kind.MONTH, days("2025-12-01", "2025-12-31")),
        (days("2026-01-01", "2026-12-31"), Kind.YEAR, days("2025-01-01", "2025-12-31")),
        (days("2024-02-01", "2025-01-31"), Kind.DAYS, days("2023-01-31", "2024-01-31")),
        (days("2026-11-20", "2026-11-22"), Kind.DAYS, days("2026-11-17", "2026-11-19")),
        (days("2026-11-01", "2026-11-29"), Kind.DAYS, days("2026-10-03", "2026-10-31")),
    ],
)
def test_each_range_has_one_like_it_before(later, kind, earlier):
    assert kind_of(later) is kind
    assert before(later) == earlier


def test_a_range_that_is_over_is_compared_with_the_whole_of_the_one_before():
    later, earlier = days("2026-11-16"), days("2026-11-09")
    assert elapsed(later, earlier, date(2026, 11, 23)) == (earlier, None)


def test_today_is_compared_with_the_same_part_of_its_day_a_week_ago():
    later, earlier = days("2026-11-23"), days("2026-11-16")
    assert elapsed(later, earlier, date(2026, 11, 23)) == (None, date(2026, 11, 16))


def test_a_week_that_goes_on_is_compared_as_far_as_it_has_gone():
    whole, part = elapsed(
        days("2026-11-23", "2026-11-29"), days("2026-11-16", "2026-11-22"), date(2026, 11, 25)
    )
    assert whole == days("2026-11-16", "2026-11-17")
    assert part == date(2026, 11, 18)


def test_the_31st_is_compared_with_the_whole_of_a_shorter_month():
    march, february = month_of(date(2026, 3, 9)), month_of(date(2026, 2, 9))
    assert elapsed(march, february, date(2026, 3, 31)) == (february, None)


@given(st.dates())
def test_weeks_and_months_hold_their_day_at_the_ends_of_the_calendar_too(day):
    for found in (week_of(day), month_of(day), before(week_of(day)), before(DayRange(day, day))):
        assert found.first <= found.last
    assert week_of(day).first <= day <= week_of(day).last
    assert month_of(day).first <= day <= month_of(day).last
