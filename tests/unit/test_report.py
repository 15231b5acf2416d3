"""The report: the contract's object, and text that fits a terminal."""

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put, State
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.summary.figures import report
from reprospective_tray.summary.format_text import (
    columns,
    duration,
    fit,
    long_date,
    printable,
)
from reprospective_tray.summary.formats.as_json import as_object
from reprospective_tray.summary.formats.as_text import render, wants_colour
from tests.unit.stored import fresh_adapter, session

DAY = date(2026, 3, 30)
ONE_DAY = DayRange(DAY, DAY)
SESSIONS = [
    session("2026-03-30T09:00:00.500+09:00", "2026-03-30T10:30:00.500+09:00", "Code", "a.py"),
    session("2026-03-30T10:30:01+09:00", "2026-03-30T10:45:01+09:00", "ターミナル", "終了コード 0"),
    session("2026-03-30T10:45:01+09:00", "2026-03-30T10:50:01+09:00", "Code", "b.py"),
    session("2026-03-30T11:00:00+09:00", "2026-03-30T11:10:00+09:00", state=State.IDLE),
    session("2026-03-30T11:10:00+09:00", "2026-03-30T11:12:00.001+09:00", state=State.LOCKED),
]


def built(*sessions, days=ONE_DAY, titles=None, host=None):
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in sessions])
        return report.build(Queries(adapter), days, host=host, titles=titles)


def test_the_object_is_the_contract_s_and_what_else_the_window_shows():
    assert as_object(built(*SESSIONS)) == {
        "from": "2026-03-30",
        "to": "2026-03-30",
        "source": "local",
        "hosts": ["desk"],
        "active_seconds": 6600.0,
        "idle_seconds": 600.0,
        "locked_seconds": 120.001,
        "applications": [
            {
                "application_name": "Code",
                "seconds": 5700.0,
                "sessions": 2,
                "titles": [
                    {"window_title": "a.py", "seconds": 5400.0},
                    {"window_title": "b.py", "seconds": 300.0},
                ],
            },
            {
                "application_name": "ターミナル",
                "seconds": 900.0,
                "sessions": 1,
                "titles": [{"window_title": "終了コード 0", "seconds": 900.0}],
            },
        ],
        "days": [
            {
                "date": "2026-03-30",
                "active_seconds": 6600.0,
                "first_at": "2026-03-30T09:00:00.500+09:00",
                "last_at": "2026-03-30T10:50:01.000+09:00",
            }
        ],
        "hours": [
            {"start": "2026-03-30T09:00:00", "active_seconds": 3599.5},
            {"start": "2026-03-30T10:00:00", "active_seconds": 3000.5},
        ],
        "categories": [{"category": "Work > Coding", "seconds": 6600.0, "productive": True}],
        "switches": 2,
        "longest_stretch": {
            "application_name": "Code",
            "started_at": "2026-03-30T09:00:00.500+09:00",
            "seconds": 5400.0,
        },
        "previous": None,
    }


def test_a_range_of_more_than_31_days_has_titles_and_hours_only_when_asked():
    month = DayRange(date(2026, 3, 1), date(2026, 3, 31))
    longer = DayRange(date(2026, 2, 28), date(2026, 3, 31))
    assert "hours" in as_object(built(*SESSIONS, days=month))
    plain = as_object(built(*SESSIONS, days=longer))
    assert "hours" not in plain
    assert "titles" not in plain["applications"][0]
    asked = as_object(built(*SESSIONS, days=longer, titles=1))
    assert asked["hours"]
    assert asked["applications"][0]["titles"] == [{"window_title": "a.py", "seconds": 5400.0}]


def test_titles_of_the_same_time_come_by_name_and_applications_too():
    same = [
        session(f"2026-03-30T09:0{n}:00Z", f"2026-03-30T09:0{n}:30Z", name, title)
        for n, (name, title) in enumerate([("b", "y"), ("a", "z"), ("b", "x"), ("a", "w")])
    ]
    found = built(*same).applications
    assert [each.name for each in found] == ["a", "b"]
    assert [title.window_title for title in found[1].titles] == ["x", "y"]


def test_another_host_has_nothing_of_it():
    found = built(*SESSIONS, host="elsewhere")
    assert found.states.active_ms == 0
    assert found.hosts == ("elsewhere",)


