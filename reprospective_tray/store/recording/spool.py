"""Stores changes that could not be written before shutdown in a file, for the next start.

The file has one line of JSON per change, after a header line that names the run. A separate file
of zeros reserves disk space: on a full disk, the changes overwrite its beginning and zeros follow.
"""

import hashlib
import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.sessions import (
    Change,
    Put,
    Rewind,
    Session,
    StepBack,
)
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.system.ownership import read_own
from reprospective_tray.system.private_files import make_private_folder, write_private

log = logging.getLogger(__name__)

# Reserved size in bytes: about three thousand changes, a day of dense use.
ROOM = 1 << 20
_END = b"\0"


class _SpoolHeader(msgspec.Struct, frozen=True):
    """The first line of one run's changes; `token` is stored in the database once applied."""

    run: int | None
    token: str


@dataclass(slots=True)
class _Part:
    run: int | None
    token: str
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TakenUp:
    """How many changes were written and skipped, and the file that keeps the skipped ones."""

    written: int = 0
    left_out: int = 0
    aside: Path | None = None


def keep(file: Path, changes: Sequence[Change], run: int | None) -> int:
    """Append `changes` to `file`, which only its owner can read.

    Returns how many of them, counted from the first, were stored; a full disk may have space for
    only a part. `run` is `SessionWriter.run`, or None if the database could not be opened.

    Raises:
        OSError: none of them can be stored.
    """
    lines = [msgspec.json.encode(_SpoolHeader(run, str(uuid.uuid4())))]
    lines += [msgspec.json.encode([type(each).__name__, asdict(each)]) for each in changes]
    text = b"".join(line + b"\n" for line in lines)
    if file.exists():
        return _append(file, text)
    with suppress(OSError):
        make_room(file)
    room = _room(file)
    if not room.exists():
        write_private(file, text)
        return len(changes)
    try:
        kept = _append(room, text)
    except OSError:
        # On file systems where overwriting needs space too, delete the reserve to free its space.
        room.unlink()
        write_private(file, text)
        return len(changes)
    room.replace(file)
    return kept


def make_room(file: Path) -> None:
    """Reserve disk space for `file`.

    Raises:
        OSError: there is not enough space.
    """
    room = _room(file)
    with suppress(FileNotFoundError):
        if room.stat().st_size >= ROOM:
            return
    if not file.parent.exists():
        make_private_folder(file.parent)
    write_private(room, bytes(ROOM))


def take_up(
    adapter: DatabaseAdapter, source_host: str, unstorable: tuple[type[Exception], ...]
) -> TakenUp:
    """Write the changes stored by earlier runs and delete the file.

    Each run's part is written exactly once, even if the process is killed meanwhile. Must be
    called in the adapter's `connection()`, before the sessions that run left open are closed. If a
    change is unreadable or can never be written, the file is renamed and kept.

    Raises:
        peewee.PeeweeException: the database cannot be written yet.
    """
    file = adapter.leftover_file
    if not os.path.lexists(file):
        return TakenUp()
    parts, left_out = _read(file)
    written = 0
    applied = adapter.applied_leftover() if parts else ""
    tokens = [part.token for part in parts]
    for part in parts[tokens.index(applied) + 1 if applied in tokens else 0 :]:
        writer = SessionWriter(adapter, source_host, part.run)
        with adapter.writing():
            count = _write(part.changes, writer, adapter.errors, unstorable)
            adapter.note_leftover(part.token)
        written += count
        left_out += len(part.changes) - count
    try:
        if left_out:
            return TakenUp(written, left_out, _set_aside(file))
        _let_go(file)
    except OSError as error:
        # It will not be applied again, because its token is stored.
        log.warning("%s cannot be removed: %s", file, error)
    return TakenUp(written, left_out, file if left_out else None)


