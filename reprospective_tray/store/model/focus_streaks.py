"""FocusStreaks: how long one application stayed in front, and how often it changed.

Computed here, from a few columns of each session in order: SQLite's window functions take
several times as long for the same, and what comes from two databases is one history to them.
"""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from msgspec import Struct

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import DAY_MS, MINUTE_MS, State

# What lies between two sessions of a stretch: a moment in which no window was in front.
STRETCH_GAP_MS = 1000

# device_id, started_at, ended_at, utc_offset_minutes, state, application_name
Row = tuple[str, int, int, int, str, str]


class FocusStreak(Struct, frozen=True):
    """One application in front on one device without a break; its titles may change.

    Times are ms UTC, clipped to the range that was asked for; `ms` is what its
    sessions last, and the offset is that of the first of them.
    """

    application_name: str
    started_at: int
    ended_at: int
    utc_offset_minutes: int
    ms: int


class FocusStreaks(Struct, frozen=True):
    """The longest stretch, of equals the earliest, and how often the application changed.

    Where nothing lasted, there is no longest one. Two active sessions of a device that began
    on the same day as lived, with no other active one of that day between them, are a switch
    where their applications differ. A session without length is one like any other:
    it was in front, be it for less than a ms. Ranges of days add up.
    """

    longest: FocusStreak | None
    switches: int


def stretches_of(rows: list[Row], days: DayRange) -> FocusStreaks:
    """Return what living sessions show, all of which lie at least partly on `days`; sort `rows`."""
    # Of those that begin at one moment, what lasted no time was before the other.
    rows.sort()
    longest = FocusStreak("", 0, 0, 0, 0)
    switches = 0
    for _device, of_device in groupby(rows, itemgetter(0)):
        found, count = _of_device(of_device, days.begin, days.end)
        switches += count
        longest = max(longest, found, key=lambda each: (each.ms, -each.started_at))
    return FocusStreaks(longest if longest.ms else None, switches)


def _of_device(rows: Iterable[Row], begin: int, end: int) -> tuple[FocusStreak, int]:
    """Return the longest stretch, and how many switches there are, of rows in order."""
    # One loop and plain variables: there are tens of thousands while somebody waits.
    active = State.ACTIVE.value
    longest = (0, "", 0, 0, 0)
    # The stretch that goes on, unless it was broken off.
    name, broken = "", True
    first = last = first_offset = total = reached = 0
    switches = 0
    in_front: dict[int, str] = {}  # last, by the number of the day
    for _device, started_at, ended_at, offset, state, application in rows:
        if state != active:
            broken = True
            continue
        shift = offset * MINUTE_MS
        start, stop = started_at, ended_at
        if start + shift < begin:
            start = begin - shift
        else:
            day = (start + shift) // DAY_MS
            if in_front.get(day, application) != application:
                switches += 1
            in_front[day] = application
        if stop + shift > end:
            stop = end - shift
        if broken or application != name or started_at - reached > STRETCH_GAP_MS:
            if total > longest[0]:
                longest = total, name, first, last, first_offset
            name, first, first_offset = application, start, offset
            total, broken = 0, False
        total += stop - start
        last, reached = stop, ended_at
    if total > longest[0]:
        longest = total, name, first, last, first_offset
    length, name, first, last, first_offset = longest
    return FocusStreak(name, first, last, first_offset, length), switches
