"""A film or a call without input is no idle time, from a bus's signal to the row on the disk.

How it can fail: the film counts as idle; the hours after it count as the film; an update of the
system, or this program's own delay of sleep, counts as somebody watching.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.bystander import is_near
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.mocked_services import Buses, Logind, Switch
from tests.desktop.windows import Windows, now_ms
from tests.support import User, wait_until

SECONDS = 15.0
EXACT_MS = 250
IDLE_AFTER_MS = 1_000
QUICK = "monitor: {idle_after: 1, heartbeat: 1}"

POWER_PATH = "/org/freedesktop/PowerManagement/Inhibit"
POWER = "org.freedesktop.PowerManagement.Inhibit"
# What each desktop has: name, question with its arguments, signal, its arguments, path, interface.
SERVICES = {
    "xfce": (
        "org.freedesktop.PowerManagement",
        ("HasInhibit", ""),
        "HasInhibitChanged",
        "b",
        POWER_PATH,
        POWER,
    ),
    "plasma-power": (POWER, ("HasInhibit", ""), "HasInhibitChanged", "b", POWER_PATH, POWER),
    "gnome": ("org.gnome.SessionManager", ("IsInhibited", "u"), "InhibitorAdded", "o", None, None),
    "plasma": (
        "org.kde.Solid.PowerManagement.PolicyAgent",
        ("HasInhibition", "u"),
        "InhibitionsChanged",
        "b",
        None,
        None,
    ),
}

MakeApp = Callable[..., AppUnderTest]


@pytest.fixture
def buses(desktop: VirtualDesktop) -> Iterator[Buses]:
    """A system bus beside the desktop's session bus."""
    with Buses(desktop) as made:
        yield made


def start(make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User) -> AppUnderTest:
    """Start the app behind a film; nobody touches anything."""
    user.write_config(QUICK)
    windows.open("Player", "a film")
    app = make_app(desktop, "--no-tray").start()
    wait_until(lambda: "listening to the session bus" in app.output(), SECONDS, "the session bus")
    return app


def watch(app: AppUnderTest, turn: Callable[[bool], None]) -> None:
    """Watch the film for as long as it takes to be idle without it, and go when it is over."""
    begins_at = now_ms()
    turn(True)
    # Idle until now, or not yet: from the inhibitor on it is active.
    film = app.wait_for_row(
        f"state = 'active' and open = 1 and ended_at >= {begins_at + 3 * IDLE_AFTER_MS}"
    )
    late = app.rows(f"state = 'idle' and ended_at > {begins_at + EXACT_MS}")
    assert all(is_near(row["ended_at"], begins_at, EXACT_MS) for row in late)
    ends_at = now_ms()
    turn(False)
    idle = app.wait_for_row(f"state = 'idle' and started_at >= {ends_at}")
    assert is_near(idle["started_at"], ends_at, EXACT_MS)
    (film,) = app.rows(f"id = {film['id']}")
    assert film["ended_at"] == idle["started_at"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_film_is_active_time_and_idle_time_begins_where_it_ended(  # noqa: PLR0913  fixtures
    make_app: MakeApp,
    desktop: VirtualDesktop,
    windows: Windows,
    user: User,
    buses: Buses,
    *,
    name: str,
) -> None:
    app = start(make_app, desktop, windows, user)
    bus_name, question, signal, signature, path, interface = SERVICES[name]
    service = Switch(
        desktop,
        buses.session,
        bus_name,
        question=question,
        signal=signal,
        signal_signature=signature,
        path=path,
        interface=interface,
    )
    watch(app, lambda on: service.turn(on=on))
    app.stop()
    service.stop()


def test_loginds_inhibitors_of_persons_hold_off_idle_time_and_those_of_the_system_do_not(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User, buses: Buses
) -> None:
    logind = Logind(desktop, buses.system, os.getuid())
    app = start(make_app, desktop, windows, user)
    wait_until(logind.inhibitors, SECONDS, "the delay of sleep")
    # The delay that the program holds itself is no reason.
    app.wait_for_row("state = 'idle' and open = 1")
    watch(app, lambda on: logind.block(*(["sleep", "idle"] if on else ["sleep"])))
    # An update in the background is nobody's film.
    logind.list_only("idle:sleep", user_id=100)
    blocked_at = now_ms()
    logind.block("sleep", "idle")
    app.wait_for_row(f"state = 'idle' and open = 1 and ended_at > {blocked_at + EXACT_MS}")
    app.stop()
    logind.stop()


def test_an_application_that_is_never_idle_holds_off_idle_time_while_it_is_in_front(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config("monitor: {idle_after: 1, heartbeat: 1, never_idle: [^zoom]}")
    editor = windows.open("Editor", "waits behind", activate=False)
    windows.open("Zoom Workplace", "a call")
    app = make_app(desktop, "--no-tray").start()
    call = app.wait_for_row("window_title = 'a call' and open = 1")
    begins_at = call["started_at"]
    app.wait_for_row(f"open = 1 and ended_at >= {begins_at + 3 * IDLE_AFTER_MS}")
    assert app.rows("state = 'idle'") == []
    ends_at = editor.activate()
    idle = app.wait_for_row("state = 'idle'")
    assert is_near(idle["started_at"], ends_at, EXACT_MS)
    app.stop()
    assert [row["window_title"] for row in app.rows("state = 'active' and deleted = 0")] == [
        "a call"
    ]
