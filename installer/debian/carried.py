"""The Python packages that the .deb carries inside, since Debian's are too old or not there."""

import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from installer import locks, steps

# What Debian 12 has new enough, with the bounds that pyproject.toml and what is carried ask for.
FROM_DEBIAN = {
    "python-xlib": ("python3-xlib (>= 0.33)", "python3-xlib (<< 0.34)"),
    "six": ("python3-six (>= 1.10)",),
    "typing-extensions": ("python3-typing-extensions (>= 4.4)",),
    # Bound to the system's GTK; pystray asks for no newer one.
    "pygobject": ("python3-gi (>= 3.42)",),
    # Comes with PyGObject from PyPI; nothing here draws with it.
    "pycairo": (),
}
# Of no use to who runs the program: commands of the packages, their tests, types for checkers,
# and what pip writes down for itself (it holds paths of this machine).
DROPPED = (
    "bin",
    "pwiz.py",
    "*/completion.sh",
    "*/tests",
    "peewee-stubs",
    "**/*.pyi",
    "**/py.typed",
)
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
DROPPED_RECORDS = ("RECORD", "REQUESTED", "INSTALLER", "direct_url.json")


@dataclass(frozen=True, slots=True)
class Carried:
    """One package that is inside, by its own word."""

    name: str
    version: str
    licence: str
    folder: str


def install(wheel: Path, site: Path, python: tuple[int, int]) -> None:
    """Put the program of `wheel` into `site`, with all that Debian does not have for it.

    Raises:
        steps.StepFailedError: a wheel for this `python` cannot be had, or a tool is missing.
    """
    # Beside the wheel, in a folder of this building alone.
    lock = wheel.with_name("carried.txt")
    lock.write_text(locks.split(locks.RUNTIME, frozenset(FROM_DEBIAN))[0], "utf-8")
    wheels = _wheels(lock, python)
    pip = [*PIP, "install", "--target", str(site), "--no-compile", "--no-index", "--find-links"]
    steps.run_logged([*pip, str(wheels), *_chosen(lock, python)])
    steps.run_logged([*pip, str(wheels), "--no-deps", str(wheel)])
    for pattern in DROPPED:
        for found in site.glob(pattern):
            shutil.rmtree(found) if found.is_dir() else found.unlink()
    for information in site.glob("*.dist-info"):
        for name in DROPPED_RECORDS:
            (information / name).unlink(missing_ok=True)
    strip(site)


def _chosen(lock: Path, python: tuple[int, int]) -> list[str]:
    """Return pip's options for exactly the wheels of `lock` that fit `python`, hashes checked."""
    version = "--python-version={}.{}".format(*python)
    return [version, "--only-binary=:all:", "--no-deps", "--require-hashes", "-r", str(lock)]


def _wheels(lock: Path, python: tuple[int, int]) -> Path:
    """Return a folder with the wheels; from the second time on, nothing is asked of anybody."""
    chosen = _chosen(lock, python)
    digest = hashlib.sha256("\0".join([*chosen, lock.read_text("utf-8")]).encode()).hexdigest()
    folder = steps.BUILD / "wheels" / digest[:16]
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        steps.run_logged([*PIP, "download", "--dest", str(unfinished), *chosen])
        unfinished.rename(folder)
    return folder


def strip(site: Path) -> None:
    """Take the symbols that only debuggers read out of the binaries: a tenth of the package.

    Raises:
        steps.StepFailedError: there is no `strip`, or it refuses.
    """
    if shutil.which("strip") is None:
        raise steps.StepFailedError("The command strip is missing: install the package binutils.")
    binaries = sorted(str(file) for file in site.rglob("*.so*") if file.is_file())
    steps.run_logged(["strip", "--strip-unneeded", *binaries])


def inside(site: Path) -> list[Carried]:
    """Return what lies in `site`, the program itself left out, in order of the names."""
    found = []
    for information in sorted(site.glob("*.dist-info")):
        about = HeaderParser().parsestr((information / "METADATA").read_text("utf-8"))
        if about["Name"] != "reprospective-tray":
            licence = about["License-Expression"] or _licence_of(about.get_all("Classifier", []))
            found.append(Carried(about["Name"], about["Version"], licence, information.name))
    return found


def _licence_of(classifiers: list[str]) -> str:
    licences = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::")]
    return " and ".join(licences) or "see its text"


def libc_needed(site: Path) -> str:
    """Return the oldest glibc that every wheel in `site` runs with, as ``2.28``."""
    needed = [(2, 17)]
    for file in site.glob("*.dist-info/WHEEL"):
        tags = re.findall(r"manylinux_(\d+)_(\d+)_", file.read_text("utf-8"))
        # Several tags of one wheel: it runs wherever one of them fits.
        needed += [min((int(major), int(minor)) for major, minor in tags)] if tags else []
    return "{}.{}".format(*max(needed))


def architecture() -> str:
    """Return Debian's name for this machine's kind.

    Raises:
        steps.StepFailedError: dpkg is not there.
    """
    if shutil.which("dpkg-deb") is None:
        raise steps.StepFailedError("A .deb is built on Debian or Ubuntu alone: dpkg is missing.")
    asked = ["dpkg", "--print-architecture"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
