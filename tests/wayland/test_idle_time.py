"""Idle time on sway: from the last input to the first new one."""

import threading
from collections.abc import Callable
from contextlib import closing

from installer.demo.wayland_desktop import WaylandDesktop
from reprospective_tray.monitor.probes.wayland.wlr import WlrProbe
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.idle_script import CONFIG, leave_and_come_back, rest_shortly
from tests.desktop.windows import now_ms
from tests.support import User
from tests.wayland.windows import Windows

MakeApp = Callable[..., AppUnderTest]


def press_key(desktop: WaylandDesktop) -> tuple[int, int]:
    """Press a key as a person would; return the moments before and after."""
    before = now_ms()
    desktop.run("wtype", "x")
    return before, now_ms()


def test_idle_time_lasts_from_the_last_input_to_the_next_and_takes_back_what_came_meanwhile(
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows, user: User
) -> None:
    user.write_config(CONFIG)
    app = make_app(desktop, "--no-tray")
    leave_and_come_back(app, windows, lambda: press_key(desktop))


def test_a_short_rest_is_no_idle_time(
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows, user: User
) -> None:
    user.write_config(CONFIG)
    app = make_app(desktop, "--no-tray")
    rest_shortly(app, windows, lambda: press_key(desktop))


def test_whether_somebody_is_there_is_told_by_input_that_comes_and_not_by_none(
    desktop: WaylandDesktop,
) -> None:
    lately_ms = 60_000
    place = desktop.folder / "run" / desktop.env["WAYLAND_DISPLAY"]
    with closing(WlrProbe(str(place))) as probe:
        assert not probe.is_touched(lately_ms)
        person = threading.Timer(0.3, press_key, [desktop])
        person.start()
        assert probe.is_touched(lately_ms)
        person.join()
