"""Times of entries: those of the clock on the wall, on days of 23 and 25 hours as well.

How it can fail: a time that the clocks skip becomes another one, an hour that comes twice counts
on the next day, an entry over midnight ends before it begins.
"""

import time
from argparse import ArgumentTypeError
from datetime import date, timedelta

import pytest

from reprospective_tray.commands.command_line import argument_values
from reprospective_tray.commands.entries import entry_times
from reprospective_tray.errors import UsageError
from reprospective_tray.store.model.entries import Entry, days_of
from tests.unit.stored import at

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs TZ")

SPRING, AUTUMN, USUAL = date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 23)


@pytest.fixture(autouse=True)
def zone(monkeypatch, request):
    monkeypatch.setenv("TZ", getattr(request, "param", "Europe/Berlin"))
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def span(day, since, until):
    return entry_times.span(
        day, argument_values.time_of_day(since), argument_values.end_of_day(until)
    )


def test_times_are_those_of_this_computers_clock():
    assert span(USUAL, "14:00", "15:30:10") == (
        at("2026-11-23T14:00+01:00"),
        at("2026-11-23T15:30:10+01:00"),
    )


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [("23:00", "01:00", 2), ("22:00", "24:00", 2), ("22:00", "00:00", 2), ("00:00", "24:00", 24)],
)
def test_an_end_that_is_not_after_the_start_is_one_of_the_next_day(since, until, hours):
    start, end = span(USUAL, since, until)
    assert end - start == hours * 3_600_000


def test_an_entry_without_length_is_refused():
    with pytest.raises(UsageError, match="the same time"):
        span(USUAL, "14:00", "14:00")


@pytest.mark.parametrize("times", [("02:30", "04:00"), ("01:00", "02:00")])
def test_a_time_that_the_clocks_skip_is_refused_and_named(times):
    with pytest.raises(UsageError, match=r"2026-03-29 02:.0 does not exist"):
        span(SPRING, *times)


@pytest.mark.parametrize("zone", ["America/Havana"], indirect=True)
def test_a_day_whose_next_midnight_is_skipped_ends_all_the_same():
    start, end = span(date(2026, 3, 7), "23:00", "24:00")
    assert end - start == 3_600_000


def test_of_a_time_that_comes_twice_the_first_is_meant():
    assert span(AUTUMN, "02:15", "02:45") == (
        at("2026-10-25T02:15+02:00"),
        at("2026-10-25T02:45+02:00"),
    )


def test_an_entry_over_a_change_of_the_clocks_lies_on_its_own_day_alone():
    start, end = span(AUTUMN, "00:00", "24:00")
    assert end - start == 25 * 3_600_000
    parts = entry_times.pieces(start, end)
    assert [offset for _start, _end, offset in parts] == [120, 60]
    assert [(begin, stop) for begin, stop, _offset in parts] == [
        (start, at("2026-10-25T01:00Z")),
        (at("2026-10-25T01:00Z"), end),
    ]
    made = [Entry("", *part, "Harbour") for part in parts]
    assert {day for each in made for day in days_of(each)} == {"2026-10-25"}


def test_what_the_clock_of_an_entry_showed_is_known_elsewhere():
    tokyo = Entry("", at("2026-11-24T00:30+09:00"), at("2026-11-24T02:00+09:00"), 540, "Harbour")
    assert entry_times.wall_of(tokyo, tokyo.started_at) == (
        date(2026, 11, 24),
        timedelta(minutes=30),
    )


@pytest.mark.parametrize("text", ["24:00:01", "25:00", "14:60", "14", "-1:00", "14:00:60", "", "x"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="not a time of the day"):
        argument_values.end_of_day(text)


def test_no_day_begins_at_its_end():
    with pytest.raises(ArgumentTypeError, match="24:00"):
        argument_values.time_of_day("24:00")
