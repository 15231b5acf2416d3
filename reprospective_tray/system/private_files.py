"""Atomic writes of files, and files and folders that only their owner can access."""

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
_ABANDONED_S = 60.0  # longer than any write


def write_private(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically, readable only by its owner.

    Raises:
        OSError: it could not be written; an existing file is unchanged.
    """
    import tempfile

    # mkstemp creates a new file with a random name, so no planted link is followed.
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
    """Remove temporary files left by killed writers of `path`, but not those in use."""
    oldest = time.time() - _ABANDONED_S
    for each in path.parent.glob(f"{glob.escape(f'.{path.name}.')}*{_NEW}"):
        with contextlib.suppress(OSError):
            if each.lstat().st_mtime < oldest:
                each.unlink()


@contextlib.contextmanager
def replacing(target: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Yield an empty file next to `target` that atomically replaces it when the block succeeds.

    A new file is accessible only to its owner; a replaced one keeps its permissions. If `target`
    is a link, its target is replaced. Other files whose names begin with the yielded file's name
    are deleted at the end.

    Args:
        target: The path to replace.
        overwrite: Whether an existing file is replaced; if false, a file that appears at `target`
            meanwhile is not replaced either.

    Raises:
        FileExistsError: a file or a link exists at `target` and `overwrite` is false.
        OSError: it cannot be written, or `target` is not a regular file.
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
    # O_EXCL claims the name; a rename alone would replace a file created meanwhile.
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
    """Create `folder` and missing parents, accessible only to the owner (0700).

    The permissions of an existing folder are restricted as well.

    Raises:
        ForeignOwnerError: it belongs to another user.
        OSError: it cannot be created, or its name is not a folder.
    """
    make_folders(folder)
    ownership.check(folder)
    if folder.stat().st_mode & 0o077:
        folder.chmod(OWNER_FOLDER)


def make_folders(folder: Path, mode: int = OWNER_FOLDER) -> None:
    """Create `folder` and missing parents, each with the permissions `mode`.

    Existing folders are unchanged, because the user may have shared them on purpose.

    Raises:
        OSError: one cannot be created, or its name is not a folder.
    """
    folder = folder.absolute()
    for each in reversed([folder, *folder.parents]):
        if each.is_dir():
            continue
        try:
            each.mkdir(mode=mode)
        except FileExistsError:  # another process was faster, or it is not a folder
            if not each.is_dir():
                raise
        else:
            each.chmod(mode)  # the umask may have removed some permissions
