"""The lock that its holder alone has: one running instance a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprospective_tray.errors import AlreadyRunningError, ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.system.file_lock import FileLock

if TYPE_CHECKING:
    from reprospective_tray.system.paths import Paths

# A second start must not take the glance of `is_held` for a running instance.
GLANCE_SECONDS = 0.1


class InstanceLock:
    """Held by the one running instance of this person, for as long as it lives."""

    def __init__(self, paths: Paths) -> None:
        """Take where the lock lies; nothing is locked yet."""
        self._paths = paths
        self._lock = FileLock(paths.lock_file)

    def acquire(self) -> None:
        """Become the running instance.

        Raises:
            AlreadyRunningError: another process is.
            ReprospectiveError: the lock cannot be made.
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
                _("`reprospective-tray status` says more about it."),
            )

    def is_held(self) -> bool:
        """Say whether an instance runs, this process's own included; where nobody knows, yes."""
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
        """Let another instance start."""
        self._lock.release()
