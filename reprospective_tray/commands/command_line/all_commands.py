"""The parser of all commands and their options."""

import argparse
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from reprospective_tray import NAME, __version__
from reprospective_tray.commands.command_line import argument_values
from reprospective_tray.commands.command_line import entries as entry_commands
from reprospective_tray.commands.command_line import groups as command_groups
from reprospective_tray.commands.command_line import instance as instance_commands
from reprospective_tray.commands.command_line import report as report_commands
from reprospective_tray.commands.command_line.parser import ArgumentParser, Offered
from reprospective_tray.messages import _


def find(name: str) -> Callable[[Any], int]:
    """Return a function of `commands`, named ``module.function``; only its modules are loaded."""
    module, _dot, function = name.rpartition(".")
    found: Callable[[Any], int] = getattr(
        import_module(f"reprospective_tray.commands.{module}"), function
    )
    return found


def _call(name: str, options: Any) -> int:
    return find(name)(options)


def _later(name: str) -> Callable[[Any], int]:
    return partial(_call, name)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each option set has `call`, the function to run."""
    from reprospective_tray.commands import server

    parser = ArgumentParser(
        prog=NAME,
        description=_("Records which window you use, and shows where the time went."),
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"%(prog)s {__version__}",
        help=_("show the version"),
    )
    parser.add_argument(
        "--config", type=argument_values.file, metavar="FILE", help=_("the config file to use")
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help=_("print every step, and tracebacks of errors")
    )
    commands = parser.add_subparsers(
        title=_("commands"), metavar="COMMAND", required=True, parser_class=ArgumentParser
    )
    add = commands.add_parser
    instance_commands.add_to(add, _later)
    _add_sync(
        add(
            "sync",
            help=_("upload everything that is waiting"),
            description=_("Uploads everything that is waiting to the server."),
        )
    )
    report_commands.add_to(
        add(
            "report",
            help=_("show where the time went"),
            description=_("Shows where the time went, on one day or several."),
        ),
        _later,
    )
    entry_commands.add_to(
        add(
            "entry",
            help=_("say what a time was for, such as a meeting"),
            description=_("Says what a time was for, by entries that you add, change and delete."),
        ),
        _later,
    )
    _add_export(
        add(
            "export",
            help=_("write the raw sessions, or a copy of the database"),
            description=_("Writes the raw sessions, or a copy of the whole database."),
        )
    )
    _add_import(
        add(
            "import",
            help=_("import from `export` or ActivityWatch"),
            description=_("Imports the sessions of a file that `export` or ActivityWatch wrote."),
        )
    )
    _add_forget(
        add(
            "forget",
            help=_("permanently delete what was recorded in a time range"),
            description=_("Permanently deletes what was recorded in a time range."),
        )
    )
    check_up = add(
        "doctor",
        help=_("check what the program needs, and how to fix what is missing"),
        description=_("Checks what the program needs, and says how to fix what is missing."),
    )
    check_up.add_argument("--json", action="store_true", help=_("print JSON"))
    check_up.set_defaults(call=_later("doctor.doctor"))
    server.add_to(
        add(
            "server",
            help=_("prepare the central PostgreSQL, add persons, show its state"),
            description=_("Prepares the central PostgreSQL, adds persons, and shows its state."),
        )
    )
    command_groups.add_autostart(
        add(
            "autostart",
            help=_("turn starting at login on or off"),
            description=_("Turns starting at login on or off, and shows whether it is on."),
        ),
        _later,
    )
    command_groups.add_config(
        add(
            "config",
            help=_("show, check or create the config"),
            description=_("Shows, checks or creates the config."),
        ),
        _later,
    )
    commands.choices = Offered(commands.choices, instance_commands.HIDDEN)
    return parser


def _add_sync(sync: argparse.ArgumentParser) -> None:
    sync.add_argument("--json", action="store_true", help=_("print JSON"))
    sync.add_argument(
        "--verify",
        action="store_true",
        help=_("first compare everything with the server, and resend what differs"),
    )
    sync.add_argument(
        "--retry-refused",
        action="store_true",
        help=_("resend what the server refused"),
    )
    sync.set_defaults(call=_later("sync.sync"))


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument(
        "--from",
        dest="since",
        type=argument_values.instant,
        metavar="T",
        help=_(
            "local time such as 2026-11-23T09:30; a date, today or yesterday means its midnight"
        ),
    )
    export.add_argument(
        "--to",
        dest="until",
        type=argument_values.instant,
        metavar="T",
        help=_("the end, exclusive; written as for --from"),
    )
    report_commands.add_source(export)
    export.add_argument(
        "--format", choices=["jsonl", "csv"], default="jsonl", help=_("default: jsonl")
    )
    export.add_argument(
        "-o",
        "--output",
        type=argument_values.file,
        metavar="FILE",
        help=_("default: stdout, also -"),
    )
    export.add_argument(
        "--snapshot",
        type=argument_values.file,
        metavar="FILE",
        help=_("a consistent copy of the whole database"),
    )
    export.add_argument("--force", action="store_true", help=_("replace FILE if it exists"))
    export.set_defaults(call=_later("transfer.export_import.export"))


def _add_import(take: argparse.ArgumentParser) -> None:
    take.add_argument(
        "--format",
        choices=["jsonl", "activitywatch"],
        default="jsonl",
        help=_(
            "default: jsonl, or a snapshot if FILE is one; activitywatch: all its buckets, "
            "exported as JSON"
        ),
    )
    take.add_argument(
        "--host",
        metavar="NAME",
        help=_("the computer, if the file does not name one; default: this computer"),
    )
    take.add_argument(
        "--zone",
        type=argument_values.zone,
        metavar="ZONE",
        help=_(
            "the time zone, such as Europe/Berlin, if the file has none; default: this computer's"
        ),
    )
    take.add_argument(
        "--strict",
        action="store_true",
        help=_("import nothing if the file has bad events, or lines that overlap"),
    )
    take.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,
        help=_("list everything that is left out, not only the first 20"),
    )
    take.add_argument(
        "file", type=argument_values.file, metavar="FILE", help=_("the file to import")
    )
    take.set_defaults(call=_later("transfer.export_import.import_"))


def _add_forget(forget: argparse.ArgumentParser) -> None:
    forget.add_argument(
        "--last",
        type=argument_values.length,
        metavar="TIME",
        help=_("the time up to now, such as 1h or 30m"),
    )
    forget.add_argument(
        "--from",
        dest="since",
        type=argument_values.instant,
        metavar="T",
        help=_(
            "local time such as 2026-11-23T09:30; a date, today or yesterday means its midnight"
        ),
    )
    forget.add_argument(
        "--to",
        dest="until",
        type=argument_values.instant,
        metavar="T",
        help=_("the end, exclusive; written as for --from"),
    )
    forget.add_argument(
        "--application",
        metavar="A",
        help=_("only this application: its whole name as `report` shows it, in any case"),
    )
    forget.add_argument(
        "--dry-run", action="store_true", help=_("show what would be deleted, without deleting it")
    )
    forget.add_argument(
        "--yes", action="store_true", help=_("delete without asking; required without a terminal")
    )
    forget.set_defaults(call=_later("forget.forget"))
