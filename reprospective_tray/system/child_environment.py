"""The environment for programs started from here: the person's, not the frozen build's.

A frozen build changes its own: where its libraries lie, and the data of GTK and Tk. An editor or a
file manager that inherited that would load these libraries in the place of its own, and break.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the start of a frozen program hands on to itself.
_OF_THE_START = "_PYI_"
_LIBRARIES = "LD_LIBRARY_PATH"
_LIBRARIES_BEFORE = "LD_LIBRARY_PATH_ORIG"

_before: dict[str, str] = {}
# The variables that are this program's alone, with what the person has in their place.
_own: dict[str, str | None] = {}


def remember() -> None:
    """Take the environment of now for the person's: the first that a frozen program does.

    The path of libraries is put back at once, since the system has read it when the program
    was loaded: so libraries that start tools by themselves cannot hand it on either.
    """
    for name in [name for name in os.environ if name.startswith(_OF_THE_START)]:
        del os.environ[name]
    os.environ.pop(_LIBRARIES, None)
    if (libraries := os.environ.pop(_LIBRARIES_BEFORE, None)) is not None:
        os.environ[_LIBRARIES] = libraries
    _before.update(os.environ)


def tell_apart() -> None:
    """Take what has changed since `remember` for this program's alone."""
    names = _before.keys() | os.environ.keys()
    _own.update({n: _before.get(n) for n in names if _before.get(n) != os.environ.get(n)})


def environment() -> dict[str, str]:
    """Return the variables for a program that is started from here, this one included."""
    variables: dict[str, str | None] = {**os.environ, **_own}
    return {name: value for name, value in variables.items() if value is not None}


@contextmanager
def entered() -> Iterator[None]:
    """Be outside for a moment: for what opens files with the environment of its caller."""
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
    """Have Windows look for libraries in `folder`, too; whatever is started inherits it."""
    if sys.platform == "win32" and getattr(sys, "frozen", False):
        import ctypes

        ctypes.windll.kernel32.SetDllDirectoryW(folder)
