"""Starting at login as the program means it: with the command that works now."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray.desktop import programs
from reprospective_tray.desktop.autostart import open_autostart
from reprospective_tray.desktop.autostart.base import LoginCommand
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.system import child_environment

if TYPE_CHECKING:
    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.desktop.autostart.base import Autostart, AutostartState
    from reprospective_tray.system.paths import Paths

_log = logging.getLogger(__name__)

# What only prints a line takes a tenth of a second; a cold disk some.
_TRIAL_S = 10.0


class StartAtLogin:
    """Whether this program is started at login, and the switch for it."""

    def __init__(self, loaded: LoadedConfig, paths: Paths) -> None:
        """Take the config in force, which the entry keeps where it is not the usual one."""
        self._autostart: Autostart = open_autostart(paths)
        self._config = _named_config(loaded, paths)
        self._changing = threading.Lock()  # clicks may come faster than programs start

    @property
    def why_not(self) -> str:
        """Why this system has no way for it, a sentence; empty where it has."""
        return self._autostart.why_not

    def standing(self) -> AutostartState:
        """Return how it stands."""
        return self._autostart.standing()

    def is_on(self) -> bool | None:
        """Say whether the next login starts the program; None where nothing can make it so."""
        return self.standing().works if self._autostart.is_possible else None

    def switch(self, *, on: bool) -> None:
        """Turn it on, with the command that works now, or off; it may take `_TRIAL_S`.

        Raises:
            ReprospectiveError: it could not be done; it stands as before.
        """
        with self._changing:
            self._switch(on=on)

    def _switch(self, *, on: bool) -> None:
        if not on:
            self._autostart.disable()
            return
        options = ("--config", str(self._config)) if self._config else ()
        program = programs.login_program()
        _try(program)
        self._autostart.enable(LoginCommand((*program, *options, "run")))
        _log.info("started at login from now on: %s", self.standing().place)

    def renew(self) -> None:
        """Let an entry that names this program where it no longer lies name it where it does.

        Arguments and all else stay. An entry for all persons is not this one's to change.

        Raises:
            ReprospectiveError: it could not be written.
        """
        standing = self.standing()
        command, program = standing.command, programs.login_program()
        if not (standing.is_on and standing.is_own and command and command.program):
            return
        if command.program == program:
            return
        _try(program)
        self._autostart.renew(command.with_program(program))
        _log.info("what is started at login lies elsewhere now: %s", standing.place)

    def keep(self) -> None:
        """Renew, and let the log alone say where that fails: for a thread at the start."""
        try:
            self.renew()
        except ReprospectiveError as error:
            _log.warning("%s %s", error, error.remedy)


def _named_config(loaded: LoadedConfig, paths: Paths) -> Path | None:
    """Return the config file where the program would not find it without being told."""
    if loaded.file is None or loaded.file == paths.config_file:
        return None
    return loaded.file.absolute()


def _try(program: tuple[str, ...]) -> None:
    """Make sure that the program starts from anywhere: from a clone it may not.

    Raises:
        ReprospectiveError: it does not.
    """
    environment = child_environment.environment()
    environment.pop("PYTHONPATH", None)
    try:
        subprocess.run(
            [*program, "--version"],
            cwd=Path(sys.executable).anchor,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_TRIAL_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        _log.info("%s does not start: %s", program, error)
        raise ReprospectiveError(
            _(
                "The program cannot be started at login: `{command}` does not work everywhere."
            ).format(command=" ".join(program)),
            _("Install it, for example with pip, instead of only copying its folder."),
        ) from error
