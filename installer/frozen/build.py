"""Freezes the program: `python3 installer/bootstrap.py package frozen`.

A folder with the program, its Python and all its libraries. On Linux it is packed as a tar.xz; on
Windows and macOS `package windows` and `package macos` put it into what is installed there.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installer import pypi, steps, system_packages
from installer.debian import carried
from installer.frozen import archive, names, tools
from installer.system_packages import Interpreter

HERE = Path(__file__).parent
WORK = steps.BUILD / "frozen"


@dataclass(frozen=True, slots=True)
class Frozen:
    """The frozen program: its folder, on macOS the app bundle, and its version."""

    folder: Path
    version: str

    def bytes(self) -> int:
        """Return how large it is, each file counted once."""
        files = (path for path in self.folder.rglob("*") if not path.is_symlink())
        return sum(path.stat().st_size for path in files if path.is_file())


def freeze(source: Path = steps.ROOT, work: Path = WORK) -> Frozen:
    """Freeze the program of `source`.

    Args:
        source: The checkout of the program; the packaging is this one's.
        work: Where it is made; what lies there goes.

    Raises:
        steps.StepFailedError: it cannot be made.
    """
    steps.BUILD.mkdir(exist_ok=True)
    if sys.platform == "linux":
        built_with = system_packages.building_pygobject(Interpreter.current())
        system_packages.complete_or_warn([*system_packages.FREEZING, *built_with])
    shutil.rmtree(work, ignore_errors=True)
    wheel, _sdist = pypi.build(work / "wheel", source)
    interpreter = tools.python(wheel)
    steps.say("Freezing it, which takes a minute or two")
    # -P: the program is the installed one, wherever this is started.
    pyinstaller = [str(interpreter), "-P", "-m", "PyInstaller", "--noconfirm", "--log-level=INFO"]
    places = [f"--distpath={work / 'dist'}", f"--workpath={work / 'work'}"]
    steps.run_logged(
        [*pyinstaller, *places, str(HERE / f"{names.NAME}.spec")],
        env={
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            "PYINSTALLER_CONFIG_DIR": str(work / "cache"),
            # The same source gives the same files.
            "SOURCE_DATE_EPOCH": str(pypi.source_epoch()),
            "PYTHONHASHSEED": "1",
        },
    )
    folder = work / "dist" / names.NAME
    if sys.platform == "win32":
        (folder / names.FOR_TERMINALS_AS_BUILT).rename(folder / names.FOR_TERMINALS)
    if sys.platform == "linux":
        carried.strip(folder / names.CONTENTS)
    if sys.platform == "darwin":
        folder = work / "dist" / names.APP
    return Frozen(folder, wheel.name.split("-")[1])


def main(arguments: Sequence[str]) -> int:
    """Freeze it, and say where it is and how large; return an exit code."""
    import argparse

    argparse.ArgumentParser(
        prog="python3 installer/bootstrap.py package frozen",
        description="Makes a folder with the program, its Python and all its libraries, for "
        "systems like this one; on Linux a tar.xz of it.",
    ).parse_args(arguments)
    frozen = freeze()
    steps.say(f"{frozen.folder.relative_to(steps.ROOT)}: {frozen.bytes() / 1e6:.1f} MB")
    if sys.platform == "linux":
        packed = pack(frozen)
        steps.say(f"{packed.relative_to(steps.ROOT)}: {packed.stat().st_size / 1e6:.1f} MB")
    return 0


def pack(frozen: Frozen, folder: Path = pypi.DIST) -> Path:
    """Return the archive for Linux, made in `folder`."""
    top = f"{names.NAME}-{frozen.version}"
    file = folder / f"{names.archive(frozen.version)}.tar.xz"
    return archive.pack(frozen.folder, file, top, pypi.source_epoch())
