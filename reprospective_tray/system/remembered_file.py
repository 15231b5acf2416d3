"""A small JSON state file, read field by field, so that one invalid value affects no other.

Before a file with unreadable parts is written again, its content is saved next to it.
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

# Ample: another process holds the lock only to read and write a few hundred bytes.
LOCK_SECONDS = 2.0

# Serialises the threads of this process without a timeout: a thread that was overtaken would
# overwrite newer values with older ones.
_changing = threading.Lock()


class Remembered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of such a file; a missing field has its default."""

    @classmethod
    def doubtful(cls, found: Mapping[str, object]) -> dict[str, str]:  # noqa: ARG003  most doubt nothing
        """Return the reasons, by field, why readable values in `found` are implausible."""
        return {}


T = TypeVar("T", bound=Remembered)


@dataclass(frozen=True, slots=True)
class ReadFile(Generic[T]):
    """The result of reading a file.

    Attributes:
        value: The fields that can be read; the others have their defaults.
        unread: The names of the unreadable fields; all if the whole file is unreadable.
        wrong: The problems, for the log; empty if there are none.
        place: The path for saving the unreadable content; None if everything was read.
        content: The content of the file.
        error: Why the file cannot be opened; None if it can, or does not exist.
    """

    value: T
    unread: frozenset[str] = frozenset()
    wrong: str = ""
    place: Path | None = None
    content: bytes = b""
    error: OSError | None = None


def read(file: Path, kind: type[T]) -> ReadFile[T]:
    """Return the readable content of `file`; log what cannot be read.

    Unknown fields, from a newer version, are ignored.
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
    """Write the value that `alter` computes from the current content, and return it.

    Locks serialise the writers of this and other processes. Unreadable content is saved next to
    the file.

    Raises:
        ReprospectiveError: the file cannot be read or written; it is unchanged.
    """
    with _changing:
        lock = FileLock(file.with_suffix(".lock"))
        try:
            make_private_folder(file.parent)
            if not lock.acquire(timeout=LOCK_SECONDS):
                _log.warning("%s is locked by another process; writing anyway", lock.path)
            reading = read(file, kind)
            if reading.error:
                raise reading.error
            if reading.place and not reading.place.exists():
                write_private(reading.place, reading.content)
                _log.warning("the unreadable content of %s was saved to %s", file, reading.place)
            value = alter(reading)
            write(file, value)
        except OSError as error:
            raise _not_written(file, error) from error
        finally:
            lock.release()
    return value


def write(file: Path, value: Remembered) -> None:
    """Replace the content of `file` with `value` atomically.

    Raises:
        ReprospectiveError: it could not be written; the old content is unchanged.
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
    """Return the path for saving `content`; the same content always has the same path."""
    return file.with_name(f"{file.name}.unreadable-{zlib.crc32(content):08x}")


def _not_written(file: Path, error: OSError) -> ReprospectiveError:
    return ReprospectiveError(
        _("{file} cannot be written: {reason}").format(file=file, reason=error.strerror or error),
        _("Free some space, or give yourself write access to it."),
    )
