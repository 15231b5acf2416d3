"""What the window shows of a year: its days, its months, and how they changed."""

from datetime import date

import pytest

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.summary.figures.comparison import year_of
from tests.unit.stored import session
from tests.unit.test_view_model import seen

YEAR = year_of(date(2025, 6, 1))


def on(day, start, end, name="Code"):
    return session(f"{day}T{start}:00+00:00", f"{day}T{end}:00+00:00", name, "a file")


@pytest.fixture(scope="module")
def view():
    return seen(
        on("2024-12-31", "09:00", "10:00"),
        on("2025-01-01", "09:00", "12:00"),
        on("2025-01-02", "09:00", "10:00", "Mail"),
        on("2025-02-03", "09:00", "12:30"),
        on("2025-04-07", "09:00", "11:30"),
        on("2025-12-31", "10:00", "11:00"),
        on("2026-01-01", "10:00", "16:00"),
        days=YEAR,
    )


def test_each_day_with_activity_has_its_share_of_the_busiest(view):
    assert [(each.day.isoformat(), each.share, each.time) for each in view.year_days] == [
        ("2025-01-01", 3 / 3.5, "3 h 00 m"),
        ("2025-01-02", 1 / 3.5, "1 h 00 m"),
        ("2025-02-03", 1.0, "3 h 30 m"),
        ("2025-04-07", 2.5 / 3.5, "2 h 30 m"),
        ("2025-12-31", 1 / 3.5, "1 h 00 m"),
    ]


def test_there_are_twelve_months_with_categories_and_time(view):
    assert [each.day for each in view.day_bars] == [date(2025, n, 1) for n in range(1, 13)]
    january, february, march = view.day_bars[:3]
    assert [share for share, _colour in january.parts] == [0.75, 0.25]
    assert (january.time, february.time, march.time) == ("4 h 00 m", "3 h 30 m", "")
    assert march.parts == ()


def test_the_trend_compares_days_with_those_of_the_month_before(view):
    trends = [each.trend for each in view.day_bars]
    # January has two hours a day; after March, which is empty, nothing is compared.
    assert trends == ["", "▲ 1 h 30 m", *[""] * 10]
    assert view.day_bars[1].words == (
        "February 2025",
        "3 h 30 m · over 1 day",
        "3 h 30 m a day, 1 h 30 m more than the month before",
    )
    assert view.day_bars[2].words == ("March 2025", "nothing recorded")


def test_cards_name_the_busiest_day_and_month(view):
    cards = {card.label: (card.figure, card.note) for card in view.cards}
    assert cards["Busiest day"] == ("3 h 30 m", "Mon, 3 Feb")
    assert cards["Busiest month"] == ("4 h 00 m", "January")
    assert cards["Active"] == ("11 h 00 m", "vs 2024")
    assert view.heat == ()


def test_a_range_of_as_many_days_that_is_no_year_has_none():
    view = seen(days=DayRange(date(2025, 1, 2), date(2026, 1, 1)))
    assert view.year_days is None
    assert len(view.day_bars) == YEAR.count
