"""Idle time on a real X server: from the last input to the first new one."""

from collections.abc import Callable

from Xlib import X
from Xlib.ext import xtest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.idle_script import CONFIG, leave_and_come_back, rest_shortly
from tests.desktop.windows import Windows, now_ms
from tests.support import User


def move_mouse(windows: Windows) -> tuple[int, int]:
    """Move the mouse as a person would; return the moments before and after."""
    before = now_ms()
    place = before % 600
    xtest.fake_input(windows.connection, X.MotionNotify, x=place, y=place)
    windows.connection.sync()
    return before, now_ms()


def test_idle_time_lasts_from_the_last_input_to_the_next_and_takes_back_what_came_meanwhile(
    make_app: Callable[..., AppUnderTest], desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config(CONFIG)
    app = make_app(desktop, "--no-tray")
    leave_and_come_back(app, windows, lambda: move_mouse(windows))


def test_a_short_rest_is_no_idle_time(
    make_app: Callable[..., AppUnderTest], desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config(CONFIG)
    app = make_app(desktop, "--no-tray")
    rest_shortly(app, windows, lambda: move_mouse(windows))
