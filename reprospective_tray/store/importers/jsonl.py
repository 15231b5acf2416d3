"""JSONL as `export` writes it: the whole file is checked first, then written by uid."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _
from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.importers.jsonl_check import FileCheck
from reprospective_tray.store.importers.jsonl_line import LONGEST_LINE, LineError, LineReader, Row


class Phase(StrEnum):
    """What an import is doing: first one, then the other."""

    CHECKING = "checking"
    WRITING = "writing"


Progress = Callable[[Phase, int, int], None]  # the phase, bytes done in it, bytes in all
Privacy = Callable[[str, str], tuple[str, str] | None]  # names in, names or nothing out

_CHUNK = 1000
_PRIVACY_MEMORY = 10_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        sessions: How many sessions were read.
        stored: How many of them are new or newer.
        private: How many privacy rules dropped.
        forgotten: How many lie in a range that was forgotten: they stay so.
        on_server: How many the server has in a version that retention took from here.
    """

    sessions: int
    stored: int
    private: int
    forgotten: int = 0
    on_server: int = 0


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
    try:
        # A pipe would be waited for; a folder is said to be one by the system.
        if path.exists() and not path.is_file() and not path.is_dir():
            raise ImportFileError(
                _("{path} is no regular file.").format(path=path),
                _("Save the lines to a file first, then import that."),
            )
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            source = _Source(path, file, size, reader or local_reader())
            checked = _check(source, progress, _now())
            adapter.open()
            with adapter.connection():
                checked.compare(adapter)
            file.seek(0)
            return _take(source, adapter, lru_cache(_PRIVACY_MEMORY)(privacy), progress)
    except OSError as error:
        raise ImportFileError(
            _("{path} cannot be read: {reason}.").format(path=path, reason=error.strerror),
            _("Check the name and the file's rights."),
        ) from error
    except adapter.errors as error:
        raise adapter.explain(error) from error


def local_reader() -> LineReader:
    """Return a reader that fills in this computer's name and the offsets of its time zone."""
    return LineReader(socket.gethostname(), lambda ms: time.localtime(ms / 1000).tm_gmtoff // 60)


def _check(source: _Source, progress: Progress, now: int) -> FileCheck:
    """Read every line; return what is to be compared with the database."""
    check = FileCheck(source.path, now)
    for number, done, line in _lines(source.file):
        try:
            check.add(number, source.reader.read(line))
        except LineError as error:
            check.refuse(number, str(error))
        if number % _CHUNK == 0:
            progress(Phase.CHECKING, done, source.size)
    progress(Phase.CHECKING, source.size, source.size)
    check.raise_if_bad()
    return check


def _take(
    source: _Source, adapter: DatabaseAdapter, privacy: Privacy, progress: Progress
) -> Imported:
    sessions = stored = private = 0
    with adapter.connection():
        writer = adapter.make_bulk_writer()
        batch: list[Row] = []
        for number, done, line in _lines(source.file):
            try:
                row = source.reader.read(line)
            except LineError as error:
                raise ImportFileError(
                    _("{path} changed while it was read: line {number}: {reason}.").format(
                        path=source.path, number=number, reason=error
                    ),
                    _("Import it again when nothing writes to it any more."),
                ) from error
            sessions += 1
            if _is_allowed(row, privacy):
                batch.append(row)
            else:
                private += 1
            if len(batch) >= _CHUNK:
                stored += writer.write(batch)
                batch = []
                progress(Phase.WRITING, done, source.size)
        stored += writer.write(batch)
    progress(Phase.WRITING, source.size, source.size)
    left_out = writer.left_out
    return Imported(sessions, stored, private, left_out.forgotten, left_out.on_server)


def _is_allowed(row: Row, privacy: Privacy) -> bool:
    """Apply the rules to the names of `row`; idle and locked rows have none."""
    if row["state"] != "active":
        return True
    names = privacy(row["application_name"], row["window_title"])
    if names is None:
        return False
    row["application_name"], row["window_title"] = names
    return True


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


def _now() -> int:
    return time.time_ns() // 1_000_000
