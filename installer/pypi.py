"""Wheel and sdist as they go to PyPI, built and checked: `bootstrap.py package pypi`.

Nothing is uploaded: `twine upload dist/*` is for whoever holds the name.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from installer import environment, locks, steps

DIST = steps.ROOT / "dist"
TOOLS = steps.BUILD / "package-tools"


def source_epoch() -> int:
    """Return the time that packages speak of: SOURCE_DATE_EPOCH, or that of the last commit.

    Outside a repository it is that of pyproject.toml. In seconds since 1970.
    """
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    try:
        asked = ["git", "log", "-1", "--format=%ct"]
        told = subprocess.run(asked, cwd=steps.ROOT, capture_output=True, text=True, check=True)
        return int(told.stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return int((steps.ROOT / "pyproject.toml").stat().st_mtime)


def build(folder: Path, source: Path = steps.ROOT) -> tuple[Path, Path]:
    """Build wheel and sdist of `source` into `folder`; return both, in this order.

    The same source gives the same files, to the byte.

    Raises:
        steps.StepFailedError: it cannot be built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("reprospective_tray-*"):
        old.unlink()
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder.resolve())]
    fixed = {**os.environ, "SOURCE_DATE_EPOCH": str(source_epoch())}
    steps.run_logged(command, env=fixed, cwd=source)
    (wheel,) = folder.glob("reprospective_tray-*.whl")
    (sdist,) = folder.glob("reprospective_tray-*.tar.gz")
    return wheel, sdist


def tools() -> Path:
    """Return the folder of the commands that look at packages, installed as their lock says.

    Raises:
        steps.StepFailedError: they cannot be installed.
    """
    digest = hashlib.sha256(locks.PACKAGE_TOOLS.read_bytes()).hexdigest()[:16]
    venv = TOOLS / digest
    scripts = environment.scripts_folder(venv)
    finished = venv / "finished"
    if not finished.exists():
        steps.say("Installing twine, check-wheel-contents, pipx and check-jsonschema")
        shutil.rmtree(TOOLS, ignore_errors=True)
        steps.run_logged([environment.base_python(), "-m", "venv", str(venv)])
        pip = [str(environment.python_of(venv)), "-m", "pip", "install", "--quiet", "--no-deps"]
        lock = locks.write_for_platform(locks.PACKAGE_TOOLS, venv)
        steps.run_logged([*pip, "--require-hashes", "-r", str(lock)])
        finished.touch()
    return scripts


def check(wheel: Path, sdist: Path) -> None:
    """Have both looked at by the tools that know what PyPI and pip take.

    Raises:
        steps.StepFailedError: one of them has something against it; says what.
    """
    scripts = tools()
    steps.run_logged([str(scripts / "check-wheel-contents"), str(wheel)])
    steps.run_logged([str(scripts / "twine"), "check", "--strict", str(wheel), str(sdist)])


def main(arguments: Sequence[str]) -> int:
    """Build, check, and say where they are; return an exit code."""
    import argparse

    argparse.ArgumentParser(
        prog="python3 installer/bootstrap.py package pypi",
        description="Builds wheel and sdist into dist/ and has twine and check-wheel-contents "
        "look at them. Nothing is uploaded.",
    ).parse_args(arguments)
    both = build(DIST)
    check(*both)
    for file in both:
        steps.say(f"{file.relative_to(steps.ROOT)}: {file.stat().st_size / 1e6:.2f} MB, checked")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except steps.StepFailedError as failure:
        steps.warn(str(failure))
        sys.exit(1)
