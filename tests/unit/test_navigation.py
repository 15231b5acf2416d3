"""Where the window's buttons and keys lead."""

from datetime import date

from reprospective_tray.summary.view_model import View
from reprospective_tray.summary.window.navigation import Position

TODAY = date(2026, 11, 25)  # a Wednesday


def at(view, day, **more):
    return Position(view, date.fromisoformat(day), **more)


def test_earlier_and_later_go_by_days_weeks_and_months():
    assert at(View.DAY, "2026-11-25").earlier().day == date(2026, 11, 24)
    week = at(View.WEEK, "2026-11-25").earlier()
    assert View.WEEK.around(week.day).first == date(2026, 11, 16)
    month = at(View.MONTH, "2026-11-25").earlier()
    assert View.MONTH.around(month.day) == View.MONTH.around(date(2026, 10, 1))
    assert month.later(TODAY).holds(TODAY)


def test_nothing_lies_after_today():
    for view in View:
        here = Position(view, TODAY)
        assert here.later(TODAY) == here


def test_coming_back_to_today_follows_it_past_midnight_and_the_past_does_not():
    here = Position(View.DAY, TODAY)
    assert here.follows
    assert not here.earlier().follows
    assert here.earlier().later(TODAY).follows
    assert here.earlier().at_today(TODAY).follows


def test_a_range_that_is_changed_keeps_its_day():
    past = at(View.DAY, "2026-11-03", follows=False)
    month = past.seen_as(View.MONTH)
    assert month.holds(TODAY)
    assert month.seen_as(View.DAY) == past
    assert Position(View.DAY, TODAY).seen_as(View.WEEK).follows


def test_a_day_that_is_yet_to_come_leads_to_today():
    assert Position(View.WEEK, TODAY).on(date(2027, 1, 1), TODAY, View.DAY) == Position(
        View.DAY, TODAY
    )


def test_the_first_day_of_the_calendar_has_nothing_before_it():
    here = Position(View.MONTH, date.min, follows=False)
    assert here.earlier() == here
