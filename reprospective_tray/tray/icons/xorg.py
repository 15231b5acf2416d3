"""The icon on X11 without PyGObject: pystray's own, which has no menu; a click opens a window.

What is changed of pystray 0.19.5: it asks for clicks, which it gets by chance otherwise; and all
of it runs in the main thread, since two threads in python-xlib were seen to wait for each other.
"""

from __future__ import annotations

import select
import socket
import threading
from typing import TYPE_CHECKING, Any

from reprospective_tray import NAME
from reprospective_tray.tray.menu import CLICK_WITHOUT_MENU
from reprospective_tray.tray.picture import picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from reprospective_tray.tray.icons.driver import Appearance
    from reprospective_tray.tray.menu import MenuAction
    from reprospective_tray.tray.state import Mode

# These icons have no transparency; this ground suits light and dark panels.
GROUND = "#22262E"


class XorgDriver:
    """Runs the loop of X events, and the icon in it."""

    # The desktop's notification service is asked directly.
    has_notifications = False

    def __init__(self, module: ModuleType, on_action: Callable[[MenuAction], None]) -> None:
        """Take pystray's backend module and who takes a clicked action over."""
        self._lock = threading.Lock()
        self._next: Appearance | None = None
        self._mode: Mode | None = None
        self._is_stopping = False
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._icon = _icon(module, lambda: on_action(CLICK_WITHOUT_MENU), self._wait)

    @property
    def shown(self) -> bool:
        """Whether a panel holds the icon."""
        return self._icon._systray_manager is not None  # noqa: SLF001  pystray does not tell

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon until `stop`; in the main thread."""
        on_ready()
        # Not by pystray's run(), whose set-up thread would outlive a failed start.
        self._icon._mainloop()  # noqa: SLF001

    def show(self, seen: Appearance) -> None:
        """Show this from now on; several in a row become one change."""
        with self._lock:
            self._next = seen
        self._poke()

    def stop(self) -> None:
        """Let `run` return."""
        self._is_stopping = True
        self._poke()

    def notify(self, title: str, body: str) -> None:
        """Not by the icon: the desktop has a service for it."""
        raise NotImplementedError(title, body)

    def _poke(self) -> None:
        try:
            self._wake.send(b"\0")
        except BlockingIOError:
            return  # so full that it will wake up anyway

    def _wait(self, display: Any) -> Iterator[Any]:
        """Give pystray the X events, and bring what is to be seen in between."""
        while not self._is_stopping:
            self._bring()
            while display.pending_events():
                yield display.next_event()
            ready, _, _ = select.select([display.fileno(), self._woken], [], [])
            if self._woken in ready:
                self._woken.recv(4096)
        self._icon.visible = False
        display.flush()

    def _bring(self) -> None:
        with self._lock:
            seen, self._next = self._next, None
        if seen is None:
            return
        if seen.mode is not self._mode:
            from PIL import Image

            drawn = picture(seen.mode)
            ground = Image.new("RGBA", drawn.size, GROUND)
            self._icon.icon = Image.alpha_composite(ground, drawn)
            self._mode = seen.mode
        self._icon.title = seen.title
        self._icon.visible = True


def _icon(
    module: ModuleType, on_click: Callable[[], None], wait: Callable[[Any], Iterator[Any]]
) -> Any:
    from Xlib import X

    base: Any = module.Icon

    class Icon(base):  # type: ignore[misc]  # pystray has no types
        def __init__(self) -> None:
            # What pystray would hand to its own thread is then done where it is called.
            self._thread = threading.main_thread()
            super().__init__(NAME)
            mask = X.ExposureMask | X.StructureNotifyMask | X.ButtonPressMask
            self._window.change_attributes(event_mask=mask)

        def _events(self) -> Iterator[Any]:
            return wait(self._display)

        def _on_button_press(self, event: Any) -> None:
            if event.detail in {X.Button1, X.Button3}:
                on_click()

    return Icon()
