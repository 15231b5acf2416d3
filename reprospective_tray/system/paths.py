"""The paths of config, data, state and log, and of the files shipped with the program."""

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
    """The four folders of one user; none is created before `prepare`."""

    config: Path
    data: Path
    state: Path
    log: Path

    @classmethod
    def of_user(cls) -> Paths:
        """Return the user's standard folders on this platform.

        Raises:
            ReprospectiveError: the user's home folder is unknown.
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
        # On some systems ~ is not expanded; the folders would be created in the current folder.
        if not found.state.is_absolute():
            raise _no_home()
        return found

    def prepare(self) -> None:
        """Create the state and the log folder, accessible only to their owner (0700).

        A log folder that cannot be created is ignored, so that recording still works.

        Raises:
            ReprospectiveError: the state folder cannot be created.
        """
        try:
            make_private_folder(self.state)
        except OSError as error:
            raise ReprospectiveError(
                _("The folder {folder} cannot be used: {reason}").format(
                    folder=self.state, reason=error.strerror or error
                ),
                _("Give yourself write access to it, or move away what has its name."),
            ) from error
        with contextlib.suppress(OSError):
            make_private_folder(self.log)

    @property
    def config_file(self) -> Path:
        """The path of the user's own config file."""
        return self.config / "config.yaml"

    @property
    def lock_file(self) -> Path:
        """The file that the running instance holds locked."""
        return self.state / "instance.lock"

    @property
    def instance_file(self) -> Path:
        """The file with the address and token of the running instance."""
        return self.state / "instance.json"

    @property
    def state_file(self) -> Path:
        """The file with the program's state between runs."""
        return self.state / "state.json"

    @property
    def shown_file(self) -> Path:
        """The file that stores what the user was already shown and told."""
        return self.state / "shown.json"

    @property
    def log_file(self) -> Path:
        """The current log file."""
        return self.log / f"{NAME}.log"


def _no_home() -> ReprospectiveError:
    return ReprospectiveError(
        _("The system does not say where your home folder is."),
        _("Set the variable HOME to it and try again."),
    )


def shipped_file(name: str) -> Path:
    """Return the path of a file shipped with the program, by its name in the repository.

    It is inside the package in an installation, and next to the package in a checkout.

    Raises:
        ReprospectiveError: it is in neither place.
    """
    package = Path(__file__).parent.parent
    for folder in (package, package.parent):
        if (file := folder / name).exists():
            return file
    raise ReprospectiveError(
        _("{name}, a part of the program, is missing.").format(name=name),
        _("Reinstall the program."),
    )
