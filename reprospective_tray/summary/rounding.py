"""Lengths of time as they are shown: the parts of a list add up to the total above it. Pure.

A length below ten minutes is shown in seconds, a longer one in minutes. The parts of a list
have the unit of its total: minutes and seconds in one column could not add up to minutes.
Parts are rounded by the largest remainder, so each is off by less than one unit.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from reprospective_tray.store.model.sessions import MINUTE_MS

SECOND_MS = 1000
MINUTES_FROM_MS = 600 * SECOND_MS
_PERCENT = 100


class Figure(Struct, frozen=True):
    """A length of time as it is shown.

    Attributes:
        ms: What it says, a multiple of the unit.
        unit_ms: The unit: `SECOND_MS` or `MINUTE_MS`.
        is_trace: Whether it is some time, yet less than what is shown: ``<1 m``.
    """

    ms: int
    unit_ms: int
    is_trace: bool = False


def alone(ms: int) -> Figure:
    """Return how to show a length of `ms` that is no part of a list, to the nearest unit."""
    seconds = (ms + SECOND_MS // 2) // SECOND_MS
    if seconds * SECOND_MS < MINUTES_FROM_MS:
        return Figure(seconds * SECOND_MS, SECOND_MS, is_trace=bool(ms) and not seconds)
    return Figure((ms + MINUTE_MS // 2) // MINUTE_MS * MINUTE_MS, MINUTE_MS)


def parts(lengths: Sequence[int], whole: Figure) -> tuple[Figure, ...]:
    """Return how to show the parts of `whole`: their ms add up to its own.

    Args:
        lengths: ms of all parts, also of those that are not shown. A longer one never shows less
            than a shorter one; of equal ones the first shows more.
        whole: Their sum as it is shown. Where it is another sum (two databases may differ), each
            part is still off by less than one unit, and they add up to what they can.
    """
    unit = whole.unit_ms
    return tuple(
        Figure(units * unit, unit, is_trace=bool(ms) and not units)
        for ms, units in zip(lengths, _apportioned(lengths, 1, unit, whole.ms // unit), strict=True)
    )


def together(figures: Iterable[Figure]) -> Figure:
    """Return the sum of some parts of one list: of a rest, for example."""
    found = tuple(figures)
    ms = sum(each.ms for each in found)
    unit = max((each.unit_ms for each in found), default=SECOND_MS)
    return Figure(ms, unit, is_trace=not ms and any(each.is_trace for each in found))


def difference(later: Figure, earlier: Figure) -> Figure:
    """Return how far two figures are apart, as they are shown; 0 where they look alike."""
    ms, unit = abs(later.ms - earlier.ms), min(later.unit_ms, earlier.unit_ms)
    return Figure(ms, unit) if unit == MINUTE_MS else alone(ms)


def percentages(lengths: Sequence[int], whole_ms: int, percent: int = _PERCENT) -> tuple[int, ...]:
    """Return the parts of a list in per cent of `whole_ms`; together they are `percent`."""
    if not whole_ms:
        return (0,) * len(lengths)
    return tuple(_apportioned(lengths, _PERCENT, whole_ms, percent))


def _apportioned(lengths: Sequence[int], units: int, per_ms: int, total: int) -> list[int]:
    """Return the units of each of `lengths`, `units` for every `per_ms`: `total` in all."""
    found, remainders = [], []
    for number, ms in enumerate(lengths):
        whole, remainder = divmod(ms * units, per_ms)
        found.append(whole)
        if remainder:
            remainders.append((-remainder, number))
    missing = max(0, total - sum(found))
    for _remainder, number in sorted(remainders)[:missing]:
        found[number] += 1
    return found
