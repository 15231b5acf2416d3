"""JSONL as `export` writes it: the whole file is checked first, then written by uid."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _
from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.importers.checking import PlaceError
from reprospective_tray.store.importers.jsonl_check import FileCheck
from reprospective_tray.store.importers.jsonl_line import LONGEST_LINE, LineReader
from reprospective_tray.store.importers.taking import (
    Imported,
    Phase,
    Privacy,
    Progress,
    Taking,
    local_offset_minutes,
    now_ms,
    reading,
)

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    file: BinaryIO
    size: int
    reader: LineReader


def import_jsonl(
    path: Path,
    adapter: DatabaseAdapter,
    *,
    privacy: Privacy,
    progress: Progress,
    reader: LineReader | None = None,
) -> Imported:
    """Take over the sessions of the file at `path`.

    Args:
        path: A regular file of UTF-8, one JSON object a line.
        adapter: The database; it is opened here, once the file is known to be good.
        privacy: The rules, as a function of application and title.
        progress: Told how far each of the two phases is.
        reader: What fills in a missing host or offset; by default this computer's
            name and time zone.

    Raises:
        ImportFileError: it cannot be read, or has bad lines; nothing was taken.
        StoreError: the database cannot be written; what was taken stays, a repeat goes on.
    """
    with reading(path, adapter) as file:
        size = os.fstat(file.fileno()).st_size
        source = _Source(path, file, size, reader or local_reader())
        checked = _check(source, progress, now_ms())
        adapter.open()
        with adapter.connection():
            checked.compare(adapter)
        file.seek(0)
        with adapter.connection():
            return _take(source, Taking(adapter, privacy, batch=_CHUNK), progress)


def local_reader() -> LineReader:
    """Return a reader that fills in this computer's name and the offsets of its time zone."""
    return LineReader(socket.gethostname(), local_offset_minutes)


def _check(source: _Source, progress: Progress, now: int) -> FileCheck:
    """Read every line; return what is to be compared with the database."""
    check = FileCheck(source.path, now)
    for number, done, line in _lines(source.file):
        try:
            check.add(number, source.reader.read(line))
        except PlaceError as error:
            check.refuse(number, str(error))
        if number % _CHUNK == 0:
            progress(Phase.CHECKING, done, source.size)
    progress(Phase.CHECKING, source.size, source.size)
    check.raise_if_bad()
    return check


def _take(source: _Source, taking: Taking, progress: Progress) -> Imported:
    for number, done, line in _lines(source.file):
        try:
            row = source.reader.read(line)
        except PlaceError as error:
            raise ImportFileError(
                _("{path} changed while it was read: line {number}: {reason}.").format(
                    path=source.path, number=number, reason=error
                ),
                _("Import it again when nothing writes to it any more."),
            ) from error
        if taking.add(row):
            progress(Phase.WRITING, done, source.size)
    imported = taking.finish()
    progress(Phase.WRITING, source.size, source.size)
    return imported


def _lines(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Yield number, bytes read so far and content of each line that is not blank."""
    number = done = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        done += len(line)
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")  # a BOM, as Windows likes to write it
        if line.strip():
            yield number, done, line
        # The rest of a line that is too long is read over: its beginning was refused already.
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE + 1)
            done += len(line)
