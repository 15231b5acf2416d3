"""Starting at login: one file a system. `open_autostart` chooses the one of this system."""

import os
import sys
from pathlib import Path

from reprospective_tray.desktop.autostart.base import Autostart
from reprospective_tray.desktop.autostart.null import NullAutostart
from reprospective_tray.messages import _
from reprospective_tray.system.paths import Paths

# Every Flatpak has it; what is written there as autostart entry, no desktop reads.
_SANDBOX = Path("/.flatpak-info")


def open_autostart(paths: Paths) -> Autostart:
    """Return how programs are started at login here; a `NullAutostart` where there is no way."""
    if sys.platform == "win32":
        import winreg

        from reprospective_tray.desktop.autostart.windows import RunKey

        return RunKey(winreg)
    if sys.platform == "darwin":
        from reprospective_tray.desktop.autostart.macos import LaunchAgent

        return LaunchAgent(Path.home() / "Library" / "LaunchAgents")
    if _SANDBOX.exists():
        return NullAutostart(
            _("The program cannot set itself to start at login because it runs in a sandbox.")
        )
    if os.name == "posix":
        from reprospective_tray.desktop.autostart.xdg import XdgAutostart

        return XdgAutostart(paths.config.parent)
    return NullAutostart(_("This system has no known way to start programs at login."))
