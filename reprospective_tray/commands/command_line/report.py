"""The options of `report`."""

import argparse
from collections.abc import Callable
from typing import Any

from reprospective_tray.commands.command_line import argument_values
from reprospective_tray.messages import _


def add_to(report: argparse.ArgumentParser, later: Callable[[str], Callable[[Any], int]]) -> None:
    """Add the options; `later` returns what loads and calls a function of `commands`."""
    report.add_argument(
        "--date",
        type=argument_values.day,
        metavar="D",
        help=_("a day: 2026-11-23, today or yesterday; default: today"),
    )
    report.add_argument(
        "--from",
        dest="first",
        type=argument_values.day,
        metavar="D",
        help=_("the first day, written as for --date; the range ends today, or at --to"),
    )
    report.add_argument(
        "--to",
        dest="last",
        type=argument_values.day,
        metavar="D",
        help=_("the last day, inclusive; with --from"),
    )
    add_source(report)
    report.add_argument("--host", metavar="H", help=_("only this computer's sessions"))
    report.add_argument(
        "--titles",
        type=argument_values.count,
        metavar="N",
        help=_("how many titles to show per application"),
    )
    report.add_argument(
        "--format",
        choices=["text", "json", "markdown", "csv", "html", "ics"],
        default="text",
        help=_(
            "default: text; html: a page with charts, csv: a table of days and titles; "
            "ics: a time sheet for a calendar"
        ),
    )
    _add_time_sheet(report.add_argument_group(_("time sheet")))
    report.set_defaults(call=later("report.report"))


def add_source(command: argparse.ArgumentParser) -> None:
    """Add the option that chooses the database to read."""
    command.add_argument(
        "--source",
        choices=["local", "server"],
        default="local",
        help=_(
            "local: what this computer recorded (default); server: the sessions of all computers"
        ),
    )


def _add_time_sheet(sheet: Any) -> None:
    sheet.add_argument(
        "--timesheet",
        action="store_true",
        help=_("a time sheet: entries, then categories, day by day"),
    )
    sheet.add_argument(
        "--group",
        choices=["day,category", "category,day", "category", "day"],
        help=_("what a row is, and in what order; default: day,category"),
    )
    sheet.add_argument(
        "--round",
        type=argument_values.rounding,
        metavar="STEP",
        help=_("round to 6m, 15m or 30m, to the nearest or, as 15m:up, up; default: not at all"),
    )
    sheet.add_argument(
        "--per",
        choices=["entry", "day", "category"],
        help=_("with --round: what is rounded; default: category, which is each row"),
    )
    sheet.add_argument(
        "--rate",
        type=argument_values.rate,
        metavar="PRICE",
        help=_("the price of an hour, such as 80: adds amounts for what is billable"),
    )
    sheet.add_argument(
        "--currency",
        type=argument_values.currency,
        metavar="CODE",
        help=_("with --rate: its currency, such as EUR"),
    )
    sheet.add_argument(
        "--name", metavar="NAME", help=_("whose time it is; default: the name of your account")
    )
    sheet.add_argument(
        "--csv-for",
        choices=["toggl", "clockify", "kimai", "harvest"],
        help=_("with --format csv: the columns that this service imports"),
    )
    sheet.add_argument(
        "--email", metavar="ADDRESS", help=_("with --csv-for: the address the service knows you by")
    )
