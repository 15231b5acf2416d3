"""What each command does: call the parts, print their answers.

Heavy parts are imported by the command that needs them: `status` answers at once.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

from reprospective_tray import config, control, logs, state
from reprospective_tray.errors import (
    AlreadyRunningError,
    NotRunningError,
    ReprospectiveError,
    UsageError,
)
from reprospective_tray.messages import _, set_language
from reprospective_tray.paths import Paths

if TYPE_CHECKING:
    from io import TextIOWrapper
    from pathlib import Path

    from reprospective_tray.store.adapter import SqliteAdapter

Options = argparse.Namespace


def _load(options: Options) -> tuple[config.Loaded, Paths]:
    """Return the config in force, and speak its language from now on."""
    paths = Paths.of_user()
    loaded = config.load(options.config, paths)
    set_language(loaded.config.language)
    return loaded, paths


def _reader(loaded: config.Loaded, paths: Paths) -> "SqliteAdapter":
    """Return the local database, open for reading."""
    from reprospective_tray.parts import make_adapter

    adapter = make_adapter(loaded, paths, read_only=True)
    adapter.open()
    return adapter


def run(options: Options) -> int:
    """Record until the end; a second start brings up the first one's window."""
    loaded, paths = _load(options)
    paths.prepare()
    logs.setup(paths, verbose=options.verbose, console=True)
    from reprospective_tray.app import Application

    try:
        Application(loaded, paths).run(tray=not options.no_tray)
    except AlreadyRunningError:
        if options.no_tray:
            raise
        control.request(paths, "show")
        print(_("reprospective-tray is already running; its window is coming up."))
    return 0


def status(options: Options) -> int:
    """Print how things stand, whether it runs or not."""
    loaded, paths = _load(options)
    try:
        found = control.request(paths, "status")
    except NotRunningError:
        found = _status_at_rest(loaded, paths)
    if options.json:
        contract = ("running", "pid", "paused", "paused_until", "today_active_seconds")
        _print_json({key: found[key] for key in (*contract, "data_path", "sync")})
        return 0
    from reprospective_tray.summary.status_text import status_text

    print(status_text(found))
    return 0


