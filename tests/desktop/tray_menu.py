"""The app's tray menu, opened and used by the mouse and keyboard of a person."""

import subprocess
from collections.abc import Callable

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.support import wait_until

SECONDS = 10.0

# From the top: Open summary, Pause tracking (or Resume), ...; from the bottom: Quit.
PAUSE_UNTIL_RESUMED = ("Down", "Down", "Right", "Up", "Return")
FORGET_LAST_QUARTER = ("Down", "Down", "Down", "Right", "Return")
RESUME = ("Down", "Down", "Return")
QUIT = ("Up", "Return")


def choose(
    desktop: VirtualDesktop,
    app: AppUnderTest,
    *keys: str,
    look: Callable[[int], None] | None = None,
) -> None:
    """Open the menu with a right click on the icon, and press `keys` in it.

    `look` is called before that with the window of the menu, once nothing moves on the screen.
    """
    wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
    picture = desktop.folder / "settled.png"
    # A panel may place the icon a moment after it has taken it.
    desktop.settled_screenshot(picture)
    before = desktop.menus()
    desktop.xdotool("mousemove", *desktop.tray_icon_position(), "click", 3)
    wait_until(lambda: desktop.menus() - before, SECONDS, "the menu")
    desktop.settled_screenshot(picture)
    if look is not None:
        (menu,) = desktop.menus() - before
        look(menu)
    desktop.xdotool("key", *keys)
    wait_until(lambda: not desktop.menus() - before, SECONDS, "the end of the menu")


def named(desktop: VirtualDesktop, pattern: str, *, visible: bool = True) -> list[str]:
    """Return the ids of the windows whose name fits `pattern`."""
    options = ["--onlyvisible"] if visible else []
    try:
        return desktop.xdotool("search", *options, "--name", pattern).split()
    except subprocess.CalledProcessError:
        return []  # nothing found, or a window went away while it searched


def wait_for_name(desktop: VirtualDesktop, pattern: str, *, visible: bool = True) -> None:
    """Wait for a window whose name fits `pattern`."""
    there = f"a window named {pattern}"
    wait_until(lambda: named(desktop, pattern, visible=visible), SECONDS, there)
