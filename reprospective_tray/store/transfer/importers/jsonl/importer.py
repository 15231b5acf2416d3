"""Imports JSONL written by `export`: checks the whole file first, then writes rows by uid."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.ids import derived_uid
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.transfer.importers.checking import PlaceError
from reprospective_tray.store.transfer.importers.clock import local_offset_minutes
from reprospective_tray.store.transfer.importers.entry_import import EntryImport
from reprospective_tray.store.transfer.importers.import_batch import (
    ImportBatch,
    Imported,
    ImportOptions,
    Phase,
    Privacy,
    Progress,
    reading,
)
from reprospective_tray.store.transfer.importers.jsonl.check import FileCheck
from reprospective_tray.store.transfer.importers.jsonl.entry_line import is_entry
from reprospective_tray.store.transfer.importers.jsonl.line import LONGEST_LINE, LineReader
from reprospective_tray.store.transfer.importers.occupied import Occupied
from reprospective_tray.store.transfer.importers.overlaps import Overlaps
from reprospective_tray.store.transfer.importers.own_time_first import OwnTimeFirst
from reprospective_tray.store.transfer.importers.person import person_of
from reprospective_tray.system.clock import now_ms

_CHUNK = 1000
_USUAL = ImportOptions()


@dataclass(frozen=True, slots=True)
class JsonlSource:
    """A source of sessions, which an import reads twice.

    Attributes:
        path: The file.
        size: Its size in bytes, for the progress.
        entries: Yields the number, the bytes read so far and the content of each session.
        read: Returns the rows of such a content, or raises PlaceError.
        reader: The reader that `read` uses.
        check: Checks the rows in order.
    """

    path: Path
    size: int
    entries: Callable[[], Iterator[tuple[int, int, Any]]]
    read: Callable[[Any], list[Row]]
    reader: LineReader
    check: FileCheck


def import_jsonl(  # noqa: PLR0913  most are keyword-only
    path: Path,
    adapter: DatabaseAdapter,
    *,
    privacy: Privacy,
    progress: Progress,
    reader: LineReader | None = None,
    options: ImportOptions = _USUAL,
) -> Imported:
    """Import the sessions of the file at `path`.

    Sessions are clipped where they overlap stored sessions of their device, or earlier lines.

    Args:
        path: A regular UTF-8 file with one JSON object per line.
        adapter: The database; it is opened here after the file was checked.
        privacy: The privacy rules, as a function of application and title.
        progress: Called with the progress of each of the two phases.
        reader: Fills in a missing host or offset; by default with this computer's name and time
            zone.
        options: Further options of the user.

    Raises:
        ImportFileError: the file cannot be read or has bad lines; nothing was imported.
        StoreError: the database cannot be written; imported rows are kept and a repeat continues.
    """
    with reading(path, adapter) as file:
        size = os.fstat(file.fileno()).st_size
        reader = reader or local_reader()
        check = FileCheck(path, now_ms(), options)
        source = JsonlSource(path, size, lambda: _lines(file), reader.read, reader, check)
        return check_and_take(source, adapter, privacy=privacy, progress=progress, options=options)


def check_and_take(
    source: JsonlSource,
    adapter: DatabaseAdapter,
    *,
    privacy: Privacy,
    progress: Progress,
    options: ImportOptions,
) -> Imported:
    """Import the sessions of `source`; must be called in `reading`. Arguments: see `import_jsonl`.

    Raises:
        ImportFileError: it has bad sessions; nothing was imported.
    """
    _check(source, progress)
    adapter.open()
    with adapter.connection():
        source.check.compare(adapter)
        source.reader.person = options.person or person_of(adapter)
        occupied = Occupied(adapter, socket.gethostname(), now_ms())
        overlaps = Overlaps(show_all=options.show_all)
        giving_way = OwnTimeFirst(occupied, part_of, overlaps)
        # A server that is recorded to directly has no entries of this computer.
        entries = EntryImport(adapter) if isinstance(adapter, SqliteAdapter) else None
        batch = ImportBatch(adapter, privacy, giving_way, batch=_CHUNK)
        return _take(source, batch, entries, progress)


def local_reader() -> LineReader:
    """Return a reader that fills in this computer's name and the offsets of its time zone."""
    return LineReader(socket.gethostname(), local_offset_minutes)


def part_of(row: Row, started_at: int, ended_at: int) -> Row:
    """Return the part of a row between two times (ms); a part with the same start keeps its uid."""
    uid = row["uid"] if started_at == row["started_at"] else derived_uid(started_at, row["uid"])
    return row | {"uid": uid, "started_at": started_at, "ended_at": ended_at}


def _check(source: JsonlSource, progress: Progress) -> None:
    for number, done, content in source.entries():
        try:
            for row in source.read(content):
                if is_entry(row):
                    source.check.add_entry(number, row)
                else:
                    source.check.add(number, row)
        except PlaceError as error:
            source.check.refuse(number, str(error))
        if number % _CHUNK == 0:
            progress(Phase.CHECKING, done, source.size)
    progress(Phase.CHECKING, source.size, source.size)
    source.check.raise_if_bad()


def _take(
    source: JsonlSource, taking: ImportBatch, entries: EntryImport | None, progress: Progress
) -> Imported:
    entries_read = 0
    for number, done, content in source.entries():
        try:
            rows = source.read(content)
        except PlaceError as error:
            raise ImportFileError(
                _("{path} changed while it was being read, in line {number}: {reason}.").format(
                    path=source.path, number=number, reason=error
                ),
                _("Import it again when no program writes to it any more."),
            ) from error
        place = source.check.place(number)
        for row in rows:
            if is_entry(row):
                entries_read += 1
                if entries:
                    entries.add(row)
            elif taking.add(row, place):
                progress(Phase.WRITING, done, source.size)
    imported = replace(taking.finish(), entries=entries_read)
    if entries:
        entries.flush()
        imported = replace(
            imported, entries_stored=entries.stored, entries_overlapping=entries.overlapping
        )
    progress(Phase.WRITING, source.size, source.size)
    return imported


def _lines(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Yield number, bytes read so far and content of each line that is not blank."""
    number = done = 0
    file.seek(0)
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        done += len(line)
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")  # a BOM, often written on Windows
        if line.strip():
            yield number, done, line
        # Skip the rest of a line that is too long; its beginning was already refused.
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE + 1)
            done += len(line)
