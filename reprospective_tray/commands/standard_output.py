"""Standard output: what is printed there arrives, or one error says why it did not."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import cast

from reprospective_tray.errors import OutputError
from reprospective_tray.messages import _


class StandardOutput(TextIOWrapper):
    """Text on standard output; a write that fails raises OutputError, wherever it is made.

    Without it an OSError of this stream could not be told from any other one.
    """

    def write(self, text: str) -> int:
        """Write `text`; it may wait in memory until `flush`."""
        try:
            return super().write(text)
        except OSError as error:
            raise _not_taken(error) from error

    def flush(self) -> None:
        """Write what waits in memory."""
        try:
            super().flush()
        except OSError as error:
            raise _not_taken(error) from error


def prepare() -> None:
    """Let `sys.stdout` be a StandardOutput, unless something else was put in its place."""
    found = sys.stdout
    if type(found) is TextIOWrapper and found is sys.__stdout__:
        sys.stdout = StandardOutput(
            found.buffer,
            encoding=found.encoding,
            errors=found.errors,
            line_buffering=found.line_buffering,
            write_through=found.write_through,
        )


def speak_utf8() -> None:
    """Let stdout be what other programs read, whatever the terminal's encoding is."""
    cast("TextIOWrapper", sys.stdout).reconfigure(encoding="utf-8", newline="\n")


def flush_or_drop() -> None:
    """Write what waits in memory for stdout and stderr, or drop what nobody takes.

    Python's own end would fail at it, with an exit code of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OutputError, OSError):
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _not_taken(error: OSError) -> OutputError:
    return OutputError(
        _("the output cannot be written: {reason}.").format(reason=error.strerror or error)
    )
