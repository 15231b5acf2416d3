"""The months of a report whose days are too many to show one by one. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from reprospective_tray.messages import _
from reprospective_tray.summary.figures.categories import Category, CategoryTotal, in_order
from reprospective_tray.summary.figures.report import Report
from reprospective_tray.summary.format_text import month_name

_YEAR = 12


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the range: its active ms, on how many days, and in which categories."""

    year: int
    month: int
    ms: int
    days: int
    categories: tuple[CategoryTotal, ...]

    @property
    def label(self) -> str:
        """What to call it: ``November 2026``."""
        return _("{month} {year}").format(month=month_name(self.month), year=self.year)


def months(report: Report) -> Iterator[Month]:
    """Yield the months from the first with activity to the last, also those without."""
    active: dict[int, list[int]] = defaultdict(list)
    for day in report.days:
        active[_number(day.day)].append(day.active_ms)
    found: dict[int, dict[Category, int]] = defaultdict(lambda: defaultdict(int))
    for each in report.day_categories:
        for total in each.categories:
            found[_number(each.day)][total.category] += total.ms
    for number in range(min(active, default=0), max(active, default=-1) + 1):
        year, month = divmod(number, _YEAR)
        days = active.get(number, [])
        yield Month(year, month + 1, sum(days), len(days), in_order(found.get(number, {})))


def _number(day: str) -> int:
    """Return which month since year 0 the ISO date `day` lies in."""
    return int(day[:4]) * _YEAR + int(day[5:7]) - 1
