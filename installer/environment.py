"""The virtual environment .venv: made, filled from the lock files, mended, and left alone."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from installer import locks, steps, system_packages
from installer.steps import ROOT
from installer.system_packages import Interpreter

VENV = ROOT / ".venv"
STAMP = VENV / "bootstrap-stamp.json"
# Stands while .venv is being made: found at a start, it tells of an interrupted run.
UNFINISHED = VENV / "bootstrap-unfinished"

# Grows when what `prepare` does changes in a way that its files do not show.
STEPS_VERSION = 2

RUN = "run"
TEST = "test"


def scripts_folder(venv: Path = VENV) -> Path:
    """Return where a virtual environment keeps its commands."""
    return venv / ("Scripts" if os.name == "nt" else "bin")


def python_of(venv: Path = VENV) -> Path:
    """Return a virtual environment's interpreter."""
    return scripts_folder(venv) / ("python.exe" if os.name == "nt" else "python")


def base_python() -> str:
    """Return the interpreter itself, also when this runs in a virtual environment of it."""
    return getattr(sys, "_base_executable", None) or sys.executable


def inputs(root: Path = ROOT) -> list[Path]:
    """Return the files that decide what .venv holds."""
    fixed = [
        "pyproject.toml",
        "installer/build_catalogues.py",
        *(lock.name for lock in locks.OF_THE_ENVIRONMENT),
    ]
    return [root / name for name in fixed] + sorted(root.glob("reprospective_tray/locale/**/*.po"))


def key(files: Iterable[Path], *facts: str) -> str:
    """Return the digest of some files (a missing one counts as such) and facts."""
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(fact.encode() + b"\0")
    for file in files:
        content = file.read_bytes() if file.exists() else b"absent"
        digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def current_key() -> str:
    """Return what the stamp of a finished .venv says now."""
    interpreter = os.path.realpath(base_python())
    return key(inputs(), str(STEPS_VERSION), str(ROOT), interpreter, sys.version)


def stamped(stamp: Path) -> dict[str, str]:
    """Read the stamp: scope to key; empty where there is none that can be read."""
    try:
        read = json.loads(stamp.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def is_ready(scope: str) -> bool:
    """Say whether .venv holds already what `scope` needs, by its stamp."""
    return (
        not UNFINISHED.exists()
        and python_of().exists()
        and stamped(STAMP).get(scope) == current_key()
    )


def is_sound() -> bool:
    """Say whether .venv can be built upon: this Python's version, with pip, not half made."""
    if UNFINISHED.exists() or not python_of().exists():
        return False
    version = "import sys, pip; print(*sys.version_info[:2])"
    answer = subprocess.run(
        [python_of(), "-c", version], capture_output=True, text=True, check=False
    )
    return answer.stdout.split() == [str(part) for part in sys.version_info[:2]]


def make() -> None:
    """Make .venv from nothing, in the place of what may lie there."""
    if VENV.exists() or VENV.is_symlink():
        steps.say("Making .venv anew: it was left half made, or is another Python's")
    else:
        steps.say(f"Making .venv with Python {sys.version.split()[0]}")
    if VENV.is_dir() and not VENV.is_symlink():
        shutil.rmtree(VENV)
    elif VENV.exists() or VENV.is_symlink():
        VENV.unlink()
    VENV.mkdir()
    UNFINISHED.touch()
    steps.run_logged([base_python(), "-m", "venv", str(VENV)])


def pip(*arguments: str) -> None:
    """Run pip of .venv, without questions and bars.

    Raises:
        steps.StepFailedError: with the end of what pip said.
    """
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar=off"]
    steps.run_logged([str(python_of()), "-m", "pip", *arguments[:1], *quiet, *arguments[1:]])


def link_pygobject_of_the_system() -> bool:
    """Let .venv use the PyGObject that the system has for this very Python; say whether it does."""
    where = "import gi._gi, gi; print(gi.__path__[0])"
    system = subprocess.run(
        [base_python(), "-I", "-c", where], capture_output=True, text=True, check=False
    )
    if system.returncode:
        return False
    places = "import sysconfig; print(sysconfig.get_path('platlib'))"
    own = subprocess.run([python_of(), "-c", places], capture_output=True, text=True, check=True)
    link = Path(own.stdout.strip()) / "gi"
    if link.is_symlink():
        link.unlink()
    if link.exists():  # pip built one here earlier
        return False
    link.symlink_to(system.stdout.strip(), target_is_directory=True)
    return True


def install_locked(scope: str) -> None:
    """Install exactly what the lock files name, hashes checked, then the program itself.

    Raises:
        steps.StepFailedError: anything but PyGObject could not be installed.
    """
    lock = locks.DEVELOPMENT if scope == TEST else locks.RUNTIME
    others, built_here = locks.split(lock)
    for name, text in (("others.txt", others), ("built-here.txt", built_here)):
        (steps.BUILD / name).write_text(text, "utf-8")
    build_tools = locks.write_for_platform(locks.BUILD_TOOLS, steps.BUILD)
    steps.say("Installing the Python packages of " + lock.name)
    hashed = ["install", "--require-hashes", "--no-deps"]
    pip(*hashed, "-r", str(build_tools), "-r", str(steps.BUILD / "others.txt"))
    if sys.platform == "linux" and not link_pygobject_of_the_system():
        steps.say("Building PyGObject, which gives the tray icon its menu")
        try:
            pip(*hashed, "-r", str(steps.BUILD / "built-here.txt"))
        except steps.StepFailedError as failure:
            steps.warn(str(failure))
            steps.warn(
                "PyGObject could not be built: the tray icon will have no menu, and a click on it "
                "brings up a small window instead. Going on."
            )
    steps.say("Installing reprospective-tray itself, from this folder")
    pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def prepare(scope: str, *, virtual_desktop: bool) -> None:
    """Provide all that `scope` (`RUN` or `TEST`) needs; a moment where it is there already.

    Raises:
        steps.StepFailedError: it cannot be provided.
    """
    interpreter = Interpreter.current()
    if sys.platform == "linux":
        system_packages.provide(
            interpreter,
            virtual_desktop=virtual_desktop,
            tests=scope == TEST,
            ready=is_ready(scope),
        )
    if is_ready(scope):
        return
    steps.BUILD.mkdir(exist_ok=True)
    if not is_sound():
        make()
    UNFINISHED.touch()
    try:
        install_locked(scope)
    except steps.StepFailedError:
        UNFINISHED.unlink()  # pip ended in good order, unlike after an interruption
        raise
    done = {scope: current_key()}
    if scope == TEST:
        done[RUN] = done[TEST]  # the test environment holds all of the other
    STAMP.write_text(json.dumps(done, indent=2) + "\n", "utf-8")
    UNFINISHED.unlink()
