"""Finds the days whose sessions retention removed, and selects these sessions on the server."""

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
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.store.sqlite.rows.forgotten_ranges import ForgottenRanges


def missing_days(adapter: DatabaseAdapter, days: DayRange) -> tuple[str, ...]:
    """Return those of `days` for which the rollup counts more sessions than the file has, in order.

    Empty for a server, where retention removes nothing. Must be called in the adapter's
    `connection()`.
    """
    if not isinstance(adapter, SqliteAdapter):
        return ()
    horizon = FileMeta(adapter).get(MetaKey.RETENTION_HORIZON)
    if horizon is None:
        return ()
    # The latest local day of the horizon in any time zone.
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
    """Group sorted ISO dates into ranges of consecutive days."""
    found: list[DayRange] = []
    for day in map(date.fromisoformat, days):
        if found and day - found[-1].last == timedelta(days=1):
            found[-1] = DayRange(found[-1].first, day)
        else:
            found.append(DayRange(day, day))
    return found


def not_here(adapter: SqliteAdapter, days: DayRange) -> ServerFilter:
    """Return a filter for the server's sessions that this file had on `days` but no longer has.

    It covers the devices in the rollup, each limited to its days there, because a clone of the
    file may continue as one of them. Sessions in this file are excluded, including tombstones that
    the server does not know yet.
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
    """Return whether a server can store `text`; another program may have written it here."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _of(day: Any, days: DayRange) -> Any:
    return day.day.between(days.first.isoformat(), days.last.isoformat())


def _tombstones(adapter: SqliteAdapter, days: DayRange) -> set[str]:
    """Return the uids of tombstones that may lie on `days` and be unknown to the server."""
    session = adapter.models.Session
    earliest, latest = days.begin - LARGEST_OFFSET_MS, days.end + LARGEST_OFFSET_MS
    gone = session.select(session.uid).where(session.deleted == 1)
    near = gone.where(session.started_at >= earliest, session.started_at < latest)
    # No index finds the long ones, but only few are unsent. A literal, not a parameter, so that
    # SQLite uses the partial index on unsent rows.
    long = gone.where(session.synced == SQL("0"), session.ended_at > earliest)
    return {uid for query in (near, long) for (uid,) in query.tuples()}
