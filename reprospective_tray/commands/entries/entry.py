"""The command `entry`: what a time was for; it works whether an instance runs or not."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from reprospective_tray.commands.common import Options, load, print_json
from reprospective_tray.commands.entries import entry_times
from reprospective_tray.commands.output import entry_text
from reprospective_tray.commands.report import chosen_days
from reprospective_tray.errors import EntryError, EntryOverlapError, UsageError
from reprospective_tray.ipc import instance_lock
from reprospective_tray.messages import _, is_yes
from reprospective_tray.store.entries.entry_writer import EntryWriter, OnOverlap
from reprospective_tray.store.entries.wording import described
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.query.entries import EntryQueries
from reprospective_tray.system.clock import now_ms

if TYPE_CHECKING:
    from reprospective_tray.store.sqlite.adapter import SqliteAdapter

# Shorter beginnings of uids would soon stand for other entries, too.
_SHORTEST = 8
_AROUND = 3

Write = Callable[[OnOverlap], tuple[Entry, ...]]


def add(options: Options) -> int:
    """Add an entry; one over a change of the clocks becomes several."""
    day = options.day or date.today()  # noqa: DTZ011  the day on the wall clock is meant
    started_at, ended_at = entry_times.span(day, options.since, options.until)
    made = [
        Entry(
            new_uid(now_ms()),
            *(start, end, offset),
            *(options.category, options.note, options.billable),
        )
        for start, end, offset in entry_times.pieces(started_at, ended_at)
    ]
    with _opened(options) as adapter:
        writer = EntryWriter(adapter)
        if not _is_written(options, lambda overlap: writer.add(*made, on_overlap=overlap)):
            return 1
        _print_each(_("Added: {entry}"), adapter, made)
    return 0


def list_(options: Options) -> int:
    """Print the entries of a range of days, and which of them are closed."""
    days = chosen_days(options)
    with _opened(options, read_only=True) as adapter:
        queries = EntryQueries(adapter)
        with adapter.unchanging():
            found, closed = queries.on(days), queries.closed_days(days)
            short = _short(adapter)
    if options.json:
        print_json(entry_text.as_object(found, days, closed))
        return 0
    lines = entry_text.as_lines(found, days, closed, short)
    for line in lines or [_("There are no entries.")]:
        print(line)
    return 0


def edit(options: Options) -> int:
    """Change what is given of an entry."""
    texts = {
        name: value
        for name in ("category", "note", "billable")
        if (value := getattr(options, name)) is not None
    }
    is_moved = (options.day, options.since, options.until) != (None, None, None)
    if not texts and not is_moved:
        raise UsageError(
            _("Nothing to change is given."),
            _("See: {program} --help").format(program="reprospective-tray entry edit"),
        )
    with _opened(options) as adapter:
        before = _find(adapter, options.uid)
        after = [replace(before, **texts)]
        if is_moved:
            started_at, ended_at = _moved(before, options)
            after = [
                replace(after[0], started_at=start, ended_at=end, utc_offset_minutes=offset)
                for start, end, offset in entry_times.pieces(started_at, ended_at)
            ]
            after[1:] = [replace(each, uid=new_uid(now_ms())) for each in after[1:]]
        writer = EntryWriter(adapter)
        if not _is_written(options, lambda overlap: writer.change(*after, on_overlap=overlap)):
            return 1
        _print_each(_("Changed: {entry}"), adapter, after)
    return 0


def delete(options: Options) -> int:
    """Delete an entry once the person agrees."""
    if not (options.yes or sys.stdin.isatty()):
        raise UsageError(
            _("Nothing was deleted because there is no terminal to ask on."),
            _("Add --yes to delete without asking."),
        )
    with _opened(options) as adapter:
        entry = _find(adapter, options.uid)
        if not options.yes:
            print(described(entry))
            if not is_yes(_answer(_("Permanently delete this? [y/N] "))):
                print(_("Nothing was deleted."))
                return 1
        EntryWriter(adapter).delete(entry.uid)
        print(_("Deleted: {entry}").format(entry=described(entry)))
    return 0


def close_day(options: Options) -> int:
    """Close a day to changes of its entries."""
    day = options.day.isoformat()
    with _opened(options) as adapter:
        is_new = EntryWriter(adapter).close_day(day)
    text = _("{day} is closed.") if is_new else _("{day} was closed already.")
    print(text.format(day=day))
    return 0


def open_day(options: Options) -> int:
    """Open a closed day again."""
    day = options.day.isoformat()
    with _opened(options) as adapter:
        was_closed = EntryWriter(adapter).open_day(day)
    text = _("{day} is open.") if was_closed else _("{day} was open already.")
    print(text.format(day=day))
    return 0


@contextmanager
def _opened(options: Options, *, read_only: bool = False) -> "Iterator[SqliteAdapter]":
    """Yield the local file with this thread's connection.

    Raises:
        EntryError: recordings go to a server.
        StoreError: the file cannot be used.
    """
    from reprospective_tray.runtime.factories import make_file_adapter

    loaded, paths = load(options)
    if loaded.config.database.local.type == "postgresql":
        raise EntryError(
            _("Entries need the local file, and database.local.type is postgresql."),
            _("Set database.local.type to sqlite; database.sync.enabled sends to the server."),
        )
    adapter = make_file_adapter(loaded, paths, read_only=read_only)
    adapter.open()
    try:
        with adapter.reading():
            yield adapter
    finally:
        if not read_only and not instance_lock.InstanceLock(paths).is_held():
            adapter.close()


def _is_written(options: Options, write: Write) -> bool:
    """Write as the options say, and print what had to give way; return whether it was written.

    Without an option for an overlap, the person is asked if there is a terminal.
    """
    chosen = OnOverlap.REFUSE
    if options.cut or options.replace:
        chosen = OnOverlap.CUT if options.cut else OnOverlap.REPLACE
    try:
        gone = write(chosen)
    except EntryOverlapError as error:
        if not sys.stdin.isatty():
            raise
        print(error)
        answer = _answer(_("Shorten what is there [c], delete it [r], or leave it [N]? "))
        choices = {"c": OnOverlap.CUT, "r": OnOverlap.REPLACE}
        chosen = choices.get(answer.strip().casefold()[:1], OnOverlap.REFUSE)
        if chosen is OnOverlap.REFUSE:
            print(_("Nothing was changed."))
            return False
        gone = write(chosen)
    for each in gone:
        text = _("Shortened: {entry}") if chosen is OnOverlap.CUT else _("Deleted: {entry}")
        print(text.format(entry=described(each)))
    return True


def _answer(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        print()
        return ""


def _moved(before: Entry, options: Options) -> tuple[int, int]:
    """Return the start and end of an entry; times that are not given stay as they are."""
    day, since = entry_times.wall_of(before, before.started_at)
    if options.day is not None or (options.since is not None and options.until is not None):
        last_day, until = entry_times.wall_of(before, before.ended_at)
        until += last_day - day
        return entry_times.span(
            options.day or day,
            since if options.since is None else options.since,
            until if options.until is None else options.until,
        )
    if options.since is not None:
        return entry_times.moment(day, options.since), before.ended_at
    return before.started_at, entry_times.span(day, since, options.until)[1]


def _find(adapter: "SqliteAdapter", said: str) -> Entry:
    """Return the entry whose uid begins with `said`.

    Raises:
        EntryError: there is none, or more than one.
    """
    found = EntryQueries(adapter).beginning(said)
    if len(found) == 1:
        return found[0]
    if not found:
        raise EntryError(
            _("There is no entry {uid}.").format(uid=said),
            _("`reprospective-tray entry list` shows the entries of a day."),
        )
    short = _short(adapter)
    names = ", ".join(short[each.uid] for each in found[:_AROUND])
    raise EntryError(
        _("{count} entries begin with {uid}, such as {names}.").format(
            count=len(found), uid=said, names=names
        ),
        _("Give more of the uid."),
    )


def _short(adapter: "SqliteAdapter") -> dict[str, str]:
    """Return a beginning of each entry's uid that no other one has."""
    uids = ["", *EntryQueries(adapter).uids(), ""]
    alike = [_common(one, other) for one, other in pairwise(uids)]
    lengths = [max(_SHORTEST, 1 + max(both)) for both in pairwise(alike)]
    return {uid: uid[:length] for uid, length in zip(uids[1:-1], lengths, strict=True)}


def _common(one: str, other: str) -> int:
    """Return how many characters are the same at the beginning."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _print_each(sentence: str, adapter: "SqliteAdapter", entries: Sequence[Entry]) -> None:
    short = _short(adapter)
    for each in entries:
        print(sentence.format(entry=entry_text.one_line(each, short)))
