"""The command `forget`, and deleting selected sessions, whether an instance runs or not."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reprospective_tray.commands.common import Options, load, open_reader
from reprospective_tray.commands.window_settings import load_for_window
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.errors import NotRunningError, UsageError
from reprospective_tray.ipc import client, instance_lock
from reprospective_tray.messages import _, is_yes, plural
from reprospective_tray.runtime.forget_service import MOST_UIDS
from reprospective_tray.store.model.sessions import clean
from reprospective_tray.system import logs
from reprospective_tray.system.clock import now_ms
from reprospective_tray.system.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprospective_tray.store.engine.adapter import DatabaseAdapter
    from reprospective_tray.store.forget.erase import Forgotten, Selection
    from reprospective_tray.store.forget.selection import Prospect

# Years of sessions take a while; the instance continues recording meanwhile.
_WAIT_S = 600.0


def forget(options: Options) -> int:
    """Delete a range once the person agrees, or with `--dry-run` print what would be deleted."""
    since, until = _range(options)
    if options.application is not None and not options.application.strip():
        raise UsageError(_("--application is empty."), _("Give a name as `report` shows it."))
    if options.application is not None:
        options.application = clean(options.application)
    if not (options.dry_run or options.yes or sys.stdin.isatty()):
        raise UsageError(
            _("Nothing was deleted because there is no terminal to ask on."),
            _("Add --yes to delete without asking, or --dry-run to see what would be deleted."),
        )
    loaded, paths = load(options)
    # There must be a database, in a readable state.
    adapter = open_reader(loaded, paths)
    if options.dry_run or not options.yes:
        prospect = _look_ahead(adapter, paths, since, until, options.application)
        print(_range_line(since, now_ms() if until is None else until, prospect))
        for line in _more(prospect):
            print(line)
        if options.dry_run:
            print(_("Nothing was deleted: this was a dry run."))
            return 0
        if not _agrees():
            print(_("Nothing was deleted."))
            return 1
    wanted = {"since": since, "until": until, "application": options.application}
    done = _ask_instance(paths, wanted)
    if done is None:
        from reprospective_tray.store.forget.selection import TimeRange

        end = now_ms() if until is None else until
        done = _forget_at_rest(loaded, paths, TimeRange(since, end, options.application))
    for line in _report(done):
        print(line)
    return 0


def forget_window(options: Options) -> int:
    """Show what was recorded since a moment, and delete it if the person agrees."""
    settings = load_for_window(options)
    loaded, paths = settings.loaded, settings.paths
    logs.setup(paths, verbose=options.verbose, console=True)
    from reprospective_tray.tray.windows.forget_window import ForgetQuestion, show

    since = options.since

    def look() -> list[str]:
        prospect = _look_ahead(open_reader(loaded, paths), paths, since, None)
        if not (prospect.sessions or prospect.taken or prospect.entries):
            return []
        return [_count_line(prospect), *_more(prospect)]

    def forget_it() -> list[str]:
        done = _ask_instance(paths, {"since": since, "until": None, "application": None})
        if done is None:
            from reprospective_tray.store.forget.selection import TimeRange

            done = _forget_at_rest(loaded, paths, TimeRange(since, now_ms()))
        return _report(done)

    sends = loaded.config.database.sync.enabled
    show(ForgetQuestion(since, look, forget_it, sends=sends, note=settings.note))
    return 0


def _range(options: Options) -> tuple[int, int | None]:
    """Return the range in ms; None is now, at the time of deleting."""
    if options.last:
        if options.since is not None or options.until is not None:
            raise UsageError(_("--last cannot be combined with --from or --to."))
        return now_ms() - round(options.last.total_seconds() * 1000), None
    if options.since is None or options.until is None:
        raise UsageError(
            _("No time range is given."), _("Give one with --last, or with --from and --to.")
        )
    if options.since >= options.until:
        raise UsageError(_("--from is not before --to."), _("Put the earlier time first."))
    return options.since, options.until


def forget_sessions(loaded: LoadedConfig, paths: Paths, uids: "Sequence[str]") -> "Forgotten":
    """Delete whole sessions by their uids, through the running instance if there is one.

    Many sessions take a while. After an error, a repeat continues.

    Raises:
        ReprospectiveError: there is no database, it cannot be written, or the instance refused.
    """
    from reprospective_tray.store.forget.erase import ChosenSessions, Forgotten

    # If nothing runs, opening would create a new file.
    open_reader(loaded, paths)
    done = Forgotten()
    for first in range(0, len(uids), MOST_UIDS):
        part = list(uids[first : first + MOST_UIDS])
        there = _ask_instance(paths, {"uids": part})
        done.add(there or _forget_at_rest(loaded, paths, ChosenSessions(part)))
    return done


def _ask_instance(paths: Paths, wanted: dict[str, Any]) -> "Forgotten | None":
    """Let the running instance do it, and return what was deleted; None if none runs."""
    try:
        answer = client.request(paths, "forget", timeout=_WAIT_S, **wanted)
    except NotRunningError:
        return None
    import msgspec

    from reprospective_tray.store.forget.erase import Forgotten

    return msgspec.convert(answer, Forgotten)


def _forget_at_rest(loaded: LoadedConfig, paths: Paths, what: "Selection") -> "Forgotten":
    """Delete without an instance, and prevent one from starting meanwhile."""
    from reprospective_tray.runtime.factories import make_recorder, make_recording_lock
    from reprospective_tray.store.forget import erase

    lock = instance_lock.InstanceLock(paths)
    file_lock = make_recording_lock(loaded, paths)
    lock.acquire()
    try:
        if file_lock:
            file_lock.acquire()
        # It also closes what a killed run left open, and writes what that run could not.
        recorder = make_recorder(loaded, paths, lambda _damaged: None)
        with recorder.running(), recorder.exclusively() as adapter:
            return erase.forget(adapter, what)
    finally:
        if file_lock:
            file_lock.release()
        lock.release()


def _look_ahead(
    adapter: "DatabaseAdapter",
    paths: Paths,
    since: int,
    until: int | None,
    application: str | None = None,
) -> "Prospect":
    """Return what would be deleted; if an instance records, its open session lasts until now."""
    from reprospective_tray.store.forget.selection import look_ahead

    now = now_ms()
    open_until = now if instance_lock.InstanceLock(paths).is_held() else None
    end = now if until is None else until
    with adapter.reading():
        return look_ahead(adapter, since, end, application, open_until=open_until)


def _range_line(since: int, until: int, prospect: "Prospect") -> str:
    from reprospective_tray.summary.format_text import duration

    text = plural(
        "From {since} to {until}: {count} session, {time} in all.",
        "From {since} to {until}: {count} sessions, {time} in all.",
        prospect.sessions,
    )
    time = duration(prospect.ms)
    return text.format(since=_wall(since), until=_wall(until), count=prospect.sessions, time=time)


def _count_line(prospect: "Prospect") -> str:
    from reprospective_tray.summary.format_text import duration

    text = plural(
        "{count} session, {time} in all.", "{count} sessions, {time} in all.", prospect.sessions
    )
    return text.format(count=prospect.sessions, time=duration(prospect.ms))


def _more(prospect: "Prospect") -> list[str]:
    """Return what else the person should know before agreeing."""
    lines = []
    if prospect.clipped:
        text = plural(
            "{count} session extends past the range; that part is kept.",
            "{count} sessions extend past the range; that part is kept.",
            prospect.clipped,
        )
        lines.append(text.format(count=prospect.clipped))
    if prospect.entries:
        text = plural(
            "{count} entry lies in it, at least in part; that part is deleted, too.",
            "{count} entries lie in it, at least in part; that part is deleted, too.",
            prospect.entries,
        )
        lines.append(text.format(count=prospect.entries))
    if prospect.taken:
        lines.append(
            _(
                "Sessions in this range that have already moved to the server are deleted "
                "there with the next sync. For these, the whole day's totals are deleted "
                "here."
            )
        )
    return lines


def _wall(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000).astimezone():%Y-%m-%d %H:%M:%S}"


def _agrees() -> bool:
    try:
        answer = input(_("Permanently delete this? [y/N] "))
    except EOFError:
        print()
        return False
    return is_yes(answer)


def _report(done: "Forgotten") -> list[str]:
    """Return what was done, in sentences."""
    from reprospective_tray.summary.format_text import duration

    if done.sessions or not done.ordered:
        text = plural(
            "{count} session deleted, {time} in all.",
            "{count} sessions deleted, {time} in all.",
            done.sessions,
        )
        lines = [text.format(count=done.sessions, time=duration(done.ms))]
    else:
        lines = []
    if done.clipped:
        text = plural(
            "{count} session extended past the range; that part was kept.",
            "{count} sessions extended past the range; that part was kept.",
            done.clipped,
        )
        lines.append(text.format(count=done.clipped))
    if done.entries:
        text = plural(
            "{count} entry deleted, as far as it lay in the range.",
            "{count} entries deleted, as far as they lay in the range.",
            done.entries,
        )
        lines.append(text.format(count=done.entries))
    if done.ordered:
        lines.append(
            _(
                "Sessions that have already moved to the server are deleted there with the "
                "next sync. For these, the whole day's totals were deleted here."
            )
        )
    if not done.scrubbed:
        lines.append(
            _(
                "Another program is reading the database. Until it ends, the titles stay in "
                "the database's -wal file. End it, then run the same command again."
            )
        )
    if done.other_files:
        files = ", ".join(done.other_files)
        lines.append(_("These files may still contain some of it: {files}").format(files=files))
    return lines
