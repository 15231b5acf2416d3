"""Idle time on a real X server: from the last input to the first new one."""

from collections.abc import Callable

from Xlib import X
from Xlib.ext import xtest

from installer.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows, now_ms
from tests.support import User

EXACT_MS = 20


def move_mouse(windows: Windows) -> tuple[int, int]:
    """Move the mouse as a person would; return the moments before and after."""
    before = now_ms()
    place = before % 600
    xtest.fake_input(windows.connection, X.MotionNotify, x=place, y=place)
    windows.connection.sync()
    return before, now_ms()


def assert_at(moment: int, window: tuple[int, int]) -> None:
    assert window[0] - EXACT_MS <= moment <= window[1] + EXACT_MS


def test_idle_time_lasts_from_the_last_input_to_the_next_and_takes_back_what_came_meanwhile(
    make_app: Callable[..., AppUnderTest], desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config("monitor: {idle_after: 2}")
    editor = windows.open("Editor", "the last one that was used")
    browser = windows.open("Browser", "waits behind", activate=False)
    editor.activate()
    app = make_app(desktop, "--no-tray").start()
    app.wait_for_row("window_title = 'the last one that was used'")
    left = move_mouse(windows)
    # Nobody touches anything: a program changes its title, and another comes to the front.
    editor.set_title("changed by itself")
    app.wait_for_row("window_title = 'changed by itself'")
    browser.activate()
    app.wait_for_row("window_title = 'waits behind'")

    idle = app.wait_for_row("state = 'idle'")
    assert now_ms() >= left[0] + 2_000
    assert_at(idle["started_at"], left)
    assert (idle["application_name"], idle["window_title"]) == ("", "")
    assert app.ask("status")["mode"] == "idle"
    away = "deleted = 0 and state = 'active' and ended_at > started_at"
    assert [row["window_title"] for row in app.rows(away)] == ["the last one that was used"]
    # Nor does what happens from now on count.
    editor.activate()

    back = move_mouse(windows)
    after = app.wait_for_row(f"state = 'active' and open = 1 and started_at >= {left[1]}")
    assert after["window_title"] == "changed by itself"
    assert_at(after["started_at"], back)
    (idle,) = app.rows("state = 'idle'")
    assert idle["ended_at"] == after["started_at"]
    app.stop()
    living = app.rows("deleted = 0 and state = 'active'")
    assert [row["window_title"] for row in living] == [
        "the last one that was used",
        "changed by itself",
    ]
    assert living[0]["ended_at"] == idle["started_at"]


def test_a_short_rest_is_no_idle_time(
    make_app: Callable[..., AppUnderTest], desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config("monitor: {idle_after: 2}")
    windows.open("Editor", "in use")
    app = make_app(desktop, "--no-tray").start()
    start = now_ms()
    while now_ms() < start + 2_500:
        pressed_at, _after = move_mouse(windows)
        windows.connection.sync()
        app.wait_for_row(f"open = 1 and started_at <= {pressed_at}")
        desktop.xdotool("sleep", "0.7")
    app.stop()
    assert app.rows("state = 'idle'") == []
    assert app.rows()[-1]["ended_at"] >= start + 2_500
