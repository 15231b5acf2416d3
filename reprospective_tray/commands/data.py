"""Commands that read and write raw sessions: export, import."""

from reprospective_tray import control
from reprospective_tray.commands.common import Options, load, open_reader
from reprospective_tray.commands.output import open_output
from reprospective_tray.errors import UsageError
from reprospective_tray.messages import _, plural


def export(options: Options) -> int:
    """Write the raw sessions, or a copy of the database."""
    if options.snapshot and (
        options.output or options.since or options.until or options.source == "server"
    ):
        raise UsageError(_("--snapshot copies everything: it goes with no other option."))
    since, until = options.since, options.until
    if since is not None and until is not None and since > until:
        raise UsageError(_("--from is after --to."), _("Put the earlier time first."))
    loaded, paths = load(options)
    adapter = open_reader(loaded, paths, options.source)
    own = loaded.config.database_path(paths)
    if options.output and options.output.exists() and own.exists() and options.output.samefile(own):
        raise UsageError(
            _("-o names the database itself: nothing was written."), _("Name another file.")
        )
    if options.snapshot:
        adapter.snapshot(options.snapshot)
        return 0
    from reprospective_tray.store import exporters
    from reprospective_tray.store.queries import Queries

    write = exporters.write_jsonl if options.format == "jsonl" else exporters.write_csv
    with open_output(options.output) as stream, adapter.reading():
        write(Queries(adapter).stream(since, until), stream)
    return 0


def import_(options: Options) -> int:
    """Take over the sessions of a file."""
    loaded, paths = load(options)
    from reprospective_tray.commands.imported import importer_of, print_left_out
    from reprospective_tray.parts import make_adapter, make_text_filter
    from reprospective_tray.progress import ImportProgress

    take = importer_of(options, loaded)
    adapter = make_adapter(loaded, paths)
    try:
        with ImportProgress() as progress:
            done = take(
                options.file, adapter, privacy=make_text_filter(loaded), progress=progress.phase
            )
    finally:
        if not control.InstanceLock(paths).is_held():
            adapter.close()
    print(
        _("{sessions} sessions read: {stored} stored, {private} left out by privacy rules.").format(
            sessions=done.sessions, stored=done.stored, private=done.private
        )
    )
    if done.forgotten:
        text = plural(
            "{count} session was left out: it lies in a range of time that was forgotten.",
            "{count} sessions were left out: they lie in a range of time that was forgotten.",
            done.forgotten,
        )
        print(text.format(count=done.forgotten))
    if done.on_server:
        text = plural(
            "{count} session was left out: it is kept on the server alone.",
            "{count} sessions were left out: they are kept on the server alone.",
            done.on_server,
        )
        print(text.format(count=done.on_server))
    if done.other_buckets:
        text = plural(
            "{count} bucket was left out, as it tells neither windows nor times away: {types}",
            "{count} buckets were left out, as they tell neither windows nor times away: {types}",
            len(done.other_buckets),
        )
        types = ", ".join(sorted(set(done.other_buckets)))
        print(text.format(count=len(done.other_buckets), types=types))
    print_left_out(done, options.file)
    return 0
