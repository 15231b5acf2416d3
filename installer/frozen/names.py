"""What the frozen build and its parts are called, on each system."""

import platform
import re

from reprospective_tray import NAME

CONTENTS = "_internal"
# The one that opens no window of a terminal, and the one for terminals: Windows knows the kind of a
# program by its file alone, and takes the second for the command, since .COM comes before .EXE.
WINDOWLESS = f"{NAME}.exe"
FOR_TERMINALS = f"{NAME}.com"
# What PyInstaller makes of the second; it knows no other ending.
FOR_TERMINALS_AS_BUILT = f"{NAME}-terminal.exe"
APP = "Reprospective.app"


def release_numbers(version: str) -> tuple[int, int, int]:
    """Return the numbers that systems compare; ``1.2rc1`` is (1, 2, 0)."""
    release = re.match(r"\d+(?:\.\d+)*", version)
    assert release, version
    first, second, third = [*map(int, release[0].split(".")), 0, 0][:3]
    return first, second, third


def archive(version: str) -> str:
    """Return the name of the archive for this Linux, without its endings."""
    return f"{NAME}-{version}-linux-{platform.machine()}"
