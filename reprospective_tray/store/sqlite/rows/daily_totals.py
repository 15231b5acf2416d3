"""DailyTotals: the daily rollup, the totals of closed sessions per local day."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from peewee import EXCLUDED, Case, fn

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.engine.prepared import Prepared
from reprospective_tray.store.model.day_split import (
    Addition,
    DayKey,
    day_name,
    parts_of,
    take,
    totals,
)
from reprospective_tray.store.model.ranges import (
    LARGEST_OFFSET_MS,
    DayRange,
    lived,
    reach,
)

_FIGURES = tuple(field.name for field in fields(Addition))


class DailyTotals:
    """Updates `desktop_activity_days`; must be called in the transaction of the change."""

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Work on the tables of `adapter`."""
        models = adapter.models
        self._day = models.Day
        self._session = models.Session
        day = models.Day
        self._key_columns = (
            day.day,
            day.device_id,
            day.source_host,
            day.state,
            day.application_name,
        )
        key = [column.name for column in self._key_columns]
        names = [*key, *_FIGURES]
        self._addition = Prepared(adapter.database, names, self._addition_query)
        self._change = Prepared(adapter.database, names, self._change_query)
        self._removal = Prepared(adapter.database, key, self._removal_query)

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Add closed, non-deleted sessions, given as table rows."""
        self.add_totals(totals(rows))

    def add_totals(self, found: dict[DayKey, Addition]) -> None:
        """Add the totals of sessions."""
        for key, part in found.items():
            self._addition.execute(self._named(key) | asdict(part))

    def remove(self, *rows: dict[str, Any]) -> None:
        """Subtract sessions that were added; call it after their rows have changed."""
        gone: dict[DayKey, list[Addition]] = defaultdict(list)
        for row in rows:
            for key, part in parts_of(row):
                gone[key].append(part)
        if not gone:
            return
        kept = self._held(gone)
        at_an_edge: dict[tuple[str, str], list[DayKey]] = defaultdict(list)
        for key, day in kept.items():
            first, last = _first_and_last(gone[key])
            day.ms -= sum(part.ms for part in gone[key])
            day.sessions -= len(gone[key])
            if day.sessions > 0 and (day.first_at == first.first_at or day.last_at == last.last_at):
                at_an_edge[key[0], key[1]].append(key)
        for (name, device_id), keys in at_an_edge.items():
            found = self._here(name, device_id, {key[-1] for key in keys})
            for key in keys:
                _find_edges(kept[key], found.get(key), *_first_and_last(gone[key]))
        for key, day in kept.items():
            if day.sessions > 0:
                self._change.execute(self._named(key) | asdict(day))
            else:
                self._removal.execute(self._named(key))

    def forget_taken(self, since: int, until: int, applications: list[str] | None) -> int:
        """Remove the totals of retention's sessions from days that may overlap [`since`, `until`).

        Each such row of the rollup is recomputed from the sessions that are still here. Returns
        how many rows changed; `applications` None means all.
        """
        changed = 0
        by_day: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for held in self._meeting(since, until, applications).dicts():
            by_day[held["day"], held["device_id"]].append(held)
        for (name, device_id), days in by_day.items():
            here = self._here(name, device_id, {held["application_name"] for held in days})
            for held in days:
                found = here.get(tuple(held[column.name] for column in self._key_columns))
                if found and (found.ms, found.sessions) == (held["ms"], held["sessions"]):
                    continue
                changed += 1
                if found:
                    self._change.execute(held | asdict(found))
                else:
                    self._removal.execute(held)
        return changed

    def forget_edges(self, since: int, until: int, applications: list[str] | None) -> None:
        """Move the first and last times of days out of [`since`, `until`), which is now empty.

        The times of sessions removed by retention are unknown, so an edge may still lie there.
        """
        day = self._day
        meeting = self._meeting(since, until, applications)
        for held in list(meeting.dicts()):
            where = self._where(held)
            if since <= held["first_at"] < until <= held["last_at"]:
                day.update(first_at=until).where(where).execute()
            elif held["first_at"] <= since < held["last_at"] <= until:
                day.update(last_at=since).where(where).execute()

    def _meeting(self, since: int, until: int, applications: list[str] | None) -> Any:
        """Return a query for the rollup rows that may overlap [`since`, `until`)."""
        day = self._day
        names = day_name(since - LARGEST_OFFSET_MS), day_name(until + LARGEST_OFFSET_MS)
        rows = day.select().where(
            day.day.between(*names),
            day.first_at < until,
            (day.last_at > since) | (day.first_at >= since),
        )
        return rows if applications is None else rows.where(day.application_name.in_(applications))

    def _where(self, named: dict[str, Any]) -> Any:
        where = True
        for column in self._key_columns:
            where = (column == named[column.name]) & where
        return where

    def _named(self, key: DayKey) -> dict[str, Any]:
        return {column.name: value for column, value in zip(self._key_columns, key, strict=True)}

    def _held(self, keys: Collection[DayKey]) -> dict[DayKey, Addition]:
        """Return the stored totals of `keys`; keys without a row are missing."""
        each = [set(values) for values in zip(*keys, strict=True)]
        columns = [*self._key_columns, *(getattr(self._day, name) for name in _FIGURES)]
        rows = self._day.select(*columns).where(
            *(column.in_(known) for column, known in zip(self._key_columns, each, strict=True))
        )
        found = {row[:5]: Addition(*row[5:]) for row in rows.tuples()}
        return {key: found[key] for key in keys if key in found}

    def _addition_query(self, values: dict[str, Any]) -> Any:
        day = self._day
        earlier = EXCLUDED.first_at < day.first_at
        later = EXCLUDED.last_at > day.last_at

        def if_(condition: Any, column: str) -> Any:
            return Case(None, [(condition, getattr(EXCLUDED, column))], getattr(day, column))

        return day.insert(values).on_conflict(
            conflict_target=self._key_columns,
            update={
                day.ms: day.ms + EXCLUDED.ms,
                day.sessions: day.sessions + EXCLUDED.sessions,
                day.first_at: if_(earlier, "first_at"),
                day.first_offset_minutes: if_(earlier, "first_offset_minutes"),
                day.last_at: if_(later, "last_at"),
                day.last_offset_minutes: if_(later, "last_offset_minutes"),
            },
        )

    def _change_query(self, values: dict[str, Any]) -> Any:
        changes = {name: values[name] for name in _FIGURES}
        return self._day.update(changes).where(self._where(values))

    def _removal_query(self, values: dict[str, Any]) -> Any:
        return self._day.delete().where(self._where(values))

    def _here(self, name: str, device_id: str, applications: set[str]) -> dict[DayKey, Addition]:
        """Return the totals by key of the device's stored sessions on the day `name`.

        The database adds up those that lie within the day, which are nearly all.
        """
        session = self._session
        that = date.fromisoformat(name)
        begin, end = DayRange(that, that).begin, DayRange(that, that).end
        offset = session.utc_offset_minutes
        start, stop = lived(session.started_at, offset), lived(session.ended_at, offset)
        # Sessions that began near the day in UTC, and those that extend into it.
        conditions = (
            session.device_id == device_id,
            session.started_at >= reach(session, device_id, begin - LARGEST_OFFSET_MS),
            session.started_at < end + LARGEST_OFFSET_MS,
            session.application_name.in_(applications),
            session.open == 0,
            session.deleted == 0,
            start < end,
        )
        across = session.select().where(*conditions, stop >= begin, (start < begin) | (stop > end))
        found = {key: part for key, part in totals(across.dicts()).items() if key[0] == name}
        group = (session.source_host, session.state, session.application_name, offset)
        within = session.select(
            *group,
            fn.SUM(session.ended_at - session.started_at),
            fn.COUNT(session.uid),
            fn.MIN(session.started_at),
            fn.MAX(session.ended_at),
        ).where(*conditions, start >= begin, stop <= end)
        for host, state, application, minutes, *figures in within.group_by(*group).tuples():
            length, count, first_at, last_at = figures
            part = Addition(length, count, first_at, minutes, last_at, minutes)
            key = (name, device_id, host, state, application)
            take(found, key, part)
        return found


def _first_and_last(parts: list[Addition]) -> tuple[Addition, Addition]:
    return min(parts, key=lambda it: it.first_at), max(parts, key=lambda it: it.last_at)


def _find_edges(day: Addition, found: Addition | None, first: Addition, last: Addition) -> None:
    """Recompute the day's edges after the sessions from `first` to `last` were removed.

    `found` is the total of the sessions that are still here. If retention has removed sessions of
    the day, their times are unknown; then only a removed edge moves, and no further than is known.
    Sessions of a device never overlap, so none begins before the end of the first one.
    """
    if found and found.sessions >= day.sessions:
        day.set_edges(found.first_edge, found.last_edge)
        return
    begin, end = day.first_edge, day.last_edge
    if begin[0] == first.first_at:
        begin = first.last_edge
        if found and found.first_at < first.last_at:
            begin = found.first_edge
    if end[0] == last.last_at:
        end = last.first_edge
        if found and found.last_at > last.first_at:
            end = found.last_edge
    if begin[0] <= end[0]:
        day.set_edges(begin, end)
