"""Adds active time up by category and by title. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from reprospective_tray.store.model.totals import ApplicationDay
from reprospective_tray.store.query.raw_queries import DayTitle, TitleTotal
from reprospective_tray.summary.figures.categories import (
    Categories,
    Category,
    CategoryTotal,
    in_order,
)


class DayCategories(Struct, frozen=True):
    """One day's active time by category."""

    day: str
    categories: tuple[CategoryTotal, ...]


def by_day_and_category(
    categories: Categories, day_titles: Iterable[DayTitle], untitled: Iterable[ApplicationDay]
) -> list[DayCategories]:
    """Return the categories of each day, in order of the days."""
    found: dict[str, dict[Category, int]] = defaultdict(lambda: defaultdict(int))
    for title in day_titles:
        category = categories.of(title.application_name, title.window_title)
        found[title.day][category] += title.ms
    for each in untitled:
        found[each.day][categories.of(each.application_name, None)] += each.ms
    return [DayCategories(day, in_order(found[day])) for day in sorted(found)]


def added_up(by_day: Iterable[DayCategories]) -> tuple[CategoryTotal, ...]:
    """Return the categories over all days, longest first."""
    found: dict[Category, int] = defaultdict(int)
    for day in by_day:
        for total in day.categories:
            found[total.category] += total.ms
    return in_order(found)


def titles_by_application(day_titles: Iterable[DayTitle]) -> dict[str, list[TitleTotal]]:
    """Return the titles of each application over all days, longest first, then by name."""
    total: dict[tuple[str, str], int] = defaultdict(int)
    for each in day_titles:
        total[each.application_name, each.window_title] += each.ms
    found: dict[str, list[TitleTotal]] = defaultdict(list)
    for (name, title), ms in sorted(total.items(), key=lambda item: (-item[1], item[0])):
        found[name].append(TitleTotal(name, title, ms))
    return found


def main_category(categories: Categories, name: str, titles: list[TitleTotal]) -> Category:
    """Return the category that an application spent most of its time in."""
    totals = categories.totals((name, title.window_title, title.ms) for title in titles)
    if not totals:
        return categories.of(name, None)
    return max(totals, key=lambda total: total.ms).category
