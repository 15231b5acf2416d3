"""The time sheet as a value: rows, their rounding and their amounts. Pure."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from reprospective_tray.store.model.answers import StoredSession
from reprospective_tray.store.model.entries import Entry, without_overlaps
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.totals import ApplicationDay
from reprospective_tray.summary.figures.categories import SEPARATOR, Categories
from reprospective_tray.summary.figures.report import Origin
from reprospective_tray.summary.timesheet.parts import Part, divide
from reprospective_tray.summary.timesheet.rounding import (
    PER_CATEGORY,
    PER_DAY,
    Rounding,
    share,
)

Key = TypeVar("Key", bound=Hashable)
DAY, CATEGORY = "day", "category"
GROUPS = ((DAY, CATEGORY), (CATEGORY, DAY), (CATEGORY,), (DAY,))
_HOUR_MS = 3_600_000
# Currencies without a smaller unit, and those with a thousandth (ISO 4217).
_DIGITS = dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "VND", "XAF", "XOF", "XPF"), 0)
_DIGITS |= dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


class Rate(Struct, frozen=True):
    """What an hour costs; `currency` is a code such as EUR, or empty."""

    an_hour: Decimal
    currency: str = ""

    def amount(self, ms: int) -> Decimal:
        """Return what `ms` cost, rounded to the smallest unit of the currency."""
        smallest = Decimal(1).scaleb(-_DIGITS.get(self.currency, 2))
        return (self.an_hour * ms / _HOUR_MS).quantize(smallest, ROUND_HALF_UP)


class Row(Struct, frozen=True):
    """One row; `day` or `path` is empty where the sheet does not group by it.

    `amount` is None without a rate, and 0 for what is not billable.
    """

    day: str
    path: tuple[str, ...]
    billable: bool
    parts: tuple[Part, ...]
    amount: Decimal | None = None

    @property
    def category(self) -> str:
        """The path as the config has it: ``Customers > Harbour``."""
        return SEPARATOR.join(self.path)

    @property
    def tracked_ms(self) -> int:
        """Recorded active time, by an entry or a rule."""
        return sum(part.tracked_ms for part in self.parts)

    @property
    def manual_ms(self) -> int:
        """Time of entries that was not recorded as active."""
        return sum(part.manual_ms for part in self.parts)

    @property
    def ms(self) -> int:
        """Tracked and manual time."""
        return self.tracked_ms + self.manual_ms

    @property
    def rounded_ms(self) -> int:
        """The time as the sheet rounds it; `ms` where it does not."""
        return sum(part.rounded_ms for part in self.parts)

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of its entries, each once, in order."""
        notes = (part.entry.note for part in self.parts if part.entry)
        return tuple(dict.fromkeys(filter(None, notes)))


