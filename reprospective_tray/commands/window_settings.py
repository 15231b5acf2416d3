"""The settings of a window, also if config.yaml is broken: those of the running instance.

The place of the data is never guessed: without settings only a message is shown.
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
    """The settings of a window; `note` says what is wrong with the file if they are not from it."""

    loaded: LoadedConfig
    paths: Paths
    note: str = ""


def load_for_window(options: Options) -> WindowSettings:
    """Return the current settings, and use their language from now on.

    Raises:
        ConfigError: the file is broken and no instance has earlier settings; without a
            terminal, the person has been shown this in a window.
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
        with suppress(ConfigError):
            found = LoadedConfig(found.config, loading.find(options.config, paths))
        loaded = found
        set_language(loaded.config.language)
        note = _("{error} Still using your previous settings.").format(
            error=f"{error} {error.remedy}".strip()
        )
    set_language(loaded.config.language)
    return WindowSettings(loaded, paths, note)


def _of_instance(paths: Paths) -> LoadedConfig | None:
    """Return the settings of the running instance; None if it does not report them."""
    try:
        answer = client.request(paths, "settings")
        return LoadedConfig(msgspec.convert(answer["config"], Config), None)
    # An older or newer instance may not know the command, or has other settings.
    except (ReprospectiveError, msgspec.ValidationError, KeyError):
        return None


def show_without_terminal(head: str, error: ConfigError, options: Options, paths: Paths) -> None:
    """Show the error in a window if there is no terminal to show it; return when it is closed."""
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
