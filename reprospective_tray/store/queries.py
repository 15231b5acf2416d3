"""Every question asked of the sessions, once, for both databases.

Totals come from the daily rollup and the open session: they cost the same
however many sessions there are. What needs raw rows is in `raw_queries`.
Days are days as lived: of the clock that was on the wall.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import SQL, fn

from reprospective_tray.store import missing
from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.fields import ms
from reprospective_tray.store.ranges import DayRange
from reprospective_tray.store.raw_queries import RawQueries
from reprospective_tray.store.rollup import Piece, pieces
from reprospective_tray.store.sessions import State

_OFFSETS = 4096  # more than there are from -1080 to 1080 minutes


@dataclass(frozen=True, slots=True)
class ApplicationTotal:
    """The active ms of one application; a session over midnight counts on both days."""

    application_name: str
    ms: int
    sessions: int


@dataclass(frozen=True, slots=True)
class ApplicationDay:
    """The active ms of one application on one day as lived."""

    day: str
    application_name: str
    ms: int


@dataclass(frozen=True, slots=True)
class HostTotal:
    """The active ms of one computer."""

    source_host: str
    active_ms: int


@dataclass(frozen=True, slots=True)
class StateTotals:
    """The ms spent in each state."""

    active_ms: int
    idle_ms: int
    locked_ms: int


@dataclass(frozen=True, slots=True)
class DayTotal:
    """One day as lived: its active ms, and when activity began and ended (ms UTC)."""

    day: str
    active_ms: int
    first_at: int
    first_offset_minutes: int
    last_at: int
    last_offset_minutes: int


class Queries(RawQueries):
    """Every question asked of the sessions; ask inside the adapter's `connection()`.

    `host` is a `source_host`; without it all hosts add up.
    """

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Ask the database of `adapter`."""
        super().__init__(adapter)
        self._day = adapter.models.Day

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all questions inside see the same moment, so that their answers add up."""
        with self.adapter.unchanging():
            self._seen = {}
            try:
                yield
            finally:
                self._seen = None

    def applications(self, days: DayRange, host: str | None = None) -> list[ApplicationTotal]:
        """Return the active time by application: longest first, then by name."""
        day = self._day
        rows = (
            day.select(day.application_name, fn.SUM(day.ms), fn.SUM(day.sessions))
            .where(self._of(days, host), day.state == State.ACTIVE.value)
            .group_by(day.application_name)
            .tuples()
        )
        totals = {name: (int(ms), int(sessions)) for name, ms, sessions in rows}
        for row, piece in self._open_pieces(days, host):
            if row["state"] == State.ACTIVE:
                ms, sessions = totals.get(row["application_name"], (0, 0))
                totals[row["application_name"]] = (ms + _length(piece), sessions + 1)
        found = [ApplicationTotal(name, *figures) for name, figures in totals.items()]
        return sorted(found, key=lambda total: (-total.ms, total.application_name))

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
        """Return the active time by computer: longest first, then by name."""
        day = self._day
        rows = (
            day.select(day.source_host, fn.SUM(day.ms))
            .where(self._of(days, None), day.state == State.ACTIVE.value)
            .group_by(day.source_host)
            .tuples()
        )
        totals = {host: int(ms) for host, ms in rows}
        for row, piece in self._open_pieces(days, None):
            if row["state"] == State.ACTIVE:
                host = row["source_host"]
                totals[host] = totals.get(host, 0) + _length(piece)
        found = [HostTotal(*total) for total in totals.items()]
        return sorted(found, key=lambda total: (-total.active_ms, total.source_host))

    def states(self, days: DayRange, host: str | None = None) -> StateTotals:
        """Return the time spent in each state."""
        day = self._day
        rows = day.select(day.state, fn.SUM(day.ms)).where(self._of(days, host))
        totals = {state.value: 0 for state in State}
        totals |= {state: int(ms) for state, ms in rows.group_by(day.state).tuples()}
        for row, piece in self._open_pieces(days, host):
            totals[row["state"]] += _length(piece)
        return StateTotals(
            active_ms=totals[State.ACTIVE],
            idle_ms=totals[State.IDLE],
            locked_ms=totals[State.LOCKED],
        )

    def days(self, days: DayRange, host: str | None = None) -> list[DayTotal]:
        """Return the days on which there was activity, in order."""
        day = self._day
        first = _with_offset(day.first_at, day.first_offset_minutes)
        last = _with_offset(day.last_at, day.last_offset_minutes)
        rows = (
            day.select(day.day, fn.SUM(day.ms), fn.MIN(first), fn.MAX(last))
            .where(self._of(days, host), day.state == State.ACTIVE.value)
            .group_by(day.day)
            .tuples()
        )
        parts = [
            DayTotal(name, int(ms), *_without_offset(first), *_without_offset(last))
            for name, ms, first, last in rows
        ]
        for row, piece in self._open_pieces(days, host):
            if row["state"] == State.ACTIVE:
                offset = row["utc_offset_minutes"]
                first, last = piece.started_at, piece.ended_at
                parts.append(DayTotal(piece.day, _length(piece), first, offset, last, offset))
        found: dict[str, DayTotal] = {}
        for part in parts:
            found[part.day] = _together(found[part.day], part) if part.day in found else part
        return [found[name] for name in sorted(found)]

    def active_ms(self, day: date, host: str | None = None) -> int:
        """Return the active time of one day; cheap enough to be asked every second."""
        table, days = self._day, DayRange(day, day)
        closed = table.select(fn.SUM(table.ms)).where(
            self._of(days, host), table.state == State.ACTIVE.value
        )
        return int(closed.scalar() or 0) + sum(
            _length(piece)
            for row, piece in self._open_pieces(days, host)
            if row["state"] == State.ACTIVE
        )

    def missing_days(self, days: DayRange) -> tuple[str, ...]:
        """Return the days whose sessions retention has taken from the file, at least in part.

        Their totals are whole; their details are on the server (see `Details`).
        """
        return missing.missing_days(self.adapter, days)

    def hosts(self, days: DayRange | None = None) -> list[str]:
        """Return the names of the computers that recorded anything on `days`, or ever."""
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
        self, days: DayRange | None, host: str | None
    ) -> Iterator[tuple[dict[str, Any], Piece]]:
        """Yield what the open sessions, up to their last heartbeat, add to `days`."""
        session = self._session
        # Written out, not bound: the partial index on open rows serves this very term.
        rows = session.select().where(session.open == SQL("1"), session.deleted == 0)
        if host is not None:
            rows = rows.where(session.source_host == host)
        for row in rows.dicts():
            for piece in pieces(row["started_at"], row["ended_at"], row["utc_offset_minutes"]):
                if days is None or days.holds(piece.day):
                    yield row, piece


def _with_offset(instant: Any, utc_offset_minutes: Any) -> Any:
    """Return both as one number that has the order of the instants, so that edges need no join."""
    return ms(instant) * _OFFSETS + utc_offset_minutes + _OFFSETS // 2


def _without_offset(number: int) -> tuple[int, int]:
    instant, offset = divmod(number, _OFFSETS)
    return instant, offset - _OFFSETS // 2


def _length(piece: Piece) -> int:
    return piece.ended_at - piece.started_at


def _together(one: DayTotal, other: DayTotal) -> DayTotal:
    first = min(one, other, key=lambda part: part.first_at)
    last = max(one, other, key=lambda part: part.last_at)
    return DayTotal(
        one.day,
        one.active_ms + other.active_ms,
        first.first_at,
        first.first_offset_minutes,
        last.last_at,
        last.last_offset_minutes,
    )
