"""Says what is being done in calm short lines, and keeps the tools' own words in a log."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
LOG = BUILD / "bootstrap.log"

LINES_OF_A_FAILURE = 40
# A tool that takes longer than this is seen to be at work, again and again after as long.
PROGRESS_SECONDS = 4.0
# Of its last line as many characters as a narrow terminal has room for.
PROGRESS_WIDTH = 64


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
    """Run a tool with its output in the log; where it takes long, show its last line now and then.

    Raises:
        StepFailedError: it failed; the text holds the end of what it said.
    """
    BUILD.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        start = log.tell()
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            code = _wait(process, start)
        except BaseException:
            process.kill()
            process.wait()
            raise
    if code:
        tail = "\n".join(f"    {line}" for line in _logged_since(start)[-LINES_OF_A_FAILURE:])
        raise StepFailedError(
            f"{command[0]} failed with exit code {code}; the whole of it is in "
            f"{LOG.relative_to(ROOT)}:\n{tail}"
        )


def _wait(process: "subprocess.Popen[bytes]", start: int) -> int:
    """Wait for a tool's end, show that it is at work, and return its exit code."""
    began = time.monotonic()
    while True:
        try:
            return process.wait(PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            last = next((line for line in reversed(_logged_since(start)) if line.strip()), "")
            shown = " ".join("".join(c if c.isprintable() else " " for c in last).split())[
                :PROGRESS_WIDTH
            ]
            say(f"  {time.monotonic() - began:.0f} s  {shown}".rstrip())


def _logged_since(start: int) -> list[str]:
    """Return the lines of the log from a place in it on, in bytes."""
    with LOG.open("rb") as log:
        log.seek(start)
        return log.read().decode(errors="replace").splitlines()
