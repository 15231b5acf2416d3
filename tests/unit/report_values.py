"""Reports made by hand, for the tests of what is made of them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from reprospective_tray.config.keys import CategorySettings
from reprospective_tray.store.model.focus_streaks import FocusStreak, FocusStreaks
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.totals import DayTotal, HostTotal, StateTotals
from reprospective_tray.store.query.raw_queries import DayTitle, HourTotal, TitleTotal
from reprospective_tray.summary.figures.categories import Categories, Category, CategoryTotal
from reprospective_tray.summary.figures.comparison import Comparison, Kind
from reprospective_tray.summary.figures.report import (
    ApplicationReport,
    DayCategories,
    Origin,
    Report,
)
from tests.unit.stored import at

MINUTE = 60_000
DAY = date(2026, 11, 23)
ONE_DAY = DayRange(DAY, DAY)
CATEGORIES = Categories(CategorySettings())
CODING = Category(("Work", "Coding"), "#4c8dff", productive=True)
READING = Category(("Reading & research",), "#2bb5a0")
_COMPARED = DayRange(date(2026, 11, 16), date(2026, 11, 16))


def a_report(**changes: Any) -> Report:
    """Return the report of a day with 488 active minutes, with `changes`."""
    found = Report(
        range=ONE_DAY,
        source="local",
        hosts=("desk",),
        host_totals=(HostTotal("desk", 488 * MINUTE),),
        states=StateTotals(488 * MINUTE, 64 * MINUTE, 38 * MINUTE),
        applications=(
            application("Code", 397, ("sessionizer.py", 320), ("a|b_c.py", 77), category=CODING),
            application("Firefox", 91, ("PostgreSQL 18", 91), category=READING),
        ),
        categories=(CategoryTotal(CODING, 397 * MINUTE), CategoryTotal(READING, 91 * MINUTE)),
        days=(a_day("2026-11-23", 488),),
        day_categories=(DayCategories("2026-11-23", (CategoryTotal(CODING, 397 * MINUTE),)),),
        hours=(HourTotal(datetime(2026, 11, 23, 9), 59 * MINUTE),),  # noqa: DTZ001  as lived
        stretches=FocusStreaks(
            FocusStreak("Code", at("2026-11-23T10:04:00+09:00"), 0, 540, 72 * MINUTE), 214
        ),
        comparison=Comparison(Kind.WEEKDAY, _COMPARED, 466 * MINUTE, until_now=True),
        origin=Origin(),
        day_titles=(
            DayTitle("2026-11-23", "Code", "sessionizer.py", 320 * MINUTE),
            DayTitle("2026-11-23", "Code", "a|b_c.py", 77 * MINUTE),
            DayTitle("2026-11-23", "Firefox", "PostgreSQL 18", 91 * MINUTE),
        ),
    )
    return replace(found, **changes)


def application(
    name: str, minutes: int, *titles: tuple[str, int], category: Category = CODING
) -> ApplicationReport:
    """Return an application; `titles` come with their minutes."""
    totals = tuple(TitleTotal(name, title, spent * MINUTE) for title, spent in titles)
    return ApplicationReport(name, minutes * MINUTE, len(titles), totals, category)


def a_day(name: str, minutes: int) -> DayTotal:
    """Return a day in Tokyo from 8:33 to 18:24."""
    first, last = at(f"{name}T08:33:00+09:00"), at(f"{name}T18:24:00+09:00")
    return DayTotal(name, minutes * MINUTE, first, 540, last, 540)


def long_range(*days: DayTotal) -> Report:
    """Return the report of a year, without titles and hours, with activity on `days`."""
    active = sum(day.active_ms for day in days)
    return a_report(
        range=DayRange(date(2026, 1, 1), date(2026, 12, 31)),
        states=StateTotals(active, 0, 0),
        applications=(ApplicationReport("Code", active, 9, None, CODING),),
        categories=(CategoryTotal(CODING, active),),
        days=days,
        day_categories=tuple(
            DayCategories(day.day, (CategoryTotal(CODING, day.active_ms),)) for day in days
        ),
        hours=None,
        stretches=None,
        comparison=None,
        day_titles=(),
    )


def named(names: Sequence[tuple[str, str]]) -> Report:
    """Return the report of a day with a minute in each of `names`: application and title."""
    return a_report(
        states=StateTotals(len(names) * MINUTE, 0, 0),
        applications=tuple(application(name, 1, (title, 1)) for name, title in names),
        categories=(CategoryTotal(CODING, len(names) * MINUTE),),
        day_titles=tuple(DayTitle("2026-11-23", name, title, MINUTE) for name, title in names),
    )


def empty() -> Report:
    """Return the report of a day on which nothing was recorded."""
    return a_report(
        hosts=(),
        host_totals=(),
        states=StateTotals(0, 0, 0),
        applications=(),
        categories=(),
        days=(),
        day_categories=(),
        hours=(),
        stretches=FocusStreaks(None, 0),
        comparison=None,
        day_titles=(),
    )
