"""The clock on the wall: how far it was from UTC, and when that changed."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from reprospective_tray.store.model.sessions import DAY_MS

OffsetMinutes = Callable[[int], int]  # of a moment in ms since the epoch

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def local_offset_minutes(ms: int) -> int:
    """Return how far this computer's time zone was from UTC at `ms` since the epoch."""
    return time.localtime(ms / 1000).tm_gmtoff // 60


def offsets_of(zone: tzinfo) -> OffsetMinutes:
    """Return what tells how far `zone` was from UTC."""

    def offset_minutes(ms: int) -> int:
        shift = (_EPOCH + timedelta(milliseconds=ms)).astimezone(zone).utcoffset()
        return (shift or timedelta()) // _MINUTE

    return offset_minutes


def between_changes(
    started_at: int, ended_at: int, offset_minutes: OffsetMinutes
) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of [`started_at`, `ended_at`) (ms), each with its one offset.

    A change that is undone within a day is not seen. What has no length is one part.
    """
    start, offset = started_at, offset_minutes(started_at)
    looked = started_at  # up to here, the offset is the same
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
    """Return the first ms after `same` that has not this offset, as `other` has not."""
    while other - same > 1:
        middle = (same + other) // 2
        if offset_minutes(middle) == offset:
            same = middle
        else:
            other = middle
    return other
