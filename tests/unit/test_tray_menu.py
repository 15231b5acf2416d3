"""The menu of a state, and what a click on it asks for."""

import time
from datetime import datetime

import pytest

from reprospective_tray.sync.status_messages import Shipping
from reprospective_tray.tray.menu import (
    SEPARATOR,
    MenuAction,
    action_arguments,
    items,
)
from reprospective_tray.tray.state import AppState, Mode

NOW = 1_795_000_000_000
# What the control channel knows, by the working contract of app.
COMMANDS = {
    *(
        "open_summary",
        "pause",
        "resume",
        "sync",
        "ask_to_forget",
        "open_settings",
        "open_log_folder",
        "quit",
        "start_at_login",
    ),
}
SHIPPING = Shipping(waiting=3, last_success_at=NOW - 180_000)


def labels(state: AppState) -> list[str]:
    return ["─" if item == SEPARATOR else item.label for item in items(state, NOW)]


def leaves(state: AppState):
    for item in items(state, NOW):
        yield from item.submenu or (item,)


def item_named(state: AppState, label: str):
    return next(item for item in leaves(state) if item.label == label)


@pytest.fixture
def zone(monkeypatch):
    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def test_the_menu_while_recording_is_that_of_the_mocks():
    state = AppState(Mode.RECORDING, 29_280_000, "Code")
    assert labels(state) == [
        "8 h 08 m today · Code",
        "─",
        "Open summary",
        "Pause tracking",
        "Forget",
        "─",
        "Open settings",
        "Open log folder",
        "─",
        "Quit",
    ]


def test_where_sending_is_on_the_menu_says_how_far_and_offers_to_send_now():
    assert labels(AppState(Mode.RECORDING, 60_000, "Code", shipping=SHIPPING)) == [
        "1 m 00 s today · Code",
        "Synced 3 min ago · 3 waiting",
        "─",
        "Open summary",
        "Pause tracking",
        "Sync now",
        "Forget",
        "─",
        "Open settings",
        "Open log folder",
        "─",
        "Quit",
    ]
    assert item_named(AppState(shipping=SHIPPING), "Sync now").action == MenuAction("sync")


def test_while_a_pass_runs_none_can_be_asked_for():
    running = Shipping(is_running=True, sent=12_345, total=80_001, last_success_at=NOW)
    (item,) = [one for one in leaves(AppState(shipping=running)) if "Syncing" in one.label]
    assert item.label == "Syncing … 10,000 of 80,000"
    assert (item.action, item.enabled) == (None, False)
    assert "Sync now" not in labels(AppState(shipping=running))


def test_a_problem_comes_after_how_far_everything_is_sent():
    state = AppState(Mode.ATTENTION, 60_000, "Code", problem="No server.", shipping=SHIPPING)
    lines = labels(state)[:4]
    assert lines == ["1 m 00 s today · Code", "Synced 3 min ago · 3 waiting", "No server.", "─"]


def test_the_pauses_are_behind_pause_tracking():
    pause = next(item for item in items(AppState(), NOW) if item.label == "Pause tracking")
    assert [item.label for item in pause.submenu] == [
        "15 minutes",
        "1 hour",
        "Until tomorrow",
        "Until I resume",
    ]


def test_starting_at_login_is_a_switch_that_shows_what_is_and_asks_for_the_other():
    assert "Start at login" not in labels(AppState())
    for on in (False, True):
        state = AppState(Mode.RECORDING, 29_280_000, "Code", starts_at_login=on)
        assert labels(state)[5:9] == ["─", "Start at login", "Open settings", "Open log folder"]
        item = item_named(state, "Start at login")
        assert (item.checked, item.action) == (on, MenuAction("start_at_login", {"on": not on}))
        assert action_arguments(item.action, NOW) == {"on": not on}
        assert {one.label for one in leaves(state) if one.checked is not None} == {item.label}


def test_resume_stands_in_place_of_pause_while_paused():
    paused = AppState(Mode.PAUSED)
    assert labels(paused)[2:5] == ["Open summary", "Resume", "Change pause"]
    assert "Pause tracking" not in labels(paused)
    assert "Resume" not in labels(AppState())
    assert item_named(paused, "Resume").action == MenuAction("resume")


def test_while_paused_the_other_lengths_are_offered_as_before():
    (change,) = [item for item in items(AppState(Mode.PAUSED), NOW) if item.submenu][:1]
    (pause,) = [item for item in items(AppState(), NOW) if item.label == "Pause tracking"]
    assert change.label == "Change pause"
    assert change.submenu == pause.submenu


