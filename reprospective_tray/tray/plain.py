"""The icon by pystray as it is: Windows, macOS, and X11 without PyGObject (which has no menu)."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from reprospective_tray.tray.icon import NAME
from reprospective_tray.tray.menu import CLICK_WITHOUT_MENU, SEPARATOR, Item
from reprospective_tray.tray.picture import picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from PIL.Image import Image

    from reprospective_tray.tray.icon import Appearance
    from reprospective_tray.tray.menu import Action
    from reprospective_tray.tray.state import Mode

# X11's trays without GTK have no transparency; this ground suits light and dark panels.
GROUND = "#22262E"
JOIN_SECONDS = 2.0


class PlainDriver:
    """Runs pystray's loop; a thread of its own brings changes to it, since those may block."""

    def __init__(
        self, module: ModuleType, on_action: Callable[[Action], None], *, has_menu: bool
    ) -> None:
        """Take pystray's backend module and who takes a clicked action over."""
        self._on_action = on_action
        self._has_menu = has_menu
        self._changed = threading.Condition()
        self._next: Appearance | None = None
        self._items: tuple[Item, ...] = ()
        self._mode: Mode | None = None
        self._stopping = False
        self._loop_runs = threading.Event()
        self._thread = threading.Thread(target=self._bring, name="tray", daemon=True)
        icon_class = module.Icon if has_menu else _clickable(module)
        self._icon = icon_class(NAME, title="", menu=_pystray_menu(self._lines))
        self.has_notifications = bool(icon_class.HAS_NOTIFICATION)

    @property
    def shown(self) -> bool:
        """Whether the icon was shown; on X11, whether a panel holds it."""
        return bool(getattr(self._icon, "_systray_manager", self._icon.visible))

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon until `stop`; in the main thread."""
        self._thread.start()
        try:
            if not self._has_menu:
                # Docking by another thread, just when the loop begins, was seen to hang both.
                self._bring_next()
            on_ready()
            self._icon.run(lambda _icon: self._loop_runs.set())
        finally:
            with self._changed:
                self._stopping = True
                self._changed.notify()
            # pystray's set-up thread waits for a loop that may never have run; it is no daemon,
            # and the program could not end.
            queue = getattr(self._icon, "_Icon__queue", None)
            if queue is not None:
                queue.put(False)
            self._thread.join(JOIN_SECONDS)

    def show(self, seen: Appearance) -> None:
        """Show this from now on; several in a row become one change."""
        with self._changed:
            self._next = seen
            self._changed.notify()

    def stop(self) -> None:
        """Let `run` return."""
        # By a thread: a signal handler may hold the very lock that is wanted here.
        threading.Thread(target=self._end, name="tray-stop", daemon=True).start()

    def notify(self, title: str, body: str) -> None:
        """Show a notification by the icon."""
        self._icon.notify(body, title)

    def _end(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def _bring(self) -> None:
        """Bring what is to be seen to pystray's loop, until the end."""
        self._loop_runs.wait()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._stopping)
                stopping = self._stopping
            if stopping:
                self._icon.stop()
                return
            self._bring_next()

    def _bring_next(self) -> None:
        with self._changed:
            seen, self._next = self._next, None
        if seen is None:
            return
        self._items = seen.items
        self._icon.title = seen.title
        if seen.mode is not self._mode:
            self._icon.icon = self._picture(seen.mode)
            self._mode = seen.mode
        self._icon.visible = True
        self._icon.update_menu()

    def _picture(self, mode: Mode) -> Image:
        drawn = picture(mode)
        if self._has_menu or sys.platform != "linux":
            return drawn
        from PIL import Image

        return Image.alpha_composite(Image.new("RGBA", drawn.size, GROUND), drawn)

    def _lines(self) -> list[Any]:
        """Return pystray's items of what is shown now."""
        if not self._has_menu:
            return [self._line(Item("", CLICK_WITHOUT_MENU, default=True))]
        return [self._line(item) for item in self._items]

    def _line(self, item: Item) -> Any:
        from pystray._base import Menu, MenuItem

        if item == SEPARATOR:
            return Menu.SEPARATOR
        if item.submenu:
            return MenuItem(item.label, Menu(*(self._line(inner) for inner in item.submenu)))

        def clicked(_icon: Any, _item: Any) -> None:
            if item.action is not None:
                self._on_action(item.action)

        return MenuItem(item.label, clicked, default=item.default, enabled=item.enabled)


def _pystray_menu(lines: Callable[[], list[Any]]) -> Any:
    from pystray._base import Menu

    return Menu(lines)


def _clickable(module: ModuleType) -> Any:
    """Return pystray's X11 icon, mended: it asks for no clicks, and gets none from some panels."""
    from Xlib import X

    base: Any = module.Icon

    class Clickable(base):  # type: ignore[misc]  # pystray has no types
        def __init__(self, *arguments: Any, **options: Any) -> None:
            # Set by pystray only after others may have asked for it.
            self._thread = threading.main_thread()
            super().__init__(*arguments, **options)
            mask = X.ExposureMask | X.StructureNotifyMask | X.ButtonPressMask
            self._window.change_attributes(event_mask=mask)

        def _on_button_press(self, event: Any) -> None:
            if event.detail in {X.Button1, X.Button3}:
                self()

    return Clickable
