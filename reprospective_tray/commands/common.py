"""What the commands share: the current config, the database for reading, JSON on stdout."""

import argparse
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from reprospective_tray import clean_text
from reprospective_tray.commands.output.standard_output import speak_utf8
from reprospective_tray.config import loading
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.errors import ConfigError, ReprospectiveError
from reprospective_tray.messages import _, set_language
from reprospective_tray.system.paths import Paths

if TYPE_CHECKING:
    from reprospective_tray.store.engine.adapter import DatabaseAdapter
    from reprospective_tray.summary.figures.sources import Sources

Options = argparse.Namespace

# How long a report waits for each answer of a server.
_PATIENCE_S = 10.0


def load(options: Options) -> tuple[LoadedConfig, Paths]:
    """Return the current config, and use its language from now on."""
    paths = Paths.of_user()
    loaded = loading.load(options.config, paths)
    set_language(loaded.config.language)
    return loaded, paths


def find_paths(options: Options) -> Paths:
    """Return the paths, for commands that need no settings: they work with a broken config."""
    paths = Paths.of_user()
    with suppress(ConfigError):
        set_language(loading.load(options.config, paths).config.language)
    return paths


def open_reader(
    loaded: LoadedConfig, paths: Paths, source: Literal["local", "server"] = "local"
) -> "DatabaseAdapter":
    """Return the local or central database that recordings go to, open for reading.

    Raises:
        StoreError: there is none, or it cannot be read.
        ReprospectiveError: no server is set.
    """
    from reprospective_tray.runtime.factories import make_adapter, make_server_adapter, names_server

    if source == "server":
        if not names_server(loaded.config.database):
            raise ReprospectiveError(
                _("No server to read from is set in the config."),
                _("Set database.remote in config.yaml to your server."),
            )
        adapter: DatabaseAdapter = make_server_adapter(loaded, paths, read_only=True)
    else:
        adapter = make_adapter(loaded, paths, read_only=True)
    adapter.open()
    return adapter


def make_sources(loaded: LoadedConfig, paths: Paths) -> "Sources":
    """Return the sources of figures: the database that recordings go to, and the server."""
    from reprospective_tray.runtime.factories import make_adapter, make_server_adapter, names_server
    from reprospective_tray.summary.figures.sources import Sources

    def server() -> "DatabaseAdapter":
        return make_server_adapter(loaded, paths, read_only=True, patience_s=_PATIENCE_S)

    named = names_server(loaded.config.database)
    return Sources(lambda: make_adapter(loaded, paths, read_only=True), server if named else None)


def print_json(value: object) -> None:
    """Print `value` for other programs."""
    import json

    speak_utf8()
    print(clean_text.in_json(json.dumps(value, ensure_ascii=False, indent=2)))
