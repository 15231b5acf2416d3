"""A session bus that takes connections and never answers holds nothing up."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.bystander import at_most
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.silence import SilentBus
from tests.desktop.windows import Windows
from tests.support import PATIENCE_S, User, wait_until

SECONDS = 10.0
# The deadline of the bus, and the rest.
END_SECONDS = 4.0

MakeApp = Callable[..., AppUnderTest]


@pytest.fixture(params=["by its address", "by its folder"])
def bus(request: pytest.FixtureRequest, user: User) -> Iterator[SilentBus]:
    """A silent bus, where the person's session says or where it lies without saying."""
    is_said = request.param == "by its address"
    made = SilentBus(Path(user.env["XDG_RUNTIME_DIR"], "other" if is_said else "bus"), is_said)
    try:
        yield made
    finally:
        made.close()


def make_silent(make_app: MakeApp, on: VirtualDesktop, bus: SilentBus) -> AppUnderTest:
    """Make the app as a person's session has it, whose bus is silent."""
    app = make_app(on)
    # The first two keep GTK away from the bus in tests; no real session has them.
    for name in ("NO_AT_BRIDGE", "GTK_A11Y", "DBUS_SESSION_BUS_ADDRESS"):
        app.env.pop(name, None)
    app.env |= bus.env
    return app


def assert_sigterm_ends(app: AppUnderTest) -> None:
    with at_most(END_SECONDS):
        assert app.stop() == 0
    assert app.rows("open = 1") == []


def test_the_icon_comes_all_the_same_and_sigterm_ends_the_program(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, bus: SilentBus
) -> None:
    app = make_silent(make_app, desktop, bus).start()
    windows.open("Editor", "recorded all the same")
    app.wait_for_row("window_title = 'recorded all the same'")
    wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
    assert bus.asked.is_set()
    assert "the session bus does not answer" in app.output()
    assert_sigterm_ends(app)


@pytest.mark.parametrize("after_s", [0.0, 0.5, 1.5, 1.9, 2.1])
def test_sigterm_while_the_bus_is_waited_for_ends_the_program(
    make_app: MakeApp, desktop: VirtualDesktop, bus: SilentBus, after_s: float
) -> None:
    app = make_silent(make_app, desktop, bus).launch()
    assert bus.asked.wait(PATIENCE_S)
    time.sleep(after_s)  # a person's moment: nothing marks it
    assert_sigterm_ends(app)


@pytest.mark.long
def test_without_a_tray_the_program_says_so_and_shows_the_icon_in_a_panel_that_comes_late(
    make_app: MakeApp, bus: SilentBus
) -> None:
    with VirtualDesktop(panel=None) as bare:
        app = make_silent(make_app, bare, bus).start()
        wait_until(lambda: "No tray was found" in app.output(), SECONDS, "the news of it")
        bare._start_panel("tint2")
        wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
        assert_sigterm_ends(app)
