"""FocusStreaks: how long one application stayed in the foreground, and how often it changed.

Computed in Python from a few columns of each session in order: SQLite's window functions take
several times as long, and sessions from two databases must be treated as one history.
"""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from msgspec import Struct

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import DAY_MS, MINUTE_MS, State

# Longest gap between two sessions of one streak, for moments without a foreground window.
STRETCH_GAP_MS = 1000

# device_id, started_at, ended_at, utc_offset_minutes, state, application_name
Row = tuple[str, int, int, int, str, str]


class FocusStreak(Struct, frozen=True):
    """One application in the foreground of one device without a break; titles may change.

    Times are ms UTC, clipped to the requested range; `ms` is the total length of its sessions.
    The offset is that of the first session.
    """

    application_name: str
    started_at: int
    ended_at: int
    utc_offset_minutes: int
    ms: int


class FocusStreaks(Struct, frozen=True):
    """The longest streak (the earliest of equal ones) and the number of application switches.

    `longest` is None if no session has a length. Two consecutive active sessions of a device that
    began on the same local day count as a switch if their applications differ. Sessions of zero
    length count as well. The switches of consecutive day ranges can be added up.
    """

    longest: FocusStreak | None
    switches: int


def stretches_of(rows: list[Row], days: DayRange) -> FocusStreaks:
    """Return the streaks in non-deleted sessions, which must overlap `days`; sorts `rows`."""
    # Of sessions with the same start, the one of zero length comes first.
    rows.sort()
    longest = FocusStreak("", 0, 0, 0, 0)
    switches = 0
    for _device, of_device in groupby(rows, itemgetter(0)):
        found, count = _of_device(of_device, days.begin, days.end)
        switches += count
        longest = max(longest, found, key=lambda each: (each.ms, -each.started_at))
    return FocusStreaks(longest if longest.ms else None, switches)


def _of_device(rows: Iterable[Row], begin: int, end: int) -> tuple[FocusStreak, int]:
    """Return the longest streak and the number of switches of rows in order."""
    # One loop with plain variables for speed: there may be tens of thousands of rows.
    active = State.ACTIVE.value
    longest = (0, "", 0, 0, 0)
    # The current streak, unless it was broken.
    name, broken = "", True
    first = last = first_offset = total = reached = 0
    switches = 0
    in_front: dict[int, str] = {}  # day number → last application in the foreground
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
