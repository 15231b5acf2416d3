"""How `import` reads a file as requested, and what it reports as left out."""

import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from reprospective_tray.commands.common import Options
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _, plural
from reprospective_tray.store.transfer.importers.import_batch import Events, Imported, ImportOptions
from reprospective_tray.store.transfer.importers.overlaps import Overlaps
from reprospective_tray.system.paths import Paths

_SECOND_MS = 1000


def importer_of(options: Options, loaded: LoadedConfig, paths: Paths) -> Callable[..., Imported]:
    """Return the importer for a snapshot, or for the requested format and options.

    Raises:
        ImportFileError: the file is the database itself.
    """
    from reprospective_tray.store.transfer.importers.activitywatch.importer import (
        Here,
        import_activitywatch,
    )
    from reprospective_tray.store.transfer.importers.clock import local_offset_minutes, offsets_of
    from reprospective_tray.store.transfer.importers.jsonl.importer import import_jsonl
    from reprospective_tray.store.transfer.importers.jsonl.line import LineReader
    from reprospective_tray.store.transfer.importers.snapshot import import_snapshot, is_sqlite

    said = ImportOptions(_role(loaded), options.strict, options.verbose)
    if is_sqlite(options.file):
        _refuse_own(options.file, loaded.config.database_path(paths))
        return partial(import_snapshot, options=said)
    offset_minutes = offsets_of(options.zone) if options.zone else local_offset_minutes
    here = socket.gethostname()
    if options.format == "jsonl":
        reader = LineReader(options.host or here, offset_minutes)
        return partial(import_jsonl, reader=reader, options=said)
    there = Here(here, offset_minutes, options.host or "")
    return partial(import_activitywatch, here=there, options=said)


def _refuse_own(file: Path, own: Path) -> None:
    if own.exists() and file.samefile(own):
        raise ImportFileError(
            _("{path} is this program's own database. Nothing was imported.").format(path=file),
            _("Choose a copy that `export --snapshot` made."),
        )


def _role(loaded: LoadedConfig) -> str:
    """Return the role that the imported sessions will have on the server, if one is set."""
    from reprospective_tray.runtime.factories import names_server
    from reprospective_tray.store.postgres.connection.address import ServerAddress

    database = loaded.config.database
    if not names_server(database):
        return ""
    return ServerAddress.from_remote(database.remote).resolved().get("user", "")


def print_left_out(done: Imported, path: Path) -> None:
    """Print what of the file at `path` was merged, clipped and left out, and where it is."""
    if done.events:
        _print_events(done.events, path)
    if done.overlaps.sessions:
        _print_overlaps(done.overlaps)


def _print_events(events: Events, path: Path) -> None:
    print(
        _(
            "{count} events: {merged} merged with the one before, {clipped} clipped,"
            " {left_out} left out (behind another window, away, or without length)."
        ).format(
            count=events.read,
            merged=events.merged,
            clipped=events.clipped,
            left_out=events.hidden + events.empty,
        )
    )
    if events.bad:
        text = plural(
            "{path}: {count} bad event or bucket was left out:",
            "{path}: {count} bad events or buckets were left out:",
            events.bad,
        )
        print(text.format(path=path, count=events.bad))
        print(*events.bad_places, sep="\n")


def _print_overlaps(overlaps: Overlaps) -> None:
    text = plural(
        "{count} session overlaps time that is already recorded; {seconds} s of it were left out:",
        "{count} sessions overlap time that is already recorded; {seconds} s of them were "
        "left out:",
        overlaps.sessions,
    )
    seconds = f"{overlaps.ms / _SECOND_MS:.3f}".rstrip("0").rstrip(".")
    print(text.format(count=overlaps.sessions, seconds=seconds))
    print(*overlaps.lines, sep="\n")
