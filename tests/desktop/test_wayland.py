"""A Wayland session whose compositor is not there: nothing false is recorded, and that is said.

Behind them is the X server of the test, which plays XWayland: it has a window that is active.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows
from tests.support import wait_until

SECONDS = 15.0
NOTIFIER = Path(__file__).with_name("status_notifier.py")
SAID = "Nothing is recorded. The Wayland compositor does not answer."

MakeApp = Callable[..., AppUnderTest]


@pytest.mark.parametrize(
    "variables",
    [
        {"XDG_SESSION_TYPE": "wayland"},
        {"XDG_SESSION_TYPE": "wayland", "WAYLAND_DISPLAY": "wayland-0"},
        {"XDG_SESSION_TYPE": "", "WAYLAND_DISPLAY": "wayland-0"},
    ],
    ids=["type", "both", "display"],
)
def test_in_a_wayland_session_nothing_is_recorded_and_status_says_so_and_what_helps(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, variables: dict[str, str]
) -> None:
    window = windows.open("Editor", "a window of XWayland")
    app = make_app(desktop, "--no-tray")
    app.env.update(variables)
    app.start()
    wait_until(lambda: app.ask("status")["mode"] == "attention", SECONDS, "the alarm")
    window.set_title("another title of it")
    status = app.ask("status")
    assert (status["session_type"], status["lack"]) == ("wayland", "display")
    assert str(status["problem"]).startswith(SAID)
    said = app.cli("status").stdout
    assert SAID in said
    assert "X11" in said
    done = app.cli("status", "--json")
    assert "session_type" not in json.loads(done.stdout)
    assert SAID in done.stderr
    # What lasts is waited for: the probe has been opened anew meanwhile.
    desktop.xdotool("sleep", "2.5")
    assert app.stop() == 0
    assert app.rows() == []


def test_the_icon_asks_for_attention_and_its_menu_says_why(
    make_app: MakeApp, statusnotifier_desktop: VirtualDesktop
) -> None:
    desktop = statusnotifier_desktop
    app = make_app(desktop)
    app.env.update({"XDG_SESSION_TYPE": "wayland"})
    app.start()

    def look() -> dict:
        return json.loads(desktop.run(sys.executable, NOTIFIER, "look")) or {}

    wait_until(lambda: "attention" in look().get("IconName", ""), SECONDS, "the picture")
    labels = [line["label"] for line in look()["lines"]]
    assert any(SAID in label and "X11" in label for label in labels), labels
    assert app.stop() == 0


def test_a_wayland_compositor_inside_a_session_of_x11_is_recorded_as_any_window(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows
) -> None:
    windows.open("Editor", "seen")
    app = make_app(desktop, "--no-tray")
    app.env.update({"XDG_SESSION_TYPE": "x11", "WAYLAND_DISPLAY": "wayland-1"})
    app.start()
    app.wait_for_row("window_title = 'seen'")
    assert app.ask("status")["session_type"] == "x11"
    assert app.stop() == 0
