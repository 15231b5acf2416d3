"""RecordingLock: lets only one process at a time record into a file, under any of its paths."""

import logging
import os
from pathlib import Path

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.sqlite.file import permissions
from reprospective_tray.system.file_lock import FileLock

log = logging.getLogger(__name__)

# A short wait, so that another process's brief check is not mistaken for a running instance.
_GLANCE_S = 0.1


class RecordingLock:
    """Held by the process that records into a database; links are resolved to the real file."""

    def __init__(
        self, database: Path, readable_by: str = "owner", private_below: Path | None = None
    ) -> None:
        """Take the database's path, and the permissions as for `SqliteAdapter`."""
        self.database = Path(os.path.realpath(database))
        self._rights = (self.database, readable_by, private_below)
        self._lock = FileLock(Path(f"{self.database}.lock"))

    def acquire(self) -> None:
        """Acquire the lock; if it cannot be created, log a warning and continue without it.

        Raises:
            StoreError: another process records into the file.
        """
        try:
            permissions.prepare_folders(*self._rights)
            held = self._lock.acquire(_GLANCE_S)
        except OSError as error:
            # The recorder itself waits for a full disk or a missing folder.
            log.warning("%s cannot be locked: %s", self._lock.path, error)
            return
        if not held:
            raise StoreError(
                _("Another running instance already records into {path}.").format(
                    path=self.database
                ),
                _("End that one, or set database.local.path in config.yaml to another file."),
            )

    def release(self) -> None:
        """Release the lock, so that another process can record."""
        self._lock.release()
