"""The compositor ends, by a crash too, and comes back: the program lives on and loses nothing."""

import signal
from collections.abc import Callable

import pytest

from installer.demo.wayland_desktop import WaylandDesktop
from tests.bystander import is_near
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import now_ms
from tests.support import wait_until
from tests.wayland.windows import Windows

SECONDS = 10.0
# What a moment's work may take.
EXACT_MS = 300

MakeApp = Callable[..., AppUnderTest]


def assert_quiet(app: AppUnderTest) -> None:
    """Nothing of what goes with a crash may be said.

    GTK complains of a widget, once, when the last panel has gone: AppIndicator then makes an icon
    for X11's trays, which cannot be on Wayland.
    """
    for sign in ("Traceback", "Segmentation", "Exception ignored", "Gdk-", "GLib-"):
        assert sign not in app.output(), app.output()


@pytest.mark.parametrize("arguments", [(), ("--no-tray",)], ids=["tray", "no-tray"])
def test_a_crash_of_the_compositor_ends_the_session_there_and_recording_goes_on_with_the_next_one(
    make_app: MakeApp, own_desktop: WaylandDesktop, arguments: tuple[str, ...]
) -> None:
    app = make_app(own_desktop, *arguments).start()
    with Windows(own_desktop) as windows:
        windows.open("Editor", "on the first compositor")
        first = app.wait_for_row("window_title = 'on the first compositor'")
        if not arguments:
            wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon")
        died_at = now_ms()
        own_desktop.kill_compositor()
        wait_until(lambda: not app.rows("open = 1"), SECONDS, "the end of the session")
    (row,) = app.rows("window_title = 'on the first compositor'")
    assert row["started_at"] == first["started_at"]
    assert died_at <= row["ended_at"]
    assert is_near(row["ended_at"], died_at, EXACT_MS)
    wait_until(lambda: app.ask("status")["mode"] == "attention", SECONDS, "the alarm")
    assert "compositor does not answer" in str(app.ask("status")["problem"])

    own_desktop.restart_compositor()
    with Windows(own_desktop) as windows:
        windows.open("Browser", "on the second compositor")
        came_at = now_ms()
        row = app.wait_for_row("window_title = 'on the second compositor'")
        # The first try after the failed ones is the latest.
        assert is_near(min(came_at, row["started_at"]), came_at, EXACT_MS)
        assert app.ask("status")["mode"] == "recording"
        if not arguments:
            wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon again")
        assert app.stop() == 0
    assert_quiet(app)
    assert len(app.rows("ended_at > started_at")) == 2


@pytest.mark.parametrize(
    ("name", "arguments"), [("SIGTERM", ()), ("SIGINT", ("--no-tray",))], ids=["tray", "no-tray"]
)
def test_without_its_compositor_the_program_ends_as_well_as_ever(
    make_app: MakeApp, own_desktop: WaylandDesktop, name: str, arguments: tuple[str, ...]
) -> None:
    app = make_app(own_desktop, *arguments).start()
    with Windows(own_desktop) as windows:
        windows.open("Editor", "to the end")
        app.wait_for_row("window_title = 'to the end'")
        if not arguments:
            wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon")
        own_desktop.kill_compositor()
        wait_until(lambda: not app.rows("open = 1"), SECONDS, "the end of the session")
    assert app.stop(signal.Signals[name]) == 0
    assert_quiet(app)


def test_the_end_of_the_program_is_quiet_while_windows_are_there(
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows
) -> None:
    app = make_app(desktop, "--no-tray").start()
    for number in range(5):
        windows.open("Editor", f"document {number}")
    app.wait_for_row("window_title = 'document 4'")
    assert app.stop() == 0
    assert app.rows("open = 1") == []
    assert_quiet(app)


def test_doctor_says_by_which_way_windows_are_seen_and_that_the_desktop_tells_of_input(
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows
) -> None:
    windows.open("Editor", "a title")
    said = make_app(desktop, "--no-tray").cli("doctor").stdout
    assert "In front now: Editor (wlr)" in said
    assert "Wayland, sway" in said
    assert "Everything required was found." in said
    assert "a title" not in said
