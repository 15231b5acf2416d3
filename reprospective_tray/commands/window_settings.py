"""The settings of a window, also where config.yaml is broken: those that the instance goes by.

Where the data lies is never guessed: without them nothing but a message is shown.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from reprospective_tray.config import loading
from reprospective_tray.config.keys import Config
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.errors import ConfigError, ReprospectiveError
from reprospective_tray.ipc import client
from reprospective_tray.messages import _, set_language
from reprospective_tray.system import logs
from reprospective_tray.system.paths import Paths

if TYPE_CHECKING:
    from reprospective_tray.commands.common import Options


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """What a window goes by; `note` says what is wrong with the file where it is another."""

    loaded: LoadedConfig
    paths: Paths
    note: str = ""


def load_for_window(options: Options) -> WindowSettings:
    """Return the settings in force, and speak their language from now on.

    Raises:
        ConfigError: the file is broken and no instance goes by an earlier one; a person
            without a terminal has been shown so.
    """
    paths, note = Paths.of_user(), ""
    try:
        loaded = loading.load(options.config, paths)
    except ConfigError as error:
        found = _of_instance(paths)
        if found is None:
            head = _("The settings cannot be used, so nothing can be shown.")
            show_without_terminal(head, error, options, paths)
            raise
        loaded = found
        set_language(loaded.config.language)
        note = _("{error} Still using your previous settings.").format(
            error=f"{error} {error.remedy}".strip()
        )
    set_language(loaded.config.language)
    return WindowSettings(loaded, paths, note)


def _of_instance(paths: Paths) -> LoadedConfig | None:
    """Return the settings that the running instance goes by; None where none says so."""
    try:
        answer = client.request(paths, "settings")
        return LoadedConfig(msgspec.convert(answer["config"], Config), None)
    # One that is older or newer knows no such command, or other settings.
    except (ReprospectiveError, msgspec.ValidationError, KeyError):
        return None


def show_without_terminal(head: str, error: ConfigError, options: Options, paths: Paths) -> None:
    """Say it in a window where nobody would see it on a terminal; return when it is closed."""
    if sys.stderr.isatty():
        return
    logs.setup(paths, verbose=options.verbose, console=True)
    from reprospective_tray.tray.windows import message_window

    file = None
    with suppress(ConfigError):
        file = loading.find(options.config, paths)
    # Without a display there is only the output.
    with suppress(ReprospectiveError):
        message_window.show(head, error, file)
