"""One process at a time records into a file, whichever way leads there."""

import logging
import os
from pathlib import Path

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.sqlite import permissions
from reprospective_tray.system.file_lock import FileLock

log = logging.getLogger(__name__)

# A second start must not take a glance at the lock for a running instance.
_GLANCE_S = 0.1


class RecordingLock:
    """Held by who records into a database file; it lies beside the file that links lead to."""

    def __init__(
        self, database: Path, readable_by: str = "owner", private_below: Path | None = None
    ) -> None:
        """Take the path of the database, and `SqliteAdapter`'s rights; nothing is locked yet."""
        self.database = Path(os.path.realpath(database))
        self._rights = (self.database, readable_by, private_below)
        self._lock = FileLock(Path(f"{self.database}.lock"))

    def acquire(self) -> None:
        """Become the one who records; without a lock where none can be made.

        Raises:
            StoreError: another process records into the file.
        """
        try:
            permissions.prepare_folders(*self._rights)
            held = self._lock.acquire(_GLANCE_S)
        except OSError as error:
            # A disk that is full, or a folder that is missing, is waited for while recording.
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
        """Let another process record."""
        self._lock.release()
