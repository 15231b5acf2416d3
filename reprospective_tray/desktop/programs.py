"""Starting other programs: this one's own windows, the person's editor and file manager."""

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from reprospective_tray import NAME
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.system import child_environment

log = logging.getLogger(__name__)

# Longer than any path that the system takes.
_LONGEST_LINE = 4200


def own_command(*arguments: str) -> list[str]:
    """Return the command line that starts this very program with `arguments`."""
    if getattr(sys, "frozen", False):
        return [_frozen_program(), *arguments]
    return [sys.executable, "-m", "reprospective_tray", *arguments]


def login_program() -> tuple[str, ...]:
    """Return the words that start this program from any folder, for a long time to come.

    The command on the PATH where that is this very installation's, since it outlives an
    upgrade of Python; else the interpreter, which takes nothing from the folder it starts in.
    """
    if getattr(sys, "frozen", False):
        return (_frozen_program(),)
    command = shutil.which(NAME)
    if command and _runs_by_this_python(Path(command)):
        return (str(Path(command).absolute()),)
    python = Path(sys.executable)
    windowless = python.with_name("pythonw.exe")
    if sys.platform == "win32" and windowless.exists():
        python = windowless
    return (str(python), "-P", "-m", "reprospective_tray")


def _frozen_program() -> str:
    """Return the frozen program; on Windows not the one for terminals, which opens one."""
    program = Path(sys.executable)
    windowless = program.with_name(f"{NAME}.exe")
    return str(windowless if sys.platform == "win32" and windowless.exists() else program)


def _runs_by_this_python(script: Path) -> bool:
    """Say whether the first line of `script` names the interpreter that runs this."""
    try:
        with script.open("rb") as stream:
            first = os.fsdecode(stream.readline(_LONGEST_LINE).rstrip())
    except OSError:
        return False
    named, here = Path(first.removeprefix("#!")), Path(sys.executable)
    # By its folder, too: the interpreters of all virtual environments are links to one file.
    return first.startswith("#!") and (named.parent.resolve(), named.resolve()) == (
        here.parent.resolve(),
        here.resolve(),
    )


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start `command` on its own and return it; a thread waits for its end.

    Raises:
        ReprospectiveError: there is no such program.
    """
    try:
        # What it prints is for nobody: it must not come up between the output of a command.
        process = subprocess.Popen(
            command,
            env=child_environment.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ReprospectiveError(
            _("{program} cannot be started: {reason}.").format(
                program=command[0], reason=error.strerror
            )
        ) from error
    threading.Thread(target=process.wait, name="wait", daemon=True).start()
    return process


def open_with_desktop(path: Path) -> None:
    """Open a file or folder with the program that the person's desktop has for it.

    Raises:
        ReprospectiveError: the desktop has no way to open things.
    """
    if sys.platform == "win32":
        with child_environment.entered():
            os.startfile(path)  # noqa: S606  Windows' own way to open a file
        return
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    try:
        start([opener, str(path)])
    except ReprospectiveError as error:
        raise ReprospectiveError(
            _("{path} cannot be opened because {program} is not installed.").format(
                path=path, program=opener
            ),
            _("Open it yourself, or install the package that provides {program}.").format(
                program=opener
            ),
        ) from error
