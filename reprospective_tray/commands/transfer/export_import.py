"""Commands that read and write raw sessions: export, import."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray.checks.storage import size_text
from reprospective_tray.commands.common import Options, load, open_reader
from reprospective_tray.commands.output.target import (
    cleaning_up,
    is_stdout,
    open_output,
    there_already,
)
from reprospective_tray.errors import UsageError
from reprospective_tray.ipc import instance_lock
from reprospective_tray.messages import _, plural

if TYPE_CHECKING:
    from reprospective_tray.store.engine.adapter import DatabaseAdapter
    from reprospective_tray.store.query.stored_entries import StoredEntry
    from reprospective_tray.store.transfer.importers.import_batch import Imported


def export(options: Options) -> int:
    """Write the raw sessions, or a copy of the database; print what was written, and where."""
    _check_export(options)
    loaded, paths = load(options)
    adapter = open_reader(loaded, paths, options.source)
    target = options.snapshot or options.output
    if target:
        _refuse_the_database(target, loaded.config.database_path(paths))
    with cleaning_up():
        if options.snapshot:
            _write_snapshot(adapter, options.snapshot, overwrite=options.force)
        else:
            _write_sessions(adapter, options)
    return 0


def _check_export(options: Options) -> None:
    if options.snapshot and (
        options.output or options.since or options.until or options.source == "server"
    ):
        raise UsageError(_("--snapshot copies everything. It can only be combined with --force."))
    if options.snapshot and is_stdout(options.snapshot):
        raise UsageError(_("--snapshot needs a file. A database cannot be written to stdout."))
    if options.force and not options.snapshot and is_stdout(options.output):
        raise UsageError(_("--force needs -o FILE or --snapshot FILE."))
    since, until = options.since, options.until
    if since is not None and until is not None and since > until:
        raise UsageError(_("--from is after --to."), _("Put the earlier time first."))


def _refuse_the_database(target: Path, own: Path) -> None:
    """Refuse to replace any file that the database consists of, under any name."""
    from reprospective_tray.store.sqlite.file.secure_erase import other_files

    beside = (Path(f"{own}{end}") for end in ("-wal", "-shm", "-journal"))
    for part in (own, *beside, *other_files(own)):
        is_part = os.path.realpath(target) == os.path.realpath(part)
        if is_part or (target.exists() and part.exists() and target.samefile(part)):
            raise UsageError(
                _("{path} is part of the database. Nothing was written.").format(path=target),
                _("Choose another file."),
            )


def _write_snapshot(adapter: "DatabaseAdapter", target: Path, *, overwrite: bool) -> None:
    try:
        sessions = adapter.snapshot(target, overwrite=overwrite)
    except FileExistsError as error:
        raise there_already(target) from error
    text = plural(
        "The database was copied to {path}: {count} session, {size}.",
        "The database was copied to {path}: {count} sessions, {size}.",
        sessions,
    )
    print(text.format(path=target, count=sessions, size=size_text(target.stat().st_size)))


def _write_sessions(adapter: "DatabaseAdapter", options: Options) -> None:
    from reprospective_tray.store.query.queries import Queries
    from reprospective_tray.store.query.stored_entries import stored_entries
    from reprospective_tray.store.transfer import export as exporters

    output = options.output
    entries: list[StoredEntry] = []
    with open_output(output, overwrite=options.force) as stream, adapter.reading():
        sessions = Queries(adapter).stream(options.since, options.until)
        if options.format == "jsonl":
            entries = stored_entries(adapter, options.since, options.until)
            count = exporters.write_jsonl(sessions, stream, entries)
        else:
            count = exporters.write_csv(sessions, stream)
    if is_stdout(output):
        return
    if output.is_file():
        text = plural(
            "{count} session ({size}) was written to {path}.",
            "{count} sessions ({size}) were written to {path}.",
            count,
        )
        said = text.format(count=count, size=size_text(output.stat().st_size), path=output)
    else:
        text = plural(
            "{count} session was written to {path}.",
            "{count} sessions were written to {path}.",
            count,
        )
        said = text.format(count=count, path=output)
    with suppress(OSError):  # the file is complete even if nobody reads the message
        print(said, file=sys.stderr)
        if entries:
            text = plural(
                "{count} entry was written there, too.",
                "{count} entries were written there, too.",
                len(entries),
            )
            print(text.format(count=len(entries)), file=sys.stderr)


def import_(options: Options) -> int:
    """Import the sessions of a file."""
    loaded, paths = load(options)
    from reprospective_tray.commands.output.progress_bar import ImportProgress
    from reprospective_tray.commands.transfer.import_file import importer_of, print_left_out
    from reprospective_tray.runtime.factories import make_adapter, make_text_filter
    from reprospective_tray.store.transfer.importers.snapshot import how_to_put_back

    take = importer_of(options, loaded, paths)
    adapter = make_adapter(loaded, paths)
    try:
        with ImportProgress() as progress:
            done = take(
                options.file, adapter, privacy=make_text_filter(loaded), progress=progress.phase
            )
    finally:
        if not instance_lock.InstanceLock(paths).is_held():
            adapter.close()
    print(
        _("{sessions} sessions read: {stored} stored, {private} left out by privacy rules.").format(
            sessions=done.sessions, stored=done.stored, private=done.private
        )
    )
    if done.entries:
        _print_entries(done, adapter)
    if done.forgotten:
        text = plural(
            "{count} session was left out because it is in a time range that was deleted.",
            "{count} sessions were left out because they are in a time range that was deleted.",
            done.forgotten,
        )
        print(text.format(count=done.forgotten))
    if done.on_server:
        text = plural(
            "{count} session was left out because it is only on the server.",
            "{count} sessions were left out because they are only on the server.",
            done.on_server,
        )
        print(text.format(count=done.on_server))
    if done.totals_alone:
        text = plural(
            "{count} session is only on the server now: the snapshot has its daily total, which"
            " was not imported.",
            "{count} sessions are only on the server now: the snapshot has their daily totals,"
            " which were not imported.",
            done.totals_alone,
        )
        print(text.format(count=done.totals_alone))
        print(how_to_put_back(options.file, adapter))
    if done.other_buckets:
        text = plural(
            "{count} bucket was left out because it records neither windows nor times away: "
            "{types}",
            "{count} buckets were left out because they record neither windows nor times "
            "away: {types}",
            len(done.other_buckets),
        )
        types = ", ".join(sorted(set(done.other_buckets)))
        print(text.format(count=len(done.other_buckets), types=types))
    print_left_out(done, options.file)
    return 0


def _print_entries(done: "Imported", adapter: "DatabaseAdapter") -> None:
    from reprospective_tray.store.sqlite.adapter import SqliteAdapter

    print(
        _("{entries} entries read: {stored} stored.").format(
            entries=done.entries, stored=done.entries_stored
        )
    )
    if not isinstance(adapter, SqliteAdapter):
        print(_("Entries need the local file, and database.local.type is postgresql."))
    if done.entries_overlapping:
        text = plural(
            "{count} of them overlaps entries that are already there, and lost that part.",
            "{count} of them overlap entries that are already there, and lost that part.",
            done.entries_overlapping,
        )
        print(text.format(count=done.entries_overlapping))
