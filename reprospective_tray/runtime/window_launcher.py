"""Opens the program's windows, each in its own process, and its files."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from reprospective_tray.config import writer as config_writer
from reprospective_tray.desktop import programs
from reprospective_tray.summary.window import xwayland

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from reprospective_tray.system.paths import Paths

COMMANDS = ("show", "open_summary", "open_settings", "open_log_folder", "ask_to_forget")


class OwnWindows:
    """Opens them, or raises those that are already open."""

    def __init__(
        self, paths: Paths, config_file: Callable[[], Path | None], has_menu: Callable[[], bool]
    ) -> None:
        """Take what returns the current config, and whether the tray has a menu."""
        self._paths = paths
        self._config_file = config_file
        self._has_menu = has_menu
        self._windows: dict[str, subprocess.Popen[bytes]] = {}
        self._opening = threading.Lock()  # two requests at once open one window

    def open(self, command: str, arguments: dict[str, object]) -> None:
        """Run one of `COMMANDS`.

        Raises:
            ReprospectiveError: nothing can open it, or there is no display for it.
        """
        with self._opening:
            match command:
                case "show" | "open_summary":
                    has_no_menu = command == "show" and not self._has_menu()
                    self._open("control-window" if has_no_menu else "summary")
                case "open_settings":
                    self._open_settings()
                case "open_log_folder":
                    programs.open_with_desktop(self._paths.log)
                case "ask_to_forget":
                    self._ask_to_forget(arguments.get("since"))

    def open_first_start(self) -> subprocess.Popen[bytes]:
        """Open the window of the very first start, and return its process.

        Raises:
            ReprospectiveError: there is no display for it.
        """
        with self._opening:
            self._open("first-start-window")
            return self._windows["first-start-window"]

    def _open_settings(self) -> None:
        file = self._config_file() or self._paths.config_file
        if not file.exists():
            config_writer.init(self._paths)
        programs.open_with_desktop(file)

    def _ask_to_forget(self, since: object) -> None:
        """Open a window that says what would be deleted and asks; an open one has another range."""
        before = self._windows.pop("forget-window", None)
        if before and before.poll() is None:
            before.terminate()
        if isinstance(since, int):
            self._open("forget-window", "--since", str(since))

    def _open(self, name: str, *more: str) -> None:
        """Start a window in its own process, or raise the one that is there.

        Raises:
            ReprospectiveError: it could not open here.
        """
        if error := xwayland.lacking():
            raise error
        window = self._windows.get(name)
        if window and window.poll() is None and hasattr(signal, "SIGUSR1"):
            window.send_signal(signal.SIGUSR1)
            return
        file = self._config_file()
        arguments = ["--config", str(file)] if file else []
        self._windows[name] = programs.start(programs.own_command(*arguments, name, *more))
