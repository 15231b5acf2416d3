"""Whatever says that something is recorded says it only while that is so: log, status, doctor.

How it can fail: a claim is made at the start, before anybody has looked, and stays.
"""

import json
from collections.abc import Callable

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.runtime.state import program_state
from reprospective_tray.runtime.state.program_state import ProgramState
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.test_app_life import open_window, start_second_display
from tests.desktop.test_tray_app import window_comes_up
from tests.desktop.windows import Windows
from tests.support import User, wait_until

SECONDS = 15.0
CLAIM = "recording to "
WAYLAND = {"XDG_SESSION_TYPE": "wayland"}

MakeApp = Callable[..., AppUnderTest]


def log_lines(app: AppUnderTest, words: str) -> list[str]:
    """Return the lines of the log that have `words`."""
    lines = app.user.paths.log_file.read_text("utf-8").splitlines()
    return [line for line in lines if words in line]


def await_line(app: AppUnderTest, words: str, count: int = 1) -> None:
    wait_until(lambda: len(log_lines(app, words)) >= count, SECONDS, f"{words!r} in the log")


def await_recording(app: AppUnderTest, *, is_on: bool) -> dict[str, object]:
    wait_until(lambda: app.ask("status")["recording"] is is_on, SECONDS, f"recording: {is_on}")
    return app.ask("status")


def instance_of_doctor(app: AppUnderTest) -> str:
    checks = json.loads(app.cli("doctor", "--json", check=False).stdout)["checks"]
    (found,) = [each["detail"] for each in checks if each["name"] == "instance"]
    return str(found)


def test_where_windows_are_seen_the_log_names_once_where_they_go(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    windows.open("Editor", "seen")
    app = make_app(desktop, "--no-tray").start()
    app.wait_for_row("window_title = 'seen'")
    await_line(app, f"{CLAIM}{user.database}")
    await_recording(app, is_on=True)
    assert app.cli("status").stdout.startswith("Recording (process ")
    assert instance_of_doctor(app).startswith("Recording (process ")
    assert app.stop() == 0
    assert len(log_lines(app, CLAIM)) == 1


@pytest.mark.parametrize(
    "changed",
    [{"DISPLAY": None}, {"DISPLAY": ":4711"}, WAYLAND],
    ids=["no display", "a display that is not there", "wayland"],
)
def test_where_no_window_can_be_seen_nothing_claims_that_something_is_recorded(
    make_app: MakeApp, desktop: VirtualDesktop, user: User, changed: dict[str, str | None]
) -> None:
    app = make_app(desktop, "--no-tray")
    app.is_first_start = True
    for name, value in changed.items():
        app.env.pop(name, None)
        if value is not None:
            app.env[name] = value
    app.start()
    await_line(app, "nothing is recorded")
    status = await_recording(app, is_on=False)
    wait_until(lambda: app.ask("status")["mode"] == "attention", SECONDS, "the alarm")
    said = app.cli("status").stdout
    assert said.startswith(f"Not recording (process {status['pid']}).\n")
    assert "Recording" not in said
    assert "Recording" not in instance_of_doctor(app)
    assert "Recording" not in app.cli("resume").stdout
    assert app.stop() == 0
    assert log_lines(app, CLAIM) == []
    assert log_lines(app, "first start") == []
    assert program_state.load(user.paths).first_start_at is None


def test_the_greeting_says_what_keeps_windows_from_being_seen_and_comes_once_they_are(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    blind = make_app(desktop)
    blind.is_first_start = True
    blind.env.update(WAYLAND)
    with blind.start():
        await_line(blind, "nothing is recorded")
        # It names no file of this person: it is found by its words.
        wait_until(lambda: "Nothing is recorded." in history(desktop), SECONDS, "the notification")
        assert log_lines(blind, "first start") == []
        assert blind.stop() == 0
    app = make_app(desktop)
    app.is_first_start = True
    app.start()
    with window_comes_up(desktop, app, "first-start-window"):
        await_line(app, "first start: Now recording")
    wait_until(
        lambda: program_state.load(user.paths).first_start_at, SECONDS, "what is remembered of it"
    )
    assert app.stop() == 0


def history(desktop: VirtualDesktop) -> str:
    desktop.run("dunstctl", "close-all")
    return desktop.run("dunstctl", "history")


def test_while_it_is_paused_the_log_claims_nothing_until_it_is_resumed(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    program_state.save(user.paths, ProgramState(paused=True, paused_at=1, first_start_at=1))
    app = make_app(desktop, "--no-tray").start()
    await_line(app, "paused: nothing is recorded")
    assert log_lines(app, CLAIM) == []
    assert app.cli("resume").stdout == "Recording.\n"
    await_line(app, CLAIM)
    app.cli("pause")
    assert app.ask("status")["recording"] is False
    app.cli("resume")
    await_line(app, CLAIM, 2)
    assert app.stop() == 0


def test_the_claim_ends_with_the_display_and_comes_back_with_the_next_one(
    make_app: MakeApp, own_desktop: VirtualDesktop
) -> None:
    app = make_app(own_desktop, "--no-tray").start()
    windows = open_window(own_desktop, "on the first display")
    app.wait_for_row("window_title = 'on the first display'")
    await_line(app, CLAIM)
    own_desktop.stop_x()
    windows.connection.display.socket.close()
    await_line(app, "nothing is recorded")
    await_recording(app, is_on=False)
    assert app.cli("status").stdout.startswith("Not recording (process ")
    start_second_display(own_desktop.env["DISPLAY"], own_desktop)
    await_line(app, CLAIM, 2)
    await_recording(app, is_on=True)
    assert app.stop() == 0


def test_where_nothing_can_be_written_the_log_claims_nothing_until_it_can(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    blocked = user.folder / "blocked"
    blocked.write_text("no folder")
    user.write_config(f"database: {{local: {{path: {blocked}/local.db}}}}")
    windows.open("Editor", "kept in memory")
    app = make_app(desktop, "--no-tray").start()
    wait_until(lambda: app.ask("status")["problem"], SECONDS, "the problem")
    assert log_lines(app, CLAIM) == []
    blocked.unlink()
    await_line(app, f"{CLAIM}{blocked}/local.db")
    assert app.stop() == 0


def test_another_place_in_the_settings_is_named_once_it_is_recorded_to(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    user.write_config("notifications: {first_start: false}")
    app = make_app(desktop, "--no-tray").start()
    await_line(app, f"{CLAIM}{user.database}")
    other = user.folder / "other" / "local.db"
    user.write_config(f"database: {{local: {{path: {other}}}}}")
    await_line(app, f"{CLAIM}{other}")
    assert len(log_lines(app, CLAIM)) == 2
    assert app.stop() == 0
