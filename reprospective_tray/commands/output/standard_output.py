"""Standard output and error: printed text arrives, and nothing in it controls a terminal.

Everything that the commands print passes here: titles, a server's errors, settings.
"""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import cast

from reprospective_tray import clean_text
from reprospective_tray.errors import OutputError
from reprospective_tray.messages import _


class CleanStream(TextIOWrapper):
    """Text for a person: whatever could control a terminal is replaced."""

    is_exact = False
    """Whether all text passes unchanged, for other programs; never to a terminal."""

    def write(self, text: str) -> int:
        """Write `text`; it may wait in memory until `flush`."""
        super().write(text if self.is_exact else clean_text.lines(text))
        return len(text)

    def write_styled(self, text: str) -> None:
        """Write `text` in which this program has set colours and weights."""
        super().write(clean_text.styled_lines(text))


class StandardOutput(CleanStream):
    """The same for standard output; a failing write raises OutputError, wherever it happens.

    Otherwise an OSError of this stream could not be told from any other one.
    """

    def write(self, text: str) -> int:
        """Write `text`; it may wait in memory until `flush`."""
        try:
            return super().write(text)
        except OSError as error:
            raise _not_taken(error) from error

    def write_styled(self, text: str) -> None:
        """Write `text` in which this program has set colours and weights."""
        try:
            super().write_styled(text)
        except OSError as error:
            raise _not_taken(error) from error

    def flush(self) -> None:
        """Write what waits in memory."""
        try:
            super().flush()
        except OSError as error:
            raise _not_taken(error) from error


def prepare() -> None:
    """Replace stdout and stderr by these streams, unless something else has replaced them."""
    for name, kind in (("stdout", StandardOutput), ("stderr", CleanStream)):
        found = getattr(sys, name)
        if type(found) is TextIOWrapper and found is getattr(sys, f"__{name}__"):
            made = kind(
                found.buffer,
                encoding=found.encoding,
                errors=found.errors,
                line_buffering=found.line_buffering,
                write_through=found.write_through,
            )
            setattr(sys, name, made)


def print_styled(text: str) -> None:
    """Print `text`, which may have colours and weights of this program."""
    if isinstance(sys.stdout, CleanStream):
        sys.stdout.write_styled(text)
    else:
        sys.stdout.write(text)


def speak_utf8() -> None:
    """Make stdout readable for other programs, whatever the terminal's encoding is."""
    cast("TextIOWrapper", sys.stdout).reconfigure(encoding="utf-8", newline="\n")
    if isinstance(sys.stdout, CleanStream):
        sys.stdout.is_exact = not sys.stdout.isatty()


def flush_or_drop() -> None:
    """Write what waits in memory for stdout and stderr, or drop what cannot be written.

    Otherwise Python would fail at its end, with an exit code of its own.
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
