"""The target of an export: standard output, a device, or a file written completely."""

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from reprospective_tray.commands.output.standard_output import speak_utf8
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.system.private_files import replacing

STDOUT = Path("-")
_STDOUT_NUMBER = 1
_MOST_LINKS = 40  # as many as Linux follows
# Errors that another name or folder on the same disk would not change.
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EPIPE, getattr(errno, "EDQUOT", None)}
_ENDING = ("SIGTERM", "SIGHUP")


def is_stdout(path: Path | None) -> bool:
    """Tell whether `path` is standard output: omitted, ``-``, or a name such as /dev/stdout."""
    return path is None or path == STDOUT or _descriptor(path) == _STDOUT_NUMBER


@contextmanager
def open_output(path: Path | None, *, overwrite: bool = False) -> Iterator[TextIO]:
    """Yield stdout, or what is at `path`: a new file only for its owner, a pipe, a device.

    An existing file is replaced only with `overwrite`; a failure half way leaves everything as
    it was.

    Raises:
        ReprospectiveError: it cannot be written, or exists already.
    """
    if path is None or is_stdout(path):
        speak_utf8()
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        with _opened(path, overwrite=overwrite) as stream:
            yield stream
    except FileExistsError as error:
        raise there_already(path) from error
    except OSError as error:
        raise ReprospectiveError(
            _("{path} cannot be written: {reason}.").format(path=path, reason=error.strerror),
            ""
            if error.errno in _NO_ROOM
            else _(
                "Choose a file in a folder that you can write to, or omit -o to write to stdout."
            ),
        ) from error


def there_already(path: Path) -> ReprospectiveError:
    """Return the error that refuses to replace what is at `path`."""
    text = (
        _("{path} already exists. Nothing was written.")
        if path.exists()
        else _("{path} is a link to a file that does not exist. Nothing was written.")
    )
    return ReprospectiveError(
        text.format(path=path), _("Choose another name, or write there with --force.")
    )


@contextmanager
def cleaning_up() -> Iterator[None]:
    """Let a signal to end (SIGTERM, a closed terminal) work as Ctrl+C does: a partial file goes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (getattr(signal, name) for name in _ENDING if hasattr(signal, name))
    # Signals that are ignored, as with nohup, stay ignored.
    taken = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def _opened(path: Path, *, overwrite: bool) -> Iterator[TextIO]:
    number = _descriptor(path)
    if number is not None:
        # By its number: opening it by name again would start at the file's first byte.
        with os.fdopen(os.dup(number), "w", encoding="utf-8", newline="") as stream:
            yield stream
    elif path.exists() and not path.is_file() and not path.is_dir():
        # A pipe or a device: it must not be replaced by a file.
        with path.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    else:
        with (
            replacing(path, overwrite=overwrite) as partial,
            partial.open("w", encoding="utf-8", newline="") as stream,
        ):
            yield stream


def _descriptor(path: Path) -> int | None:
    """Return the number of the open file named by `path`: 1 for /dev/stdout or /dev/fd/1."""
    folders = {os.path.realpath(folder) for folder in ("/proc/self/fd", "/dev/fd")}
    for _link in range(_MOST_LINKS):
        if path.name.isdecimal() and os.path.realpath(path.parent) in folders:
            return int(path.name)
        if not path.is_symlink():
            break
        path = path.parent / path.readlink()
    return None
