"""Finds the config file, reads it and checks every key."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from reprospective_tray.config import source as config_source
from reprospective_tray.config.keys import HIDDEN, Config, expanded
from reprospective_tray.config.validation import at, beyond_types
from reprospective_tray.errors import ConfigError
from reprospective_tray.messages import _
from reprospective_tray.system import ownership

if TYPE_CHECKING:
    from pathlib import Path

    from reprospective_tray.system.paths import Paths

ENVIRONMENT = "REPROSPECTIVE_CONFIG"


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A config and its file; `file` is None if the defaults are used without a file."""

    config: Config
    file: Path | None


def find(explicit: Path | None, paths: Paths) -> Path | None:
    """Return the config file: --config, $REPROSPECTIVE_CONFIG, the user's own, or None.

    Raises:
        ConfigError: an explicitly named file does not exist.
    """
    if explicit is not None:
        return _existing(expanded(str(explicit)), "--config")
    if named := os.environ.get(ENVIRONMENT):
        return _existing(expanded(named), f"${ENVIRONMENT}")
    # A dangling link is an error to report, not an absent file.
    return paths.config_file if os.path.lexists(paths.config_file) else None


def _existing(file: Path, asked_by: str) -> Path:
    if os.path.lexists(file):
        return file
    raise ConfigError(
        _("The config file {file}, given by {asked_by}, does not exist.").format(
            file=file, asked_by=asked_by
        ),
        _("Give a file that exists, or omit it to use the defaults."),
    )


def load(explicit: Path | None, paths: Paths) -> LoadedConfig:
    """Find the config file, read it and check every key.

    Raises:
        ConfigError: the config is invalid. The message names file, line, dotted key, the value as
            written and the allowed values, but never a password.
    """
    file = find(explicit, paths)
    if file is None:
        return LoadedConfig(Config(), None)
    try:
        if explicit is None and not os.environ.get(ENVIRONMENT):
            _check_owner(file)  # an explicitly named file may belong to anybody
        text = config_source.read(file)
    except FileNotFoundError as error:
        raise ConfigError(
            _("The config file {file} is a link to a file that does not exist.").format(file=file),
            _("Put the file back, or remove the link."),
        ) from error
    return LoadedConfig(read_config(text, file, paths), file)


def _check_owner(file: Path) -> None:
    try:
        ownership.check(file)
    except ownership.ForeignOwnerError as error:
        raise ConfigError(
            _("{path} is not used: {reason}.").format(path=file, reason=error.strerror),
            _("Read it. If it is as you want it, make it yours (chown) or pass it with --config."),
        ) from error
    except OSError:  # reading it reports the error
        return


def read_config(text: str, file: Path, paths: Paths | None = None) -> Config:
    """Return the config in `text`; `file` is named in errors.

    With `paths` it is also checked that the database's path can be a file.

    Raises:
        ConfigError: as for `load`.
    """
    tree = config_source.parse(text, file)
    if tree is None:
        return Config()
    try:
        config = msgspec.convert(tree.plain(), Config)
    except msgspec.ValidationError as error:
        from reprospective_tray.config.errors import explain

        raise explain(tree, Config, file) from error
    for keys, allowed, remedy in beyond_types(config, paths):
        from reprospective_tray.config.errors import not_allowed

        found = at(tree, keys)
        if keys[:2] == ("database", "remote"):  # it may contain a password
            found = replace(found, written=HIDDEN)
        raise not_allowed(found, keys, allowed, file, remedy)
    return config
