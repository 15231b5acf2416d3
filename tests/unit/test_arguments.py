"""Dates, times and lengths of time on the command line."""

import os
import subprocess
import sys
import time
from argparse import ArgumentTypeError
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from reprospective_tray.commands.command_line import argument_values

DAY_S = 24 * 60 * 60


def on_the_wall(seconds=None):
    """Return the time on the clock of the place, now or at a moment since the epoch."""
    moment = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return moment.astimezone()


@contextmanager
def clock_of(zone):
    """Let the clock on the wall be that of `zone`."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system takes no other clock for a while")
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        del os.environ["TZ"]
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


@pytest.fixture
def noon():
    """A clock on which it is about noon, so that no midnight comes while the test runs."""
    with clock_of(f"NOON{datetime.now(UTC).hour - 12:+d}"):
        assert 11 <= on_the_wall().hour <= 13
        yield


@pytest.mark.usefixtures("noon")
def test_today_and_yesterday_are_days_on_the_wall():
    assert argument_values.day("today") == on_the_wall().date()
    assert argument_values.day("yesterday") == on_the_wall().date() - timedelta(days=1)
    assert argument_values.day("2026-11-23") == date(2026, 11, 23)


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize("word", ["today", "yesterday", "2026-11-23"])
def test_as_a_time_a_day_is_its_midnight(word):
    midnight = datetime.combine(argument_values.day(word), datetime.min.time())
    assert argument_values.instant(word) == round(midnight.timestamp() * 1000)


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize("word", ["Today", "TODAY", " today ", "Yesterday"])
def test_names_of_days_are_read_in_any_case(word):
    plain = word.strip().lower()
    assert argument_values.day(word) == argument_values.day(plain)
    assert argument_values.instant(word) == argument_values.instant(plain)


@pytest.mark.parametrize("zone", ["UTC0", "TOKYO-9", "NEWFOUNDLAND+3:30", "KIRIBATI-14"])
def test_the_day_is_that_of_the_persons_own_clock(zone):
    """At any moment half of the zones have another day than UTC."""
    with clock_of(zone):
        before, found, after = (
            on_the_wall().date(),
            argument_values.day("today"),
            on_the_wall().date(),
        )
        assert found in {before, after}
        start = argument_values.instant("today") / 1000
        assert 0 <= time.time() - start <= DAY_S
        assert on_the_wall(start).time() == datetime.min.time()


def test_yesterday_begins_a_day_of_23_or_25_hours_earlier_where_the_clocks_change(monkeypatch):
    class FixedDate(date):
        @classmethod
        def today(cls):
            return cls(2026, 3, 30)

    monkeypatch.setattr(argument_values, "date", FixedDate)
    with clock_of("CET-1CEST,M3.5.0,M10.5.0/3"):
        length_ms = argument_values.instant("today") - argument_values.instant("yesterday")
        assert length_ms == 23 * 60 * 60 * 1000
    with clock_of("UTC0"):
        assert (
            argument_values.instant("today") - argument_values.instant("yesterday") == DAY_S * 1000
        )


def test_a_day_without_midnight_begins_with_its_first_moment():
    """In Beirut the clocks went from 0:00 to 1:00 on 26 March 2023, and in Santiago yearly."""
    with clock_of("EET-2EEST,M3.5.0/0,M10.5.0/0"):
        began = on_the_wall(argument_values.instant("2026-03-29") / 1000)
        assert (began.date(), began.hour) == (date(2026, 3, 29), 1)


@pytest.mark.parametrize("text", ["", "toady", "tomorrow", "2026-02-30", "2026-13-01", "now"])
def test_what_names_no_day_is_refused_and_the_refusal_names_today_and_yesterday(text):
    for take in (argument_values.day, argument_values.instant):
        with pytest.raises(ArgumentTypeError, match=r"today.*yesterday"):
            take(text)


@pytest.mark.parametrize(
    ("text", "ms"),
    [("2026-11-23T09:30Z", 1795426200000), ("2026-11-23T09:30+09:00", 1795393800000)],
)
def test_times_with_an_offset_are_what_they_say(text, ms):
    assert argument_values.instant(text) == ms


def test_the_parser_of_dates_needs_no_database():
    module = "reprospective_tray.commands.command_line.argument_values"
    code = f"import sys, {module}; print('peewee' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
