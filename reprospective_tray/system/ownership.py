"""Checks the owner of a file, so that files of other users of this computer are not used.

The owner of a file or its folder can write anything into it and read its content. Files of root are
accepted, because root can read and change everything anyway.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from reprospective_tray.messages import _

if TYPE_CHECKING:
    from pathlib import Path

_ROOT = 0


class ForeignOwnerError(PermissionError):
    """A file or folder belongs to another user; `strerror` names the owner."""


def check(path: Path) -> None:
    """Check that `path`, and its target if it is a link, belong to this user or root.

    Raises:
        ForeignOwnerError: it belongs to another user.
        OSError: it cannot be examined; FileNotFoundError if it does not exist.
    """
    for found in (path.lstat(), path.stat()):
        _check_owner(found.st_uid, path)


def check_if_there(path: Path) -> None:
    """Call `check` if `path` exists; otherwise do nothing.

    Raises:
        ForeignOwnerError, OSError: as for `check`.
    """
    try:
        check(path)
    except FileNotFoundError:
        if path.is_symlink():  # a planted link may point to a file that does not exist yet
            _check_owner(path.lstat().st_uid, path)


def read_own(path: Path) -> bytes:
    """Return the content of `path`, which must belong to this user or root.

    Raises:
        ForeignOwnerError, OSError: as for `check`, or it cannot be read.
    """
    _check_owner(path.lstat().st_uid, path)
    with path.open("rb") as file:
        _check_owner(os.fstat(file.fileno()).st_uid, path)  # of the opened file, not of its name
        return file.read()


def _check_owner(owner: int, path: Path) -> None:
    if os.name == "nt" or owner in {_ROOT, os.geteuid()}:
        return
    raise ForeignOwnerError(
        errno.EPERM,
        _("it belongs to another user ({owner})").format(owner=_name(owner)),
        str(path),
    )


def _name(owner: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)
