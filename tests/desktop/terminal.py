"""A command on a terminal, at which a person answers."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.desktop.command_line import ROOT, SECONDS, environment
from tests.support import User, wait_until


@contextmanager
def at_terminal(user: User, *words: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Run a command on a terminal; yield the process, and the terminal's other end."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "reprospective_tray", *words],
            cwd=ROOT,
            env=environment(user),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            yield process, ours
            # Closed before the process has ended, the terminal would not take its last words.
            process.wait(SECONDS)
    finally:
        os.close(ours)


def read_until(terminal: int, words: str) -> str:
    """Return what was said up to `words`."""
    said = ""

    def has_said() -> bool:
        nonlocal said
        with suppress(OSError):
            said += os.read(terminal, 4096).decode()
        return words in said

    wait_until(has_said, SECONDS, f"{words!r} on the terminal")
    return said
