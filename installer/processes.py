"""Starts processes that leave nothing behind: each a group of its own, all marked alike."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 3.0
PAUSE_SECONDS = 0.01
# What is done to find out how busy the machine is.
WORK_SECONDS = 0.05


def wait_until(predicate: Callable[[], object], seconds: float, what: str) -> None:
    """Ask `predicate` until it is true, for things that offer no event to wait for.

    The machine may have other work, as well: then the wait is as much longer as all work is.

    Raises:
        TimeoutError: it is still false after `seconds`; says `what` was awaited.
    """
    began = time.monotonic()
    deadline = began + seconds
    while not predicate():
        if time.monotonic() > deadline:
            deadline = began + seconds * slowdown()
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(PAUSE_SECONDS)


def slowdown() -> float:
    """Return how much longer than on a machine of its own this thread's work takes now."""
    began, until = time.monotonic(), time.thread_time() + WORK_SECONDS
    while time.thread_time() < until:
        pass
    return max(1.0, (time.monotonic() - began) / WORK_SECONDS)


def end(processes: Iterable["subprocess.Popen[bytes]"], grace: float = GRACE_SECONDS) -> None:
    """End whole process groups: asked first, and made to after `grace` seconds."""
    processes = list(processes)
    for process in processes:
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + grace
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        # Also where the leader is gone: its children may live on.
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def marked(mark: str) -> list[int]:
    """Return this user's other processes whose environment at their start held `mark`."""
    found = []
    wanted = mark.encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            with suppress(OSError):  # gone meanwhile, or somebody else's
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
    return found


def end_marked(mark: str) -> None:
    """Kill what daemonised itself or was started by a bus, found by its environment.

    Raises:
        TimeoutError: one of them cannot be killed.
    """

    def none_left() -> bool:
        left = marked(mark)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    wait_until(none_left, GRACE_SECONDS, f"the end of all processes marked {mark}")
