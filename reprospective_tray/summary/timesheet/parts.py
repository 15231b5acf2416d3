"""Divides the recorded time between entries and rules. Pure.

An entry takes the active time that lies under it, on all computers: that is tracked. What else it
covers (idle, locked, nothing recorded) is manual. The rest of the active time goes by the rules.
Nothing is lost or counted twice: all parts and what is uncategorised add up to the active time and
the manual time of each day.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from reprospective_tray.store.model.answers import StoredSession
from reprospective_tray.store.model.day_split import Piece, pieces
from reprospective_tray.store.model.entries import Entry, without_overlaps
from reprospective_tray.store.model.ranges import DayRange, lived
from reprospective_tray.store.model.sessions import Interval, State
from reprospective_tray.store.model.totals import ApplicationDay
from reprospective_tray.summary.figures.categories import OTHER_PATH, Categories, path_of

_Key = tuple[str, tuple[str, ...], bool, str]  # day, path, billable, uid of the entry or ""


class Part(Struct, frozen=True):
    """What one entry, or the rules, give to one category on one day.

    Attributes:
        day: The ISO date, as lived.
        path: The category.
        billable: As the entry has it. What rules give is billable unless their category is said
            to be unproductive.
        tracked_ms: Recorded as active, on all computers together.
        manual_ms: Of the entry, but not recorded as active.
        entry: The entry; None for what rules give.
        begins: When it began: ms of local wall time, counted as if it were UTC. None if unknown.
        spans: When the entry was, in the same way; none for what rules give.
        applications: What rules went by, longest first.
        rounded_ms: Its share of what the sheet comes to.
    """

    day: str
    path: tuple[str, ...]
    billable: bool
    tracked_ms: int
    manual_ms: int
    entry: Entry | None = None
    begins: int | None = None
    spans: tuple[Interval, ...] = ()
    applications: tuple[str, ...] = ()
    rounded_ms: int = 0

    @property
    def ms(self) -> int:
        """Tracked and manual time."""
        return self.tracked_ms + self.manual_ms


class Division(Struct, frozen=True):
    """The parts, by day, category and begin; and the uncategorised active ms of each day."""

    parts: tuple[Part, ...]
    uncategorised: dict[str, int]


@dataclass(slots=True)
class _Sum:
    tracked: int = 0
    manual: int = 0
    entry: Entry | None = None
    begins: int | None = None
    spans: list[Interval] = field(default_factory=list)
    applications: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def begin(self, wall_ms: int) -> None:
        self.begins = wall_ms if self.begins is None else min(self.begins, wall_ms)


def divide(
    days: DayRange,
    sessions: Iterable[StoredSession],
    entries: Iterable[Entry],
    categories: Categories,
    archived: Iterable[ApplicationDay] = (),
) -> Division:
    """Divide the active time of `days`.

    Args:
        days: The days, as lived: each session and entry by its own clock.
        sessions: Of the days and around them, in any order and of any state. Those around are for
            entries by a clock that differs from theirs.
        entries: In any order; where two overlap, the later made one has the time.
        categories: The rules.
        archived: The totals of days whose sessions are not all there: what is missing of them goes
            by rules that ask for no title, and no entry can take it.
    """
    divider = _Divider(days, tuple(entries), categories)
    missing = {(each.day, each.application_name): each.ms for each in archived}
    for session in sessions:
        if session.state is not State.ACTIVE:
            continue
        for piece in pieces(session.started_at, session.ended_at, session.utc_offset_minutes):
            divider.take(session, piece)
            key = piece.day, session.application_name
            if key in missing:
                missing[key] -= piece.ended_at - piece.started_at
    for (day, name), ms in missing.items():
        if ms > 0:
            divider.take_rest(day, name, ms)
    divider.take_manual()
    return divider.division()


class _Divider:
    def __init__(self, days: DayRange, entries: Sequence[Entry], categories: Categories) -> None:
        self._days = days
        # Several may be of one entry that others cut: its first part stands for it.
        by_start = sorted(entries, key=lambda each: each.started_at, reverse=True)
        self._first = {entry.uid: entry for entry in by_start}
        self._entries = entries = without_overlaps(entries)
        self._ends = [entry.ended_at for entry in entries]
        self._paths = [path_of(entry.category) for entry in entries]
        self._covered: list[list[Interval]] = [[] for _entry in entries]
        self._categories = categories
        self._found: dict[_Key, _Sum] = defaultdict(_Sum)
        self._uncategorised: dict[str, int] = defaultdict(int)

    def take(self, session: StoredSession, piece: Piece) -> None:
        """Give the active time of a session on one day to the entries over it, and to the rules."""
        is_ours = self._days.holds(piece.day)
        moment = piece.started_at
        for number in range(bisect_right(self._ends, moment), len(self._entries)):
            entry = self._entries[number]
            if entry.started_at >= piece.ended_at:
                break
            start, end = max(moment, entry.started_at), min(piece.ended_at, entry.ended_at)
            self._covered[number].append((start, end))
            if is_ours:
                self._by_rule(session, piece.day, moment, start)
                tracked = self._of_entry(number, piece.day)
                tracked.tracked += end - start
                tracked.begin(lived(start, session.utc_offset_minutes))
            moment = end
        if is_ours:
            self._by_rule(session, piece.day, moment, piece.ended_at)

    def take_rest(self, day: str, application_name: str, ms: int) -> None:
        """Give time of which only the application is known to the rules."""
        if self._days.holds(day):
            self._add_by_rule(day, application_name, None, ms)

    def take_manual(self) -> None:
        """Give each entry what it covers beyond the active time."""
        for number, entry in enumerate(self._entries):
            offset = entry.utc_offset_minutes
            for piece in pieces(entry.started_at, entry.ended_at, offset):
                if self._days.holds(piece.day):
                    found = self._of_entry(number, piece.day)
                    length = piece.ended_at - piece.started_at
                    found.manual += length - _length(
                        self._covered[number], piece.started_at, piece.ended_at
                    )
                    span = lived(piece.started_at, offset), lived(piece.ended_at, offset)
                    found.spans.append(span)
                    found.begin(span[0])

    def division(self) -> Division:
        parts = [
            Part(
                day=day,
                path=path,
                billable=billable,
                tracked_ms=found.tracked,
                manual_ms=found.manual,
                entry=found.entry,
                begins=found.begins,
                spans=tuple(sorted(found.spans)),
                applications=tuple(
                    sorted(found.applications, key=lambda name: (-found.applications[name], name))
                ),
            )
            for (day, path, billable, _uid), found in self._found.items()
            if found.tracked or found.manual
        ]
        return Division(
            tuple(sorted(parts, key=_order)),
            {day: ms for day, ms in sorted(self._uncategorised.items()) if ms},
        )

    def _of_entry(self, number: int, day: str) -> _Sum:
        entry = self._entries[number]
        found = self._found[day, self._paths[number], entry.billable, entry.uid]
        found.entry = self._first[entry.uid]
        return found

    def _by_rule(self, session: StoredSession, day: str, start: int, end: int) -> None:
        if end <= start:
            return
        name, title = session.application_name, session.window_title
        found = self._add_by_rule(day, name, title, end - start)
        if found is not None:
            found.begin(lived(start, session.utc_offset_minutes))

    def _add_by_rule(self, day: str, name: str, title: str | None, ms: int) -> _Sum | None:
        category = self._categories.of(name, title)
        if category.path == OTHER_PATH:
            self._uncategorised[day] += ms
            return None
        found = self._found[day, category.path, category.productive is not False, ""]
        found.tracked += ms
        found.applications[name] += ms
        return found


def _order(part: Part) -> tuple[object, ...]:
    """Entries stand before what rules give."""
    uid = part.entry.uid if part.entry else ""
    return part.day, part.path, not part.billable, part.entry is None, part.begins or 0, uid


def _length(intervals: Iterable[Interval], begin: int, end: int) -> int:
    """Return how much of [`begin`, `end`) some intervals cover together."""
    total, reached = 0, begin
    for start, stop in sorted(intervals):
        first, last = max(start, reached), min(stop, end)
        if last > first:
            total += last - first
            reached = last
    return total
