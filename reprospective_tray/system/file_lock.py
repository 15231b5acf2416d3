"""A lock on a file between processes: the system lets go of it when its holder dies."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# How long a waiter sleeps between two looks: neither system can wait with a deadline.
RETRY_SECONDS = 0.02


def _lock(descriptor: int) -> bool:
    """Take the lock on `descriptor` without waiting; False where another holds it."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
    else:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


class FileLock:
    """An exclusive lock on `path`, held by this object alone, in or across processes.

    The file stays when the lock is released: to remove it would let two
    processes hold "the" lock on two files of one name.
    """

    def __init__(self, path: Path) -> None:
        """Take the file that stands for the lock; it is made when it is needed."""
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, timeout: float = 0.0) -> bool:
        """Take the lock, waiting up to `timeout` seconds; say whether it is held now.

        Raises:
            OSError: the file cannot be opened, or its file system has no locks.
        """
        if self._descriptor is not None:
            return True
        # A link that somebody planted would have a file made, or locked, wherever it leads.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self.path, flags, 0o600)
        try:
            waits = round(timeout / RETRY_SECONDS)
            while not (held := _lock(descriptor)) and waits > 0:
                waits -= 1
                threading.Event().wait(RETRY_SECONDS)
        except BaseException:
            os.close(descriptor)
            raise
        if held:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return held

    def release(self) -> None:
        """Let go of the lock; nothing happens where it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)  # closing releases it on every system
            self._descriptor = None
