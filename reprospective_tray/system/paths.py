"""Where things lie: config, data, state, log, and the files that ship with the program."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from reprospective_tray import NAME
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.system.private_files import make_private_folder


@dataclass(frozen=True)
class Paths:
    """The four folders of one person; no folder is made before `prepare`."""

    config: Path
    data: Path
    state: Path
    log: Path

    @classmethod
    def of_user(cls) -> Paths:
        """Return the folders that the person's system keeps for such things.

        Raises:
            ReprospectiveError: the system does not know the person's home.
        """
        import platformdirs

        folders = platformdirs.PlatformDirs(NAME, appauthor=False)
        try:
            found = cls(
                config=Path(folders.user_config_dir),
                data=Path(folders.user_data_dir),
                state=Path(folders.user_state_dir),
                log=Path(folders.user_log_dir),
            )
        except RuntimeError as error:
            raise _no_home() from error
        # Some systems leave the ~ as it is: the folders would be made wherever one stands.
        if not found.state.is_absolute():
            raise _no_home()
        return found

    def prepare(self) -> None:
        """Make the state and the log folder, for their owner alone (0700).

        A log folder that cannot be made is no reason not to record.

        Raises:
            ReprospectiveError: the state folder cannot be made.
        """
        try:
            make_private_folder(self.state)
        except OSError as error:
            raise ReprospectiveError(
                _("The folder {folder} cannot be used: {reason}").format(
                    folder=self.state, reason=error.strerror or error
                ),
                _("Give yourself write access to it, or free its name."),
            ) from error
        with contextlib.suppress(OSError):
            make_private_folder(self.log)

    @property
    def config_file(self) -> Path:
        """Return where the person's own config is looked for."""
        return self.config / "config.yaml"

    @property
    def lock_file(self) -> Path:
        """Return what the running instance holds locked."""
        return self.state / "instance.lock"

    @property
    def instance_file(self) -> Path:
        """Return what says how to reach the running instance."""
        return self.state / "instance.json"

    @property
    def state_file(self) -> Path:
        """Return what the running program remembers between two runs."""
        return self.state / "state.json"

    @property
    def shown_file(self) -> Path:
        """Return what is remembered of what the person was shown and told."""
        return self.state / "shown.json"

    @property
    def log_file(self) -> Path:
        """Return the log that is being written now."""
        return self.log / f"{NAME}.log"


def _no_home() -> ReprospectiveError:
    return ReprospectiveError(
        _("The system does not say where your home folder is."),
        _("Set the variable HOME to it and try again."),
    )


def shipped_file(name: str) -> Path:
    """Return where a file that ships with the program lies, by its name in the repository.

    In an installed program it lies inside the package, in a checkout beside it.

    Raises:
        ReprospectiveError: it is in neither place.
    """
    package = Path(__file__).parent.parent
    for folder in (package, package.parent):
        if (file := folder / name).exists():
            return file
    raise ReprospectiveError(
        _("{name}, a part of the program, is missing.").format(name=name),
        _("Install the program again."),
    )
