"""What may stand on the command line: the commands and their options."""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

from reprospective_tray import __version__, arguments
from reprospective_tray.errors import UsageError
from reprospective_tray.messages import _

# Started by the program itself: the menu where the tray has none, and what asks before forgetting.
# By its set-up program: what ends it before its files are replaced.
_OWN_COMMANDS = ("control-window", "forget-window", "quit")


class _Offered(dict[str, Any]):
    """The commands by name; those that the program keeps for itself are not listed."""

    def __iter__(self) -> Iterator[str]:
        return (name for name in super().__iter__() if name not in _OWN_COMMANDS)


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


def find(name: str) -> Callable[[Any], int]:
    """Return a function of `commands`, named ``module.function``; its module alone is loaded."""
    module, _dot, function = name.partition(".")
    found: Callable[[Any], int] = getattr(
        import_module(f"reprospective_tray.commands.{module}"), function
    )
    return found


def _call(name: str, options: Any) -> int:
    return find(name)(options)


def _later(name: str) -> Callable[[Any], int]:
    return partial(_call, name)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each option set has `call`, what to do."""
    from reprospective_tray.commands import server

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
    parser.add_argument(
        "--config", type=arguments.file, metavar="FILE", help=_("the config file to use")
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help=_("say every step, and tracebacks of errors")
    )
    commands = parser.add_subparsers(
        title=_("commands"), metavar="COMMAND", required=True, parser_class=_Parser
    )
    add = commands.add_parser

    run = add("run", help=_("record, with the icon in the tray"))
    run.add_argument("--no-tray", action="store_true", help=_("record without an icon"))
    run.set_defaults(call=_later("instance.run"))

    status = add("status", help=_("is it running, paused until when, active time today"))
    status.add_argument("--json", action="store_true", help=_("as JSON"))
    status.set_defaults(call=_later("instance.status"))

    pause = add("pause", help=_("record nothing for a while"))
    pause.add_argument(
        "--for",
        dest="length",
        type=arguments.length,
        metavar="TIME",
        help=_("such as 30m or 1h; otherwise until `resume`"),
    )
    pause.set_defaults(call=_later("instance.pause"))
    add("resume", help=_("record again")).set_defaults(call=_later("instance.resume"))

    _add_sync(add("sync", help=_("send to the server until nothing waits")))

    add("summary", help=_("open the window with the day's figures")).set_defaults(
        call=_later("instance.summary")
    )
    add("control-window").set_defaults(call=_later("instance.control_window"))
    add("quit").set_defaults(call=_later("instance.quit_"))
    asking = add("forget-window")
    asking.add_argument("--since", type=int, required=True)
    asking.set_defaults(call=_later("forgetting.forget_window"))
    _add_report(add("report", help=_("where the time went")))
    _add_export(add("export", help=_("the raw sessions, or a copy of the database")))

    _add_import(add("import", help=_("take over what `export` wrote, or ActivityWatch")))
    _add_forget(add("forget", help=_("delete for good what was recorded in a range of time")))
    check_up = add("doctor", help=_("what the program needs and finds here, and the remedies"))
    check_up.add_argument("--json", action="store_true", help=_("as JSON"))
    check_up.set_defaults(call=_later("doctor.doctor"))
    server.add_to(
        add("server", help=_("prepare the central PostgreSQL, add persons, see how it stands"))
    )
    _add_autostart(add("autostart", help=_("whether the program starts when you log in")))
    _add_config(add("config", help=_("where the config lies, what it says, whether it is right")))
    commands.choices = _Offered(commands.choices)
    return parser


def _add_sync(sync: argparse.ArgumentParser) -> None:
    sync.add_argument("--json", action="store_true", help=_("as JSON"))
    sync.add_argument(
        "--verify",
        action="store_true",
        help=_("first compare everything with the server, and send again what differs"),
    )
    sync.add_argument(
        "--retry-refused",
        action="store_true",
        help=_("send again what the server has refused"),
    )
    sync.set_defaults(call=_later("sync.sync"))


def _add_report(report: argparse.ArgumentParser) -> None:
    report.add_argument(
        "--date",
        type=arguments.day,
        metavar="D",
        help=_("a day, such as 2026-11-23; default: today"),
    )
    report.add_argument(
        "--from", dest="first", type=arguments.day, metavar="D", help=_("until today, or --to")
    )
    report.add_argument(
        "--to", dest="last", type=arguments.day, metavar="D", help=_("inclusive; with --from")
    )
    _add_source(report)
    report.add_argument("--host", metavar="H", help=_("only this computer's sessions"))
    report.add_argument(
        "--titles", type=arguments.count, metavar="N", help=_("titles of each application")
    )
    report.add_argument(
        "--format",
        choices=["text", "json", "markdown", "csv", "html"],
        default="text",
        help=_("default: text; html: a page with charts, csv: a table of days and titles"),
    )
    report.set_defaults(call=_later("report.report"))


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument(
        "--from",
        dest="since",
        type=arguments.instant,
        metavar="T",
        help=_("local time, such as 2026-11-23T09:30"),
    )
    export.add_argument(
        "--to", dest="until", type=arguments.instant, metavar="T", help=_("exclusive")
    )
    _add_source(export)
    export.add_argument(
        "--format", choices=["jsonl", "csv"], default="jsonl", help=_("default: jsonl")
    )
    export.add_argument(
        "-o", "--output", type=arguments.file, metavar="FILE", help=_("default: stdout, also -")
    )
    export.add_argument(
        "--snapshot",
        type=arguments.file,
        metavar="FILE",
        help=_("a consistent copy of the whole database"),
    )
    export.add_argument("--force", action="store_true", help=_("replace FILE if it exists"))
    export.set_defaults(call=_later("data.export"))


def _add_import(take: argparse.ArgumentParser) -> None:
    take.add_argument(
        "--format",
        choices=["jsonl", "activitywatch"],
        default="jsonl",
        help=_(
            "default: jsonl, or a snapshot where FILE is one; activitywatch: all its buckets, "
            "exported as JSON"
        ),
    )
    take.add_argument("file", type=arguments.file, metavar="FILE", help=_("the file to take over"))
    take.set_defaults(call=_later("data.import_"))


def _add_source(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--source",
        choices=["local", "server"],
        default="local",
        help=_(
            "local: what this computer recorded (default); server: the sessions of all computers"
        ),
    )


def _add_forget(forget: argparse.ArgumentParser) -> None:
    forget.add_argument(
        "--last",
        type=arguments.length,
        metavar="TIME",
        help=_("the time up to now, such as 1h or 30m"),
    )
    forget.add_argument(
        "--from",
        dest="since",
        type=arguments.instant,
        metavar="T",
        help=_("with --to: local time, such as 2026-11-23T09:30"),
    )
    forget.add_argument(
        "--to", dest="until", type=arguments.instant, metavar="T", help=_("exclusive")
    )
    forget.add_argument(
        "--application",
        metavar="A",
        help=_("only this application: its whole name as `report` shows it, in any case"),
    )
    forget.set_defaults(call=_later("forgetting.forget"))


def _add_autostart(autostart: argparse.ArgumentParser) -> None:
    actions = autostart.add_subparsers(metavar="ACTION", required=True, parser_class=_Parser)
    add = actions.add_parser
    add("enable", help=_("start it when you log in")).set_defaults(call=_later("autostart.enable"))
    add("disable", help=_("do not start it when you log in")).set_defaults(
        call=_later("autostart.disable")
    )
    add("status", help=_("whether it does, and by which entry")).set_defaults(
        call=_later("autostart.status")
    )


def _add_config(config: argparse.ArgumentParser) -> None:
    add = config.add_subparsers(metavar="ACTION", required=True, parser_class=_Parser).add_parser
    add("path", help=_("where config, data, state and log lie")).set_defaults(
        call=_later("configuration.path")
    )
    add("show", help=_("the settings in force")).set_defaults(call=_later("configuration.show"))
    add("init", help=_("put a config file with every key explained in its place")).set_defaults(
        call=_later("configuration.init")
    )
    check = add("check", help=_("whether the config is right, and what the privacy rules take"))
    check.add_argument(
        "--application", default="", metavar="A", help=_("the application of a window")
    )
    check.add_argument("--title", default="", metavar="T", help=_("its title"))
    check.set_defaults(call=_later("configuration.check"))
