"""A whole desktop without a screen: X server, session bus, window manager and panel, all private.

Needs Python's standard library alone, and Linux with the packages of
`installer.system_packages.VIRTUAL_DESKTOP`.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from installer import framebuffer, private_desktop, processes
from installer.x_protocol import XConnection

Panel = Literal["tint2", "xfce4-panel"]

READY_SECONDS = 20.0
BACKGROUND = "#6d8fa8"
PANEL_HEIGHT = 34
# The icons stand at the right end of either panel.
TRAY_ICON_FROM_RIGHT = 18
# Below this, in pixels, a window without a frame is no menu.
SMALLEST_MENU = 40


class DesktopError(Exception):
    """A part of the desktop did not come up; the text holds the end of what it said."""


class VirtualDesktop:
    """A desktop of its own, for as long as the ``with`` block lasts.

    Attributes:
        env: The environment of programs on this desktop.
        folder: A private temporary folder, removed at the end; the logs lie in it.
        home: Their home folder; inside `folder` unless another was asked for.
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
    ) -> None:
        """Say what the desktop consists of; it starts with the ``with`` block.

        Args:
            panel: ``tint2`` (an XEmbed tray) or ``xfce4-panel`` (StatusNotifier); None: no tray.
            window_manager: Whether openbox runs.
            notifications: Whether dunst shows notifications and remembers them.
            home: A folder to be the home folder; it is made, and it stays.
            size: Width and height of the screen, in pixels.
            environment: Variables to add for all programs, the panel included.
        """
        self.size = size
        self._panel = panel
        self._window_manager = window_manager
        self._notifications = notifications
        self._asked_home = home
        self._extra = dict(environment or {})
        self._parts: list[subprocess.Popen[bytes]] = []
        self._started: list[subprocess.Popen[bytes]] = []
        self._x: subprocess.Popen[bytes] | None = None
        self.env: dict[str, str] = {}
        self.display = -1

    def __enter__(self) -> Self:
        # Short, since the paths of sockets are limited to 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="rt-"))
        self.home = self._asked_home or self.folder / "home"
        self._mark = f"REPROSPECTIVE_VIRTUAL_DESKTOP={self.folder.name}"
        try:
            self.env = private_desktop.make(self.folder, self.home, self._mark) | self._extra
            self._start_x()
            self._start_bus()
            if self._window_manager:
                self._start_window_manager()
            if self._notifications:
                self._part("dunst", "dunst")
                self._await_name("dunst", "org.freedesktop.Notifications")
            if self._panel:
                self._start_panel(self._panel)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything that was started here, and what that has started; remove the folder."""
        try:
            processes.end(reversed(self._started))
            processes.end(reversed(self._parts))
            processes.end_marked(self._mark)
        finally:
            self._started.clear()
            self._parts.clear()
            self._remove_x_files()
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command: Sequence[str | Path], **options: Any) -> "subprocess.Popen[bytes]":
        """Start a program on this desktop, in a process group of its own, ended with the desktop.

        Args:
            command: Program and arguments.
            options: As of `subprocess.Popen`; ``env`` is laid over `env`. Without ``stdout`` and
                ``stderr`` the output goes to a log in `folder`.
        """
        environment = {**self.env, **(options.pop("env", None) or {})}
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("start_new_session", True)
        with (self.folder / f"{Path(command[0]).name}.log").open("ab") as log:
            options.setdefault("stdout", log)
            options.setdefault("stderr", log)
            process = subprocess.Popen(command, env=environment, **options)
        self._started.append(process)
        return process

    def run(self, *command: str | Path, seconds: float = READY_SECONDS) -> str:
        """Run a tool on this desktop to its end and return what it printed.

        Raises:
            subprocess.CalledProcessError: it failed.
            subprocess.TimeoutExpired: it took longer than `seconds`.
        """
        done = subprocess.run(
            command, env=self.env, check=True, capture_output=True, text=True, timeout=seconds
        )
        return done.stdout

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

    def settled_screenshot(self, path: Path, *, still_for: float = 0.3) -> Path:
        """Write the screen once nothing has moved on it for `still_for` seconds.

        Raises:
            TimeoutError: something keeps moving.
        """
        seen = b""
        since = time.monotonic()

        def still() -> bool:
            nonlocal seen, since
            now = (self._framebuffer / framebuffer.FILE_NAME).read_bytes()
            if now != seen:
                seen, since = now, time.monotonic()
            return time.monotonic() - since >= still_for

        processes.wait_until(still, READY_SECONDS, "the screen to be still")
        return self.screenshot(path)

    def tray_icon_position(self) -> tuple[int, int]:
        """Return where the tray's last icon stands, to click on, in pixels."""
        width, height = self.size
        return width - TRAY_ICON_FROM_RIGHT, height - PANEL_HEIGHT // 2

    def menus(self) -> set[int]:
        """Return the open menus, by their window ids."""
        with XConnection(self.display) as x:
            return x.popups(SMALLEST_MENU)

    def log(self, name: str) -> str:
        """Return what a program has said so far: ``Xvfb``, ``tint2``, or what `start` began."""
        file = self.folder / f"{name}.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def stop_x(self) -> None:
        """Kill the X server at once, as a crash of it would."""
        if self._x is not None:
            self._x.kill()
            self._x.wait()
        self._remove_x_files()

    def _part(self, *command: str, **options: Any) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            options.setdefault("stdout", log)
            try:
                process = subprocess.Popen(
                    command,
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,
                    **options,
                )
            except FileNotFoundError as error:
                raise DesktopError(f"{command[0]} is not installed") from error
        self._parts.append(process)
        return process

    def _start_x(self) -> None:
        self._framebuffer = self.folder / "screen"
        self._framebuffer.mkdir()
        width, height = self.size
        reading, writing = os.pipe()
        with os.fdopen(reading) as answer:
            try:
                self._x = self._part(
                    "Xvfb",
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

    def _start_bus(self) -> None:
        config = private_desktop.write_bus_config(self.folder)
        bus = self._part(
            *("dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"),
            stdout=subprocess.PIPE,
        )
        assert bus.stdout is not None
        with bus.stdout:
            printed = bus.stdout.readline().decode().strip()
        if not printed:
            raise self._failed("dbus-daemon")
        self.env["DBUS_SESSION_BUS_ADDRESS"] = printed

    def _start_window_manager(self) -> None:
        self.run("xsetroot", "-solid", BACKGROUND)
        self._part("openbox", "--sm-disable")
        with XConnection(self.display) as x:
            self._await("openbox", lambda: x.root_property("_NET_SUPPORTING_WM_CHECK"))

    def _start_panel(self, panel: Panel) -> None:
        if panel == "tint2":
            self._part("tint2", "-c", str(private_desktop.CONFIG / "tint2" / "tint2rc"))
            with XConnection(self.display) as x:
                self._await("tint2", lambda: x.selection_owner("_NET_SYSTEM_TRAY_S0"))
        else:
            self._part("xfce4-panel", "--disable-wm-check", "--sm-client-disable")
            self._await_name("xfce4-panel", "org.kde.StatusNotifierWatcher")

    def _await_name(self, part: str, name: str) -> None:
        """Wait until somebody owns a name on the bus."""
        try:
            self.run("gdbus", "wait", "--session", "--timeout", str(int(READY_SECONDS)), name)
        except subprocess.SubprocessError as error:
            raise self._failed(part) from error

    def _await(self, part: str, ready: Any) -> None:
        process = self._parts[-1]
        try:
            processes.wait_until(lambda: process.poll() is not None or ready(), READY_SECONDS, part)
        except TimeoutError as error:
            raise self._failed(part) from error
        if process.poll() is not None:
            raise self._failed(part)

    def _failed(self, part: str) -> DesktopError:
        said = self.log(part).strip().splitlines()[-15:]
        return DesktopError("\n    ".join([f"{part} did not come up; it said:", *said]))

    def _remove_x_files(self) -> None:
        """Remove what a killed X server leaves behind."""
        if self.display < 0:
            return
        if self._x is not None and self._x.poll() is None:
            return
        if self._x is not None and self._x.returncode == -signal.SIGKILL:
            for name in (f".X{self.display}-lock", f".X11-unix/X{self.display}"):
                with suppress(OSError):  # not every server locks
                    Path("/tmp", name).unlink()  # noqa: S108  where X servers put them
        self.display = -1
