"""The figures of a report as every view and format shows them, list by list. Pure.

Active time is the total of all lists but that of titles, which are parts of their application.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from reprospective_tray.store.model.totals import StateTotals
from reprospective_tray.summary.figures.category_tree import CategoryLine, category_lines
from reprospective_tray.summary.figures.months import Month
from reprospective_tray.summary.figures.report import ApplicationReport, Report
from reprospective_tray.summary.rounding import Figure, alone, parts, together

HOURS_A_DAY = 24
WEEKDAYS = 7


class TitleFigures(Struct, frozen=True):
    """An application's titles as they are shown.

    Attributes:
        listed: One for each of its titles that are in the report.
        further: The sum of those that are not.
        further_count: How many those are.
        unknown: Time of days whose titles could not be read.
    """

    listed: tuple[Figure, ...]
    further: Figure
    further_count: int
    unknown: Figure

    def after(self, count: int) -> tuple[int, Figure]:
        """Return how many titles a list of the first `count` leaves out, and their time."""
        rest = self.listed[count:]
        return len(rest) + self.further_count, together((*rest, self.further))


def active(report: Report) -> Figure:
    """Return the total of all lists."""
    return alone(report.states.active_ms)


def of_applications(report: Report) -> tuple[Figure, ...]:
    """Return the figure of each application."""
    return _parts_of_active((each.ms for each in report.applications), report.states)


def of_titles(application: ApplicationReport, figure: Figure) -> TitleFigures:
    """Return the figures of an application's titles; `figure` is its own."""
    titles = [title.ms for title in application.titles or ()]
    lengths = [*titles, *application.further_titles]
    lengths.append(max(0, application.ms - sum(lengths)))
    *found, unknown = parts(lengths, figure)
    further = together(found[len(titles) :])
    return TitleFigures(
        tuple(found[: len(titles)]), further, len(application.further_titles), unknown
    )


def of_categories(report: Report) -> tuple[CategoryLine, ...]:
    """Return the categories as lines, with their figures and shares."""
    return category_lines(report.categories, active(report))


def of_computers(report: Report) -> tuple[Figure, ...]:
    """Return the figure of each computer."""
    return _parts_of_active((each.active_ms for each in report.host_totals), report.states)


def of_days(report: Report) -> tuple[Figure, ...]:
    """Return the figure of each day with activity."""
    return _parts_of_active((each.active_ms for each in report.days), report.states)


def of_months(found: Sequence[Month], report: Report) -> tuple[Figure, ...]:
    """Return the figure of each month of the report."""
    return _parts_of_active((each.ms for each in found), report.states)


def of_hours(report: Report) -> tuple[tuple[tuple[int, Figure], ...], ...]:
    """Return for each weekday, Monday first, its 24 hours: ms and figure.

    The hours of a weekday add up to its time, which in a week is the figure of its day.
    """
    found: dict[tuple[int, int], int] = defaultdict(int)
    for hour in report.hours or ():
        found[hour.start.weekday(), hour.start.hour] += hour.active_ms
    lengths = [[found[day, hour] for hour in range(HOURS_A_DAY)] for day in range(WEEKDAYS)]
    wholes = _parts_of_active(map(sum, lengths), report.states)
    return tuple(
        tuple(zip(of_day, parts(of_day, whole), strict=True))
        for of_day, whole in zip(lengths, wholes, strict=True)
    )


def _parts_of_active(lengths: Iterable[int], states: StateTotals) -> tuple[Figure, ...]:
    known = list(lengths)
    # What the list lacks, of days whose sessions are elsewhere, is a part as well.
    known.append(max(0, states.active_ms - sum(known)))
    return parts(known, alone(states.active_ms))[:-1]
