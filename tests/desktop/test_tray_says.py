"""What the real tray says, and offers, when something is not as it should be.

How it can fail: a line of the menu is cut before its reason; a server that is away is only
"waiting"; a mistake in the settings is named by its file alone; a pause keeps the end it has.
"""

import json
import sys
import time
from collections.abc import Callable

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop import tray_menu
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.test_settings import QUIET, replace_config
from tests.desktop.test_sync_tray import (
    await_first_pass,
    configure,
    own_central,
    pass_of,
)
from tests.desktop.test_tray_app import NOTIFIER, look
from tests.desktop.windows import Windows
from tests.server.central import Central
from tests.server.servers import Server
from tests.support import User, wait_until

__all__ = ["own_central"]

SECONDS = 15.0
QUARTER_S, HOUR_S = 900, 3600

MakeApp = Callable[..., AppUnderTest]


def labels(desktop: VirtualDesktop) -> list[str]:
    """Return the lines of the menu that the panel is told of, with those behind others."""
    shown = json.loads(look(desktop)) or {"lines": []}
    lines = [*shown["lines"], *(inner for line in shown["lines"] for inner in line["lines"])]
    return [line["label"] for line in lines]


def await_line(desktop: VirtualDesktop, begin: str) -> None:
    """Wait for a line of the menu that begins so."""

    def is_there() -> bool:
        return any(label.startswith(begin) for label in labels(desktop))

    try:
        wait_until(is_there, SECONDS, begin)
    except TimeoutError:
        raise AssertionError(f"no line begins {begin!r}: {labels(desktop)}") from None


def paused_until(app: AppUnderTest) -> float | None:
    """Return in how many seconds the pause ends; None: it has no end."""
    from datetime import datetime

    status = app.ask("status")
    assert status["paused"]
    end = status["paused_until"]
    return None if end is None else datetime.fromisoformat(str(end)).timestamp() - time.time()


def click(desktop: VirtualDesktop, label: str) -> None:
    await_line(desktop, label)
    desktop.run(sys.executable, NOTIFIER, "click", label)


@pytest.fixture
def own_app(
    make_app: MakeApp, statusnotifier_desktop: VirtualDesktop, user: User, own_central: Central
) -> AppUnderTest:
    """The app that sends to a server that may be stopped."""
    configure(user, own_central)
    app = make_app(statusnotifier_desktop).start()
    with Windows(statusnotifier_desktop.env["DISPLAY"]) as windows:
        windows.open("Editor", "to be sent")
        app.wait_for_row("window_title = 'to be sent'")
    await_first_pass(app)
    return app


def test_a_server_that_is_away_is_named_in_menu_and_tooltip_from_the_first_failure_on(
    own_app: AppUnderTest, statusnotifier_desktop: VirtualDesktop, own_server: Server
) -> None:
    desktop, reason = statusnotifier_desktop, "The server cannot be reached. Check your network"
    assert not any(reason in label for label in labels(desktop))
    own_server.stop("fast")
    assert pass_of(own_app)["error"]
    await_line(desktop, "Not synced since ")
    await_line(desktop, reason)
    # So short an outage is nobody's alarm: the picture stays as it is.
    assert own_app.ask("status")["mode"] != "attention"
    own_server.start()
    pass_of(own_app)
    wait_until(
        lambda: not any(reason in label for label in labels(desktop)), SECONDS, "the reason's end"
    )


def test_the_tooltip_begins_with_the_reason(
    make_app: MakeApp, desktop: VirtualDesktop, user: User, central: Central
) -> None:
    configure(user, central, password="the wrong one")  # noqa: S106  that is the point
    app = make_app(desktop).start()
    wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
    reason = "The server refuses user or password[.] Check database[.]remote[.]"
    tray_menu.wait_for_name(desktop, f"^Re:prospective: {reason}", visible=False)
    for _number in range(3):
        pass_of(app)
    # Behind three refusals it is an alarm, and begins as before.
    wait_until(lambda: app.ask("status")["mode"] == "attention", SECONDS, "the alarm")
    tray_menu.wait_for_name(desktop, f"^Re:prospective: {reason} .*waiting", visible=False)
    assert app.stop() == 0


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("monitor:\n  heartbeat: 0\n", "Line 4: monitor.heartbeat is 0. Allowed: "),
        pytest.param(
            *("monitor:\n  qqqq: 0\n", "Line 4: unknown setting monitor.qqqq. Allowed here: "),
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_mistake_in_the_settings_is_named_in_the_menu_by_line_and_key_first(
    make_app: MakeApp, statusnotifier_desktop: VirtualDesktop, user: User, text: str, begin: str
) -> None:
    user.write_config(QUIET)
    app = make_app(statusnotifier_desktop).start()
    await_line(statusnotifier_desktop, "Open summary")
    replace_config(user, QUIET.replace("monitor: {heartbeat: 1}", "language: auto") + text)
    await_line(statusnotifier_desktop, begin)
    assert app.stop() == 0


@pytest.mark.long
def test_while_paused_the_menu_gives_the_pause_another_length_and_it_survives_a_restart(
    make_app: MakeApp, statusnotifier_desktop: VirtualDesktop
) -> None:
    desktop = statusnotifier_desktop
    app = make_app(desktop).start()
    click(desktop, "Until I resume")
    await_line(desktop, "Paused until you resume")
    assert paused_until(app) is None
    await_line(desktop, "Change pause")
    click(desktop, "15 minutes")
    wait_until(lambda: paused_until(app) is not None, SECONDS, "the end of the pause")
    assert 0 < (paused_until(app) or 0) <= QUARTER_S
    click(desktop, "1 hour")
    wait_until(lambda: (paused_until(app) or 0) > QUARTER_S, SECONDS, "the longer pause")
    assert app.stop() == 0
    app.start()
    assert QUARTER_S < (paused_until(app) or 0) <= HOUR_S
    click(desktop, "Resume")
    wait_until(lambda: not app.ask("status")["paused"], SECONDS, "the end of the pause")
    assert app.stop() == 0
