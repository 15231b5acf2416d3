"""Where what is exported goes: stdout, a file that is there when it is whole, or a device."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.private_files import replacing

if TYPE_CHECKING:
    from io import TextIOWrapper

STDOUT = Path("-")


def speak_utf8() -> None:
    """Let stdout be what other programs read, whatever the terminal's encoding is."""
    cast("TextIOWrapper", sys.stdout).reconfigure(encoding="utf-8", newline="\n")


@contextmanager
def open_output(path: Path | None) -> Iterator[TextIO]:
    """Yield stdout, or what is at `path`: a new file for its owner alone, a pipe, a device.

    Raises:
        ReprospectiveError: it cannot be written.
    """
    if path is None or path == STDOUT:
        speak_utf8()
        yield sys.stdout
        return
    try:
        # What is no file must not be replaced by one: it is written into.
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("w", encoding="utf-8", newline="") as stream:
                yield stream
            return
        with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ReprospectiveError(
            _("{path} cannot be written: {reason}.").format(path=path, reason=error.strerror),
            _("Name a file in a folder that you may write to, or leave -o out for stdout."),
        ) from error
