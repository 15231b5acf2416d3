"""Says what is being done in calm short lines, and keeps the tools' own words in a log."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
LOG = BUILD / "bootstrap.log"

LINES_OF_A_FAILURE = 40


class StepFailedError(Exception):
    """A step cannot be done; the text is what a person reads, and all they read."""


def say(line: str) -> None:
    """Show one line at once, also where the output is a pipe."""
    print(line, flush=True)


def warn(line: str) -> None:
    """Show one line that asks for attention."""
    sys.stdout.flush()
    print(line, file=sys.stderr, flush=True)


def run_logged(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> None:
    """Run a tool with its output in the log.

    Raises:
        StepFailedError: it failed; the text holds the end of what it said.
    """
    BUILD.mkdir(exist_ok=True)
    with LOG.open("a+b") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        start = log.tell()
        finished = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        )
        if finished.returncode == 0:
            return
        log.seek(start)
        said = log.read().decode(errors="replace").splitlines()
    tail = "\n".join(f"    {line}" for line in said[-LINES_OF_A_FAILURE:])
    raise StepFailedError(
        f"{command[0]} failed with exit code {finished.returncode}; the whole of it is in "
        f"{LOG.relative_to(ROOT)}:\n{tail}"
    )
