"""The command line: parse, call, print; the commands themselves are in `commands`."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper

from reprospective_tray.commands.command_line.all_commands import make_parser
from reprospective_tray.commands.output import standard_output
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _, set_language
from reprospective_tray.system import logs

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong usage or config."""
    set_language("auto")
    _prepare_streams()
    verbose = False
    try:
        try:
            options = make_parser().parse_args(argv)
            verbose = options.verbose
            code: int = options.call(options)
        except SystemExit:  # --help and --version have printed
            code = 0
        sys.stdout.flush()
    except ReprospectiveError as error:
        if verbose:
            _complain_of(error)
        _complain(f"reprospective-tray: {error}", error.remedy)
        code = error.exit_code
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001  the top: what nobody foresaw is said in a line
        _report_crash(error, verbose=verbose)
        code = 1
    standard_output.flush_or_drop()
    return code


def _prepare_streams() -> None:
    """Let there be streams, also where they were closed, that take any character."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            # In this order each gets its own number again, which no database may get.
            descriptor = os.open(os.devnull, os.O_RDWR)
            nowhere = open(descriptor, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  for good
            setattr(sys, name, nowhere)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A title in a script that the terminal cannot show must not end a command.
            stream.reconfigure(errors="replace")
    standard_output.prepare()


def _complain(*lines: str) -> None:
    """Print `lines` on stderr; where that cannot be, nobody is left to hear it."""
    with suppress(OSError):
        for line in filter(None, lines):
            print(line, file=sys.stderr)


def _complain_of(error: Exception) -> None:
    """Print the traceback, indented: no line of an error's text looks like one of the program."""
    import textwrap
    import traceback

    _complain(textwrap.indent("".join(traceback.format_exception(error)).rstrip(), "  "))


def _report_crash(error: Exception, *, verbose: bool) -> None:
    """Say that the program itself is wrong; the log and `--verbose` get the traceback."""
    kind = type(error).__name__
    what = _("an internal error: {kind}: {error}").format(kind=kind, error=error)
    if verbose:
        _complain_of(error)
    logs.to_file(what, error)
    remedy = "" if verbose else _("Run it again with --verbose to see where.")
    _complain(f"reprospective-tray: {what}", remedy)
