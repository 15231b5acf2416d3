"""The command line: parse, call, print; the commands themselves are in `commands`."""

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

from reprospective_tray import __version__, arguments
from reprospective_tray.errors import ReprospectiveError, UsageError
from reprospective_tray.messages import _, set_language

INTERRUPTED = 130


class _Formatter(argparse.HelpFormatter):
    """Help whose first word comes from the catalogue, too."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, _("usage: ") if prefix is None else prefix)


class _Parser(argparse.ArgumentParser):
    """A parser that refuses in two lines: what is wrong, and where help is."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(add_help=False, formatter_class=_Formatter, **settings)
        # argparse has words of its own for these, in English alone.
        self._positionals.title = _("arguments")
        self._optionals.title = _("options")
        self.add_argument("-h", "--help", action="help", help=_("show this help"))

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, _("See: {program} --help").format(program=self.prog))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong usage or config."""
    set_language("auto")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A title in a script that the terminal cannot show must not end a command.
            stream.reconfigure(errors="replace")
    verbose = False
    try:
        options = make_parser().parse_args(argv)
        verbose = options.verbose
        code: int = options.call(options)
        sys.stdout.flush()
    except ReprospectiveError as error:
        if verbose:
            import traceback

            traceback.print_exc()
        print(f"reprospective-tray: {error}", file=sys.stderr)
        if error.remedy:
            print(error.remedy, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Who reads our output has enough of it; Python must not try to flush the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each option set has `call`, what to do."""
    from reprospective_tray import commands

    parser = _Parser(
        prog="reprospective-tray",
        description=_("Records which window you use, as sessions, and shows where the time went."),
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"%(prog)s {__version__}",
        help=_("show the version"),
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help=_("the config file to use"))
    parser.add_argument(
        "-v", "--verbose", action="store_true", help=_("say every step, and tracebacks of errors")
    )
    add = parser.add_subparsers(
        title=_("commands"), metavar="COMMAND", required=True, parser_class=_Parser
    ).add_parser

    run = add("run", help=_("record, with the icon in the tray"))
    run.add_argument("--no-tray", action="store_true", help=_("record without an icon"))
    run.set_defaults(call=commands.run)

    status = add("status", help=_("how the program and what it keeps stand"))
    status.add_argument("--json", action="store_true", help=_("as JSON"))
    status.set_defaults(call=commands.status)

    pause = add("pause", help=_("record nothing for a while"))
    pause.add_argument(
        "--for",
        dest="length",
        type=arguments.length,
        metavar="TIME",
        help=_("such as 30m or 1h; otherwise until `resume`"),
    )
    pause.set_defaults(call=commands.pause)
    add("resume", help=_("record again")).set_defaults(call=commands.resume)

    add("summary", help=_("open the window with the day's figures")).set_defaults(
        call=commands.summary
    )
    # Started by the program itself where the tray has no menu.
    add("control-window").set_defaults(call=commands.control_window)
    _add_report(add("report", help=_("where the time went")), commands.report)
    _add_export(add("export", help=_("the raw sessions, or a copy of the database")))

    take = add("import", help=_("take over what `export` wrote"))
    take.add_argument("--format", choices=["jsonl"], default="jsonl", help=_("default: jsonl"))
    take.add_argument("file", type=Path, metavar="FILE")
    take.set_defaults(call=commands.import_)
    _add_config(add("config", help=_("where the config lies, what it says, whether it is right")))
    return parser


def _add_report(report: argparse.ArgumentParser, call: object) -> None:
    report.add_argument("--date", type=arguments.day, metavar="D", help=_("default: today"))
    report.add_argument("--from", dest="first", type=arguments.day, metavar="D")
    report.add_argument("--to", dest="last", type=arguments.day, metavar="D", help=_("inclusive"))
    report.add_argument("--host", metavar="H", help=_("only this computer's sessions"))
    report.add_argument(
        "--titles", type=arguments.count, metavar="N", help=_("titles of each application")
    )
    report.add_argument("--format", choices=["text", "json"], default="text")
    report.set_defaults(call=call)


def _add_export(export: argparse.ArgumentParser) -> None:
    from reprospective_tray import commands

    export.add_argument("--from", dest="since", type=arguments.instant, metavar="T")
    export.add_argument(
        "--to", dest="until", type=arguments.instant, metavar="T", help=_("exclusive")
    )
    export.add_argument("--format", choices=["jsonl", "csv"], default="jsonl")
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help=_("default: stdout"))
    export.add_argument(
        "--snapshot", type=Path, metavar="FILE", help=_("a consistent copy of the whole database")
    )
    export.set_defaults(call=commands.export)


def _add_config(config: argparse.ArgumentParser) -> None:
    from reprospective_tray import commands

    add = config.add_subparsers(metavar="ACTION", required=True, parser_class=_Parser).add_parser
    add("path", help=_("where config, data, state and log lie")).set_defaults(
        call=commands.config_path
    )
    add("show", help=_("the settings in force")).set_defaults(call=commands.config_show)
    add("init", help=_("put a config file with every key explained in its place")).set_defaults(
        call=commands.config_init
    )
    check = add("check", help=_("whether the config is right, and what the privacy rules take"))
    check.add_argument("--application", default="", metavar="A")
    check.add_argument("--title", default="", metavar="T")
    check.set_defaults(call=commands.config_check)
