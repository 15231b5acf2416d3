"""A person who leaves the desk and comes back, on a desktop of any kind."""

import time
from collections.abc import Callable
from typing import Protocol

from tests.bystander import is_near
from tests.desktop.app_under_test import READY_SECONDS, AppUnderTest
from tests.desktop.windows import now_ms
from tests.support import wait_until

EXACT_MS = 20
MOMENT_MS = 100
IDLE_AFTER_S = 2
CONFIG = f"monitor: {{idle_after: {IDLE_AFTER_S}}}"

Act = Callable[[], tuple[int, int]]
"""Does an input as a person would, and returns the moments before and after, in ms."""


class AnyWindow(Protocol):
    """What is done with a window here."""

    def activate(self) -> int: ...

    def set_title(self, title: str) -> int: ...


class AnyWindows(Protocol):
    """What opens windows."""

    def open(self, application: str, title: str, *, activate: bool = True) -> AnyWindow: ...


def be_there(app: AppUnderTest, title: str, act: Act) -> None:
    """Be at the desk for a moment, in front of a window, however long nobody was before."""
    seen = f"window_title = '{title}' and state = 'active' and open = 1"

    def for_a_moment() -> bool:
        before, _after = act()
        return bool(app.rows(f"{seen} and started_at < {before - MOMENT_MS}"))

    wait_until(for_a_moment, READY_SECONDS, "that somebody is seen")


def leave_and_come_back(app: AppUnderTest, windows: AnyWindows, act: Act) -> None:
    """Hold what `app`, not yet started and with `CONFIG`, records against what was done."""
    editor = windows.open("Editor", "the last one that was used")
    browser = windows.open("Browser", "waits behind", activate=False)
    editor.activate()
    app.start()
    be_there(app, "the last one that was used", act)
    left = act()
    away_since = f"ended_at >= {left[0] - EXACT_MS} and ended_at > started_at and deleted = 0"
    # Nobody touches anything: a program changes its title, and another comes to the front. It is
    # after the input also by the least exact measure of when that was.
    wait_until(lambda: now_ms() > left[1] + EXACT_MS, READY_SECONDS, "that the input is over")
    editor.set_title("changed by itself")
    app.wait_for_row("window_title = 'changed by itself'")
    browser.activate()
    app.wait_for_row("window_title = 'waits behind'")

    idle = app.wait_for_row(f"state = 'idle' and {away_since}")
    assert now_ms() >= left[0] + IDLE_AFTER_S * 1000
    _assert_at(idle["started_at"], left)
    assert (idle["application_name"], idle["window_title"]) == ("", "")
    assert app.ask("status")["mode"] == "idle"
    active = f"state = 'active' and {away_since}"
    assert [row["window_title"] for row in app.rows(active)] == ["the last one that was used"]
    # Nor does what happens from now on count.
    editor.activate()

    back = act()
    after = app.wait_for_row(f"state = 'active' and open = 1 and started_at >= {left[1]}")
    assert after["window_title"] == "changed by itself"
    _assert_at(after["started_at"], back)
    (idle,) = app.rows(f"state = 'idle' and {away_since}")
    assert idle["ended_at"] == after["started_at"]
    app.stop()
    living = app.rows(active)
    assert [row["window_title"] for row in living] == [
        "the last one that was used",
        "changed by itself",
    ]
    assert living[0]["ended_at"] == idle["started_at"]


def rest_shortly(app: AppUnderTest, windows: AnyWindows, act: Act) -> None:
    """Rest often and never long in front of `app`, and hold that it records no idle time."""
    windows.open("Editor", "in use")
    app.start()
    be_there(app, "in use", act)
    start, _after = act()
    until = start + 1_250 * IDLE_AFTER_S
    while now_ms() < until:
        time.sleep(IDLE_AFTER_S / 2)
        act()
    app.stop()
    assert app.rows(f"state = 'idle' and ended_at > {start}") == []
    assert app.rows()[-1]["ended_at"] >= until


def _assert_at(moment: int, window: tuple[int, int]) -> None:
    assert is_near(moment, min(max(moment, window[0]), window[1]), EXACT_MS)
