"""Ends the running instance from another process, and waits for it."""

import time
from contextlib import suppress

import psutil

from reprospective_tray.errors import InstanceBusyError, NotRunningError, ReprospectiveError
from reprospective_tray.ipc import client, endpoint, instance_lock
from reprospective_tray.messages import _
from reprospective_tray.system.paths import Paths

# Longer than the program waits for what it must not interrupt.
END_SECONDS = 20.0
# How long the process may take to exit after releasing everything.
EXIT_SECONDS = 3.0
LOOK_SECONDS = 0.05


def end(paths: Paths) -> bool:
    """Ask the running instance to end, and return when its process has; False if none runs.

    An instance that is still starting is asked as soon as it listens; one that is already ending
    is waited for.

    Raises:
        ReprospectiveError: it has not ended in `END_SECONDS`, or does not answer.
    """
    lock, until = instance_lock.InstanceLock(paths), time.monotonic() + END_SECONDS
    # An ending instance takes no command, and may have ended when that is noticed.
    was_there = lock.is_held()
    process = _ask(paths)
    if process is None and not was_there and not lock.is_held():
        return False
    while lock.is_held() and not (process and process.has_ended()):
        if time.monotonic() > until:
            raise _not_ended(is_asked=process is not None)
        time.sleep(LOOK_SECONDS)
        process = process or _ask(paths)
    if process:
        process.wait()
    return True


class _Process:
    """The process of an instance, identified by its number and start time."""

    def __init__(self, pid: int) -> None:
        self._process: psutil.Process | None = None
        with suppress(psutil.Error, ValueError, OverflowError):
            self._process = psutil.Process(pid)

    def has_ended(self) -> bool:
        """Tell whether it existed and has ended, even if it was not reaped yet."""
        if self._process is None:
            return False
        try:
            is_there = self._process.is_running()
            return not is_there or self._process.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return True

    def wait(self) -> None:
        """Return when it has ended, or after `EXIT_SECONDS`."""
        until = time.monotonic() + EXIT_SECONDS
        while self._process and not self.has_ended() and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)


def _ask(paths: Paths) -> _Process | None:
    """Ask it to end and return its process; None if none accepted the command."""
    there = endpoint.find(paths)
    process = _Process(there.pid) if there else None
    try:
        client.request(paths, "quit")
    except (NotRunningError, InstanceBusyError):
        return None
    return process


def _not_ended(*, is_asked: bool) -> ReprospectiveError:
    what = (
        _("The running program does not quit.")
        if is_asked
        else _("The program is running, but cannot be asked to quit.")
    )
    return ReprospectiveError(
        what, _("If this persists, end the process and start the program again.")
    )
