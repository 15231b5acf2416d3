"""Starting at login on Windows: the person's Run key.

Not run on Windows yet: the tests give it a registry that is a dict.
"""

from __future__ import annotations

import subprocess
from typing import Any

from reprospective_tray import NAME
from reprospective_tray.desktop.autostart.base import Autostart, AutostartState, LoginCommand
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
# What Task Manager and Settings switch: bytes of which the first is odd where it is off.
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
# Windows starts nothing whose line is longer.
LONGEST = 260


class RunKey(Autostart):
    """A value in the registry, which holds a command line."""

    def __init__(self, winreg: Any) -> None:
        """Take Python's module of that name."""
        self._winreg = winreg

    def standing(self) -> AutostartState:
        """Return how it stands; what is switched off in Task Manager is off."""
        line = self._read(RUN)
        words = split_command_line(line) if isinstance(line, str) else ()
        approved = self._read(APPROVED)
        is_off = isinstance(approved, bytes) and bool(approved) and bool(approved[0] % 2)
        return AutostartState(
            is_on=bool(words) and not is_off,
            place=rf"HKEY_CURRENT_USER\{RUN}\{NAME}",
            command=LoginCommand(words) if words else None,
        )

    def enable(self, command: LoginCommand) -> None:
        """Write the command line, and take back that it was switched off."""
        self.renew(command)
        self._delete(APPROVED)

    def renew(self, command: LoginCommand) -> None:
        """Write the command line."""
        line = subprocess.list2cmdline(command.words)
        if len(line) > LONGEST:
            raise ReprospectiveError(
                _(
                    "Windows cannot start a command of more than {count} characters: {command}"
                ).format(count=LONGEST, command=line),
                _("Move it to a folder with a shorter name."),
            )
        winreg = self._winreg
        try:
            with winreg.CreateKey(winreg.HKEY_CURRENT_USER, RUN) as key:
                winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, line)
        except OSError as error:
            raise _not_written(error) from error

    def disable(self) -> None:
        """Remove the command line."""
        self._delete(RUN)
        self._delete(APPROVED)

    def _read(self, place: str) -> object:
        winreg = self._winreg
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, place) as key:
                value, _kind = winreg.QueryValueEx(key, NAME)
        except OSError:
            return None
        found: object = value
        return found

    def _delete(self, place: str) -> None:
        winreg = self._winreg
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, place, 0, winreg.KEY_SET_VALUE) as key:
                winreg.DeleteValue(key, NAME)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _not_written(error) from error


def _not_written(error: OSError) -> ReprospectiveError:
    return ReprospectiveError(
        _("{file} cannot be written: {reason}").format(
            file=rf"HKEY_CURRENT_USER\{RUN}", reason=error.strerror or error
        ),
        _("Free some space, or give yourself write access to it."),
    )


def split_command_line(line: str) -> tuple[str, ...]:
    """Return the words of a command line, as Windows' programs take it apart. Pure."""
    words: list[str] = []
    word: str | None = None
    quoted, backslashes = False, 0
    for sign in [*line, " "]:
        if sign == "\\":
            backslashes += 1
            continue
        if sign == '"':
            # Backslashes before a quote stand for half of them; one left over is the quote's.
            word = (word or "") + "\\" * (backslashes // 2)
            if backslashes % 2:
                word += sign
            else:
                quoted = not quoted
        else:
            if backslashes:
                word = (word or "") + "\\" * backslashes
            if quoted or sign not in " \t":
                word = (word or "") + sign
            elif word is not None:
                words.append(word)
                word = None
        backslashes = 0
    return tuple(words)
