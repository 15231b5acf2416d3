"""The command `report --timesheet`: what recorded time and entries come to."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from reprospective_tray.commands.common import Options, load, make_sources
from reprospective_tray.commands.output.standard_output import print_styled, speak_utf8
from reprospective_tray.errors import ReprospectiveError, UsageError
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from reprospective_tray.store.model.ranges import DayRange
    from reprospective_tray.summary.figures.sources import OpenSource
    from reprospective_tray.summary.timesheet.sheet import Rate, TimeSheet

# Options that say nothing without another one.
_ALONE = {
    "group": ("timesheet", "--group", "--timesheet"),
    "round": ("timesheet", "--round", "--timesheet"),
    "per": ("round", "--per", "--round"),
    "rate": ("timesheet", "--rate", "--timesheet"),
    "currency": ("rate", "--currency", "--rate"),
    "name": ("timesheet", "--name", "--timesheet"),
    "csv_for": ("timesheet", "--csv-for", "--timesheet"),
    "email": ("csv_for", "--email", "--csv-for"),
}


def check_options(options: Options) -> None:
    """Refuse options of the time sheet that would do nothing.

    Raises:
        UsageError: an option lacks the one that it belongs to, or does not go with another one.
    """
    for name, (needed, option, other) in _ALONE.items():
        if getattr(options, name) is not None and not getattr(options, needed):
            raise UsageError(_("{option} needs {other}.").format(option=option, other=other))
    if options.timesheet and options.titles is not None:
        raise UsageError(
            _("{option} cannot be combined with {other}.").format(
                option="--titles", other="--timesheet"
            )
        )
    if options.format == "ics" and not options.timesheet:
        raise UsageError(
            _("{option} needs {other}.").format(option="--format ics", other="--timesheet")
        )
    if options.csv_for and options.format != "csv":
        raise UsageError(
            _("{option} needs {other}.").format(option="--csv-for", other="--format csv")
        )
    if options.csv_for and options.csv_for != "harvest" and not options.email:
        raise UsageError(
            _("{option} needs {other}.").format(
                option=f"--csv-for {options.csv_for}", other="--email"
            ),
            _("Give the address by which the service knows you."),
        )


def timesheet(options: Options, days: DayRange) -> int:
    """Print the time sheet of `days`."""
    loaded, paths = load(options)
    from reprospective_tray.summary.figures.categories import Categories
    from reprospective_tray.summary.figures.sources import Scope
    from reprospective_tray.summary.timesheet.reading import read_sheet
    from reprospective_tray.summary.timesheet.rounding import PER_CATEGORY, Rounding
    from reprospective_tray.summary.timesheet.sheet import GROUPS

    rounding = None
    if options.round:
        minutes, up = options.round
        rounding = Rounding(minutes, up=up, per=options.per or PER_CATEGORY)
    sheet = read_sheet(
        make_sources(loaded, paths),
        Scope(options.source, options.host),
        days,
        Categories(loaded.config.categories),
        group=tuple(options.group.split(",")) if options.group else GROUPS[0],
        rounding=rounding,
        rate=_rate(options),
        check=lambda look: check_host(look, options.host),
    )
    if options.format == "text":
        print_styled(_text(sheet, options))
        return 0
    speak_utf8()
    print(_rendered(sheet, options), end="")
    if options.format in {"csv", "ics"}:
        from reprospective_tray.summary.timesheet.shown import show

        # These have no place for what is said of the whole sheet.
        for note in show(sheet).notes:
            print(note, file=sys.stderr)
    return 0


def check_host(look: OpenSource, host: str | None) -> None:
    """Refuse a computer on which nothing was recorded.

    Raises:
        ReprospectiveError: the source knows no such computer.
    """
    if host and host not in (known := look.queries.hosts()):
        raise ReprospectiveError(
            _("Nothing was recorded on a computer named {host}.").format(host=host),
            _("Known computers: {hosts}").format(hosts=", ".join(known)),
        )


def _rate(options: Options) -> Rate | None:
    from reprospective_tray.summary.timesheet.sheet import Rate

    return None if options.rate is None else Rate(options.rate, options.currency or "")


def _text(sheet: TimeSheet, options: Options) -> str:
    import shutil

    from reprospective_tray.summary.formats.as_text import wants_colour
    from reprospective_tray.summary.timesheet.formats.as_text import render

    return render(
        sheet,
        _person(options),
        width=shutil.get_terminal_size().columns,
        colour=wants_colour(sys.stdout, os.environ),
    )


def _rendered(sheet: TimeSheet, options: Options) -> str:
    """Return the sheet in a format other than text; each is loaded only where it is asked for."""
    from datetime import datetime

    if options.csv_for:
        from reprospective_tray.summary.timesheet.formats import import_shapes

        person = import_shapes.Person(_person(options), options.email or "")
        return import_shapes.render(sheet, options.csv_for, person)
    if options.format == "csv":
        from reprospective_tray.summary.timesheet.formats import as_csv

        return as_csv.render(sheet)
    if options.format == "json":
        import json

        from reprospective_tray.clean_text import in_json
        from reprospective_tray.summary.timesheet.formats.as_json import as_object

        return in_json(json.dumps(as_object(sheet), ensure_ascii=False, indent=2)) + "\n"
    if options.format == "markdown":
        from reprospective_tray.summary.timesheet.formats import as_markdown

        return as_markdown.render(sheet, _person(options))
    if options.format == "ics":
        from reprospective_tray.summary.timesheet.formats import as_ics

        return as_ics.render(sheet, now=datetime.now().astimezone())
    from reprospective_tray.summary.timesheet.formats import as_html

    return as_html.render(sheet, _person(options), now=datetime.now().astimezone())


def _person(options: Options) -> str:
    """Return whose time it is: `--name`, else the full name of the account, or its name."""
    if options.name:
        return str(options.name)
    from reprospective_tray.system.person import full_name

    return full_name()
