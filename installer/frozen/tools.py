"""PyInstaller, in an environment of its own with the program and all that it needs."""

import hashlib
import shutil
import sys
from pathlib import Path

from installer import environment, locks, steps

FOLDER = steps.BUILD / "frozen-tools"


def python(wheel: Path) -> Path:
    """Return the interpreter of that environment, with the program of `wheel` installed there.

    Raises:
        steps.StepFailedError: something of it cannot be had.
    """
    interpreter = alone()
    _pip(interpreter, "--no-deps", "--no-index", "--force-reinstall", str(wheel))
    return interpreter


def alone() -> Path:
    """Return the interpreter of that environment, made where it is not there yet.

    Raises:
        steps.StepFailedError: something of it cannot be had.
    """
    facts = locks.FREEZER.read_bytes() + sys.version.encode()
    venv = FOLDER / hashlib.sha256(facts).hexdigest()[:16]
    interpreter = environment.python_of(venv)
    finished = venv / "finished"
    if not finished.exists():
        steps.say("Installing PyInstaller, and the packages of " + locks.FREEZER.name)
        shutil.rmtree(FOLDER, ignore_errors=True)
        steps.run_logged([environment.base_python(), "-m", "venv", str(venv)])
        _pip(interpreter, "--no-deps", "--require-hashes", "-r", str(_of_this_system(venv)))
        finished.touch()
    return interpreter


def _of_this_system(venv: Path) -> Path:
    """Return the lock without what is built from source and is of use on Linux alone."""
    if sys.platform == "linux":
        return locks.write_for_platform(locks.FREEZER, venv)
    file = venv / "wheels-alone.txt"
    file.write_text(locks.split(locks.FREEZER)[0], "utf-8")
    return file


def _pip(interpreter: Path, *arguments: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    steps.run_logged([str(interpreter), "-m", "pip", "install", *quiet, *arguments])
