"""What is recorded of windows of all kinds on sway."""

from collections.abc import Callable, Iterator

import pytest

from installer import unprivileged
from installer.demo.virtual_desktop import VirtualDesktop
from installer.demo.wayland_desktop import WaylandDesktop
from tests.bystander import is_near
from tests.desktop import windows as x11
from tests.desktop.app_under_test import AppUnderTest
from tests.support import wait_until
from tests.wayland.windows import Windows

SECONDS = 10.0
EXACT_MS = 20

MakeApp = Callable[..., AppUnderTest]


@pytest.fixture
def app(make_app: MakeApp, desktop: WaylandDesktop) -> AppUnderTest:
    """The app on `desktop`, running and answering."""
    return make_app(desktop, "--no-tray").start()


def test_windows_lacking_a_title_or_an_app_id_are_recorded_by_what_they_have(
    app: AppUnderTest, windows: Windows
) -> None:
    windows.open("Untitled", None)
    assert app.wait_for_row("application_name = 'Untitled'")["window_title"] == ""
    windows.open("", "of no program")
    assert app.wait_for_row("window_title = 'of no program'")["application_name"] == ""
    windows.open("", None)
    named = app.wait_for_row("window_title = 'of no program' and open = 0")
    after = app.wait_for_row("open = 1")
    assert (after["application_name"], after["window_title"]) == ("", "")
    assert after["started_at"] == named["ended_at"]


def test_titles_of_any_writing_and_length_are_recorded_as_they_are(
    app: AppUnderTest, windows: Windows
) -> None:
    window = windows.open("Editor", "作業 📝 ÿ")
    app.wait_for_row("window_title = '作業 📝 ÿ'")
    long = "x" * 3_000
    window.set_title(long)
    assert app.wait_for_row(f"window_title = '{long}'")["application_name"] == "Editor"


def test_a_window_of_xwayland_is_recorded_by_its_class_as_under_x11(
    app: AppUnderTest, desktop: WaylandDesktop, windows: Windows
) -> None:
    native = windows.open("Editor", "of Wayland")
    app.wait_for_row("window_title = 'of Wayland'")
    # XWayland lets its own user in alone.
    with unprivileged.acting():
        others = x11.Windows(desktop.env["DISPLAY"])
    with others:
        other = others.open("Firefox", "of X11", instance="Navigator")
        assert app.wait_for_row("window_title = 'of X11'")["application_name"] == "Firefox"
        renamed_at = other.set_title("another page")
        row = app.wait_for_row("window_title = 'another page'")
        assert row["application_name"] == "Firefox"
        assert is_near(row["started_at"], renamed_at, EXACT_MS)
        back_at = native.activate()
        row = app.wait_for_row(f"application_name = 'Editor' and started_at >= {renamed_at}")
        assert is_near(row["started_at"], back_at, EXACT_MS)


def test_the_programs_own_windows_leave_no_trace(
    app: AppUnderTest, desktop: WaylandDesktop, windows: Windows
) -> None:
    windows.open("Editor", "before")
    app.wait_for_row("window_title = 'before' and open = 1")
    app.ask("open_summary")
    wait_until(lambda: not app.rows("open = 1"), SECONDS, "the end of the session")
    assert windows.active_window() != 0
    desktop.swaymsg("kill")
    row = app.wait_for_row("open = 1")
    assert (row["application_name"], row["window_title"]) == ("Editor", "before")
    assert {row["application_name"] for row in app.rows()} == {"Editor"}


def test_a_fullscreen_window_is_recorded_and_what_is_behind_it_is_not(
    app: AppUnderTest, windows: Windows
) -> None:
    behind = windows.open("Editor", "before the game")
    app.wait_for_row("window_title = 'before the game'")
    game = windows.open("Game", "level 1", fullscreen=True)
    assert game.seen()["fullscreen_mode"] == 1
    app.wait_for_row("window_title = 'level 1'")
    behind.set_title("changed behind the game")
    game.set_title("level 2")
    app.wait_for_row("window_title = 'level 2'")
    game.close()
    app.wait_for_row("window_title = 'changed behind the game'")
    assert [row["window_title"] for row in app.rows("ended_at > started_at")] == [
        *("before the game", "level 1", "level 2", "changed behind the game")
    ]


def test_where_no_window_has_the_focus_none_is_recorded(
    app: AppUnderTest, desktop: WaylandDesktop, windows: Windows
) -> None:
    window = windows.open("Editor", "in front")
    app.wait_for_row("window_title = 'in front'")
    before = x11.now_ms()
    desktop.swaymsg("workspace elsewhere")
    after = x11.now_ms()
    assert windows.active_window() == 0
    row = app.wait_for_row("window_title = 'in front' and open = 0")
    assert is_near(row["ended_at"], min(max(row["ended_at"], before), after), EXACT_MS)
    assert app.rows("open = 1") == []
    back_at = window.activate()
    row = app.wait_for_row("open = 1")
    assert is_near(row["started_at"], back_at, EXACT_MS)
    window.close()
    wait_until(lambda: not app.rows("open = 1"), SECONDS, "the end of the session")


@pytest.fixture
def two_screens() -> Iterator[WaylandDesktop]:
    with WaylandDesktop(outputs=2, xwayland=False) as made:
        yield made


def test_two_screens_and_a_second_seat_are_one_desktop(
    make_app: MakeApp, two_screens: WaylandDesktop
) -> None:
    app = make_app(two_screens, "--no-tray").start()
    with Windows(two_screens) as windows:
        left = windows.open("Editor", "on the left")
        two_screens.swaymsg("focus output HEADLESS-2")
        windows.open("Browser", "on the right")
        app.wait_for_row("window_title = 'on the right'")
        left.activate()
        app.wait_for_row("window_title = 'on the left' and open = 1")
        # A screen that goes takes no session along.
        two_screens.swaymsg("output HEADLESS-2 disable")
        two_screens.swaymsg("seat second fallback false")
        two_screens.swaymsg("seat second hide_cursor 1000")
        left.set_title("goes on")
        app.wait_for_row("window_title = 'goes on' and open = 1")
        two_screens.swaymsg("output HEADLESS-2 enable")
        windows.open("Mail", "with both again")
        app.wait_for_row("window_title = 'with both again'")
        assert app.ask("status")["mode"] == "recording"
    assert app.stop() == 0


def test_x_servers_with_other_extensions_are_no_trouble_in_one_process(
    desktop: WaylandDesktop,
) -> None:
    with (
        VirtualDesktop(panel=None, window_manager=False) as other,
        x11.Windows(other.env["DISPLAY"]),
    ):
        with unprivileged.acting():
            of_wayland = x11.Windows(desktop.env["DISPLAY"])
        with of_wayland:
            assert of_wayland.open("Editor", "seen", activate=False).id
        with x11.Windows(other.env["DISPLAY"]) as again:
            assert again.open("Editor", "seen", activate=False).id
