"""Times of entries: from the clock on the wall to moments, also where the clocks change."""

from datetime import date, datetime, timedelta

from reprospective_tray.errors import UsageError
from reprospective_tray.messages import _
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.transfer.importers.clock import between_changes, local_offset_minutes

DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  of the clock on the wall


def span(day: date, since: timedelta, until: timedelta) -> tuple[int, int]:
    """Return the start and end in ms UTC of two times on this computer's clock.

    `since` and `until` are the time from 00:00 of `day`. An end that is not after the start is
    one of the next day.

    Raises:
        UsageError: both are the same, or the clocks skip one of them.
    """
    if since == until:
        raise UsageError(_("--from and --to are the same time."), _("Give an end after the start."))
    return moment(day, since), moment(day, until if until > since else until + DAY)


def moment(day: date, time: timedelta) -> int:
    """Return the ms UTC of a time from 00:00 of `day`; of one that comes twice, the first.

    Raises:
        UsageError: the clocks skip this time, or it is before 1970.
    """
    wall = datetime.combine(day, datetime.min.time()) + time
    try:
        seconds = wall.timestamp()
        shown = datetime.fromtimestamp(seconds)  # noqa: DTZ006  the clock on the wall is meant
    except (OverflowError, OSError, ValueError):
        raise UsageError(_("{time} is no time of an entry.").format(time=str(wall))) from None
    # The end of a day is there even if the clocks skip the next day's midnight.
    if shown != wall and time != DAY:
        raise UsageError(
            _("{time} does not exist: the clocks go forward then.").format(
                time=f"{wall:%Y-%m-%d %H:%M}"
            ),
            _("Give the time that the clock showed."),
        )
    return round(seconds * 1000)


def wall_of(entry: Entry, ms: int) -> tuple[date, timedelta]:
    """Return the day and the time from 00:00 that the clock of an entry showed at `ms`."""
    wall = _EPOCH + timedelta(milliseconds=ms, minutes=entry.utc_offset_minutes)
    return wall.date(), wall - datetime.combine(wall, datetime.min.time())


def pieces(started_at: int, ended_at: int) -> list[tuple[int, int, int]]:
    """Return start, end and UTC offset of the parts between changes of this computer's clock.

    As with sessions, each part then lies on the days that the clock showed.
    """
    return list(between_changes(started_at, ended_at, local_offset_minutes))
