"""The result types of session queries, and their sort order."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from reprospective_tray.store.model.sessions import State


class StoredSession(msgspec.Struct, frozen=True):
    """A stored session; `original_id` is its local row id, times are ms since the epoch, UTC.

    A session recorded directly to the server has no `original_id`. `elsewhere` marks a session
    that `RemoteDetails` fetched from the server because retention removed it from the file; it
    cannot be changed here.
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
    """The active ms of one window title on one local day."""

    day: str
    application_name: str
    window_title: str
    ms: int


class HourTotal(Struct, frozen=True):
    """The active ms of one hour of local wall time; `start` is naive, without a time zone."""

    start: datetime
    active_ms: int


def titles_in_order(totals: Iterable[TitleTotal]) -> list[TitleTotal]:
    """Return `totals` sorted by length, longest first, then by name."""
    return sorted(totals, key=lambda each: (-each.ms, each.application_name, each.window_title))


def day_titles_in_order(totals: Iterable[DayTitle]) -> list[DayTitle]:
    """Return `totals` sorted by day, then longest first, then by name."""
    return sorted(
        totals, key=lambda each: (each.day, -each.ms, each.application_name, each.window_title)
    )
