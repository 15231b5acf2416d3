"""Everything that `test` checks: formatting, lint, types, floors, then the tests."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from installer import steps
from installer.steps import ROOT

CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Formatting", ("ruff", "format", "--check", ".")),
    ("Lint", ("ruff", "check", ".")),
    ("Types", ("mypy",)),
    ("Floors of the house", ("lint-imports",)),
)

# Each process takes the next file and gives it a desktop and servers of its own. They are more than
# the cores of a small machine, because tests of a desktop wait for it most of the time. They are
# taken in the order that `tests/conftest.py` brings them into.
BESIDE = ("--numprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder")

UNCOMPILED = "PYTHONDONTWRITEBYTECODE"


def run_all(scripts: Path, pytest_arguments: Sequence[str]) -> int:
    """Run all checks, then pytest in sight; its closing line is the last of all.

    All tests run in some processes; those that are named in `pytest_arguments` in one.

    Returns:
        pytest's exit code; 1 where the tests passed and a check before them failed.
    """
    failed = [name for name, command in CHECKS if not passes(name, scripts, command)]
    if failed:
        steps.say(f"Failed before the tests: {', '.join(failed)}. The exit code will say so.")
    # They start the program hundreds of times: what is compiled once is kept, wherever they run.
    env = {name: value for name, value in os.environ.items() if name != UNCOMPILED}
    tests = subprocess.run(
        [scripts / "python", "-m", "pytest", *(pytest_arguments or BESIDE)],
        cwd=ROOT,
        env=env,
        check=False,
    )
    return tests.returncode or int(bool(failed))


def passes(name: str, scripts: Path, command: Sequence[str]) -> bool:
    """Run one check and say how it went, with all it said where it failed."""
    start = time.monotonic()
    done = subprocess.run(
        [scripts / command[0], *command[1:]],
        cwd=ROOT,
        env={**os.environ, "FORCE_COLOR": "1"} if sys.stdout.isatty() else None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    if done.returncode == 0:
        steps.say(f"{name}: good ({seconds:.1f} s)")
        return True
    steps.say(f"{name}: failed ({' '.join(command)})\n{done.stdout}")
    return False
