"""UTC offsets of local time, and the times at which they change."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from reprospective_tray.store.model.sessions import DAY_MS

OffsetMinutes = Callable[[int], int]  # from ms since the epoch to the UTC offset in minutes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def local_offset_minutes(ms: int) -> int:
    """Return the UTC offset of this computer's time zone at `ms` since the epoch."""
    return time.localtime(ms / 1000).tm_gmtoff // 60


def offsets_of(zone: tzinfo) -> OffsetMinutes:
    """Return a function for the UTC offsets of `zone`."""

    def offset_minutes(ms: int) -> int:
        shift = (_EPOCH + timedelta(milliseconds=ms)).astimezone(zone).utcoffset()
        return (shift or timedelta()) // _MINUTE

    return offset_minutes


def between_changes(
    started_at: int, ended_at: int, offset_minutes: OffsetMinutes
) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of [`started_at`, `ended_at`) (ms) with a constant UTC offset each.

    A change that is reversed within a day may be missed. An empty range yields one part.
    """
    start, offset = started_at, offset_minutes(started_at)
    looked = started_at  # the offset is constant up to here
    while looked < ended_at:
        ahead = min(ended_at - 1, looked + DAY_MS)
        if offset_minutes(ahead) == offset:
            looked = ahead + 1
            continue
        change = _first_of_another(looked, ahead, offset, offset_minutes)
        yield start, change, offset
        start = looked = change
        offset = offset_minutes(change)
    yield start, ended_at, offset


def _first_of_another(same: int, other: int, offset: int, offset_minutes: OffsetMinutes) -> int:
    """Return the first ms after `same` with another offset than `offset`, up to `other`."""
    while other - same > 1:
        middle = (same + other) // 2
        if offset_minutes(middle) == offset:
            same = middle
        else:
            other = middle
    return other
