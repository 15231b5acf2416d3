"""Small files for their owner alone, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray.system import ownership

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER_FILE = 0o600
OWNER_FOLDER = 0o700
_NEW = ".new"
_ABANDONED_S = 60.0  # no write takes that long


def write_private(path: Path, content: bytes) -> None:
    """Put `content` at `path`: a reader sees the old file or the new one, never a half.

    Raises:
        OSError: it could not be written; what was there before is untouched.
    """
    import tempfile

    # A name that nobody can guess, and a file that is made here: no planted link is followed.
    descriptor, name = tempfile.mkstemp(_NEW, f".{path.name}.", path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _remove_abandoned(path)


def _remove_abandoned(path: Path) -> None:
    """Remove what killed writers of `path` have left; others may be at work right now."""
    oldest = time.time() - _ABANDONED_S
    for each in path.parent.glob(f"{glob.escape(f'.{path.name}.')}*{_NEW}"):
        with contextlib.suppress(OSError):
            if each.lstat().st_mtime < oldest:
                each.unlink()


@contextlib.contextmanager
def replacing(target: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Yield an empty file beside `target` that takes its place at the end, whole or not at all.

    A new file is its owner's alone; one that is replaced keeps its rights, and
    where `target` is a link, it is the file at its end. Files beside the yielded one whose names
    begin with its name are gone at the end as well.

    Args:
        target: Where it goes.
        overwrite: Whether a file that is there is replaced; without it nothing but a new name
            is taken, also of what appears there meanwhile.

    Raises:
        FileExistsError: a file or a link is there, and `overwrite` is not given.
        OSError: it cannot be written, or something other than a file is there.
    """
    import tempfile

    is_taken = os.path.lexists(target)
    target = Path(os.path.realpath(target))
    mode = OWNER_FILE
    with contextlib.suppress(FileNotFoundError):
        there = target.stat().st_mode
        if not stat.S_ISREG(there):
            raise _os_error(errno.EISDIR if stat.S_ISDIR(there) else errno.EINVAL, target)
        mode = stat.S_IMODE(there)
    if is_taken and not overwrite:
        raise _os_error(errno.EEXIST, target)
    descriptor, name = tempfile.mkstemp(".partial", ".reprospective-", target.parent)
    os.close(descriptor)
    partial = Path(name)
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.chmod(mode)
        if overwrite:
            partial.replace(target)
        else:
            _put_at_new_name(partial, target)
    finally:
        with contextlib.suppress(OSError):
            for rest in partial.parent.glob(f"{partial.name}*"):
                rest.unlink()


def _put_at_new_name(partial: Path, target: Path) -> None:
    # Whoever makes this file first has the name; a rename alone would take it from another.
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE))
    try:
        partial.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            target.unlink()
        raise


def _os_error(code: int, path: Path) -> OSError:
    return OSError(code, os.strerror(code), str(path))


def make_private_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, for the owner alone (0700).

    A folder that is there already is closed to others as well.

    Raises:
        ForeignOwnerError: it is another user's.
        OSError: it cannot be made, or something else has its name.
    """
    make_folders(folder)
    ownership.check(folder)
    if folder.stat().st_mode & 0o077:
        folder.chmod(OWNER_FOLDER)


def make_folders(folder: Path, mode: int = OWNER_FOLDER) -> None:
    """Make `folder` and what is missing above it, each with the rights `mode`.

    What is there stays as it is: it is the person's, and may have been opened to others.

    Raises:
        OSError: one cannot be made, or something else has its name.
    """
    folder = folder.absolute()
    for each in reversed([folder, *folder.parents]):
        if each.is_dir():
            continue
        try:
            each.mkdir(mode=mode)
        except FileExistsError:  # another process was faster, or it is no folder
            if not each.is_dir():
                raise
        else:
            each.chmod(mode)  # the umask may have taken some of it
