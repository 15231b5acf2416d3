"""Questions that need the sessions themselves: hours, titles, lists and streams.

Rows are found by index: what began inside the range, and of each device what
lasts over its beginning.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Case, fn

from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.fields import ms
from reprospective_tray.store.ranges import LARGEST_OFFSET_MS, DayRange, lived
from reprospective_tray.store.sessions import State

HOUR_MS = 3_600_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  wall time as lived has no zone


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it is kept; `original_id` is its local row id, times are ms UTC.

    What was recorded straight to the server has no `original_id`.
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


@dataclass(frozen=True, slots=True)
class TitleTotal:
    """The active ms of one window title within a range."""

    application_name: str
    window_title: str
    ms: int


@dataclass(frozen=True, slots=True)
class HourTotal:
    """The active ms of one hour of wall time as lived; `start` has no zone."""

    start: datetime
    active_ms: int


class RawQueries:
    """Questions answered from raw rows; ask them inside the adapter's `connection()`."""

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Ask the database of `adapter`."""
        self._adapter = adapter
        self._session = session = adapter.models.Session
        self._started_at, self._ended_at = ms(session.started_at), ms(session.ended_at)
        self._columns = (
            session.uid,
            session.device_id,
            session.source_host,
            adapter.original_id,
            session.state,
            session.application_name,
            session.window_title,
            self._ended_at,
            session.utc_offset_minutes,
            session.open,
            adapter.synced,
            session.revision,
            self._started_at,
            session._meta.primary_key,  # noqa: SLF001  peewee's public name for it
        )
        self._lived_start = lived(self._started_at, session.utc_offset_minutes)
        self._lived_end = lived(self._ended_at, session.utc_offset_minutes)

    def titles(self, days: DayRange, host: str | None = None) -> list[TitleTotal]:
        """Return the active ms by title, clipped to `days`: longest first, then by name."""
        session = self._session
        end = Case(None, [(self._lived_end > days.end, days.end)], self._lived_end)
        start = Case(None, [(self._lived_start < days.begin, days.begin)], self._lived_start)
        rows = (
            session.select(session.application_name, session.window_title, fn.SUM(end - start))
            .where(self._within(days, host), session.state == State.ACTIVE.value)
            .group_by(session.application_name, session.window_title)
            .tuples()
        )
        totals = [TitleTotal(name, title, int(ms)) for name, title, ms in rows]
        return sorted(totals, key=lambda t: (-t.ms, t.application_name, t.window_title))

    def hours(self, days: DayRange, host: str | None = None) -> list[HourTotal]:
        """Return the active ms of each hour as lived in which there was any, in order."""
        session = self._session
        active = self._within(days, host) & (session.state == State.ACTIVE.value)
        first_hour = self._lived_start / HOUR_MS
        # Most sessions lie in one hour and can be added up by the database.
        within_one = first_hour == (self._lived_end / HOUR_MS)
        total: dict[int, int] = defaultdict(int)
        length = fn.SUM(self._ended_at - self._started_at)
        short = session.select(first_hour, length).where(active, within_one).group_by(first_hour)
        for hour, active_ms in short.tuples():
            total[int(hour)] += int(active_ms)
        long = session.select(self._lived_start, self._lived_end).where(active, ~within_one)
        for started, ended in long.tuples():
            start, end = max(started, days.begin), min(ended, days.end)
            while start < end:
                border = min(end, (start // HOUR_MS + 1) * HOUR_MS)
                total[start // HOUR_MS] += border - start
                start = border
        return [
            HourTotal(_EPOCH + timedelta(hours=hour), ms)
            for hour, ms in sorted(total.items())
            if ms
        ]

    def sessions(
        self, days: DayRange, host: str | None = None, *, newest: int | None = None
    ) -> list[StoredSession]:
        """Return the sessions of `days`, unclipped, in order; the `newest` ones alone if given."""
        session = self._session
        rows = session.select(*self._columns).where(self._within(days, host))
        key = session._meta.primary_key  # noqa: SLF001  peewee's public name for it
        rows = rows.order_by(session.started_at.desc(), key.desc()).limit(newest)
        return [_stored(row) for row in rows.tuples()][::-1]

    def stream(
        self, since: int | None = None, until: int | None = None, host: str | None = None
    ) -> Iterator[StoredSession]:
        """Yield the sessions that lie at least partly within [`since`, `until`), ms UTC.

        They come unclipped, in order of their start, in constant memory.
        """
        session = self._session
        base = session.select(*self._columns).where(session.deleted == 0)
        if host is not None:
            base = base.where(session.source_host == host)
        if until is not None:
            base = base.where(session.started_at < until)
        if since is not None:
            # What lasts over `since` began before it, so it comes before all others.
            over = self._adapter.lasting_over(since)
            if over is not None:
                before = base.where(over)
                yield from map(_stored, self._adapter.stream(before))
            base = base.where(session.started_at >= since)
        yield from map(_stored, self._adapter.stream(base))

    def _within(self, days: DayRange, host: str | None) -> Any:
        """Return the condition for living sessions that lie at least partly on `days`."""
        session = self._session
        # The index knows UTC; the exact borders are those of each row's own wall clock.
        earliest = days.begin - LARGEST_OFFSET_MS
        candidates = (session.started_at >= earliest) & (
            session.started_at < days.end + LARGEST_OFFSET_MS
        )
        over = self._adapter.lasting_over(earliest)
        if over is not None:
            candidates |= over
        condition = (
            candidates
            & (session.deleted == 0)
            & (self._lived_start < days.end)
            & ((self._lived_end > days.begin) | (self._lived_start >= days.begin))
        )
        return condition if host is None else condition & (session.source_host == host)


def _stored(row: tuple[Any, ...]) -> StoredSession:
    uid, device, host, number, state, name, title, end, offset, is_open, synced, rev, start, _ = row
    return StoredSession(
        uid,
        device,
        host,
        number,
        State(state),
        name,
        title,
        start,
        end,
        offset,
        bool(is_open),
        bool(synced),
        rev,
    )
