"""A panel that is killed takes neither the program nor its icon along."""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from installer.demo.virtual_desktop import Panel, VirtualDesktop
from tests.desktop import tray_menu
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows
from tests.support import User, wait_until

SECONDS = 10.0
# The icon's own window has this name; a panel that holds it makes it visible.
ICON = "^Re:prospective|^reprospective-tray"

MakeApp = Callable[..., AppUnderTest]
MakeDesktop = Callable[..., VirtualDesktop]


@pytest.fixture
def make_desktop() -> Iterator[MakeDesktop]:
    """Make a desktop whose panel may be killed."""
    with ExitStack() as stack:
        yield lambda panel: stack.enter_context(VirtualDesktop(panel=panel))


def kill_panel(desktop: VirtualDesktop, panel: Panel) -> None:
    running = [part for part in desktop._parts if panel in part.args and part.poll() is None]
    for part in running:
        part.kill()
        part.wait()
    assert len(running) == 1


def await_icon(app: AppUnderTest, *, shown: bool) -> None:
    wait_until(lambda: app.ask("status")["has_menu"] is shown, SECONDS, f"shown to be {shown}")


def await_icon_on_screen(desktop: VirtualDesktop, *, shown: bool) -> None:
    what = f"the icon's window to be visible: {shown}"
    wait_until(lambda: bool(tray_menu.named(desktop, ICON)) is shown, SECONDS, what)


def assert_records(app: AppUnderTest, windows: Windows, title: str) -> None:
    windows.open("Editor", title)
    app.wait_for_row(f"window_title = '{title}' and open = 1")


def docked(desktop: VirtualDesktop, *search: str) -> bool:
    try:
        return bool(desktop.xdotool(*search))
    except subprocess.CalledProcessError:
        return False  # nothing found


@pytest.mark.parametrize("panel", ["tint2", "xfce4-panel"])
def test_a_killed_panel_ends_nothing_and_the_next_one_gets_the_icon(
    panel: Panel, make_app: MakeApp, make_desktop: MakeDesktop
) -> None:
    desktop = make_desktop(panel)
    app = make_app(desktop).start()
    await_icon(app, shown=True)
    with Windows(desktop.env["DISPLAY"]) as windows:
        # Twice: the window that was made anew has to live through it as well.
        for crash in ("first", "second"):
            kill_panel(desktop, panel)
            await_icon(app, shown=False)
            assert_records(app, windows, f"after the {crash} crash")
            desktop._start_panel(panel)
            await_icon(app, shown=True)
    if panel == "tint2":
        tray_menu.choose(desktop, app, *tray_menu.QUIT)
        assert app.process is not None
        assert app.process.wait(SECONDS) == 0
    else:
        assert app.stop() == 0
    assert "BadWindow" not in app.output()
    # Gdk may miss the frame clock, which the server's word of the destroyed window takes away amid
    # a frame. A widget that was freed and is used all the same is Gtk's and GObject's to report.
    assert not re.findall("(?:Gtk|GObject)-CRITICAL.*", app.output())


@pytest.mark.long
def test_a_panel_that_came_late_may_be_killed_too(
    make_app: MakeApp, make_desktop: MakeDesktop
) -> None:
    desktop = make_desktop(None)
    app = make_app(desktop).start()
    wait_until(lambda: "No tray was found" in app.output(), SECONDS, "the way without a panel")
    desktop._start_panel("tint2")
    await_icon_on_screen(desktop, shown=True)
    with Windows(desktop.env["DISPLAY"]) as windows:
        kill_panel(desktop, "tint2")
        await_icon_on_screen(desktop, shown=False)
        assert_records(app, windows, "after the crash")
    desktop._start_panel("tint2")
    await_icon_on_screen(desktop, shown=True)
    assert app.stop() == 0


def test_without_pygobject_a_killed_panel_ends_the_icon_alone_and_it_is_said(
    make_app: MakeApp, make_desktop: MakeDesktop, user: User
) -> None:
    hidden = user.folder / "hidden"
    hidden.mkdir()
    (hidden / "gi.py").write_text("raise ImportError('hidden by the test')\n")
    desktop = make_desktop("tint2")
    app = make_app(desktop)
    app.env["PYTHONPATH"] = str(hidden)
    app.start()
    search = ("search", "--onlyvisible", "--class", "reprospective-tray")
    wait_until(lambda: docked(desktop, *search), SECONDS, "the icon in the panel")
    with Windows(desktop.env["DISPLAY"]) as windows:
        kill_panel(desktop, "tint2")
        wait_until(lambda: "tray icon has disappeared" in app.output(), SECONDS, "the news of it")
        assert_records(app, windows, "after the crash")
    assert app.stop() == 0
