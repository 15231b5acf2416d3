"""Moves a damaged database file away; a journal makes this safe against a kill at any step.

The journal lists each damaged file from before its first part is moved until all its readable rows
have been copied into the new file.
"""

import logging
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path

import msgspec

from reprospective_tray.system.private_files import write_private

log = logging.getLogger(__name__)

# The database file is moved last, because SQLite deletes a -wal without its database.
_ENDS = ("-wal", "-shm", "")

Identity = tuple[int, int]


class Entry(msgspec.Struct, frozen=True):
    """One damaged file: its new name, and the device and inode number of each of its parts."""

    name: str
    parts: dict[str, Identity]


def set_aside(path: Path) -> Path:
    """Move the file at `path` with its -wal and -shm away; return its new path.

    Raises:
        OSError: it cannot be moved, or only in part; `finish` moves the rest.
    """
    found = {end: _identity(_part(path, end)) for end in _ENDS}
    parts = {end: identity for end, identity in found.items() if identity}
    entries = _read(path)
    entry = next((each for each in entries if each.parts.get("") == parts.get("")), None)
    if entry is None:
        entry = Entry(_free_name(path), parts)
        _write(path, [*entries, entry])
    _move(path, entry)
    target = path.with_name(entry.name)
    log.error("the database %s is damaged and was moved to %s", path, target)
    return target


def finish(path: Path) -> None:
    """Complete a move that a killed process has left unfinished; any process may call it.

    Raises:
        OSError: it cannot be moved.
    """
    for entry in _read(path):
        _move(path, entry)


def pending(path: Path) -> list[Path]:
    """Return the damaged files of `path` that are not fully recovered yet, oldest first."""
    return [path.with_name(entry.name) for entry in _read(path)]


def done(path: Path, damaged: Path) -> None:
    """Remove `damaged` from the journal after all its readable rows were copied.

    Raises:
        OSError: the journal cannot be written.
    """
    entries = _read(path)
    left = [entry for entry in entries if entry.name != damaged.name]
    if left:
        _write(path, left)
    elif entries:
        _journal(path).unlink(missing_ok=True)


def _move(path: Path, entry: Entry) -> None:
    """Move the parts that are still at `path`, but no newer file with the same name."""
    target = path.with_name(entry.name)
    for end in _ENDS:
        part = _part(path, end)
        if end in entry.parts and _identity(part) == entry.parts[end]:
            part.rename(_part(target, end))


def _free_name(path: Path) -> str:
    stamp = datetime.now().astimezone().strftime("%Y%m%dT%H%M%S")
    taken = {entry.name for entry in _read(path)}
    for number in count(1):
        more = f"-{number}" if number > 1 else ""
        target = path.with_name(f"{path.stem}.damaged-{stamp}{more}{path.suffix}")
        if target.name not in taken and not target.exists():
            return target.name
    raise AssertionError


def _identity(part: Path) -> Identity | None:
    with suppress(FileNotFoundError):
        found = part.stat()
        return found.st_dev, found.st_ino
    return None


def _part(path: Path, end: str) -> Path:
    return Path(f"{path}{end}")


def _journal(path: Path) -> Path:
    return Path(f"{path}.aside")


def _read(path: Path) -> list[Entry]:
    try:
        return msgspec.json.decode(_journal(path).read_bytes(), type=list[Entry])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        log.error("%s cannot be read: %s", _journal(path), error)  # noqa: TRY400  a line is enough
        return []


def _write(path: Path, entries: list[Entry]) -> None:
    write_private(_journal(path), msgspec.json.encode(entries))
