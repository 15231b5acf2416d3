"""InstanceLock: allows one running instance per user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprospective_tray.errors import AlreadyRunningError, ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.system.file_lock import FileLock

if TYPE_CHECKING:
    from reprospective_tray.system.paths import Paths

# A short wait, so that another process's `is_held` is not mistaken for a running instance.
GLANCE_SECONDS = 0.1


class InstanceLock:
    """Held by the user's running instance as long as it runs."""

    def __init__(self, paths: Paths) -> None:
        """Take the folders with the lock file; nothing is locked yet."""
        self._paths = paths
        self._lock = FileLock(paths.lock_file)

    def acquire(self) -> None:
        """Acquire the lock.

        Raises:
            AlreadyRunningError: another process holds it.
            ReprospectiveError: the lock file cannot be created or locked.
        """
        self._paths.prepare()
        try:
            held = self._lock.acquire(GLANCE_SECONDS)
        except OSError as error:
            raise ReprospectiveError(
                _("{file} cannot be locked: {reason}").format(
                    file=self._lock.path, reason=error.strerror or error
                ),
                _("Give yourself write access to it."),
            ) from error
        if not held:
            raise AlreadyRunningError(
                _("The program is already running."),
                _("For details, run `reprospective-tray status`."),
            )

    def is_held(self) -> bool:
        """Return whether an instance is running, including this process; True if unknown."""
        if not self._lock.path.exists():
            return False
        try:
            glance = FileLock(self._lock.path)
            free = glance.acquire()
            glance.release()
        except OSError:
            return True
        return not free

    def release(self) -> None:
        """Release the lock, so that another instance can start."""
        self._lock.release()
