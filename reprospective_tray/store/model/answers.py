"""What questions about sessions are answered with, and the order in which it comes."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from reprospective_tray.store.model.sessions import State


class StoredSession(msgspec.Struct, frozen=True):
    """A session as it is kept; `original_id` is its local row id, times are ms UTC.

    What was recorded straight to the server has no `original_id`. `elsewhere` is
    what `Details` took from the server because it is not in the file any more:
    nothing can be done with it here.
    """

    uid: str
    device_id: str
    source_host: str
    original_id: int | None
    state: State
    application_name: str
    window_title: str
    started_at: int
    ended_at: int
    utc_offset_minutes: int
    open: bool
    synced: bool
    revision: int
    elsewhere: bool = False


class TitleTotal(Struct, frozen=True):
    """The active ms of one window title within a range."""

    application_name: str
    window_title: str
    ms: int


class DayTitle(Struct, frozen=True):
    """The active ms of one window title on one day as lived."""

    day: str
    application_name: str
    window_title: str
    ms: int


class HourTotal(Struct, frozen=True):
    """The active ms of one hour of wall time as lived; `start` has no zone."""

    start: datetime
    active_ms: int


def titles_in_order(totals: Iterable[TitleTotal]) -> list[TitleTotal]:
    """Return them longest first, then by name."""
    return sorted(totals, key=lambda each: (-each.ms, each.application_name, each.window_title))


def day_titles_in_order(totals: Iterable[DayTitle]) -> list[DayTitle]:
    """Return them by day, longest first, then by name."""
    return sorted(
        totals, key=lambda each: (each.day, -each.ms, each.application_name, each.window_title)
    )
