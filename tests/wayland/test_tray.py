"""The icon in sway's bar, desktops without one, and the program's own windows."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from installer.demo.sway_ipc import nodes
from installer.demo.wayland_desktop import BAR_HEIGHT, WaylandDesktop
from reprospective_tray.tray.picture import picture
from reprospective_tray.tray.state import Mode
from tests.desktop.app_under_test import AppUnderTest
from tests.support import wait_until
from tests.wayland.windows import Windows

SECONDS = 10.0
NOTIFIER = Path(__file__).parents[1] / "desktop" / "status_notifier.py"
# Mean difference of a channel, of 255: the bar scales pictures in its own way. Those of different
# modes differ by 24 and more.
SAME = 20

MakeApp = Callable[..., AppUnderTest]


def icon_in_bar(desktop: WaylandDesktop) -> Image.Image:
    """Return what stands at the right end of the bar, cut to what is not the bar."""
    width, height = desktop.size
    with Image.open(desktop.screenshot(desktop.folder / "bar.png")) as screen:
        place = (width - BAR_HEIGHT, height - BAR_HEIGHT, width, height)
        corner = screen.convert("RGB").crop(place)
    return corner.crop(corner.getbbox())


def difference(shown: Image.Image, mode: Mode) -> float:
    """Return how far a picture on the black bar is from a mode's own; 0 is the same."""
    wanted = Image.new("RGB", (picture(mode).size), "black")
    wanted.paste(picture(mode), mask=picture(mode))
    wanted = wanted.crop(wanted.getbbox()).resize(shown.size, Image.Resampling.LANCZOS)
    means = ImageStat.Stat(ImageChops.difference(shown, wanted)).mean
    return sum(means) / len(means)


def await_icon(desktop: WaylandDesktop, mode: Mode) -> None:
    """Wait until the bar shows the picture of a mode, and that of no other."""
    found: dict[Mode, float] = {}

    def is_there() -> bool:
        icon = icon_in_bar(desktop)
        found.update({each: difference(icon, each) for each in Mode})
        return found[mode] <= SAME and min(found, key=found.__getitem__) is mode

    try:
        wait_until(is_there, SECONDS, f"the picture of {mode}")
    finally:
        print(found)


def test_the_bar_shows_the_icon_as_drawn_while_recording_and_while_paused(
    make_app: MakeApp, bar_desktop: WaylandDesktop
) -> None:
    app = make_app(bar_desktop).start()
    with Windows(bar_desktop) as windows:
        windows.open("Editor", "in front")
        app.wait_for_row("window_title = 'in front'")
        await_icon(bar_desktop, Mode.RECORDING)
        app.cli("pause")
        await_icon(bar_desktop, Mode.PAUSED)
        app.cli("resume")
        await_icon(bar_desktop, Mode.RECORDING)
    assert app.stop() == 0


def own_window(desktop: WaylandDesktop) -> int | None:
    """Return sway's id of a window of the program."""
    with desktop.ipc() as ipc:
        named = (node for node in nodes(ipc.tree()) if node["name"] == "Re:prospective")
        return next((node["id"] for node in named), None)


def assert_window_comes_and_goes(desktop: WaylandDesktop) -> None:
    wait_until(lambda: own_window(desktop), SECONDS, "the window")
    desktop.swaymsg(f"[con_id={own_window(desktop)}]", "kill")
    wait_until(lambda: own_window(desktop) is None, SECONDS, "the end of the window")


def click(desktop: WaylandDesktop, label: str) -> None:
    desktop.run(sys.executable, NOTIFIER, "click", label)


def test_the_menu_opens_the_summary_and_quits(
    make_app: MakeApp, bar_desktop: WaylandDesktop
) -> None:
    app = make_app(bar_desktop).start()
    wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon")
    click(bar_desktop, "Open summary")
    assert_window_comes_and_goes(bar_desktop)
    click(bar_desktop, "Quit")
    assert app.process is not None
    assert app.process.wait(SECONDS) == 0


@pytest.mark.long
def test_a_desktop_without_a_bar_is_told_so_and_recorded_and_has_the_control_window(
    make_app: MakeApp, desktop: WaylandDesktop
) -> None:
    app = make_app(desktop).start()
    wait_until(lambda: "No tray was found" in app.output(), SECONDS, "what is said of the tray")
    with Windows(desktop) as windows:
        windows.open("Editor", "recorded all the same")
        app.wait_for_row("window_title = 'recorded all the same'")
        assert "already running" in app.cli("run").stdout
        assert_window_comes_and_goes(desktop)
    assert re.search(r"not found +Tray +No tray was found", app.cli("doctor").stdout)
    assert app.stop() == 0
    assert "Traceback" not in app.output()


@pytest.fixture
def without_xwayland() -> Iterator[WaylandDesktop]:
    with WaylandDesktop(bar=True, xwayland=False) as made:
        yield made


def test_without_xwayland_recording_and_icon_go_on_and_windows_say_what_they_lack(
    make_app: MakeApp, without_xwayland: WaylandDesktop
) -> None:
    desktop = without_xwayland
    assert "DISPLAY" not in desktop.env
    app = make_app(desktop).start()
    wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon")
    for command in ("summary", "control-window"):
        done = app.cli(command, check=False)
        assert done.returncode == 1
        assert "no XWayland" in done.stderr
        assert "Traceback" not in done.stderr
        assert "reprospective-tray report" in done.stderr
    click(desktop, "Open summary")
    # By the notification that nobody here shows.
    said = re.compile(r"it would say: .*no XWayland")
    wait_until(lambda: said.search(app.output()), SECONDS, "what the summary lacks")
    with Windows(desktop) as windows:
        windows.open("Editor", "recorded all the same")
        app.wait_for_row("window_title = 'recorded all the same'")
    assert app.stop() == 0
    assert "Traceback" not in app.output()
