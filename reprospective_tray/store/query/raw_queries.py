"""Queries that need the sessions themselves: hours, titles, lists and streams.

The adapter supplies conditions that find the rows by index.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from peewee import Case, fn

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.answers import (
    DayTitle,
    HourTotal,
    StoredSession,
    TitleTotal,
    day_titles_in_order,
    titles_in_order,
)
from reprospective_tray.store.model.day_split import day_name, pieces
from reprospective_tray.store.model.fields import ms
from reprospective_tray.store.model.focus_streaks import (
    FocusStreaks,
    Row,
    stretches_of,
)
from reprospective_tray.store.model.ranges import DayRange, lived
from reprospective_tray.store.model.sessions import DAY_MS, State
from reprospective_tray.store.query.server_filter import ServerFilter

__all__ = [
    "DayTitle",
    "HourTotal",
    "RawQueries",
    "StoredSession",
    "TitleTotal",
]

HOUR_MS = 3_600_000
_STATES = {state.value: state for state in State}
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  wall time as lived has no zone


class RawQueries:
    """Queries that read raw rows; must be called in the adapter's `connection()`."""

    def __init__(self, adapter: DatabaseAdapter, restriction: ServerFilter | None = None) -> None:
        """Query the database of `adapter`; `restriction` applies to all queries for days."""
        self.adapter = adapter
        self._restriction = restriction
        # Conditions by range of days, cached while all queries see the same snapshot.
        self._seen: dict[DayRange, Any] | None = None
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
        """Return the active ms by title, clipped to `days`, longest first, then by name."""
        session = self._session
        end = Case(None, [(self._lived_end > days.end, days.end)], self._lived_end)
        start = Case(None, [(self._lived_start < days.begin, days.begin)], self._lived_start)
        names = (session.application_name, session.window_title)
        rows = session.select(*names, fn.SUM(end - start)).where(self._active(days, host))
        found = self._rows(rows.group_by(*names))
        return titles_in_order(TitleTotal(name, title, int(ms)) for name, title, ms in found)

    def day_titles(self, days: DayRange, host: str | None = None) -> list[DayTitle]:
        """Return the active ms by local day and title, clipped to `days`.

        Sorted by day, longest first, then by name.
        """
        session = self._session
        names = (session.application_name, session.window_title)
        found = self._added_up(DAY_MS, self._active(days, host), *names)
        first, end = days.begin // DAY_MS, days.end // DAY_MS
        return day_titles_in_order(
            DayTitle(_day(day), name, title, ms)
            for (day, name, title), ms in found.items()
            if first <= day < end
        )

    def stretches(self, days: DayRange, host: str | None = None) -> FocusStreaks:
        """Return the longest streak, clipped to `days`, and how often the application changed."""
        return stretches_of(self.stretch_rows(days, host), days)

    def stretch_rows(self, days: DayRange, host: str | None = None) -> list[Row]:
        """Return the rows for `stretches_of` of the sessions on `days`, unclipped and unsorted."""
        session = self._session
        columns = (session.device_id, self._started_at, self._ended_at, session.utc_offset_minutes)
        names = (session.state, session.application_name)
        return self._rows(session.select(*columns, *names).where(self._within(days, host)))

    def hours(self, days: DayRange, host: str | None = None) -> list[HourTotal]:
        """Return the active ms of each local hour with activity, in order."""
        found = self._added_up(HOUR_MS, self._active(days, host))
        first, end = days.begin // HOUR_MS, days.end // HOUR_MS
        return [
            HourTotal(_EPOCH + timedelta(hours=hour), ms)
            for (hour,), ms in sorted(found.items())
            if ms and first <= hour < end
        ]

    def sessions(
        self, days: DayRange, host: str | None = None, *, newest: int | None = None
    ) -> list[StoredSession]:
        """Return the sessions of `days`, unclipped, in order; only the last `newest` if given."""
        session = self._session
        rows = session.select(*self._columns).where(self._within(days, host))
        key = session._meta.primary_key  # noqa: SLF001  peewee's public name for it
        # Sessions with the same start are in the order of recording, if that is known.
        order = (session.started_at, self.adapter.original_id, key)
        rows = rows.order_by(*(column.desc() for column in order)).limit(newest)
        elsewhere = self._restriction is not None
        return [_stored(row, elsewhere=elsewhere) for row in reversed(self._rows(rows))]

    def closed_sessions(self, days: DayRange) -> dict[str, int]:
        """Return how many closed sessions lie on each day; one across midnight counts on both."""
        closed = self._within(days, None) & (self._session.open == 0)
        found: dict[str, int] = defaultdict(int)
        for day, count, start, end in self._by_first(DAY_MS, closed, fn.COUNT(self._session.uid)):
            if end // DAY_MS == day:
                found[_day(day)] += count
            else:
                for piece in pieces(start, end, 0):
                    found[piece.day] += 1
        return found

    def uids(self, days: DayRange) -> set[str]:
        """Return the uids of the sessions of `days`."""
        rows = self._session.select(self._session.uid).where(self._within(days, None))
        return {uid for (uid,) in self._rows(rows)}

    def stream(
        self, since: int | None = None, until: int | None = None, host: str | None = None
    ) -> Iterator[StoredSession]:
        """Yield the sessions that overlap [`since`, `until`), in ms UTC.

        They are unclipped and sorted by start; memory use is constant.
        """
        session = self._session
        base = session.select(*self._columns).where(session.deleted == 0)
        if host is not None:
            base = base.where(session.source_host == host)
        if until is not None:
            base = base.where(session.started_at < until)
        if since is not None:
            # Sessions that span `since` began before it, so they come first.
            over = self.adapter.lasting_over(since)
            if over is not None:
                before = base.where(over)
                yield from map(_stored, self.adapter.stream(before))
            base = base.where(session.started_at >= since)
        yield from map(_stored, self.adapter.stream(base))

    def _added_up(self, unit: int, condition: Any, *names: Any) -> dict[tuple[Any, ...], int]:
        """Return the ms of sessions by number of the local day or hour, and by `names`."""
        total: dict[tuple[Any, ...], int] = defaultdict(int)
        length = fn.SUM(self._ended_at - self._started_at)
        for first, *key, active_ms, start, end in self._by_first(unit, condition, length, *names):
            if end // unit == first:
                total[first, *key] += int(active_ms)
                continue
            began = start
            while began < end:
                border = min(end, (began // unit + 1) * unit)
                total[began // unit, *key] += border - began
                began = border
        return total

    def _by_first(self, unit: int, condition: Any, figure: Any, *names: Any) -> list[Any]:
        """Return rows of day or hour number, `names`, `figure`, local start and local end.

        The database adds up sessions that lie within one day or hour, which are most. Each of the
        others has its own row.
        """
        first = self._lived_start / unit
        alone = Case(None, [(first == self._lived_end / unit, None)], self._session.uid)
        times = fn.MIN(self._lived_start), fn.MAX(self._lived_end)
        rows = self._session.select(first, *names, figure, *times).where(condition)
        return self._rows(rows.group_by(first, *names, alone))

    def _rows(self, query: Any) -> list[Any]:
        # Bypass peewee's conversion of rows, which would double the time.
        rows: list[Any] = self.adapter.database.execute(query).fetchall()
        return rows

    def _active(self, days: DayRange, host: str | None) -> Any:
        return self._within(days, host) & (self._session.state == State.ACTIVE.value)

    def _within(self, days: DayRange, host: str | None) -> Any:
        """Return the condition for non-deleted sessions that overlap `days`."""
        session = self._session
        # `_near` uses an index; `_touching` is exact, by the UTC offset of each row.
        condition = self._near(days) & (session.deleted == 0) & self._touching(days)
        if self._restriction is not None:
            condition &= self._restriction.condition(session, self._touching)
        return condition if host is None else condition & (session.source_host == host)

    def _near(self, days: DayRange) -> Any:
        if self._seen is None:
            return self.adapter.near(days)
        if days not in self._seen:
            self._seen[days] = self.adapter.near(days)
        return self._seen[days]

    def _touching(self, days: DayRange) -> Any:
        return (self._lived_start < days.end) & (
            (self._lived_end > days.begin) | (self._lived_start >= days.begin)
        )


@lru_cache(maxsize=1000)
def _day(number: int) -> str:
    return day_name(number * DAY_MS)


def _stored(row: tuple[Any, ...], *, elsewhere: bool = False) -> StoredSession:
    uid, device, host, number, state, name, title, end, offset, is_open, synced, rev, start, _ = row
    return StoredSession(
        uid,
        device,
        host,
        number,
        _STATES[state],
        name,
        title,
        start,
        end,
        offset,
        bool(is_open),
        bool(synced),
        rev,
        elsewhere,
    )
