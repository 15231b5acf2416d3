"""The options of `entry`, which has subcommands."""

import argparse
from collections.abc import Callable
from typing import Any

from reprospective_tray.commands.command_line import argument_values
from reprospective_tray.messages import _

# Turns ``module.function`` of `commands` into the function that a subcommand calls.
Later = Callable[[str], Callable[[Any], int]]


def add_to(entry: argparse.ArgumentParser, later: Later) -> None:
    """Add the subcommands of `entry` to its parser."""
    add = entry.add_subparsers(metavar="ACTION", required=True, parser_class=type(entry)).add_parser
    _add_add(
        add(
            "add",
            help=_("say what a time was for"),
            description=_("Says what a time was for. Sessions are not changed by it."),
        ),
        later,
    )
    _add_list(
        add(
            "list",
            help=_("show the entries of a day or several"),
            description=_("Shows the entries of a day or several, and which days are closed."),
        ),
        later,
    )
    _add_edit(
        add(
            "edit",
            help=_("change an entry"),
            description=_("Changes an entry. What is not given stays as it is."),
        ),
        later,
    )
    delete = add(
        "delete", help=_("delete an entry"), description=_("Deletes an entry permanently.")
    )
    _add_uid(delete)
    delete.add_argument(
        "--yes", action="store_true", help=_("delete without asking; required without a terminal")
    )
    delete.set_defaults(call=later("entries.entry.delete"))
    _add_day(
        add(
            "close-day",
            help=_("close a day, so that its entries are not changed"),
            description=_("Closes a day: changes of its entries are refused until it is opened."),
        ),
        later("entries.entry.close_day"),
    )
    _add_day(
        add(
            "open-day",
            help=_("open a closed day again"),
            description=_("Opens a closed day, so that its entries can be changed again."),
        ),
        later("entries.entry.open_day"),
    )


def _add_add(add: argparse.ArgumentParser, later: Later) -> None:
    add.add_argument(
        "--day",
        type=argument_values.day,
        metavar="D",
        help=_("the day on which it begins: 2026-11-23, today or yesterday; default: today"),
    )
    _add_times(add, required=True)
    add.add_argument("--note", metavar="TEXT", default="", help=_("a note"))
    add.add_argument(
        "--not-billable",
        dest="billable",
        action="store_false",
        help=_("it is not to be invoiced"),
    )
    _add_overlap(add)
    add.add_argument(
        "category", metavar="CATEGORY", help=_("what it was for, such as Customers > Harbour")
    )
    add.set_defaults(call=later("entries.entry.add"))


def _add_list(show: argparse.ArgumentParser, later: Later) -> None:
    show.add_argument(
        "--date",
        type=argument_values.day,
        metavar="D",
        help=_("a day: 2026-11-23, today or yesterday; default: today"),
    )
    show.add_argument(
        "--from",
        dest="first",
        type=argument_values.day,
        metavar="D",
        help=_("the first day, written as for --date; the range ends today, or at --to"),
    )
    show.add_argument(
        "--to",
        dest="last",
        type=argument_values.day,
        metavar="D",
        help=_("the last day, inclusive; with --from"),
    )
    show.add_argument("--json", action="store_true", help=_("print JSON"))
    show.set_defaults(call=later("entries.entry.list_"))


def _add_edit(edit: argparse.ArgumentParser, later: Later) -> None:
    _add_uid(edit)
    edit.add_argument(
        "--day",
        type=argument_values.day,
        metavar="D",
        help=_("the day on which it begins: 2026-11-23, today or yesterday"),
    )
    _add_times(edit, required=False)
    edit.add_argument("--category", metavar="CATEGORY", help=_("what it was for"))
    edit.add_argument("--note", metavar="TEXT", help=_("a note"))
    billable = edit.add_mutually_exclusive_group()
    billable.add_argument(
        "--billable",
        dest="billable",
        action="store_true",
        default=None,
        help=_("it is to be invoiced"),
    )
    billable.add_argument(
        "--not-billable",
        dest="billable",
        action="store_false",
        default=None,
        help=_("it is not to be invoiced"),
    )
    _add_overlap(edit)
    edit.set_defaults(call=later("entries.entry.edit"))


def _add_times(command: argparse.ArgumentParser, *, required: bool) -> None:
    command.add_argument(
        "--from",
        dest="since",
        type=argument_values.time_of_day,
        required=required,
        metavar="HH:MM",
        help=_("when it begins, by this computer's clock"),
    )
    command.add_argument(
        "--to",
        dest="until",
        type=argument_values.end_of_day,
        required=required,
        metavar="HH:MM",
        help=_("when it ends; up to 24:00, and an earlier time is one of the next day"),
    )


def _add_overlap(command: argparse.ArgumentParser) -> None:
    overlap = command.add_mutually_exclusive_group()
    overlap.add_argument(
        "--cut", action="store_true", help=_("shorten the entries that it overlaps")
    )
    overlap.add_argument(
        "--replace", action="store_true", help=_("delete the entries that it overlaps")
    )


def _add_uid(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "uid", metavar="UID", help=_("its uid, or as much of its beginning as `entry list` shows")
    )


def _add_day(command: argparse.ArgumentParser, call: Callable[[Any], int]) -> None:
    command.add_argument(
        "day",
        type=argument_values.day,
        metavar="D",
        help=_("a day: 2026-11-23, today or yesterday"),
    )
    command.set_defaults(call=call)
