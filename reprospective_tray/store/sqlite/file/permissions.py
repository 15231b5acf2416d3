"""The permissions of the database's files and of the folders above them."""

import functools
import logging
import os
import stat
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.system import ownership
from reprospective_tray.system.private_files import make_folders

log = logging.getLogger(__name__)

# Prevents other threads from opening a file while it is created and closed here.
_making = threading.Lock()
_FOLDER_MODES = {"owner": 0o700, "group": 0o750}
_FILE_MODES = {"owner": 0o600, "group": 0o640}
_GROUP_TRAVERSES = 0o010
_OTHERS_TRAVERSE = 0o001


def prepare_folders(database: Path, readable_by: str, private_below: Path | None) -> None:
    """Create the missing folders of `database` and set permissions according to `readable_by`.

    Only new folders, and those at or below `private_below`, are changed; the permissions of all
    others stay as they are.

    Raises:
        ForeignOwnerError: the folder belongs to another user.
        OSError: a folder cannot be created.
    """
    mode = _FOLDER_MODES[readable_by]
    folder = database.absolute().parent
    above = [folder, *folder.parents]
    make_folders(folder, mode)
    ownership.check(folder)
    for each in above:
        ours = private_below is not None and each.is_relative_to(private_below.absolute())
        # Any other mode was set on purpose and is kept.
        if ours and each.stat().st_mode & 0o777 in _FOLDER_MODES.values():
            _set_mode(each, mode)


def check_owner(database: Path, *, reading: bool) -> None:
    """Check that `database` and the files SQLite reads with it belong to this user or root.

    For `reading`, a file that its owner shares with one of this user's groups is accepted.

    Raises:
        ForeignOwnerError: one belongs to another user.
        OSError: one cannot be examined.
    """
    if reading and _is_shared_with_group(database):
        return
    for each in (database, *(Path(f"{database}{end}") for end in ("-wal", "-shm", "-journal"))):
        ownership.check_if_there(each)


def foreign(error: ownership.ForeignOwnerError) -> StoreError:
    """Return an exception of `check_owner` or `prepare_folders` as a StoreError for the user."""
    return StoreError(
        _("{path} is not used: {reason}.").format(path=error.filename, reason=error.strerror),
        _(
            "Find out who put it there. Then set database.local.path to a file in your own "
            "folder, or make it yours (chown)."
        ),
    )


def _is_shared_with_group(database: Path) -> bool:
    if os.name == "nt" or not database.exists():
        return False
    found = database.stat()
    groups = {os.getegid(), *os.getgroups()}
    return bool(found.st_mode & stat.S_IRGRP) and found.st_gid in groups


def prepare_files(database: Path, beside: Sequence[Path], readable_by: str) -> None:
    """Create `database` if it is missing; set its permissions and those of the files `beside` it.

    Raises:
        OSError: the file cannot be created.
    """
    # SQLite gives -wal and -shm the permissions of the file itself.
    mode = _FILE_MODES[readable_by]
    # An existing file must never be opened without SQLite: closing it would release all locks that
    # this process holds on it (POSIX), and another program could delete its -wal.
    with _making:
        if not database.exists():
            with suppress(FileExistsError):  # another process was faster
                os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode))
    for each in (database, *beside):
        if each.exists():
            _set_mode(each, mode)


def closed_to_group(database: Path) -> Path | None:
    """Return the topmost folder that keeps the file's group from reaching it; None for none."""
    if os.name == "nt":
        return None
    place = database.absolute()
    folders = [each for each in reversed(place.parents) if each.exists()]
    group = (place if place.exists() else folders[-1]).stat().st_gid
    for folder in folders:
        found = folder.stat()
        needed = _GROUP_TRAVERSES if found.st_gid == group else _OTHERS_TRAVERSE
        if not found.st_mode & needed:
            return folder
    return None


@functools.cache
def warn_of_closed(folder: Path, database: Path) -> None:
    """Log, once per process, that `folder` keeps the group from `database`."""
    log.warning(
        "database.local.readable_by is group, but %s does not let the group through to %s",
        folder,
        database,
    )


def _set_mode(path: Path, mode: int) -> None:
    """Set the permissions of `path` to `mode`; another user's file is left unchanged."""
    found = path.stat()
    if found.st_mode & 0o777 != mode and (os.name == "nt" or found.st_uid == os.geteuid()):
        path.chmod(found.st_mode & ~0o777 | mode)
