"""ArchivedDays: the days whose sessions retention took, and how the server finds them."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from peewee import SQL, fn

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.day_split import day_name
from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS, DayRange
from reprospective_tray.store.query.raw_queries import RawQueries
from reprospective_tray.store.query.server_filter import ServerFilter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.forgotten_ranges import ForgottenRanges
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey


def missing_days(adapter: DatabaseAdapter, days: DayRange) -> tuple[str, ...]:
    """Return those of `days` of which the rollup counts more sessions than are here, in order.

    On a server nothing is ever taken. Inside the adapter's `connection()`.
    """
    if not isinstance(adapter, SqliteAdapter):
        return ()
    horizon = FileMeta(adapter).get(MetaKey.RETENTION_HORIZON)
    if horizon is None:
        return ()
    # The latest day that it can be on anybody's wall.
    last = min(days.last, date.fromisoformat(day_name(horizon + LARGEST_OFFSET_MS)))
    if last < days.first:
        return ()
    old = DayRange(days.first, last)
    day = adapter.models.Day
    counted = (
        day.select(day.day, fn.SUM(day.sessions)).where(_of(day, old)).group_by(day.day).tuples()
    )
    here = RawQueries(adapter).closed_sessions(old)
    return tuple(sorted(name for name, sessions in counted if sessions > here.get(name, 0)))


def runs(days: tuple[str, ...]) -> list[DayRange]:
    """Return days in order as ranges of those that follow one another."""
    found: list[DayRange] = []
    for day in map(date.fromisoformat, days):
        if found and day - found[-1].last == timedelta(days=1):
            found[-1] = DayRange(found[-1].first, day)
        else:
            found.append(DayRange(day, day))
    return found


def not_here(adapter: SqliteAdapter, days: DayRange) -> ServerFilter:
    """Return what tells a server's sessions that this file had on `days`, and has no more.

    They are of the devices that the rollup counts on these days: where the file was cloned,
    the other one goes on as one of them. Whatever is held here counts as it is here, be it a
    tombstone that the server does not know of yet.
    """
    day = adapter.models.Day
    devices = (
        day.select(day.device_id, fn.MIN(day.day), fn.MAX(day.day))
        .where(_of(day, days))
        .group_by(day.device_id)
        .tuples()
    )
    return ServerFilter(
        devices=tuple(
            (device, DayRange(date.fromisoformat(first), date.fromisoformat(last)))
            for device, first, last in devices
            if _is_uuid(device)
        ),
        without=frozenset(
            filter(_is_uuid, RawQueries(adapter).uids(days) | _tombstones(adapter, days))
        ),
        forgotten=ForgottenRanges(adapter.models).near(days),
    )


def _is_uuid(text: str) -> bool:
    """Tell what a server can have: another program may have written anything into the file."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _of(day: Any, days: DayRange) -> Any:
    return day.day.between(days.first.isoformat(), days.last.isoformat())


def _tombstones(adapter: SqliteAdapter, days: DayRange) -> set[str]:
    """Return the uids of those that may lie on `days`, as far as a server may not know of them."""
    session = adapter.models.Session
    earliest, latest = days.begin - LARGEST_OFFSET_MS, days.end + LARGEST_OFFSET_MS
    gone = session.select(session.uid).where(session.deleted == 1)
    near = gone.where(session.started_at >= earliest, session.started_at < latest)
    # No index knows which of them last long, but few wait; written out for its partial index.
    long = gone.where(session.synced == SQL("0"), session.ended_at > earliest)
    return {uid for query in (near, long) for (uid,) in query.tuples()}
