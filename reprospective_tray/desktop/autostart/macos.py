"""Starting at login on macOS: a LaunchAgent of the person's own.

Not run on macOS yet: the tests use its files and give it a ``launchctl`` of their own. What is
switched off in System Settings under Login Items is not seen here.
"""

from __future__ import annotations

import logging
import os
import plistlib
import subprocess
from typing import TYPE_CHECKING

from reprospective_tray import NAME
from reprospective_tray.desktop.autostart.base import Autostart, AutostartState, LoginCommand
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.system.private_files import make_folders, write_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_log = logging.getLogger(__name__)

LAUNCHCTL_S = 5.0


def launchctl(*arguments: str) -> None:
    """Run the system's tool.

    Raises:
        OSError: there is none.
        subprocess.SubprocessError: it failed, or took longer than `LAUNCHCTL_S`.
    """
    command = ["/bin/launchctl", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=LAUNCHCTL_S)


class LaunchAgent(Autostart):
    """A property list that launchd reads at login."""

    def __init__(self, folder: Path, run: Callable[..., None] = launchctl) -> None:
        """Take the folder of the person's agents and what runs ``launchctl``."""
        self._file = folder / f"{NAME}.plist"
        self._run = run

    def standing(self) -> AutostartState:
        """Return how it stands."""
        agent = self._read()
        words = agent.get("ProgramArguments")
        command = LoginCommand(tuple(map(str, words))) if isinstance(words, list) else None
        return AutostartState(
            is_on=bool(words) and bool(agent.get("RunAtLoad")) and not agent.get("Disabled"),
            place=str(self._file),
            command=command,
        )

    def enable(self, command: LoginCommand) -> None:
        """Write the agent; it is not loaded now, since that would start it at once."""
        self._write(
            {
                "Label": NAME,
                "ProgramArguments": list(command.words),
                "RunAtLoad": True,
                "ProcessType": "Interactive",
                "LimitLoadToSessionType": "Aqua",
            }
        )
        try:
            # Takes back a `launchctl disable`, which the file knows nothing of.
            self._run("enable", f"gui/{os.getuid()}/{NAME}")
        except (OSError, subprocess.SubprocessError) as error:
            _log.warning("launchctl enable failed: %s", error)

    def renew(self, command: LoginCommand) -> None:
        """Change the command alone."""
        self._write({**self._read(), "ProgramArguments": list(command.words)})

    def disable(self) -> None:
        """Remove the agent; the one that runs is not ended."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise self._not_written(error) from error

    def _read(self) -> dict[str, object]:
        try:
            found = plistlib.loads(self._file.read_bytes())
        except Exception:  # noqa: BLE001  the parsers of both formats raise many kinds
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, agent: dict[str, object]) -> None:
        try:
            make_folders(self._file.parent)
            write_private(self._file, plistlib.dumps(agent))
        except OSError as error:
            raise self._not_written(error) from error

    def _not_written(self, error: OSError) -> ReprospectiveError:
        return ReprospectiveError(
            _("{file} cannot be written: {reason}").format(
                file=self._file, reason=error.strerror or error
            ),
            _("Free some space, or give yourself write access to it."),
        )
