"""Builds the set-up program: `python3 installer/bootstrap.py package windows`."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from installer import pypi, steps
from installer.frozen import build as frozen_build
from installer.frozen import icons, names

SCRIPT = Path(__file__).with_name("setup.iss")
# What Inno Setup's own set-up program does not put on the PATH.
COMPILER = "ISCC.exe"
INNO_FOLDERS = ("Inno Setup 7", "Inno Setup 6")
PROGRAM_FOLDERS = ("ProgramFiles(x86)", "ProgramFiles", "LOCALAPPDATA")


def compiler() -> Path:
    """Return Inno Setup's compiler, found on the PATH or where its set-up program puts it.

    Raises:
        steps.StepFailedError: it is not installed.
    """
    if found := shutil.which(COMPILER):
        return Path(found)
    for variable in PROGRAM_FOLDERS:
        for inno in INNO_FOLDERS:
            base = Path(os.environ.get(variable, ""))
            for folder in (base / inno, base / "Programs" / inno):
                if (folder / COMPILER).exists():
                    return folder / COMPILER
    raise steps.StepFailedError(
        "Inno Setup is missing: install it with `winget install JRSoftware.InnoSetup`, then start "
        "this again."
    )


def definitions(version: str, built: Path, icon: Path, dist: Path) -> dict[str, str]:
    """Return what the script leaves to its compilation, by name."""
    return {
        "Version": version,
        "Numbers": ".".join(map(str, (*names.release_numbers(version), 0))),
        "Built": str(built),
        "Icon": str(icon),
        "Licence": str(steps.ROOT / "LICENSE"),
        "Dist": str(dist),
    }


def set_up_program(frozen: frozen_build.Frozen, folder: Path = pypi.DIST) -> Path:
    """Return the set-up program around the frozen one, made in `folder`.

    Raises:
        steps.StepFailedError: Inno Setup is missing, or finds a mistake.
    """
    icon = icons.write_ico(steps.BUILD / "setup.ico")
    folder.mkdir(parents=True, exist_ok=True)
    given = definitions(frozen.version, frozen.folder, icon, folder)
    words = [f"/D{name}={value}" for name, value in given.items()]
    steps.run_logged([str(compiler()), "/Qp", *words, str(SCRIPT)])
    return folder / f"{names.NAME}-{frozen.version}-setup.exe"


def main(arguments: Sequence[str]) -> int:
    """Freeze the program, build its set-up program, and say where it is; return an exit code."""
    import argparse

    argparse.ArgumentParser(
        prog="python3 installer/bootstrap.py package windows",
        description="Builds the set-up program, with Inno Setup.",
    ).parse_args(arguments)
    compiler()  # first: freezing takes minutes
    made = set_up_program(frozen_build.freeze())
    steps.say(f"{made.relative_to(steps.ROOT)}: {made.stat().st_size / 1e6:.1f} MB")
    return 0
