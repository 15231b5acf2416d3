"""What the answers for the summary and the reports cost, over a year of a million sessions."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.bench.year import FIRST_DAY, fill

ROUNDS = 15
NEWEST = 1000
DAYS, A_DAY = 365, 2740


@dataclass(frozen=True, slots=True)
class Reading:
    """Ms, each the best of some rounds; what is of a day or month is of one in the middle."""

    day_totals: float
    year_totals: float
    day_details: float
    month_day_titles: float
    month_hours: float
    month_stretches: float


def measure(folder: Path) -> Reading:
    """Fill a file below `folder` and ask it."""
    path = folder / "year.db"
    fill(path, DAYS, A_DAY).close()
    adapter = SqliteAdapter(path, read_only=True)
    adapter.open()
    day = _days(180, 1)
    month, year = _days(180, 31), _days(0, DAYS)
    with adapter.connection():
        queries = Queries(adapter)

        def totals(days: DayRange) -> None:
            found = queries.totals(days)
            # Each of them is worked out when it is asked for.
            assert all((found.applications, found.states, found.days, found.hosts))

        def details() -> None:
            with queries.snapshot():
                for ask in (queries.day_titles, queries.hours, queries.stretches):
                    ask(day)
                queries.sessions(day, newest=NEWEST)

        return Reading(
            day_totals=_best(lambda: totals(day)),
            year_totals=_best(lambda: totals(year)),
            day_details=_best(details),
            month_day_titles=_best(lambda: queries.day_titles(month)),
            month_hours=_best(lambda: queries.hours(month)),
            month_stretches=_best(lambda: queries.stretches(month)),
        )


def _days(first: int, count: int) -> DayRange:
    begin = FIRST_DAY + timedelta(days=first)
    return DayRange(begin, begin + timedelta(days=count - 1))


def _best(ask: Callable[[], object]) -> float:
    taken = []
    for _round in range(ROUNDS):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return min(taken)
