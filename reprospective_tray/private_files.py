"""Small files for their owner alone, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER_FILE = 0o600
OWNER_FOLDER = 0o700


def write_private(path: Path, content: bytes) -> None:
    """Put `content` at `path`: a reader sees the old file or the new one, never a half.

    Raises:
        OSError: it could not be written; what was there before is untouched.
    """
    # The process id keeps two writers apart; a leftover of a killed one is overwritten.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        descriptor = os.open(temporary, flags, OWNER_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield an empty file beside `target` that takes its place at the end, whole or not at all.

    A new file is its owner's alone; one that is replaced keeps its rights, and
    where `target` is a link, it is the file at its end.

    Raises:
        OSError: it cannot be written, or something other than a file is there.
    """
    import tempfile

    target = Path(os.path.realpath(target))
    mode = OWNER_FILE
    with contextlib.suppress(FileNotFoundError):
        there = target.stat().st_mode
        if not stat.S_ISREG(there):
            code = errno.EISDIR if stat.S_ISDIR(there) else errno.EINVAL
            raise OSError(code, os.strerror(code), str(target))
        mode = stat.S_IMODE(there)
    descriptor, name = tempfile.mkstemp(".partial", ".reprospective-", target.parent)
    os.close(descriptor)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(mode)
        partial.replace(target)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def make_private_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, for the owner alone (0700).

    A folder that is there already is closed to others as well.

    Raises:
        OSError: it cannot be made, or something else has its name.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=OWNER_FOLDER, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(OWNER_FOLDER)
