"""The lock files: how they are made, and how one is taken apart."""

import re
import shutil
import tomllib

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


def split(lock: str, names: frozenset[str] = BUILT_HERE) -> tuple[str, str]:
    """Part a lock file's text in two: without the packages `names`, and those alone."""
    others: list[str] = []
    chosen: list[str] = []
    part = others
    for line in lock.splitlines(keepends=True):
        if start := re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)==", line):
            name = re.sub(r"[-_.]+", "-", start[1]).lower()
            part = chosen if name in names else others
        part.append(line)
    return "".join(others), "".join(chosen)


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
        BUILD_TOOLS: [str(needed.relative_to(ROOT))],
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
