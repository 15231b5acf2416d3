"""The lock files: how they are made, and how one is taken apart."""

import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from installer import steps
from installer.steps import ROOT

RUNTIME = ROOT / "requirements.lock"
DEVELOPMENT = ROOT / "requirements-dev.lock"
BUILD_TOOLS = ROOT / "requirements-build.lock"
PACKAGE_TOOLS = ROOT / "requirements-package.lock"
FREEZER = ROOT / "requirements-frozen.lock"
# What decides what .venv holds; the tools that make packages have places of their own.
OF_THE_ENVIRONMENT = (BUILD_TOOLS, RUNTIME, DEVELOPMENT)
ALL = (*OF_THE_ENVIRONMENT, PACKAGE_TOOLS, FREEZER)

COMPILE = (
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--custom-compile-command=python3 installer/bootstrap.py lock",
)

# hatchling asks for it by itself when a project is installed in place.
EDITABLE = "editables>=0.5"

# What every Linux desktop may need.
_LINUX = ("--extra=tray", "--extra=wayland")

# Built from source against the system's libraries; where that fails the rest still installs.
BUILT_HERE = frozenset({"pygobject", "pycairo"})


# A package's first line: its name, then its version, then what it depends on.
_FIRST_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==[^\s;]+(?:\s*;\s*(.*?))?\s*\\?$")
_PLATFORM = re.compile(r"sys_platform (==|!=) '(\w+)'")


def _packages(lock: str) -> Iterator[tuple[str, str, str]]:
    """Yield each package's name, its marker and its lines; first the comments, without a name."""
    name, marker, lines = "", "", ""
    for line in lock.splitlines(keepends=True):
        if start := _FIRST_LINE.match(line):
            yield name, marker, lines
            name, marker, lines = re.sub(r"[-_.]+", "-", start[1]).lower(), start[2] or "", ""
        lines += line
    yield name, marker, lines


def _is_foreign(marker: str, platform: str) -> bool:
    """Say whether a marker excludes `platform`.

    uv writes a marker as alternatives (`or`), each a row of conditions (`and`).
    """

    def excluded(conditions: str) -> bool:
        return any(
            (name == platform) != (operator == "==")
            for operator, name in _PLATFORM.findall(conditions)
        )

    return all(excluded(alternative) for alternative in marker.split(" or "))


def for_platform(lock: str, platform: str = sys.platform) -> str:
    """Return a lock file's text without the packages of other platforms.

    pip must not see them: it evaluates the whole of a marker such as
    ``platform_release >= '20' and sys_platform == 'darwin'``, and fails where the release of the
    kernel, such as ``6.1.0-37-amd64``, is no version.
    """
    return "".join(
        lines for _name, marker, lines in _packages(lock) if not _is_foreign(marker, platform)
    )


def split(lock: Path, names: frozenset[str] = BUILT_HERE) -> tuple[str, str]:
    """Part a lock file's text for this platform: without the packages `names`, and those alone."""
    others = chosen = ""
    for name, _marker, lines in _packages(for_platform(lock.read_text("utf-8"))):
        if name in names:
            chosen += lines
        else:
            others += lines
    return others, chosen


def write_for_platform(lock: Path, folder: Path) -> Path:
    """Write what this platform takes of a lock file into `folder`, for pip; return that file."""
    file = folder / f"{lock.stem}-{sys.platform}.txt"
    file.write_text(for_platform(lock.read_text("utf-8")), "utf-8")
    return file


def write(uv: str, extra: list[str]) -> None:
    """Make all lock files anew from pyproject.toml.

    Versions that a lock file already names are kept while they fit; ``--upgrade`` in `extra`
    takes the newest.

    Raises:
        steps.StepFailedError: no set of versions fits, or the registry does not answer.
    """
    needed = steps.BUILD / "build-system-requires.in"
    steps.BUILD.mkdir(exist_ok=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    requires = [*project["build-system"]["requires"], EDITABLE]
    needed.write_text("\n".join(requires) + "\n", "utf-8")
    sources = {
        BUILD_TOOLS: [str(needed.relative_to(ROOT)), "--group=deb"],
        RUNTIME: ["pyproject.toml", *_LINUX],
        DEVELOPMENT: ["pyproject.toml", *_LINUX, "--group=dev"],
        PACKAGE_TOOLS: ["--group=package"],
        FREEZER: ["pyproject.toml", *_LINUX, "--extra=keyring", "--group=frozen"],
    }
    for lock, source in sources.items():
        steps.say(f"Locking {lock.name}")
        # They are installed together, so what two of them name is one version.
        bound = [f"--constraint={earlier.name}" for earlier in ALL[: ALL.index(lock)]]
        output = f"--output-file={lock.name}"
        steps.run_logged([uv, *COMPILE, *source, *bound, output, *extra])


def find_uv(scripts: str) -> str | None:
    """Return uv of the virtual environment or of the PATH."""
    return shutil.which("uv", path=scripts) or shutil.which("uv")
