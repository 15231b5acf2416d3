"""The command `report`: where the time went, in one of its formats."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from reprospective_tray.commands.common import Options, load, make_sources
from reprospective_tray.commands.output.standard_output import print_styled, speak_utf8
from reprospective_tray.commands.timesheet import check_host, check_options, timesheet
from reprospective_tray.errors import UsageError
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from reprospective_tray.store.model.ranges import DayRange
    from reprospective_tray.store.query.raw_queries import StoredSession
    from reprospective_tray.summary.figures.categories import Categories
    from reprospective_tray.summary.figures.report import Report
    from reprospective_tray.summary.figures.sources import OpenSource


def report(options: Options) -> int:
    """Print where the time went."""
    check_options(options)
    days = chosen_days(options)
    if options.timesheet:
        return timesheet(options, days)
    loaded, paths = load(options)
    from reprospective_tray.summary.figures.categories import Categories
    from reprospective_tray.summary.figures.sources import Scope, ask

    categories = Categories(loaded.config.categories)
    found, sessions = ask(
        make_sources(loaded, paths),
        Scope(options.source, options.host),
        days if _is_detailed(options, days) else None,
        lambda look: _build(look, options, days, categories),
    )
    if options.format == "text":
        print_styled(_text(found, options.titles))
        return 0
    from reprospective_tray.summary.formats.saving import FORMATS

    speak_utf8()
    print(FORMATS[options.format].render(found, sessions, categories, options.titles), end="")
    return 0


def chosen_days(options: Options) -> DayRange:
    """Return the days of `--date`, or of `--from` and `--to`; by default today.

    Raises:
        UsageError: they do not fit together.
    """
    from datetime import date

    from reprospective_tray.store.model.ranges import DayRange

    today = date.today()  # noqa: DTZ011  the day on the wall clock is meant
    if options.date and (options.first or options.last):
        raise UsageError(_("--date cannot be combined with --from or --to."))
    if options.last and not options.first:
        raise UsageError(
            _("--to needs --from."),
            _("Give the first day with --from, or a single day with --date."),
        )
    first = options.date or options.first or today
    last = options.date or options.last or max(first, today)
    if first > last:
        raise UsageError(
            _("--from {first} is after --to {last}.").format(first=first, last=last),
            _("Put the earlier day first."),
        )
    return DayRange(first, last)


def _is_detailed(options: Options, days: DayRange) -> bool:
    from reprospective_tray.summary.figures.report import DETAILED_DAYS

    return options.titles is not None or days.count <= DETAILED_DAYS


def _build(
    look: OpenSource, options: Options, days: DayRange, categories: Categories
) -> tuple[Report, list[StoredSession]]:
    """Return the figures, and the sessions if the format draws a day's timeline."""
    from reprospective_tray.summary.figures.report import build

    check_host(look, options.host)
    found = build(
        look.queries,
        days,
        source=options.source,
        host=options.host,
        titles=options.titles,
        categories=categories,
        details=look.details,
        origin=look.origin,
    )
    needs_sessions = options.format == "html" and days.count == 1
    return found, look.details.sessions(days, options.host) if needs_sessions else []


def _text(found: Report, titles: int | None) -> str:
    import shutil

    from reprospective_tray.summary.formats import as_text

    return as_text.render(
        found,
        width=shutil.get_terminal_size().columns,
        titles=titles,
        colour=as_text.wants_colour(sys.stdout, os.environ),
        true_colour=as_text.has_true_colour(os.environ),
    )
