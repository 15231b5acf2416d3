"""The icon on Linux: pystray's GTK and AppIndicator icons, mended and extended.

What is changed of pystray 0.19.5: no notification service and no session bus are needed; SIGINT
is left alone; no set-up thread that could outlive a failed start; the menu changes in place;
tooltips; panels, compositors and the bus may crash; and icons by name from a folder, since hosts
that want a name show nothing for the path without extension that pystray hands over.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprospective_tray import NAME
from reprospective_tray.tray.icons.bus_crash import outlive_bus
from reprospective_tray.tray.icons.compositor_crash import outlive_compositors
from reprospective_tray.tray.icons.gtk_menu import GtkMenu
from reprospective_tray.tray.icons.panel_crash import outlive_panels
from reprospective_tray.tray.picture import write_all
from reprospective_tray.tray.state import mode_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from reprospective_tray.tray.icons.driver import Appearance
    from reprospective_tray.tray.menu import MenuAction
    from reprospective_tray.tray.state import Mode


class GtkDriver:
    """Runs the GTK main loop and the icon in it."""

    # The desktop's notification service is asked directly.
    has_notifications = False

    def __init__(
        self,
        module: ModuleType,
        on_action: Callable[[MenuAction], None],
        on_open: Callable[[], None],
    ) -> None:
        """Take pystray's backend module and who takes a clicked action over.

        `on_open` is called just before the menu opens; what it shows then is in the menu.
        """
        from gi.repository import GLib, Gtk

        self._glib = GLib
        self._on_action = on_action
        self._on_open = on_open
        self._loop = GLib.MainLoop.new(None, False)
        self._lock = threading.Lock()
        self._next: Appearance | None = None
        self._now: Appearance | None = None
        self._shared_bus = outlive_bus()
        outlive_panels()
        has_indicator = hasattr(module, "AppIndicator")
        self._menu = GtkMenu(Gtk, on_action, bold_default=not has_indicator)
        make = _indicator if has_indicator else _status_icon
        self._icon = make(module, self._click, self._open, self._menu)
        if has_indicator:
            outlive_compositors()

    @property
    def shown(self) -> bool:
        """Whether a panel has taken the icon."""
        return bool(self._icon.is_shown)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon until `stop`; in the main thread."""
        folder = _private_folder()
        try:
            self._icon.start(folder, write_all(folder))
            self._apply()

            def ready() -> bool:
                on_ready()
                return False  # once, as GLib wants to know

            # Before all else in the loop: when it begins, PyGObject takes what Python notes of
            # signals for itself, and reads it in this loop, which a display may let hang.
            self._glib.idle_add(ready, priority=self._glib.PRIORITY_HIGH)
            self._loop.run()
        finally:
            self._icon.end()
            shutil.rmtree(folder, ignore_errors=True)

    def show(self, seen: Appearance) -> None:
        """Show this from now on; several in a row wake the main loop once."""
        with self._lock:
            is_waiting, self._next = self._next is not None, seen
        if not is_waiting:
            self._glib.idle_add(self._apply)

    def stop(self) -> None:
        """Let `run` return."""
        # As an idle call: a loop that is not running yet could not be ended.
        self._glib.idle_add(self._loop.quit)

    def notify(self, title: str, body: str) -> None:
        """Not by the icon: the desktop has a service for it."""
        raise NotImplementedError(title, body)

    def _apply(self) -> bool:
        with self._lock:
            seen, self._next = self._next, None
        if seen is not None and self._icon.is_started:
            before, self._now = self._now, seen
            self._menu.show(seen.items)
            if before is None or seen.mode != before.mode:
                self._icon.show_mode(seen.mode)
            if before is None or seen.title != before.title:
                self._icon.show_title(seen.title)
            if before is None:
                self._icon.appear()
        return False  # once, as GLib wants to know

    def _open(self) -> None:
        self._on_open()
        self._apply()

    def _click(self) -> None:
        items = self._now.items if self._now else ()
        action = next((item.action for item in items if item.default), None)
        if action is not None:
            self._on_action(action)


def _private_folder() -> Path:
    """Make a folder for the pictures, where the system clears up after a killed program."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    parent = runtime if runtime and os.access(runtime, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix=f"{NAME}-", dir=parent))


def _status_icon(
    module: ModuleType,
    on_click: Callable[[], None],
    on_open: Callable[[], None],
    menu: GtkMenu,
) -> Any:
    """Return an icon for the trays of X11 panels (XEmbed)."""
    base: Any = module.Icon

    class StatusIcon(base):  # type: ignore[misc]  # pystray has no types
        is_started = False

        def __init__(self) -> None:
            super().__init__(NAME)
            self._files: dict[Mode, Path] = {}

        @property
        def is_shown(self) -> bool:
            return bool(self._status_icon.is_embedded())

        def _on_status_icon_activate(self, status_icon: Any) -> None:
            del status_icon
            on_click()

        def _on_status_icon_popup_menu(self, status_icon: Any, button: int, time: int) -> None:
            del status_icon, button, time
            on_open()
            # pystray's way places the menu by the width it had last, and partly off the screen.
            menu.widget.popup_at_pointer(None)

        def start(self, _folder: Path, files: dict[Mode, Path]) -> None:
            self._files = files
            self.is_started = True

        def show_mode(self, mode: Mode) -> None:
            self._status_icon.set_from_file(str(self._files[mode]))

        def show_title(self, title: str) -> None:
            self._status_icon.set_title(title)
            self._status_icon.set_tooltip_text(title)

        def appear(self) -> None:
            self._status_icon.set_visible(True)

        def end(self) -> None:
            self.is_started = False
            self._status_icon.set_visible(False)

    return StatusIcon()


def _indicator(
    module: ModuleType,
    on_click: Callable[[], None],
    on_open: Callable[[], None],
    menu: GtkMenu,
) -> Any:
    """Return an icon for StatusNotifier hosts; without one the library serves XEmbed trays."""
    del on_click  # hosts open the menu on a click with either button
    status = module.AppIndicator.IndicatorStatus

    base: Any = module.Icon

    class Indicator(base):  # type: ignore[misc]  # pystray has no types
        is_started = False

        @property
        def is_shown(self) -> bool:
            return bool(self._appindicator.get_property("connected"))

        def start(self, folder: Path, files: dict[Mode, Path]) -> None:
            self._files = files
            self._appindicator.set_icon_theme_path(str(folder))
            self.is_started = True

        def show_mode(self, mode: Mode) -> None:
            self._appindicator.set_icon_full(self._files[mode].stem, mode_name(mode))

        def show_title(self, title: str) -> None:
            self._appindicator.set_title(title)

        def appear(self) -> None:
            self._appindicator.set_menu(menu.widget)
            # The library's own objects, which it describes to nobody: the menu as hosts see it.
            self._server = self._appindicator.get_property("dbus-menu-server")
            self._root = self._server.get_property("root-node")
            self._root.connect("about-to-show", self._about_to_show)
            # The middle button opens the summary.
            self._appindicator.set_secondary_activate_target(menu.default_widget())
            self._appindicator.set_status(status.ACTIVE)

        def end(self) -> None:
            self.is_started = False
            self._appindicator.set_status(status.PASSIVE)

        def _about_to_show(self, _root: Any) -> bool:
            on_open()
            return False

        def _hide(self) -> None:
            """Stay hidden: pystray's constructor would show nothing by an idle call."""

    return Indicator(NAME)