def _status_at_rest(loaded: config.Loaded, paths: Paths) -> dict[str, object]:
    from reprospective_tray.status import status_object, today_active_ms

    path = loaded.config.database_path(paths)
    today_ms = 0
    if path.exists():
        today_ms = today_active_ms(_reader(loaded, paths))
    remembered = state.load(paths)
    return status_object(
        pid=None,
        paused=remembered.is_paused_at(time.time_ns() // 1_000_000),
        paused_until=remembered.paused_until,
        today_ms=today_ms,
        data_path=path,
    )


def pause(options: Options) -> int:
    """Pause the running instance."""
    _loaded, paths = _load(options)
    until = None
    if options.length:
        until = time.time_ns() // 1_000_000 + round(options.length.total_seconds() * 1000)
    control.request(paths, "pause", until=until)
    return 0


def resume(options: Options) -> int:
    """Let the running instance record again."""
    _loaded, paths = _load(options)
    control.request(paths, "resume")
    return 0


def summary(options: Options) -> int:
    """Show the summary window until it is closed."""
    loaded, paths = _load(options)
    logs.setup(paths, verbose=options.verbose, console=True)
    from reprospective_tray.parts import make_adapter
    from reprospective_tray.summary.window import show

    show(
        lambda: make_adapter(loaded, paths, read_only=True),
        lambda: _status_or_none(paths),
        geometry=state.load(paths).geometry.get("summary", ""),
        remember=lambda text: _remember_geometry(paths, "summary", text),
    )
    return 0


def control_window(options: Options) -> int:
    """Show the menu as a window, where the tray has none."""
    _loaded, paths = _load(options)
    logs.setup(paths, verbose=options.verbose, console=True)
    from reprospective_tray.tray.control_window import show

    show(paths)
    return 0


def _status_or_none(paths: Paths) -> dict[str, object] | None:
    try:
        return control.request(paths, "status")
    except ReprospectiveError:
        return None


def _remember_geometry(paths: Paths, window: str, text: str) -> None:
    known = state.load(paths).geometry
    state.update(paths, geometry={**known, window: text})


def report(options: Options) -> int:
    """Print where the time went."""
    from datetime import date

    from reprospective_tray.store.queries import Queries
    from reprospective_tray.store.ranges import DayRange
    from reprospective_tray.summary import report as reports

    today = date.today()  # noqa: DTZ011  the day on the person's wall is meant
    if options.date and (options.first or options.last):
        raise UsageError(_("--date and --from or --to exclude each other."))
    first = options.date or options.first or min(options.last or today, today)
    last = options.date or options.last or max(first, today)
    if first > last:
        raise UsageError(
            _("--from {first} is after --to {last}.").format(first=first, last=last),
            _("Put the earlier day first."),
        )
    loaded, paths = _load(options)
    adapter = _reader(loaded, paths)
    with adapter.connection():
        found = reports.build(
            Queries(adapter), DayRange(first, last), host=options.host, titles=options.titles
        )
    if options.format == "json":
        _print_json(reports.as_object(found))
        return 0
    import os
    import shutil

    from reprospective_tray.summary import report_text

    text = report_text.render(
        found,
        width=shutil.get_terminal_size().columns,
        titles=options.titles,
        colour=report_text.wants_colour(sys.stdout, os.environ),
    )
    print(text, end="")
    return 0


def export(options: Options) -> int:
    """Write the raw sessions, or a copy of the database."""
    if options.snapshot and (options.output or options.since or options.until):
        raise UsageError(_("--snapshot copies everything: it goes with no other option."))
    since, until = options.since, options.until
    if since is not None and until is not None and since > until:
        raise UsageError(_("--from is after --to."), _("Put the earlier time first."))
    loaded, paths = _load(options)
    adapter = _reader(loaded, paths)
    if options.snapshot:
        adapter.snapshot(options.snapshot)
        return 0
    from reprospective_tray.store import exporters
    from reprospective_tray.store.queries import Queries

    write = exporters.write_jsonl if options.format == "jsonl" else exporters.write_csv
    with _output(options.output) as stream, adapter.connection():
        write(Queries(adapter).stream(since, until), stream)
    return 0


@contextmanager
def _output(path: "Path | None") -> Iterator[TextIO]:
    """Yield stdout, or the file at `path`, which is there when it is whole."""
    if path is None:
        _speak_utf8()
        yield sys.stdout
        return
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        partial.replace(path)
    except OSError as error:
        raise ReprospectiveError(
            _("{path} cannot be written: {reason}.").format(path=path, reason=error.strerror)
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _speak_utf8() -> None:
    """Let stdout be what other programs read, whatever the terminal's encoding is."""
    cast("TextIOWrapper", sys.stdout).reconfigure(encoding="utf-8", newline="\n")


def import_(options: Options) -> int:
    """Take over the sessions of a file."""
    loaded, paths = _load(options)
    from reprospective_tray.parts import make_adapter, make_text_filter
    from reprospective_tray.progress import Progress
    from reprospective_tray.store.importers.jsonl import import_jsonl

    adapter = make_adapter(loaded, paths)
    adapter.open()
    with Progress() as progress:
        done = import_jsonl(
            options.file, adapter, privacy=make_text_filter(loaded), progress=progress.show
        )
    if _status_or_none(paths) is None:
        adapter.close()
    print(
        _("{sessions} sessions read: {stored} stored, {private} left out by privacy rules.").format(
            sessions=done.sessions, stored=done.stored, private=done.private
        )
    )
    return 0


def config_path(options: Options) -> int:
    """Print where everything lies, one a line."""
    loaded, paths = _load(options)
    print(f"config: {loaded.file or paths.config_file}")
    print(f"data: {loaded.config.database_path(paths)}")
    print(f"state: {paths.state}")
    print(f"log: {paths.log}")
    return 0


def config_show(options: Options) -> int:
    """Print the settings in force."""
    loaded, _paths = _load(options)
    print(config.dump(loaded.config), end="")
    return 0


def config_init(_options: Options) -> int:
    """Put a config file in its place."""
    print(config.init(Paths.of_user()))
    return 0


def config_check(options: Options) -> int:
    """Print that the config is right, and which privacy rule takes a window."""
    loaded, _paths = _load(options)
    if not options.application and not options.title:
        place = loaded.file or _("no file: the defaults hold")
        print(_("The config is right ({place}).").format(place=place))
        return 0
    from reprospective_tray.monitor.privacy import Action, Privacy

    verdict = Privacy(loaded.config.privacy).explain(options.application, options.title)
    if verdict.action is Action.KEEP:
        print(_("No privacy rule takes this window: it is recorded as it is."))
        return 0
    print(_("Rule: {rule}").format(rule=verdict.rule))
    if verdict.action is Action.IGNORE:
        print(_("This window is ignored: nothing of it is recorded."))
        return 0
    stored = _("Recorded: application {application!r}, title {title!r}")
    print(stored.format(application=verdict.application_name, title=verdict.window_title))
    return 0


def _print_json(value: object) -> None:
    import json

    _speak_utf8()
    print(json.dumps(value, ensure_ascii=False, indent=2))
