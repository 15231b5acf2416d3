"""Idle time on sway: from the last input to the first new one."""

from collections.abc import Callable

from installer.wayland_desktop import WaylandDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import now_ms
from tests.support import User
from tests.wayland.windows import Windows

EXACT_MS = 20

MakeApp = Callable[..., AppUnderTest]


def press_key(desktop: WaylandDesktop) -> tuple[int, int]:
    """Press a key as a person would; return the moments before and after."""
    before = now_ms()
    desktop.run("wtype", "x")
    return before, now_ms()


def assert_at(moment: int, window: tuple[int, int]) -> None:
    assert window[0] - EXACT_MS <= moment <= window[1] + EXACT_MS


def test_idle_time_lasts_from_the_last_input_to_the_next_and_takes_back_what_came_meanwhile(
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows, user: User
) -> None:
    user.write_config("monitor: {idle_after: 2}")
    editor = windows.open("Editor", "the last one that was used")
    browser = windows.open("Browser", "waits behind", activate=False)
    editor.activate()
    app = make_app(desktop, "--no-tray").start()
    app.wait_for_row("window_title = 'the last one that was used'")
    left = press_key(desktop)
    # Nobody touches anything: a program changes its title, and another comes to the front.
    editor.set_title("changed by itself")
    app.wait_for_row("window_title = 'changed by itself'")
    browser.activate()
    app.wait_for_row("window_title = 'waits behind'")

    idle = app.wait_for_row("state = 'idle'")
    assert now_ms() >= left[0] + 2_000
    assert_at(idle["started_at"], left)
    assert app.ask("status")["mode"] == "idle"
    away = "deleted = 0 and state = 'active' and ended_at > started_at"
    assert [row["window_title"] for row in app.rows(away)] == ["the last one that was used"]
    # Nor does what happens from now on count.
    editor.activate()

    back = press_key(desktop)
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
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows, user: User
) -> None:
    user.write_config("monitor: {idle_after: 2}")
    windows.open("Editor", "in use")
    app = make_app(desktop, "--no-tray").start()
    start = now_ms()
    while now_ms() < start + 2_500:
        press_key(desktop)
        desktop.run("sleep", "1.1")
    app.stop()
    assert app.rows("state = 'idle'") == []
    assert app.rows()[-1]["ended_at"] >= start + 2_500
