"""What the tray says of a state."""

from datetime import datetime, timedelta

import pytest

from reprospective_tray.desktop.text_limits import cut, cut_utf16
from reprospective_tray.sync.status_messages import Shipping
from reprospective_tray.tray.state import (
    AppState,
    Mode,
    from_status,
    paused_line,
    status_line,
    today_line,
    tooltip,
)
from tests.unit.stored import at

pytestmark = pytest.mark.usefixtures("each_zone")

HOUR = 3_600_000


NOW = "2026-11-23 14:00"


def test_the_status_line_tells_todays_time_and_the_application():
    state = AppState(Mode.RECORDING, 8 * HOUR + 8 * 60_000 + 29_999, "Code")
    assert status_line(state, at(NOW)) == "8 h 08 m today · Code"


@pytest.mark.parametrize(
    ("ms", "line"),
    [
        (0, "0 s today"),
        (55_000, "55 s today"),
        (125_000, "2 m 05 s today"),
        (59 * 60_000, "59 m today"),
        (HOUR, "1 h 00 m today"),
    ],
)
def test_less_than_an_hour_is_told_in_minutes_and_less_than_ten_in_seconds(ms, line):
    assert today_line(AppState(today_active_ms=ms)) == line


def test_an_idle_person_uses_no_application():
    assert today_line(AppState(Mode.IDLE, HOUR, "Code")) == "1 h 00 m today · idle"
    assert today_line(AppState(Mode.LOCKED, HOUR, "Code")) == "1 h 00 m today · locked"


@pytest.mark.parametrize(
    ("until", "line"),
    [
        ("2026-11-23 15:30", "Paused until 15:30"),
        ("2026-11-24 00:00", "Paused until tomorrow, 00:00"),
        ("2026-11-26 09:05", "Paused until 2026-11-26, 09:05"),
    ],
)
def test_a_pause_ends_by_the_clock_on_the_wall(until, line):
    assert status_line(AppState(Mode.PAUSED, paused_until=at(until)), at(NOW)) == line


def test_a_pause_without_an_end_lasts_until_the_person_resumes():
    assert paused_line(None, at(NOW)) == "Paused until you resume"


def test_attention_says_the_problem():
    state = AppState(Mode.ATTENTION, HOUR, "Code", problem="The disk is full.")
    assert status_line(state, at(NOW)) == "The disk is full."


def test_a_long_application_name_is_cut():
    line = today_line(AppState(application_name="x" * 500))
    assert line == f"0 s today · {'x' * 39}…"


def test_the_tooltip_never_has_more_than_windows_takes():
    state = AppState(Mode.ATTENTION, problem="\N{CAT FACE}" * 200)
    text = tooltip(state, at(NOW))
    assert len(text.encode("utf-16-le")) // 2 in {126, 127}
    assert text.startswith("Re:prospective: \N{CAT FACE}")
    assert text.endswith("\N{CAT FACE}…")


def test_the_tooltip_says_how_far_everything_is_sent():
    shipping = Shipping(last_success_at=at(NOW))
    state = AppState(Mode.RECORDING, HOUR, "Code", shipping=shipping)
    wanted = "Re:prospective: 1 h 00 m today · Code · Synced a moment ago"
    assert tooltip(state, at(NOW)) == wanted
    paused = AppState(Mode.PAUSED, paused_until=None, shipping=shipping)
    assert tooltip(paused, at(NOW)).endswith("until you resume · Synced a moment ago")


def test_in_the_tooltip_what_fails_comes_before_what_may_be_cut():
    shipping = Shipping(3, last_success_at=at(NOW), error="No.", reason="Nobody is there. Go.")
    state = AppState(Mode.RECORDING, HOUR, "Code", shipping=shipping)
    wanted = "Re:prospective: Nobody is there. Go. · 1 h 00 m today · Code · Not synced since 14:00"
    assert tooltip(state, at(NOW)) == f"{wanted} · 3 waiting"


def test_the_tooltip_of_a_problem_has_no_room_for_more():
    shipping = Shipping(last_success_at=at(NOW))
    state = AppState(Mode.ATTENTION, problem="No server.", shipping=shipping)
    assert tooltip(state, at(NOW)) == "Re:prospective: No server."


@pytest.mark.parametrize("units", range(1, 8))
def test_no_character_is_halved(units):
    text = cut_utf16("a\N{CAT FACE}b\ud800cd\N{CAT FACE}", units)
    assert len(text.encode("utf-16-le", "surrogatepass")) // 2 <= units
    assert text.endswith("…")


def test_what_fits_is_not_cut():
    assert cut("abc", 3) == "abc"
    assert cut_utf16("a\N{CAT FACE}", 3) == "a\N{CAT FACE}"


def test_the_status_object_becomes_the_state():
    until = datetime.fromisoformat("2026-11-23T15:30:00.250+00:00")
    status = {
        "mode": "paused",
        "today_active_seconds": 12.345,
        "application_name": "Code",
        "paused_until": "2026-11-23T15:30:00.250Z",
        "problem": "",
        "something_newer": 1,
    }
    expected = round(until.timestamp() * 1000)
    assert from_status(status) == AppState(Mode.PAUSED, 12_345, "Code", expected, "")


def test_a_status_without_an_end_of_the_pause_has_none():
    status = {"mode": "paused", "paused_until": None, "today_active_seconds": 0}
    assert from_status(status).paused_until is None


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="sleeping"):
        from_status({"mode": "sleeping"})


def test_days_are_those_of_the_wall():
    late = at("2026-11-23 23:59")
    soon = late + round(timedelta(minutes=2).total_seconds() * 1000)
    assert paused_line(soon, late) == "Paused until tomorrow, 00:01"
