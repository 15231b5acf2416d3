"""The icon by pystray as it is: Windows and macOS."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from reprospective_tray import NAME
from reprospective_tray.tray.menu import SEPARATOR
from reprospective_tray.tray.picture import picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from reprospective_tray.tray.icons.driver import Appearance
    from reprospective_tray.tray.menu import Item, MenuAction
    from reprospective_tray.tray.state import Mode

JOIN_SECONDS = 2.0
# Windows' message that the right button was let go over the icon.
WM_RBUTTONUP = 0x0205


class PlainDriver:
    """Runs pystray's loop; a thread of its own brings changes to it, since those may block."""

    def __init__(
        self,
        module: ModuleType,
        on_action: Callable[[MenuAction], None],
        on_open: Callable[[], None],
    ) -> None:
        """Take pystray's backend module and who takes a clicked action over.

        `on_open` is called just before the menu opens, on Windows: macOS does not tell.
        """
        self._on_action = on_action
        self._on_open = on_open
        self._changed = threading.Condition()
        self._next: Appearance | None = None
        self._items: tuple[Item, ...] = ()
        self._mode: Mode | None = None
        self._stopping = False
        self._loop_runs = threading.Event()
        self._thread = threading.Thread(target=self._bring, name="tray", daemon=True)
        self._icon = _icon(module, self._open)(NAME, title="", menu=_pystray_menu(self._lines))
        self.has_notifications = bool(module.Icon.HAS_NOTIFICATION)

    @property
    def shown(self) -> bool:
        """Whether the icon was shown."""
        return bool(self._icon.visible)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon until `stop`; in the main thread."""
        self._thread.start()
        try:
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

    def _open(self) -> None:
        """Let the menu be true at this moment; in the thread of pystray's loop."""
        self._on_open()
        self._bring_next()

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
            self._icon.icon = picture(seen.mode)
            self._mode = seen.mode
        self._icon.visible = True
        self._icon.update_menu()

    def _lines(self) -> list[Any]:
        """Return pystray's items of what is shown now."""
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

        return MenuItem(
            item.label,
            clicked,
            checked=None if item.checked is None else lambda _item: bool(item.checked),
            default=item.default,
            enabled=item.enabled,
        )


def _icon(module: ModuleType, on_open: Callable[[], None]) -> Any:
    """Return pystray's class; on Windows one that says when its menu is about to open."""
    base: Any = module.Icon
    if not hasattr(base, "_on_notify"):
        return base

    class Icon(base):  # type: ignore[misc]  # pystray has no types
        def _on_notify(self, wparam: int, lparam: int) -> None:
            if lparam == WM_RBUTTONUP:
                on_open()
            super()._on_notify(wparam, lparam)

    return Icon


def _pystray_menu(lines: Callable[[], list[Any]]) -> Any:
    from pystray._base import Menu

    return Menu(lines)
