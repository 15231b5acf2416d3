"""A person who leaves the desk and comes back, on a desktop of any kind."""

from collections.abc import Callable
from typing import Protocol

from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import now_ms

EXACT_MS = 20
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


def leave_and_come_back(app: AppUnderTest, windows: AnyWindows, act: Act) -> None:
    """Hold what `app`, not yet started and with `CONFIG`, records against what was done."""
    editor = windows.open("Editor", "the last one that was used")
    browser = windows.open("Browser", "waits behind", activate=False)
    editor.activate()
    app.start()
    app.wait_for_row("window_title = 'the last one that was used'")
    left = act()
    # Nobody touches anything: a program changes its title, and another comes to the front.
    editor.set_title("changed by itself")
    app.wait_for_row("window_title = 'changed by itself'")
    browser.activate()
    app.wait_for_row("window_title = 'waits behind'")

    idle = app.wait_for_row("state = 'idle'")
    assert now_ms() >= left[0] + IDLE_AFTER_S * 1000
    _assert_at(idle["started_at"], left)
    assert (idle["application_name"], idle["window_title"]) == ("", "")
    assert app.ask("status")["mode"] == "idle"
    away = "deleted = 0 and state = 'active' and ended_at > started_at"
    assert [row["window_title"] for row in app.rows(away)] == ["the last one that was used"]
    # Nor does what happens from now on count.
    editor.activate()

    back = act()
    after = app.wait_for_row(f"state = 'active' and open = 1 and started_at >= {left[1]}")
    assert after["window_title"] == "changed by itself"
    _assert_at(after["started_at"], back)
    (idle,) = app.rows("state = 'idle'")
    assert idle["ended_at"] == after["started_at"]
    app.stop()
    living = app.rows("deleted = 0 and state = 'active'")
    assert [row["window_title"] for row in living] == [
        "the last one that was used",
        "changed by itself",
    ]
    assert living[0]["ended_at"] == idle["started_at"]


def _assert_at(moment: int, window: tuple[int, int]) -> None:
    assert window[0] - EXACT_MS <= moment <= window[1] + EXACT_MS
