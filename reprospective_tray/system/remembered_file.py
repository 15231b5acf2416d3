"""A small JSON file of the program's own, read field by field: one wrong value spoils no other.

What cannot be read is kept beside the file before the file is written again.
"""

from __future__ import annotations

import logging
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.system import ownership
from reprospective_tray.system.file_lock import FileLock
from reprospective_tray.system.private_files import make_private_folder, write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_log = logging.getLogger(__name__)

# Another process holds the lock for a read and a write of some hundred bytes.
LOCK_SECONDS = 2.0

# The threads of this process come one after the other, however long the disk takes: one that was
# overtaken would write older values over newer ones.
_changing = threading.Lock()


class Remembered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What such a file holds; a field that is missing has its default."""

    @classmethod
    def doubtful(cls, found: Mapping[str, object]) -> dict[str, str]:  # noqa: ARG003  most doubt nothing
        """Return by field why it cannot be believed, though all that was `found` can be read."""
        return {}


T = TypeVar("T", bound=Remembered)


@dataclass(frozen=True, slots=True)
class ReadFile(Generic[T]):
    """What a file holds.

    Attributes:
        value: The fields that can be read; the others have their defaults.
        unread: The names of the fields that cannot be read; all, where the whole file cannot.
        wrong: What is wrong, for the log; empty where nothing is.
        place: Where what cannot be read lies once the file was written again; None: it is all read.
        content: The file as it was read.
        error: Why the file cannot be opened; None where it can, or there is none.
    """

    value: T
    unread: frozenset[str] = frozenset()
    wrong: str = ""
    place: Path | None = None
    content: bytes = b""
    error: OSError | None = None


def read(file: Path, kind: type[T]) -> ReadFile[T]:
    """Return what `file` holds as far as it can be read; what cannot is said in the log.

    Fields of a newer version are no damage, and are passed over.
    """
    names = frozenset(field.name for field in msgspec.structs.fields(kind))
    try:
        content = ownership.read_own(file)
    except FileNotFoundError:
        return ReadFile(kind())
    except OSError as error:
        _log.warning("%s cannot be read: %s", file, error)
        return ReadFile(kind(), unread=names, wrong=str(error), place=file, error=error)
    try:
        found = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        place = _aside(file, content)
        reading = ReadFile(kind(), unread=names, wrong=str(error), place=place, content=content)
    else:
        reading = _read_fields(file, content, found, kind)
    if reading.wrong:
        _log.warning("%s cannot be read as a whole: %s", file, reading.wrong)
    return reading


def change(file: Path, kind: type[T], alter: Callable[[ReadFile[T]], T]) -> T:
    """Let `alter` make the new content of the newest, write it, and return it.

    One writer at a time, of this process and of others. What could not be read is
    kept beside the file.

    Raises:
        ReprospectiveError: it cannot be read or written; the file is as it was before.
    """
    with _changing:
        lock = FileLock(file.with_suffix(".lock"))
        try:
            make_private_folder(file.parent)
            if not lock.acquire(timeout=LOCK_SECONDS):
                _log.warning("%s is locked by somebody else; written all the same", lock.path)
            reading = read(file, kind)
            if reading.error:
                raise reading.error
            if reading.place and not reading.place.exists():
                write_private(reading.place, reading.content)
                _log.warning("what could not be read of %s is kept in %s", file, reading.place)
            value = alter(reading)
            write(file, value)
        except OSError as error:
            raise _not_written(file, error) from error
        finally:
            lock.release()
    return value


def write(file: Path, value: Remembered) -> None:
    """Write `value` in place of what `file` holds, whole or not at all.

    Raises:
        ReprospectiveError: it could not be written; what was there before stays.
    """
    try:
        make_private_folder(file.parent)
        write_private(file, msgspec.json.encode(value))
    except OSError as error:
        raise _not_written(file, error) from error


def _read_fields(file: Path, content: bytes, found: dict[str, Any], kind: type[T]) -> ReadFile[T]:
    values: dict[str, Any] = {}
    wrong = kind.doubtful(found)
    for field in msgspec.structs.fields(kind):
        if field.name not in found or field.name in wrong:
            continue
        try:
            values[field.name] = msgspec.convert(found[field.name], field.type)
        except (msgspec.ValidationError, RecursionError) as error:
            wrong[field.name] = str(error)
    said = "; ".join(f"{name}: {what}" for name, what in wrong.items())
    place = _aside(file, content) if wrong else None
    return ReadFile(kind(**values), frozenset(wrong), said, place, content)


def _aside(file: Path, content: bytes) -> Path:
    """Return where `content` is kept: the same content always in the same place."""
    return file.with_name(f"{file.name}.unreadable-{zlib.crc32(content):08x}")


def _not_written(file: Path, error: OSError) -> ReprospectiveError:
    return ReprospectiveError(
        _("{file} cannot be written: {reason}").format(file=file, reason=error.strerror or error),
        _("Free some space, or give yourself write access to it."),
    )