def test_what_fails_is_said_with_what_to_do_below_how_far_everything_is_sent():
    failing = Shipping(3, last_success_at=NOW - 180_000, error="No.", reason="Nobody is there. Go.")
    lines = labels(AppState(Mode.RECORDING, 60_000, "Code", shipping=failing))[:4]
    assert lines[1].startswith("Not synced since ")
    assert lines[2:] == ["Nobody is there. Go.", "─"]
    long = AppState(
        Mode.ATTENTION, 60_000, problem="Nobody is there. Go. 3 wait.", shipping=failing
    )
    # It is not said twice.
    assert labels(long)[2:4] == ["Nobody is there. Go. 3 wait.", "─"]


def test_a_problem_has_a_line_of_its_own():
    state = AppState(Mode.ATTENTION, 60_000, "Code", problem="The disk is full.")
    assert labels(state)[:3] == ["1 m 00 s today · Code", "The disk is full.", "─"]


@pytest.mark.parametrize("mode", Mode)
def test_only_the_status_cannot_be_clicked(mode):
    state = AppState(mode, problem="A problem.")
    for item in leaves(state):
        assert item.enabled == (item.action is not None), item.label
    disabled = [item for item in leaves(state) if not item.enabled and item != SEPARATOR]
    assert [item.label for item in disabled] == labels(state)[:2]


@pytest.mark.parametrize("mode", Mode)
def test_every_action_is_a_command_of_the_channel(mode):
    state = AppState(mode, shipping=SHIPPING)
    commands = {item.action.command for item in leaves(state) if item.action}
    assert commands <= COMMANDS


@pytest.mark.parametrize("mode", Mode)
def test_a_click_on_the_icon_opens_the_summary(mode):
    assert [i.action for i in leaves(AppState(mode)) if i.default] == [MenuAction("open_summary")]


@pytest.mark.parametrize(
    ("label", "until"),
    [("15 minutes", NOW + 900_000), ("1 hour", NOW + 3_600_000), ("Until I resume", None)],
)
def test_a_pause_is_counted_from_the_click(label, until):
    action = item_named(AppState(), label).action
    assert action_arguments(action, NOW) == {"until": until}
    later = action_arguments(action, NOW + 5)["until"]
    assert later == (None if until is None else until + 5)


@pytest.mark.parametrize(
    ("zone_name", "now", "midnight"),
    [
        ("Asia/Tokyo", "2026-11-23T23:59:59+09:00", "2026-11-24T00:00:00+09:00"),
        ("Asia/Tokyo", "2026-12-31T00:00:00+09:00", "2027-01-01T00:00:00+09:00"),
        # The days on which summer time begins and ends, of 23 and 25 hours.
        ("Europe/Berlin", "2026-03-29T00:30:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("Europe/Berlin", "2026-10-25T00:30:00+02:00", "2026-10-26T00:00:00+01:00"),
    ],
)
def test_until_tomorrow_ends_at_the_next_local_midnight(zone, zone_name, now, midnight):
    zone(zone_name)
    action = item_named(AppState(), "Until tomorrow").action
    clicked = round(datetime.fromisoformat(now).timestamp() * 1000)
    expected = round(datetime.fromisoformat(midnight).timestamp() * 1000)
    assert action_arguments(action, clicked) == {"until": expected}


def test_other_commands_go_without_arguments():
    assert action_arguments(MenuAction("quit"), NOW) == {}


def test_the_log_is_offered_where_something_fails_again_and_again():
    state = AppState(Mode.ATTENTION, problem="3 failures", log_folder="/home/anna/log")
    item = items(state, NOW)[3]
    assert (item.label, item.action) == (
        "The log is in /home/anna/log",
        MenuAction("open_log_folder"),
    )
    assert "The log is in" not in str(items(AppState(Mode.ATTENTION, problem="disk full"), NOW))


@pytest.mark.parametrize(
    ("label", "started"),
    [
        ("Last 15 minutes", NOW - 15 * 60_000),
        ("Last hour", NOW - 60 * 60_000),
        ("Today", NOW - (NOW + 3_600_000) % 86_400_000),  # an hour ahead of UTC
    ],
)
def test_what_is_to_be_forgotten_begins_where_the_label_says(zone, label, started):
    zone("Europe/Berlin")
    action = item_named(AppState(), label).action
    assert action_arguments(action, NOW) == {"since": started}
