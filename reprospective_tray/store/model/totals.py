"""The totals of a range of days, computed from one read of the daily rollup."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct

from reprospective_tray.store.model.sessions import State

# day, source_host, state, ms, then first and last: (ms UTC, offset in minutes)
DayPart = tuple[str, str, str, int, tuple[int, int], tuple[int, int]]
# source_host, application_name, active ms, sessions
NamePart = tuple[str, str, int, int]


class ApplicationTotal(Struct, frozen=True):
    """The active ms of one application; a session across midnight counts once for each day."""

    application_name: str
    ms: int
    sessions: int


class ApplicationDay(Struct, frozen=True):
    """The active ms of one application on one local day."""

    day: str
    application_name: str
    ms: int


class HostTotal(Struct, frozen=True):
    """The active ms of one computer."""

    source_host: str
    active_ms: int


class StateTotals(Struct, frozen=True):
    """The ms spent in each state."""

    active_ms: int
    idle_ms: int
    locked_ms: int


class DayTotal(Struct, frozen=True):
    """One local day: its active ms, and when activity began and ended (ms UTC)."""

    day: str
    active_ms: int
    first_at: int
    first_offset_minutes: int
    last_at: int
    last_offset_minutes: int


class Totals:
    """Totals over parts of days; each property is computed on first access."""

    def __init__(self, by_day: Sequence[DayPart], by_name: Sequence[NamePart]) -> None:
        """Take the parts by day, computer and state, and the active ones by computer and name.

        They may be in any order and contain duplicate keys.
        """
        self._by_day = by_day
        self._by_name = by_name

    @cached_property
    def applications(self) -> list[ApplicationTotal]:
        """The active time by application, longest first, then by name."""
        lengths: dict[str, int] = defaultdict(int)
        sessions: dict[str, int] = defaultdict(int)
        for _host, name, ms, count in self._by_name:
            lengths[name] += ms
            sessions[name] += count
        found = [ApplicationTotal(name, ms, sessions[name]) for name, ms in lengths.items()]
        return sorted(found, key=lambda total: (-total.ms, total.application_name))

    @cached_property
    def states(self) -> StateTotals:
        """The time in each state."""
        lengths = {state.value: 0 for state in State}
        for _day, _host, state, ms, _first, _last in self._by_day:
            lengths[state] += ms
        return StateTotals(
            active_ms=lengths[State.ACTIVE],
            idle_ms=lengths[State.IDLE],
            locked_ms=lengths[State.LOCKED],
        )

    @cached_property
    def days(self) -> list[DayTotal]:
        """The days on which there was activity, in order."""
        lengths: dict[str, int] = {}
        first: dict[str, tuple[int, int]] = {}
        last: dict[str, tuple[int, int]] = {}
        for day, _host, state, ms, began, ended in self._by_day:
            if state != State.ACTIVE:
                continue
            lengths[day] = lengths.get(day, 0) + ms
            first[day] = min(first.get(day, began), began)
            last[day] = max(last.get(day, ended), ended)
        return [DayTotal(day, lengths[day], *first[day], *last[day]) for day in sorted(lengths)]

    @cached_property
    def hosts(self) -> list[str]:
        """The names of the computers that recorded anything."""
        return sorted({part[1] for part in self._by_day})

    @cached_property
    def host_totals(self) -> list[HostTotal]:
        """The active time by computer, longest first, then by name."""
        lengths: dict[str, int] = defaultdict(int)
        for host, _name, ms, _count in self._by_name:
            lengths[host] += ms
        found = [HostTotal(*each) for each in lengths.items()]
        return sorted(found, key=lambda total: (-total.active_ms, total.source_host))