class TimeSheet(Struct, frozen=True):
    """The sheet of `range`.

    Attributes:
        range: The days.
        group: By what the rows are grouped, one of `GROUPS`.
        rows: In order of the groups, the longest first.
        uncategorised: The active ms of each day that neither an entry nor a rule took.
        entries: Those of its parts, in order; where two overlap, the earlier made one is cut.
        rounding: How it is rounded; None: not at all.
        rate: What an hour costs; None: no amounts.
        closed_days: The closed days of the range.
        origin: Where sessions were read that have left this computer.
    """

    range: DayRange
    group: tuple[str, ...]
    rows: tuple[Row, ...]
    uncategorised: dict[str, int]
    entries: tuple[Entry, ...] = ()
    rounding: Rounding | None = None
    rate: Rate | None = None
    closed_days: tuple[str, ...] = ()
    origin: Origin = Origin()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of all rows."""
        return tuple(part for row in self.rows for part in row.parts)

    @property
    def uncategorised_ms(self) -> int:
        """The active time that is in no row."""
        return sum(self.uncategorised.values())

    @property
    def total_ms(self) -> int:
        """All rows and what is uncategorised: the active time and all manual time."""
        return sum(row.ms for row in self.rows) + self.uncategorised_ms

    @property
    def rounded_ms(self) -> int:
        """All rows, rounded."""
        return sum(row.rounded_ms for row in self.rows)

    @property
    def amount(self) -> Decimal | None:
        """The sum of the amounts; None without a rate."""
        if self.rate is None:
            return None
        return sum((row.amount or Decimal(0) for row in self.rows), self.rate.amount(0))


def build(  # noqa: PLR0913  each is named at the call
    days: DayRange,
    sessions: Iterable[StoredSession],
    entries: Sequence[Entry],
    categories: Categories,
    *,
    group: tuple[str, ...] = GROUPS[0],
    rounding: Rounding | None = None,
    rate: Rate | None = None,
    closed_days: tuple[str, ...] = (),
    archived: Iterable[ApplicationDay] = (),
    origin: Origin | None = None,
) -> TimeSheet:
    """Return the sheet of `days`; see `divide` for what it is made of."""
    division = divide(days, sessions, entries, categories, archived)
    parts = _rounded(division.parts, rounding, group)
    rows = [
        Row(*key, tuple(found), _amount(found, rate))
        for key, found in _grouped(parts, lambda part: _key(part, group)).items()
    ]
    used = {part.entry.uid for part in parts if part.entry}
    return TimeSheet(
        range=days,
        group=group,
        rows=_in_order(rows, group),
        uncategorised=division.uncategorised,
        entries=tuple(each for each in without_overlaps(entries) if each.uid in used),
        rounding=rounding,
        rate=rate,
        closed_days=closed_days,
        origin=origin or Origin(),
    )


def _key(part: Part, group: Sequence[str]) -> tuple[str, tuple[str, ...], bool]:
    day = part.day if DAY in group else ""
    return day, part.path if CATEGORY in group else (), part.billable


def _grouped(parts: Iterable[Part], key: Callable[[Part], Key]) -> dict[Key, list[Part]]:
    found: dict[Key, list[Part]] = defaultdict(list)
    for part in parts:
        found[key(part)].append(part)
    return found


def _rounded(
    parts: Sequence[Part], rounding: Rounding | None, group: Sequence[str]
) -> Iterable[Part]:
    """Return the parts with their share of the unit in which they are rounded, in order."""
    if rounding is None:
        return [replace(part, rounded_ms=part.ms) for part in parts]
    if rounding.per == PER_CATEGORY:
        units = _grouped(parts, lambda part: _key(part, (CATEGORY, *group)))
        found = [each for unit in units.values() for each in _unit(unit, rounding)]
    elif rounding.per == PER_DAY:
        found = []
        for day in _grouped(parts, lambda part: part.day).values():
            rows = list(_grouped(day, lambda part: (part.path, part.billable)).values())
            lengths = [sum(part.ms for part in row) for row in rows]
            shares = share(rounding.whole(sum(lengths)), lengths, rounding.step_ms)
            for row, whole in zip(rows, shares, strict=True):
                found += _shared(row, whole, rounding.step_ms)
    else:
        found = [each for part in parts for each in _unit([part], rounding)]
    return found


def _unit(parts: Sequence[Part], rounding: Rounding) -> list[Part]:
    return _shared(parts, rounding.whole(sum(part.ms for part in parts)), rounding.step_ms)


def _shared(parts: Sequence[Part], whole: int, step: int) -> list[Part]:
    shares = share(whole, [part.ms for part in parts], step)
    return [replace(part, rounded_ms=ms) for part, ms in zip(parts, shares, strict=True)]


def _amount(parts: Sequence[Part], rate: Rate | None) -> Decimal | None:
    if rate is None:
        return None
    return rate.amount(sum(part.rounded_ms for part in parts if part.billable))


def _in_order(rows: Sequence[Row], group: tuple[str, ...]) -> tuple[Row, ...]:
    whole: dict[tuple[str, ...], int] = defaultdict(int)
    for row in rows:
        whole[row.path] += row.ms
    if group[0] == DAY:
        return tuple(sorted(rows, key=lambda row: (row.day, -row.ms, row.path, not row.billable)))
    return tuple(
        sorted(
            rows,
            key=lambda row: (-whole[row.path], row.path, row.day, -row.ms, not row.billable),
        )
    )
