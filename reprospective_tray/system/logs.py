"""The log: a small rotating file that only its owner can read, and warnings on stderr.

Errors in logging never reach the program, because recording is more important than the log.
"""

from __future__ import annotations

import contextlib
import io
import logging
import logging.handlers
import os
import sys
import textwrap
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from reprospective_tray import clean_text
from reprospective_tray.system.private_files import OWNER_FILE, make_private_folder

if TYPE_CHECKING:
    from reprospective_tray.system.paths import Paths

PACKAGE = "reprospective_tray"
MAX_BYTES = 1_000_000
FILES = 3  # the one being written and two older ones

_FORMAT = "%(asctime)s %(levelname)s %(name)s [%(threadName)s] %(message)s"


class _LocalTime(logging.Formatter):
    """Formats times as local time with the UTC offset.

    A message is always one line, whatever it quotes; only a traceback has several.
    """

    def format(self, record: logging.LogRecord) -> str:
        # Another handler's formatter may have left the traceback there as it was.
        record.exc_text = None
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        record.message = clean_text.one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  the library's name
        # Indented, so that no line of an exception's text looks like a log line.
        return textwrap.indent(clean_text.lines(super().formatException(ei)), "  ")

    def formatTime(  # noqa: N802  the library's name
        self,
        record: logging.LogRecord,
        datefmt: str | None = None,  # noqa: ARG002  the library's argument; the format is fixed
    ) -> str:
        instant = datetime.fromtimestamp(record.created).astimezone()
        return instant.isoformat(sep=" ", timespec="milliseconds")


class _OneLine(logging.Formatter):
    """Formats a message for the user on one line, without a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"reprospective-tray: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            line += f": {record.exc_info[1]}"
        return clean_text.one_line(line)


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file (0600) that never raises and reopens if another process rotates it."""

    def _open(self) -> io.TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(self.baseFilename, flags, OWNER_FILE)
        return io.TextIOWrapper(
            os.fdopen(descriptor, "ab"), encoding=self.encoding, errors=self.errors
        )

    def close(self) -> None:
        with contextlib.suppress(OSError):  # buffered lines on a full disk
            super().close()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._follow()
        except OSError:  # the folder is missing or not accessible
            self.handleError(record)
            return
        super().emit(record)

    def _follow(self) -> None:
        """Close the file if another one has replaced it under its name."""
        if self.stream is None:
            return
        try:
            there = Path(self.baseFilename).stat()
        except FileNotFoundError:
            there = None
        if there is None or not os.path.samestat(there, os.fstat(self.stream.fileno())):
            self.stream.close()
            self.stream = None  # emit opens it again

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's
        """Drop the line: on a full disk it cannot be reported anywhere."""


class _Terminal(logging.StreamHandler[IO[str]]):
    """Writes lines to stderr; ignores a closed terminal."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's
        """Drop the line: the terminal is closed."""


def setup(paths: Paths, verbose: bool, console: bool) -> None:
    """Start logging to the file, and with `console` also warnings to stderr.

    `verbose` adds debug messages to both, and tracebacks to stderr. Calling it again replaces the
    earlier handlers.
    """
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old, _PrivateFile | _Terminal):
            root.removeHandler(old)
            old.close()
    root.setLevel(logging.WARNING)  # for libraries
    logging.getLogger(PACKAGE).setLevel(logging.DEBUG if verbose else logging.INFO)
    # With pythonw, sys.stderr is None.
    if console and sys.stderr is not None:
        terminal = _Terminal(sys.stderr)
        terminal.setLevel(logging.DEBUG if verbose else logging.WARNING)
        terminal.setFormatter(_LocalTime(_FORMAT) if verbose else _OneLine())
        root.addHandler(terminal)
    try:
        root.addHandler(_file_handler(paths.log_file))
    except OSError as error:
        logging.getLogger(__name__).warning(
            "no log is written: %s: %s", paths.log_file, error.strerror or error
        )


def to_file(what: str, error: BaseException) -> None:
    """Write `what` and the traceback of `error` only to the log file, if there is one."""
    about = (type(error), error, error.__traceback__)
    record = logging.LogRecord(PACKAGE, logging.ERROR, __file__, 0, what, None, about)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _PrivateFile):
            handler.handle(record)


def _file_handler(file: Path) -> logging.Handler:
    make_private_folder(file.parent)
    handler = _PrivateFile(
        file, maxBytes=MAX_BYTES, backupCount=FILES - 1, encoding="utf-8", errors="replace"
    )
    handler.setFormatter(_LocalTime(_FORMAT))
    return handler