@pytest.mark.parametrize("width", [40, 57, 80, 200])
def test_no_line_of_the_text_is_wider_than_the_terminal(width):
    long = session(
        "2026-03-30T12:00:00+09:00",
        "2026-03-30T13:00:00+09:00",
        "とても長い名前のアプリケーション" * 3,
        "a title that goes on and on " * 9 + "日本語の題名",
    )
    text = render(built(*SESSIONS, long), width=width)
    assert max(map(columns, text.splitlines())) <= width
    assert "…" in text


def test_the_times_of_applications_stand_in_one_column_whatever_their_script():
    lines = render(built(*SESSIONS), width=80).splitlines()
    first = next(line for line in lines if line.startswith("Code"))
    second = next(line for line in lines if line.startswith("ターミナル"))
    assert first.endswith("1 h 35 m")
    assert second.endswith("15 m")
    assert columns(first) == columns(second) == 80
    assert first.count("█") > second.count("█") > 0


def test_figures_come_first_then_applications_with_titles_then_hours():
    text = render(built(*SESSIONS))
    order = ["Monday, 30 March 2026", "Active", "Applications", "\nCode", "  a.py", "\nHours"]
    places = [text.index(f"{part}") for part in order]
    assert places == sorted(places)
    assert "1 h 50 m" in text
    assert "09:00 \N{EN DASH} 10:50" in text


def test_the_text_says_why_there_are_no_titles():
    longer = DayRange(date(2026, 1, 1), date(2026, 12, 31))
    assert "up to 31 days" in render(built(*SESSIONS, days=longer))
    assert "up to 31 days" not in render(built(*SESSIONS))


def test_an_empty_day_says_what_to_do():
    text = render(built())
    assert "Nothing was recorded on this day." in text
    assert "reprospective-tray run" in text


def test_a_day_with_idle_time_alone_is_not_called_empty():
    text = render(built(SESSIONS[3]))
    assert "Nothing" not in text
    assert "10 m" in text


def test_a_day_that_ends_at_midnight_ends_at_24():
    text = render(built(session("2026-03-30T23:00:00Z", "2026-03-31T00:00:00Z")))
    assert "23:00 \N{EN DASH} 24:00" in text


def test_colour_is_used_only_where_it_was_asked_for():
    figures = built(*SESSIONS)
    assert "\x1b[" not in render(figures)
    assert "\x1b[" in render(figures, colour=True)


def test_colour_needs_a_terminal_and_no_no_color():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert wants_colour(Terminal(), {})
    assert not wants_colour(Terminal(), {"NO_COLOR": "1"})
    assert not wants_colour(Terminal(), {"TERM": "dumb"})
    assert not wants_colour(io.StringIO(), {})


def test_control_characters_of_a_title_do_not_reach_the_terminal():
    evil = session(
        "2026-03-30T09:00:00Z",
        "2026-03-30T10:00:00Z",
        "x\x1b]0;owned\x07",
        "a\x1b[2Jb\x9bc\u202edcba\nnext\u2028last",
    )
    text = render(built(evil))
    assert not set(text) & set("\x1b\x07\x9b\u202e\u2028")
    assert "b cdcba next last" in text


@pytest.mark.parametrize(
    ("text", "width"),
    [("Code", 4), ("ターミナル", 10), ("終了 0", 6), ("ﾀ", 1), ("e\u0301", 1), ("\u200b", 0)],
)
def test_a_wide_character_takes_two_columns_and_a_combining_one_none(text, width):
    assert columns(text) == width


@given(st.text())
def test_printable_text_is_one_line(text):
    assert len(printable(text).splitlines()) <= 1
    assert printable(printable(text)) == printable(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"])), st.integers(1, 60))
def test_fitted_text_takes_exactly_its_columns(text, width):
    assert columns(fit(text, width)) == width


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 s"),
        (499, "<1 s"),
        (35_499, "35 s"),
        (59_500, "1 m 00 s"),
        (125_000, "2 m 05 s"),
        (599_499, "9 m 59 s"),
        (599_500, "10 m"),
        (14 * 60_000 + 29_999, "14 m"),
        (3_570_000, "1 h 00 m"),
        (3_600_000, "1 h 00 m"),
        (29_280_000, "8 h 08 m"),
        (360_000_000, "100 h 00 m"),
    ],
)
def test_a_duration_is_said_as_a_person_says_it(ms, text):
    assert duration(ms) == text


def test_a_date_is_named_with_its_weekday():
    assert long_date(date(2026, 11, 23)) == "Monday, 23 November 2026"
