"""A whole desktop without a screen: X server, session bus, window manager and panel, all private.

Needs Python's standard library alone, and Linux with the packages of
`installer.system_packages.VIRTUAL_DESKTOP`.
"""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from installer.demo import framebuffer
from installer.demo.private_desktop import CONFIG, DesktopError, PrivateDesktop
from installer.demo.x_protocol import XConnection, remove_files

if TYPE_CHECKING:
    import subprocess

__all__ = ["DesktopError", "VirtualDesktop"]

Panel = Literal["tint2", "xfce4-panel"]

BACKGROUND = "#6d8fa8"
PANEL_HEIGHT = 34
# The icons stand at the right end of either panel.
TRAY_ICON_FROM_RIGHT = 18
# Below this, in pixels, a window without a frame is no menu.
SMALLEST_MENU = 40


class VirtualDesktop(PrivateDesktop):
    """A desktop of its own, for as long as the ``with`` block lasts.

    Attributes:
        display: The number of the X display.
    """

    def __init__(  # noqa: PLR0913  each is a choice of its own, named at the call
        self,
        *,
        panel: Panel | None = "tint2",
        window_manager: bool = True,
        notifications: bool = False,
        home: Path | None = None,
        size: tuple[int, int] = (1280, 800),
        environment: Mapping[str, str] | None = None,
        display: int | None = None,
    ) -> None:
        """Say what the desktop consists of; it starts with the ``with`` block.

        Args:
            panel: ``tint2`` (an XEmbed tray) or ``xfce4-panel`` (StatusNotifier); None: no tray.
            window_manager: Whether openbox runs.
            notifications: Whether dunst shows notifications and remembers them.
            home: A folder to be the home folder; it is made, and it stays.
            size: Width and height of the screen, in pixels.
            environment: Variables to add for all programs, the panel included.
            display: The number of the X display; None: the first free one.
        """
        super().__init__(home=home, environment=environment)
        self.size = size
        self._panel = panel
        self._window_manager = window_manager
        self._notifications = notifications
        self._x: subprocess.Popen[bytes] | None = None
        self._wanted_display = display
        self.display = -1

    def xdotool(self, *arguments: str | int) -> str:
        """Type, click and move windows as a person would; return what xdotool printed.

        Raises:
            subprocess.CalledProcessError: it failed, as a search that finds nothing does.
        """
        return self.run("xdotool", *(str(argument) for argument in arguments)).strip()

    def screenshot(self, path: Path) -> Path:
        """Write the screen as it is now to a PNG file."""
        framebuffer.write_png(path, *framebuffer.read(self._framebuffer))
        return path

    def tray_icon_position(self) -> tuple[int, int]:
        """Return where the tray's last icon stands, to click on, in pixels."""
        width, height = self.size
        return width - TRAY_ICON_FROM_RIGHT, height - PANEL_HEIGHT // 2

    def menus(self) -> set[int]:
        """Return the open menus, by their window ids."""
        with XConnection(self.display) as x:
            return x.popups(SMALLEST_MENU)

    def stop_x(self) -> None:
        """Kill the X server at once, as a crash of it would."""
        if self._x is not None:
            self._x.kill()
            self._x.wait()
        self._remove_x_files()

    def _come_up(self) -> None:
        self._start_x()
        self._start_bus()
        if self._window_manager:
            self._start_window_manager()
        if self._notifications:
            self._part("dunst", "dunst")
            self._await_name("dunst", "org.freedesktop.Notifications")
        if self._panel:
            self._start_panel(self._panel)

    def _seen(self) -> bytes:
        return (self._framebuffer / framebuffer.FILE_NAME).read_bytes()

    def _start_x(self) -> None:
        self._framebuffer = self.folder / "screen"
        self._framebuffer.mkdir()
        width, height = self.size
        reading, writing = os.pipe()
        with os.fdopen(reading) as answer:
            try:
                self._x = self._part(
                    "Xvfb",
                    *([] if self._wanted_display is None else [f":{self._wanted_display}"]),
                    "-displayfd",
                    str(writing),
                    *("-screen", "0", f"{width}x{height}x24"),
                    *("-fbdir", str(self._framebuffer)),
                    *("-nolisten", "tcp", "-noreset", "-s", "0"),
                    pass_fds=(writing,),
                )
            finally:
                os.close(writing)
            number = answer.readline().strip()  # it writes when it is ready, or ends
        if not number:
            raise self._failed("Xvfb")
        self.display = int(number)
        self.env["DISPLAY"] = f":{number}"

    def _start_window_manager(self) -> None:
        self.run("xsetroot", "-solid", BACKGROUND)
        self._part("openbox", "--sm-disable")
        with XConnection(self.display) as x:
            self._await("openbox", lambda: x.root_property("_NET_SUPPORTING_WM_CHECK"))

    def _start_panel(self, panel: Panel) -> None:
        if panel == "tint2":
            self._part("tint2", "-c", str(CONFIG / "tint2" / "tint2rc"))
            with XConnection(self.display) as x:
                self._await("tint2", lambda: x.selection_owner("_NET_SYSTEM_TRAY_S0"))
        else:
            self._part("xfce4-panel", "--disable-wm-check", "--sm-client-disable")
            self._await_name("xfce4-panel", "org.kde.StatusNotifierWatcher")

    def _clear_up(self) -> None:
        self._remove_x_files()

    def _remove_x_files(self) -> None:
        """Remove what a killed X server leaves behind."""
        if self.display < 0:
            return
        if self._x is not None and self._x.poll() is None:
            return
        if self._x is not None and self._x.returncode == -signal.SIGKILL:
            remove_files(self.display)
        self.display = -1
