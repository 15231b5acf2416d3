"""All queries for sessions, for both databases.

Totals come from the daily rollup and the open session, so their cost does not depend on the number
of sessions. Queries that need raw rows are in `raw_queries`. Days are local days: by the wall time
at which a session was recorded.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from peewee import SQL, Select, Value, fn

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.engine.prepared import Prepared
from reprospective_tray.store.model.day_split import Piece, pieces
from reprospective_tray.store.model.fields import ms
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import State
from reprospective_tray.store.model.totals import (
    ApplicationDay,
    ApplicationTotal,
    DayPart,
    DayTotal,
    HostTotal,
    NamePart,
    StateTotals,
    Totals,
)
from reprospective_tray.store.query import archived_days
from reprospective_tray.store.query.raw_queries import RawQueries

_OFFSETS = 4096  # more than the number of offsets from -1080 to 1080 minutes


class Queries(RawQueries):
    """All queries for sessions; must be called in the adapter's `connection()`.

    `host` is a `source_host`; None means the sum of all hosts.
    """

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Query the database of `adapter`."""
        super().__init__(adapter)
        self._day = adapter.models.Day
        self._parts: dict[bool, Prepared] = {}

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Run all queries in the block on one snapshot, so that their results are consistent."""
        with self.adapter.unchanging():
            self._seen = {}
            try:
                yield
            finally:
                self._seen = None

    def totals(self, days: DayRange, host: str | None = None) -> Totals:
        """Return all totals of `days`, read by one query so that they are consistent."""
        by_day: list[DayPart] = []
        by_name: list[NamePart] = []
        for day, source, state, name, length, count, *edges in self._read_parts(days, host):
            if day is None:
                by_name.append((source, name, int(length), int(count)))
            else:
                by_day.append((str(day), source, state, int(length), *map(_edge, edges)))
        for row, piece in self._open_pieces(days, host):
            source, state, offset = row["source_host"], row["state"], row["utc_offset_minutes"]
            edges_here = (piece.started_at, offset), (piece.ended_at, offset)
            by_day.append((piece.day, source, str(state), _length(piece), *edges_here))
            if state == State.ACTIVE:
                by_name.append((source, row["application_name"], _length(piece), 1))
        return Totals(by_day, by_name)

    def _read_parts(self, days: DayRange, host: str | None) -> list[Any]:
        """Return the sums by day, and with day NULL the sums by application."""
        values = {"first": days.first.isoformat(), "last": days.last.isoformat()}
        if host is not None:
            values["host"] = host
        is_of_host = host is not None
        if is_of_host not in self._parts:
            self._parts[is_of_host] = Prepared(self.adapter.database, values, self._parts_query)
        return self._parts[is_of_host].rows(values)

    def _parts_query(self, values: Mapping[str, Any]) -> Any:
        day = self._day
        theirs = day.day.between(values["first"], values["last"])
        if "host" in values:
            theirs &= day.source_host == values["host"]
        # An instant and its offset as one number that sorts by the instant.
        first, last = (
            ms(instant) * _OFFSETS + offset + _OFFSETS // 2
            for instant, offset in (
                (day.first_at, day.first_offset_minutes),
                (day.last_at, day.last_offset_minutes),
            )
        )
        names = (day.day, day.device_id, day.source_host, day.state, day.application_name)
        figures = (day.ms, day.sessions, first.alias("first"), last.alias("last"))
        parts = day.select(*names, *figures).where(theirs)
        # A view is computed from the sessions, so it is materialised and read only once. The
        # rollup table is already sorted by its key for the sums by day.
        parts = parts.cte("parts", materialized=self.adapter.days_are_a_view)
        read, nothing = parts.c, SQL("NULL")
        whose = read.source_host, read.state
        length, count = fn.SUM(read.ms), fn.SUM(read.sessions)
        edges = fn.MIN(read.first), fn.MAX(read.last)
        by_day = Select((parts,), (read.day, *whose, nothing, length, count, *edges))
        by_day = by_day.group_by(read.day, read.device_id, *whose)
        active = Value(State.ACTIVE.value)
        # Grouping sorts the rows, so the most selective column comes first.
        name = read.application_name, read.source_host
        named = (nothing, read.source_host, active, name[0], length, count, nothing, nothing)
        by_name = Select((parts,), named).where(read.state == active).group_by(*name)
        return by_day.union_all(by_name).with_cte(parts)

    def applications(self, days: DayRange, host: str | None = None) -> list[ApplicationTotal]:
        """See `Totals`."""
        return self.totals(days, host).applications

    def application_days(self, days: DayRange, host: str | None = None) -> list[ApplicationDay]:
        """Return the active time by day and application: by day, longest first, then by name."""
        day = self._day
        rows = (
            day.select(day.day, day.application_name, fn.SUM(day.ms))
            .where(self._of(days, host), day.state == State.ACTIVE.value)
            .group_by(day.day, day.application_name)
        )
        totals = {(str(day), name): int(total) for day, name, total in self._rows(rows)}
        for row, piece in self._open_pieces(days, host):
            if row["state"] == State.ACTIVE:
                key = piece.day, row["application_name"]
                totals[key] = totals.get(key, 0) + _length(piece)
        found = [ApplicationDay(*key, ms) for key, ms in totals.items()]
        return sorted(found, key=lambda each: (each.day, -each.ms, each.application_name))

    def host_totals(self, days: DayRange) -> list[HostTotal]:
        """See `Totals`."""
        return self.totals(days).host_totals

    def states(self, days: DayRange, host: str | None = None) -> StateTotals:
        """See `Totals`."""
        return self.totals(days, host).states

    def days(self, days: DayRange, host: str | None = None) -> list[DayTotal]:
        """See `Totals`."""
        return self.totals(days, host).days

    def active_ms(self, day: date, host: str | None = None, *, own: bool = False) -> int:
        """Return the active ms of one day; cheap enough to be called every second.

        With `own`, only this user's time is counted, even if the role may read others' rows.
        """
        table, days = self._day, DayRange(day, day)
        whose = self.adapter.of_this_person if own else lambda _table: []
        closed = table.select(fn.SUM(table.ms)).where(
            self._of(days, host), table.state == State.ACTIVE.value, *whose(table)
        )
        return int(closed.scalar() or 0) + sum(
            _length(piece)
            for row, piece in self._open_pieces(days, host, *whose(self._session))
            if row["state"] == State.ACTIVE
        )

    def last_day(self, days: DayRange, host: str | None = None) -> date | None:
        """Return the last of `days` on which anything was recorded; None if there is none."""
        last = self._day.select(fn.MAX(self._day.day)).where(self._of(days, host)).scalar()
        found = [str(last)] if last else []
        found += [piece.day for _row, piece in self._open_pieces(days, host)]
        return date.fromisoformat(max(found)) if found else None

    def missing_days(self, days: DayRange) -> tuple[str, ...]:
        """Return the days whose sessions retention has removed from the file, at least in part.

        Their totals are complete; their details are on the server (see `RemoteDetails`).
        """
        return archived_days.missing_days(self.adapter, days)

    def hosts(self, days: DayRange | None = None) -> list[str]:
        """Return the names of the computers that recorded anything on `days`; None: on any day."""
        table = self._day
        rows = table.select(table.source_host).distinct()
        if days is not None:
            rows = rows.where(self._of(days, None))
        found = {name for (name,) in rows.tuples()}
        found |= {row["source_host"] for row, _piece in self._open_pieces(days, None)}
        return sorted(found)

    def _of(self, days: DayRange, host: str | None) -> Any:
        day = self._day
        condition = day.day.between(days.first.isoformat(), days.last.isoformat())
        return condition if host is None else condition & (day.source_host == host)

    def _open_pieces(
        self, days: DayRange | None, host: str | None, *conditions: Any
    ) -> Iterator[tuple[dict[str, Any], Piece]]:
        """Yield the parts of open sessions, up to their last heartbeat, that lie on `days`."""
        session = self._session
        # A literal, not a parameter: SQLite uses the partial index on open rows only for that.
        rows = session.select().where(session.open == SQL("1"), session.deleted == 0, *conditions)
        if host is not None:
            rows = rows.where(session.source_host == host)
        for row in rows.dicts():
            for piece in pieces(row["started_at"], row["ended_at"], row["utc_offset_minutes"]):
                if days is None or days.holds(piece.day):
                    yield row, piece


def _edge(number: int) -> tuple[int, int]:
    instant, offset = divmod(number, _OFFSETS)
    return instant, offset - _OFFSETS // 2


def _length(piece: Piece) -> int:
    return piece.ended_at - piece.started_at
