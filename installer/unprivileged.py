"""For programs that refuse to run as root: where this is root, they run as the user nobody."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# Without them nobody could not read a checkout below root's closed home.
KEPT = "+dac_override,+fowner,+chown"


def is_needed() -> bool:
    """Say whether this is root."""
    return os.geteuid() == 0


def user_id() -> int:
    """Return as whom programs run then: this person, or nobody."""
    return _nobody()[0] if is_needed() else os.getuid()


def prefix() -> Sequence[str]:
    """Return what a command is put behind; nothing where this is a person."""
    if not is_needed():
        return ()
    uid, gid = _nobody()
    return (
        "setpriv",
        *(f"--reuid={uid}", f"--regid={gid}", "--clear-groups"),
        *(f"--inh-caps={KEPT}", f"--ambient-caps={KEPT}", "--"),
    )


def give(folder: Path) -> None:
    """Make a folder and all in it theirs."""
    if is_needed():
        for path in (folder, *folder.rglob("*")):
            os.chown(path, *_nobody(), follow_symlinks=False)


@contextmanager
def acting() -> Iterator[None]:
    """Be that user for a moment: for sockets that ask who is at their other end."""
    if not is_needed():
        yield
        return
    uid, _gid = _nobody()
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def _nobody() -> tuple[int, int]:
    import pwd  # not on every system

    user = pwd.getpwnam("nobody")
    return user.pw_uid, user.pw_gid
