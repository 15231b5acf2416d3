"""Recognises the program's own windows by their class, and by the process that shows them."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from reprospective_tray import NAME, PRODUCT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprospective_tray.monitor.observation import Observation

_CLASS = PRODUCT.casefold()  # KWin tells of classes in lower case
_PACKAGE = ("-m", __name__.partition(".")[0])
_ENDS = (".exe", ".py")
_WITH_VALUE = frozenset({"-W", "-X"})


class OwnWindowCheck:
    """Asks once for each window; for one thread."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._asked: tuple[int, int] | None = None
        self._answer = False

    def matches(self, seen: Observation) -> bool:
        """Tell whether `seen` is a window of this program, whoever started it."""
        if is_own_class(seen.application_name):
            return True
        if not seen.process_id:
            return False
        asked = seen.process_id, seen.window_id
        if asked != self._asked:
            self._asked, self._answer = asked, _runs_this_program(seen.process_id)
        return self._answer


def is_own_class(application_name: str) -> bool:
    """Tell whether windows of this name are this program's; on Wayland it is the app_id."""
    return application_name.casefold() == _CLASS


def _runs_this_program(process_id: int) -> bool:
    """Tell it by the command line: editors that the program opens are its children, too."""
    if process_id == os.getpid():
        return True
    import psutil  # most Wayland compositors tell of no process: they need none of it

    try:
        command = psutil.Process(process_id).cmdline()
    except (psutil.Error, OSError, ValueError):
        return False
    return is_own_command(command)


def is_own_command(command: Sequence[str]) -> bool:
    """Tell whether a process with this command line is this program.

    It runs as itself, as a script of Python, or as Python's module.
    """
    names = [_name(word) for word in command]
    if NAME in names[:1]:
        return True
    if not names or not names[0].startswith("python"):
        return False
    options = names[1:]
    while options and options[0].startswith("-"):
        if tuple(options[:2]) == _PACKAGE:
            return True
        if options[0] in {"-c", "-m"}:  # what follows is another program
            return False
        del options[: 2 if options[0] in _WITH_VALUE else 1]
    return NAME in options[:1]


def _name(word: str) -> str:
    name = PurePath(word).name
    return next((name[: -len(end)] for end in _ENDS if name.casefold().endswith(end)), name)
