"""Real Wayland windows with chosen names, and sway's own word for when they changed."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from installer.demo.sway_ipc import nodes
from installer.demo.wayland_desktop import WaylandDesktop
from tests.desktop.windows import now_ms
from tests.support import PATIENCE_S

CLIENT = Path(__file__).with_name("client.py")


class Windows:
    """One program on a Wayland desktop; the windows it has opened go with it."""

    def __init__(self, desktop: WaylandDesktop) -> None:
        """Start the program, and listen for what sway says of windows."""
        self._desktop = desktop
        self._client = desktop.start([sys.executable, CLIENT], stdin=subprocess.PIPE)
        self._sway, self._told = desktop.ipc(), desktop.ipc()
        self._told.subscribe("window")
        self._last_number = 0
        self._opened: list[Window] = []
        # Which window sway has named last, and when it did.
        self._focused, self._focused_at = self.active_window(), now_ms()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about_the_error: object) -> None:
        assert self._client.stdin is not None
        self._client.stdin.close()
        self._client.wait()
        self._sway.close()
        self._told.close()

    def open(
        self,
        application: str,
        title: str | None,
        *,
        activate: bool = True,
        fullscreen: bool = False,
    ) -> "Window":
        """Open a window; sway gives it the focus.

        Args:
            application: The app_id; ``""``: the window has none.
            title: Its title; None: it has none.
            activate: Whether to wait for the focus, too.
            fullscreen: Whether it covers the screen.
        """
        self._last_number += 1
        self.drop_events()
        asked = {"open": self._last_number, "app_id": application, "title": title}
        self._order(**asked, fullscreen=fullscreen)
        is_new = self._await(
            lambda it: it["change"] == "new" and it["container"]["pid"] == self._client.pid,
            "the window",
        )
        window = Window(self, self._last_number, is_new["container"]["id"])
        self._opened.append(window)
        if activate:
            window.activate()
        return window

    def active_window(self) -> int:
        """Return the window that has the focus; 0: none."""
        focused = self._sway.focused()
        return int(focused["id"]) if focused["type"] in {"con", "floating_con"} else 0

    def await_next(self, closed: int) -> tuple[int, int]:
        """Wait until another window than one that was `closed` has the focus.

        Returns when that was, in ms, and which one it is.

        Raises:
            TimeoutError: none has.
        """
        if self._focused == closed:
            self._await(lambda _it: self._focused != closed, "the next window")
        return self._focused_at, self._focused

    def drop_events(self) -> None:
        """Take what has happened up to now."""
        while (event := self._told.event(0)) is not None:
            self._learn(event)

    def _learn(self, event: dict[str, Any]) -> None:
        if event["change"] == "focus":
            self._focused, self._focused_at = event["container"]["id"], now_ms()

    def _await(self, wanted: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while (event := self._told.event(deadline - time.monotonic())) is not None:
            self._learn(event)
            if wanted(event):
                return event
        raise TimeoutError(f"waited {PATIENCE_S:g} s for {what}")

    def _order(self, **asked: object) -> None:
        assert self._client.stdin is not None
        self._client.stdin.write(json.dumps(asked).encode() + b"\n")
        self._client.stdin.flush()


class Window:
    """A window opened by `Windows`; `id` is sway's."""

    def __init__(self, owner: Windows, number: int, sways_id: int) -> None:
        self._owner = owner
        self._number = number
        self.id = sways_id

    def set_title(self, title: str) -> int:
        """Change the title; return when sway had it, in ms since the epoch."""
        self._owner.drop_events()
        self._owner._order(rename=self._number, title=title)
        return self._await_change("title")

    def activate(self) -> int:
        """Give it the focus; return since when it has it, in ms."""
        owner = self._owner
        owner.drop_events()
        # Also where it has it: an event that was on its way has come before the answer.
        owner._sway.command(f"[con_id={self.id}] focus")
        owner.drop_events()
        if owner._focused != self.id:
            owner._await(lambda _it: owner._focused == self.id, "the focus")
        return owner._focused_at

    def close(self) -> int:
        """Close it; return when sway had done so, in ms."""
        self._owner.drop_events()
        self._owner._opened.remove(self)
        self._owner._order(close=self._number)
        return self._await_change("close")

    def seen(self) -> dict[str, Any]:
        """Return what sway knows of it."""
        tree = self._owner._sway.tree()
        return next(node for node in nodes(tree) if node["id"] == self.id)

    def _await_change(self, change: str) -> int:
        self._owner._await(
            lambda it: it["change"] == change and it["container"]["id"] == self.id, change
        )
        return now_ms()
