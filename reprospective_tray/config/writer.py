"""Writes the config as text: the effective settings, and a file for the user to edit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from reprospective_tray.config.keys import MASK
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.system.paths import shipped_file
from reprospective_tray.system.private_files import OWNER_FILE, make_private_folder

if TYPE_CHECKING:
    from pathlib import Path

    from reprospective_tray.config.keys import Config
    from reprospective_tray.system.paths import Paths


def dump(config: Config) -> str:
    """Return the effective config as YAML, with the password masked."""
    import yaml

    plain = msgspec.to_builtins(config)
    if config.database.remote.password is not None:
        plain["database"]["remote"]["password"] = MASK
    text: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
    return text


def init(paths: Paths) -> Path:
    """Write the shipped config.yaml to the user's config folder; return its path.

    Raises:
        ReprospectiveError: the file already exists or cannot be written.
    """
    content = shipped_file("config.yaml").read_bytes()
    file = paths.config_file
    try:
        make_private_folder(file.parent)
    except OSError as error:
        raise _not_written(file, error) from error
    try:
        # Readable only by the owner, because the user may add a password.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
    except FileExistsError as error:
        raise ReprospectiveError(
            _("There is already a config file: {file}").format(file=file),
            _("Edit it, or move it to another place first."),
        ) from error
    except OSError as error:
        raise _not_written(file, error) from error
    return file


def _not_written(file: Path, error: OSError) -> ReprospectiveError:
    return ReprospectiveError(
        _("The config file {file} cannot be written: {reason}").format(
            file=file, reason=error.strerror or error
        ),
        _("Give yourself write access to its folder, or move away what has its name."),
    )
