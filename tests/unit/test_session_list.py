"""The list of sessions: sorted as values, put into words when it is looked at."""

from datetime import date

import pytest

from reprospective_tray.config.keys import CategorySettings
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import State
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.session_list import SessionList
from tests.unit.stored import session, stored

DAYS = DayRange(date(2026, 3, 30), date(2026, 3, 31))
SESSIONS = [
    stored(each)
    for each in (
        session("2026-03-31T08:00:00Z", "2026-03-31T08:01:00Z", "beta", "Z"),
        session("2026-03-30T23:00:00Z", "2026-03-31T01:00:00Z", "Alpha", "y"),
        session("2026-03-30T10:00:00Z", "2026-03-30T10:30:00Z", "Gamma", "x"),
        session("2026-03-30T09:00:00Z", "2026-03-30T09:05:00Z", state=State.IDLE),
    )
]


def listed(sessions=SESSIONS, days=DAYS, *, is_here=True):
    rules = Categories(CategorySettings())
    return SessionList(sessions, days, rules, is_here=is_here)


@pytest.mark.parametrize(
    ("column", "descending", "names"),
    [
        ("when", True, ["beta", "Alpha", "Gamma", "Idle"]),
        ("when", False, ["Idle", "Gamma", "Alpha", "beta"]),
        ("time", True, ["Alpha", "Gamma", "Idle", "beta"]),
        ("name", False, ["Idle", "Alpha", "beta", "Gamma"]),
        ("title", True, ["beta", "Alpha", "Gamma", "Idle"]),
    ],
)
def test_it_is_sorted_by_what_is_meant_and_not_by_the_words(column, descending, names):
    found = listed().sorted_by(column, descending=descending)
    assert [line.name for line in found] == names


def test_of_equals_the_newest_comes_first():
    equal = [SESSIONS[0], stored(session("2026-03-30T07:00:00Z", "2026-03-30T07:01:00Z", "beta"))]
    for descending in (True, False):
        found = listed(equal).sorted_by("name", descending=descending)
        assert [line.when for line in found] == [
            *("Tue 31 08:00\N{EN DASH}08:01", "Mon 30 07:00\N{EN DASH}07:01"),
        ]


def test_a_session_over_midnight_within_the_range_is_whole():
    assert (listed()[1].when, listed()[1].time) == ("Mon 30 23:00\N{EN DASH}01:00", "2 h 00 m")


def test_a_session_from_before_the_range_is_named_by_the_first_day():
    (line,) = listed([SESSIONS[1]], DayRange(date(2026, 3, 31), date(2026, 4, 1)))
    assert (line.when, line.time) == ("Tue 31 00:00\N{EN DASH}01:00", "1 h 00 m")


def test_what_is_deleted_is_left_out_and_all_else_stays():
    found = listed().without({SESSIONS[1].uid})
    assert [line.name for line in found] == ["beta", "Gamma", "Idle"]
    assert found != listed()
    assert listed() == listed()


def test_only_what_lies_here_can_be_deleted():
    mixed = [SESSIONS[0], stored(session("2026-03-30T07:00:00Z", "2026-03-30T07:01:00Z"),
                                 elsewhere=True)]  # fmt: skip
    assert [bool(line.uid) for line in listed(mixed)] == [True, False]
    assert not any(line.uid for line in listed(is_here=False))


def test_the_widest_lines_show_every_name_and_the_longest_time():
    lines = listed().widest()
    assert {line.name for line in lines} == {"beta", "Alpha", "Gamma", "Idle"}
    assert "2 h 00 m" in {line.time for line in lines}


def test_times_with_seconds_are_wider_than_longer_ones_without():
    made = [
        session("2026-03-30T08:00:00Z", "2026-03-30T08:09:48Z", "Code", "a"),
        session("2026-03-30T09:00:00Z", "2026-03-30T09:50:00Z", "Code", "b"),
        session("2026-03-30T10:00:00Z", "2026-03-30T10:00:07Z", "Code", "c"),
    ]
    times = {line.time for line in listed([stored(each) for each in made]).widest()}
    assert {"9 m 48 s", "50 m"} <= times
