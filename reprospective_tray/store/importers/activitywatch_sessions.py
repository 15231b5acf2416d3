"""Pure: what one host's watchers saw, as stretches of time that never overlap."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import merge

from reprospective_tray.store.importers.activitywatch_file import (
    AwayEvent,
    HostEvents,
    WindowEvent,
)
from reprospective_tray.store.sessions import State

# A revision tells the length to the ms, and PostgreSQL's integer has room for twice this.
LONGEST_STRETCH_MS = 1_000_000_000  # 11.6 days


@dataclass(frozen=True, slots=True)
class Stretch:
    """A session in the making; times are ms since the epoch, UTC.

    Attributes:
        cut: It ends because something else began, so it cannot grow any more.
    """

    state: State
    application_name: str
    window_title: str
    started_at: int
    ended_at: int
    cut: bool = False
    utc_offset_minutes: int = 0

    @property
    def revision(self) -> int:
        """Grows with what is known of a stretch that begins so: see `revision_of`."""
        return revision_of(self.ended_at - self.started_at, cut=self.cut)


def revision_of(length: int, *, cut: bool) -> int:
    """Return the revision of a stretch of `length` ms.

    Of two versions of one stretch the later known has the larger revision,
    whichever file was imported first: one that is still growing is newer the
    longer it is; one that was cut is newer still, and the more the shorter.
    The length can be read from it, so that one uid in one revision is always
    one and the same session.
    """
    return 2 * LONGEST_STRETCH_MS + 1 - length if cut else length


def is_cut(revision: int) -> bool:
    """Tell whether this is the revision of a stretch that was cut."""
    return revision > LONGEST_STRETCH_MS


def stretches(events: HostEvents, offset_minutes: Callable[[int], int]) -> Iterator[Stretch]:
    """Yield a host's stretches in order, from events in any order, which are sorted in place.

    Where windows overlap, the one that began later is in front from then on,
    and the other one is over. Windows of the same names that touch are one.
    Being away cuts windows, and touching or overlapping times of it are one.
    Gaps stay. A stretch is split where `offset_minutes`, of the wall clock at
    a ms, changes, and where it would be longer than `LONGEST_STRETCH_MS`.
    """
    events.windows.sort()
    events.away.sort()
    away = list(_united(events.away))
    active = _outside(_in_front(events.windows), away)
    idle = (Stretch(State.IDLE, "", "", *each) for each in away)
    for stretch in merge(active, idle, key=lambda each: each.started_at):
        yield from _split(stretch, offset_minutes)


def _in_front(windows: list[WindowEvent]) -> Iterator[Stretch]:
    """Yield what was in front, from events in order."""
    held: Stretch | None = None
    for number, (start, end, application, title) in enumerate(windows):
        following = windows[number + 1].started_at if number + 1 < len(windows) else end
        until = min(end, following)
        if until == start:
            continue  # another one began in the same ms
        begun = start
        if held and held.ended_at == start and _names_of(held) == (application, title):
            begun = held.started_at
        elif held:
            yield held
        held = Stretch(State.ACTIVE, application, title, begun, until, cut=until < end)
    if held:
        yield held


def _united(away: list[AwayEvent]) -> Iterator[AwayEvent]:
    """Yield times of being away, in order, without those that touch or overlap."""
    held: AwayEvent | None = None
    for each in away:
        if held is None:
            held = each
        elif each.started_at <= held.ended_at:
            held = AwayEvent(held.started_at, max(held.ended_at, each.ended_at))
        else:
            yield held
            held = each
    if held:
        yield held


def _outside(active: Iterable[Stretch], away: list[AwayEvent]) -> Iterator[Stretch]:
    """Yield what of `active` lies outside `away`; both are in order and overlap only each other."""
    first = 0
    for stretch in active:
        start, end = stretch.started_at, stretch.ended_at
        while first < len(away) and away[first].ended_at <= start:
            first += 1
        following = first
        while following < len(away) and away[following].started_at < end:
            begun, over = away[following]
            if start < begun:
                yield _part(stretch, start, begun, cut=True)
            start = over
            following += 1
        if start < end:
            yield _part(stretch, start, end, cut=stretch.cut)


def _split(stretch: Stretch, offset_minutes: Callable[[int], int]) -> Iterator[Stretch]:
    start, last = stretch.started_at, stretch.ended_at
    while start < last:
        end = min(last, start + LONGEST_STRETCH_MS)
        offset = offset_minutes(start)
        if offset_minutes(end - 1) != offset:
            end = _change(start, end - 1, offset_minutes)
        yield _part(stretch, start, end, cut=stretch.cut and end == last, offset=offset)
        start = end


def _change(same: int, other: int, offset_minutes: Callable[[int], int]) -> int:
    """Return the first ms after `same` whose offset is another, as that of `other` is."""
    offset = offset_minutes(same)
    while other - same > 1:
        middle = (same + other) // 2
        if offset_minutes(middle) == offset:
            same = middle
        else:
            other = middle
    return other


def _part(stretch: Stretch, start: int, end: int, *, cut: bool, offset: int = 0) -> Stretch:
    return Stretch(stretch.state, *_names_of(stretch), start, end, cut, offset)


def _names_of(stretch: Stretch) -> tuple[str, str]:
    return stretch.application_name, stretch.window_title
