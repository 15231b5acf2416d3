"""The environment for child processes: the user's, without the changes of a frozen build.

A frozen build changes the paths of its libraries and of the data of GTK and Tk. An editor or file
manager that inherits them would load these libraries instead of its own and fail.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Prefix of variables that PyInstaller's bootloader passes to the program.
_OF_THE_START = "_PYI_"
_LIBRARIES = "LD_LIBRARY_PATH"
_LIBRARIES_BEFORE = "LD_LIBRARY_PATH_ORIG"

_before: dict[str, str] = {}
# The variables that this program has changed, with the user's original values.
_own: dict[str, str | None] = {}


def remember() -> None:
    """Store the present environment as the user's; a frozen program must call it first.

    The library path is restored at once, because the system reads it only when a program is
    loaded. So libraries that start tools themselves do not pass it on either.
    """
    for name in [name for name in os.environ if name.startswith(_OF_THE_START)]:
        del os.environ[name]
    os.environ.pop(_LIBRARIES, None)
    if (libraries := os.environ.pop(_LIBRARIES_BEFORE, None)) is not None:
        os.environ[_LIBRARIES] = libraries
    _before.update(os.environ)


def tell_apart() -> None:
    """Store the variables changed since `remember` as this program's own."""
    names = _before.keys() | os.environ.keys()
    _own.update({n: _before.get(n) for n in names if _before.get(n) != os.environ.get(n)})


def environment() -> dict[str, str]:
    """Return the environment for a child process, including another instance of this program."""
    variables: dict[str, str | None] = {**os.environ, **_own}
    return {name: value for name, value in variables.items() if value is not None}


@contextmanager
def entered() -> Iterator[None]:
    """Set the user's environment in the block, for calls that pass os.environ to a child."""
    inside = {name: os.environ.get(name) for name in _own}
    _set(_own)
    _search_libraries_in(None)
    try:
        yield
    finally:
        _set(inside)
        _search_libraries_in(getattr(sys, "_MEIPASS", None))


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _search_libraries_in(folder: str | None) -> None:
    """Make Windows also search `folder` for libraries; child processes inherit this setting."""
    if sys.platform == "win32" and getattr(sys, "frozen", False):
        import ctypes

        ctypes.windll.kernel32.SetDllDirectoryW(folder)
