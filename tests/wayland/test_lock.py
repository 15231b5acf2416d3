"""A locked screen on sway: told by logind, as on any desktop."""

from collections.abc import Callable, Iterator

import pytest

from installer import unprivileged
from installer.demo.wayland_desktop import WaylandDesktop
from tests.bystander import is_near
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.mocked_services import Buses, Logind
from tests.desktop.windows import now_ms
from tests.support import wait_until
from tests.wayland.windows import Windows

SECONDS = 15.0
EXACT_MS = 250

MakeApp = Callable[..., AppUnderTest]


@pytest.fixture
def logind(desktop: WaylandDesktop) -> Iterator[Logind]:
    """logind, with the session of the one whose programs run on `desktop`."""
    with Buses(desktop) as buses:
        made = Logind(desktop, buses.system, unprivileged.user_id())
        yield made
        made.stop()


def test_locked_time_is_from_the_lock_to_the_unlock_whatever_windows_do_meanwhile(
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows, logind: Logind
) -> None:
    window = windows.open("Editor", "in use")
    app = make_app(desktop, "--no-tray").start()
    app.wait_for_row("window_title = 'in use' and open = 1")
    wait_until(lambda: "listening to the system bus" in app.output(), SECONDS, "the system bus")
    locked_at = now_ms()
    logind.lock()
    locked = app.wait_for_row("state = 'locked' and open = 1")
    assert locked_at - 1 <= locked["started_at"]
    assert is_near(locked["started_at"], locked_at, EXACT_MS)
    window.set_title("changed behind the lock")
    unlocked_at = now_ms()
    logind.unlock()
    after = app.wait_for_row(f"state = 'active' and started_at >= {locked['started_at']}")
    assert unlocked_at - 1 <= after["started_at"]
    assert is_near(after["started_at"], unlocked_at, EXACT_MS)
    assert after["window_title"] == "changed behind the lock"
    assert app.stop() == 0
    before, locked, _after = app.rows()
    assert before["ended_at"] == locked["started_at"]
