"""FileLock: a file lock between processes, which the system releases if its holder dies."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Polling interval: neither Windows nor POSIX can wait for a lock with a deadline.
RETRY_SECONDS = 0.02


def _lock(descriptor: int) -> bool:
    """Acquire the lock on `descriptor` without waiting; return False if another holds it."""
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
    """An exclusive lock on `path`, within and between processes.

    The file is not deleted on release, because two processes could then hold locks on two
    different files of the same name.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock file's path; `acquire` creates it if needed."""
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, timeout: float = 0.0) -> bool:
        """Acquire the lock, waiting up to `timeout` seconds; return whether it is held.

        Raises:
            OSError: the file cannot be opened, or its file system has no locks.
        """
        if self._descriptor is not None:
            return True
        # Do not follow links: a planted one could make us create or lock a file elsewhere.
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
        """Release the lock; does nothing if it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)  # closing releases it on every system
            self._descriptor = None
