"""Checks who owns a file: files of another person of this computer are not used.

Whoever owns a file or its folder can put anything into it, and reads what is written there.
The administrator's (root) count as one's own: root can read and change everything anyway.
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
    """Return where `path`, and the link that it may be, is this user's own or root's.

    Raises:
        ForeignOwnerError: it belongs to another user.
        OSError: it cannot be looked at; FileNotFoundError where it is not there.
    """
    for found in (path.lstat(), path.stat()):
        _check_owner(found.st_uid, path)


def check_if_there(path: Path) -> None:
    """Do the same as `check`, and nothing where there is no such file.

    Raises:
        ForeignOwnerError, OSError: as for `check`.
    """
    try:
        check(path)
    except FileNotFoundError:
        if path.is_symlink():  # a planted link may lead to what is not there yet
            _check_owner(path.lstat().st_uid, path)


def read_own(path: Path) -> bytes:
    """Return the content of `path`, a file of this user or of root.

    Raises:
        ForeignOwnerError, OSError: as for `check`, or it cannot be read.
    """
    _check_owner(path.lstat().st_uid, path)
    with path.open("rb") as file:
        _check_owner(os.fstat(file.fileno()).st_uid, path)  # of this very file, not of the name
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
