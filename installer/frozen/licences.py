"""The licences of all that is inside, beside it: most of them ask for that."""

import ast
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from installer import steps

FOLDER = "licences"
# What made it, and is not inside; PyInstaller's own start is free of its licence.
TOOLS = {
    *("pip", "setuptools", "packaging", "pyinstaller", "pyinstaller-hooks-contrib", "altgraph"),
    *("pefile", "macholib", "pywin32-ctypes"),
}
TEXTS = ("LICEN", "COPYING", "NOTICE", "AUTHORS")
DEBIANS = Path("/usr/share/doc")


def collect(folder: Path, site: Path, sources: Iterable[Path]) -> None:
    """Put every licence into `folder`.

    Args:
        folder: Is made.
        site: Where the Python packages are installed that went in.
        sources: The files that went in, where they came from.
    """
    folder.mkdir(parents=True)
    shutil.copy(steps.ROOT / "LICENSE", folder / "reprospective-tray.txt")
    for information in site.glob("*.dist-info"):
        name, _, _version = information.name.removesuffix(".dist-info").partition("-")
        if name.replace("_", "-").lower() not in TOOLS | {"reprospective-tray"}:
            _of_package(information, folder / "python" / name)
    python = Path(ast.__file__).with_name("LICENSE.txt")
    if python.exists():
        shutil.copy(python, folder / "python" / "Python.txt")
    if shutil.which("dpkg-query"):
        for package in sorted(debian_packages(sources)):
            text = DEBIANS / package / "copyright"
            if text.exists():
                (folder / "debian").mkdir(exist_ok=True)
                shutil.copy(text, folder / "debian" / f"{package}.txt")


def _of_package(information: Path, folder: Path) -> None:
    for file in information.rglob("*"):
        if file.is_file() and file.name.upper().startswith(TEXTS):
            target = folder / file.relative_to(information)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    if not folder.exists():
        # One that brings no text names its licence among its facts.
        folder.mkdir(parents=True)
        shutil.copy(information / "METADATA", folder)


def debian_packages(files: Iterable[Path]) -> set[str]:
    """Return the packages of the system that some files belong to; others belong to none."""
    asked = set()
    for file in files:
        for path in (file, file.resolve()):
            # As the package names it, before /lib became a part of /usr.
            asked |= {str(path), str(path).removeprefix("/usr")}
    if not asked:
        return set()
    told = subprocess.run(
        ["dpkg-query", "--search", *sorted(asked)], capture_output=True, text=True, check=False
    )
    packages = (line.partition(": ")[0] for line in told.stdout.splitlines() if ": " in line)
    return {each.partition(":")[0] for package in packages for each in package.split(", ")}
