"""What every way of starting at login offers, and the command that is started."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath, PureWindowsPath
from typing import TYPE_CHECKING

from reprospective_tray import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULE = "reprospective_tray"


@dataclass(frozen=True, slots=True)
class LoginCommand:
    """What an entry starts: the program and its arguments, as words."""

    words: tuple[str, ...]

    @property
    def program(self) -> tuple[str, ...]:
        """The words that name this program; none where somebody put a command of their own."""
        if self.words and _stem(self.words[0]) == NAME:
            return self.words[:1]
        for at in range(1, len(self.words) - 1):
            if self.words[at : at + 2] == ("-m", MODULE):
                return self.words[: at + 2]
            if not self.words[at].startswith("-"):
                break
        return ()

    def with_program(self, program: Sequence[str]) -> LoginCommand:
        """Return the same arguments for this program where it lies now."""
        return LoginCommand((*program, *self.words[len(self.program) :]))

    def missing(self) -> str:
        """Return the program or the config file that it names and that is not there, or ''."""
        if not self.words:
            return ""
        if shutil.which(self.words[0]) is None:
            return self.words[0]
        arguments = self.words[len(self.program) :]
        for option, value in pairwise(arguments):
            if option == "--config" and self.program and not os.path.lexists(value):
                return value
        return ""


def _stem(word: str) -> str:
    """Return a program's name without folder and ``.exe``, of either kind of path."""
    path = PureWindowsPath(word) if "\\" in word else PurePath(word)
    return path.stem if path.suffix.lower() == ".exe" else path.name


@dataclass(frozen=True, slots=True)
class AutostartState:
    """How starting at login stands.

    Attributes:
        is_on: Whether an entry says so, and nothing else says no.
        place: Where the entry lies, or where one would be put.
        command: What it starts; None where there is none that can be read.
        is_own: Whether the entry is the person's own, not one for all persons.
    """

    is_on: bool
    place: str
    command: LoginCommand | None = None
    is_own: bool = True

    @property
    def missing(self) -> str:
        """What is to be started, or its config, where that is not there any more; else ''."""
        return self.command.missing() if self.is_on and self.command else ""

    @property
    def works(self) -> bool:
        """Whether the next login starts the program, as far as one can know."""
        return self.is_on and not self.missing


class Autostart(ABC):
    """One system's way of starting programs at login. Reading is a matter of a millisecond."""

    is_possible = True
    why_not = ""
    """Why there is no such way here, a sentence."""

    @abstractmethod
    def standing(self) -> AutostartState:
        """Return how it stands; what cannot be read is off, as it is for the system."""

    @abstractmethod
    def enable(self, command: LoginCommand) -> None:
        """Have `command` started at each login, by an entry of the person's own.

        Raises:
            ReprospectiveError: the entry could not be written; the one before is untouched.
        """

    @abstractmethod
    def renew(self, command: LoginCommand) -> None:
        """Let the person's own entry start `command`, and leave all else in it as it is.

        Raises:
            ReprospectiveError: as for `enable`.
        """

    @abstractmethod
    def disable(self) -> None:
        """Have the program started no more; nothing happens where it is off.

        Raises:
            ReprospectiveError: the entry could not be changed.
        """