def _write(
    changes: Sequence[Change],
    writer: SessionWriter,
    errors: tuple[type[Exception], ...],
    unstorable: tuple[type[Exception], ...],
) -> int:
    """Write as many changes as possible; return how many were written."""
    try:
        writer.apply(changes)
    except Exception as error:
        if isinstance(error, errors) and not isinstance(error, unstorable):
            raise
        # Any other error concerns a single change and must not stop recording.
        if len(changes) > 1:
            return sum(_write([change], writer, errors, unstorable) for change in changes)
        log.error("a change that cannot be stored is left out: %s", str(error))  # noqa: TRY400  a line is enough
        return 0
    return len(changes)


def _append(file: Path, text: bytes) -> int:
    """Write the lines of `text` after those in `file`, over its zeros; return how many changes.

    Raises:
        OSError: there is no space for a single change.
    """
    content = _content(file)
    begin = content.rfind(b"\n") + 1
    with file.open("r+b", buffering=0) as stream:
        stream.seek(begin)
        done, problem = 0, None
        try:
            while done < len(text):
                done += stream.write(text[done:])
            stream.write(_END)
        except OSError as error:
            problem = error
        whole = text[:done].rfind(b"\n") + 1
        if whole < len(text):
            stream.seek(begin + whole)
            with suppress(OSError):
                stream.write(_END)
            stream.truncate(max(begin + whole, min(file.stat().st_size, ROOM)))
        os.fsync(stream.fileno())
    kept = text[:whole].count(b"\n") - 1
    if kept < 1 and problem:
        raise problem
    return kept


def _let_go(file: Path) -> None:
    """Overwrite the file with zeros and use it as the reserve again."""
    if file.stat().st_size < ROOM:
        file.unlink()
        return
    with file.open("r+b", buffering=0) as stream:
        stream.write(bytes(file.stat().st_size))
        stream.truncate(ROOM)
        os.fsync(stream.fileno())
    file.replace(_room(file))


def _set_aside(file: Path) -> Path:
    stamp = datetime.now().astimezone().strftime("%Y%m%dT%H%M%S")
    target = file.with_name(f"{file.name}.damaged-{stamp}-{uuid.uuid4().hex[:8]}")
    file.rename(target)
    return target


def _room(file: Path) -> Path:
    return file.with_name(f"{file.name}.room")


def _content(file: Path) -> bytes:
    return read_own(file).partition(_END)[0]


def _read(file: Path) -> tuple[list[_Part], int]:
    """Return the stored changes, one part per run, and the number of unreadable lines."""
    parts: list[_Part] = []
    unreadable = 0
    try:
        content = _content(file)
    except OSError as error:
        log.error("%s cannot be read: %s", file, error)  # noqa: TRY400  a line is enough
        return [], 1
    for line in content.splitlines():
        try:
            for header, change in _parsed(line):
                if header:
                    parts.append(_Part(header.run, header.token))
                if change:
                    parts[-1].changes.append(change)
        # The line may contain anything; an unreadable one must not stop recording.
        except Exception as error:  # noqa: BLE001
            log.error("a line of %s cannot be read: %s", file, error)  # noqa: TRY400  a line is enough
            unreadable += 1
    return parts, unreadable


def _parsed(line: bytes) -> Iterator[tuple[_SpoolHeader | None, Change | None]]:
    found = msgspec.json.decode(line)
    if isinstance(found, dict):
        yield msgspec.convert(found, _SpoolHeader), None
    elif isinstance(found[0], dict):  # version 1: all runs in one line
        for number, part in enumerate(found):
            token = hashlib.sha256(line + bytes(number)).hexdigest()
            yield msgspec.convert(part | {"token": token}, _SpoolHeader), None
            for name, values in part["changes"]:
                yield None, _change(name, values)
    else:
        yield None, _change(*found)


def _change(name: str, values: dict[str, Any]) -> Change:
    if name == Put.__name__:
        return Put(msgspec.convert(values["session"], Session))
    return msgspec.convert(values, {"Rewind": Rewind, "StepBack": StepBack}[name])
