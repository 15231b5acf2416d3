"""Pure: what one host's watchers saw, as stretches of time that never overlap."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import merge

from reprospective_tray.store.model.sessions import State
from reprospective_tray.store.transfer.importers.activitywatch.file import (
    AwayEvent,
    HostEvents,
    WindowEvent,
)
from reprospective_tray.store.transfer.importers.clock import OffsetMinutes, between_changes

# A revision tells the length to the ms, and PostgreSQL's integer has room for twice this.
LONGEST_STRETCH_MS = 1_000_000_000  # 11.6 days


@dataclass(frozen=True, slots=True)
class EventRun:
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


@dataclass(slots=True)
class Tally:
    """What became of the events of an export, besides sessions of their own.

    Attributes:
        merged: How many went on with the one before them, as one session.
        clipped: How many windows were partly behind another one, or the person away.
        hidden: How many windows were so all the time.
    """

    merged: int = 0
    clipped: int = 0
    hidden: int = 0


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


def stretches(
    events: HostEvents, offset_minutes: OffsetMinutes, tally: Tally | None = None
) -> Iterator[EventRun]:
    """Yield a host's stretches in order, from events in any order, which are sorted in place.

    Where windows overlap, the one that began last is in front while it lasts;
    then the one behind it goes on, as far as its own event says. Windows of the
    same names that touch are one. Being away cuts windows, and touching or
    overlapping times of it are one. Gaps stay. A stretch is split where
    `offset_minutes`, of the wall clock at a ms, changes, and where it would be
    longer than `LONGEST_STRETCH_MS`. `tally` counts, and is whole at the end.
    """
    tally = tally or Tally()
    events.windows.sort()
    events.away.sort()
    away = list(_united(events.away, tally))
    pieces = _outside(_in_front(events.windows), away)
    active = _merged(_counted(pieces, events.windows, tally))
    idle = (EventRun(State.IDLE, "", "", *each) for each in away)
    for stretch in merge(active, idle, key=lambda each: each.started_at):
        yield from _split(stretch, offset_minutes)


@dataclass(slots=True)
class _Piece:
    """What of a window event, by its number, was in front; `cut` where the event goes on."""

    number: int
    started_at: int
    ended_at: int
    cut: bool


def _in_front(windows: list[WindowEvent]) -> Iterator[_Piece]:
    """Yield what was in front, from events in order."""
    behind: list[int] = []  # the number of what is in front, and below it what it hides
    now = 0
    for number in range(len(windows) + 1):
        following = windows[number].started_at if number < len(windows) else None
        while behind and (following is None or now < following):
            end = windows[behind[-1]].ended_at
            if end <= now:
                behind.pop()
                continue
            until = end if following is None else min(end, following)
            yield _Piece(behind[-1], now, until, until < end)
            now = until
        if following is not None:
            behind.append(number)
            now = following


def _united(away: list[AwayEvent], tally: Tally) -> Iterator[AwayEvent]:
    """Yield times of being away, in order, without those that touch or overlap."""
    held: AwayEvent | None = None
    for each in away:
        if held is None:
            held = each
        elif each.started_at <= held.ended_at:
            held = AwayEvent(held.started_at, max(held.ended_at, each.ended_at))
            tally.merged += 1
        else:
            yield held
            held = each
    if held:
        yield held


def _outside(pieces: Iterable[_Piece], away: list[AwayEvent]) -> Iterator[_Piece]:
    """Yield what of `pieces` lies outside `away`; both are in order and overlap only each other."""
    first = 0
    for piece in pieces:
        start, end = piece.started_at, piece.ended_at
        while first < len(away) and away[first].ended_at <= start:
            first += 1
        following = first
        while following < len(away) and away[following].started_at < end:
            begun, over = away[following]
            if start < begun:
                yield _Piece(piece.number, start, begun, cut=True)
            start = over
            following += 1
        if start < end:
            yield _Piece(piece.number, start, end, piece.cut)


def _counted(
    pieces: Iterable[_Piece], windows: list[WindowEvent], tally: Tally
) -> Iterator[EventRun]:
    """Yield pieces as stretches; count the events of which some, or all, is missing."""
    missing = array("q", (each.ended_at - each.started_at for each in windows))
    held: tuple[str, str, int] | None = None
    for piece in pieces:
        event = windows[piece.number]
        missing[piece.number] -= piece.ended_at - piece.started_at
        names = (event.application_name, event.window_title)
        # Counted where it begins: what goes on behind another window was counted then.
        begins = piece.started_at == event.started_at
        tally.merged += held == (*names, piece.started_at) and begins
        held = (*names, piece.ended_at)
        yield EventRun(State.ACTIVE, *names, piece.started_at, piece.ended_at, piece.cut)
    for event, lost in zip(windows, missing, strict=True):
        whole = lost == event.ended_at - event.started_at
        tally.hidden += whole
        tally.clipped += bool(lost) and not whole


def _merged(active: Iterable[EventRun]) -> Iterator[EventRun]:
    """Yield stretches in order; such of the same names that touch are one."""
    held: EventRun | None = None
    for each in active:
        if held and held.ended_at == each.started_at and _names_of(held) == _names_of(each):
            held = replace(held, ended_at=each.ended_at, cut=each.cut)
        else:
            if held:
                yield held
            held = each
    if held:
        yield held


def _split(stretch: EventRun, offset_minutes: OffsetMinutes) -> Iterator[EventRun]:
    start, last = stretch.started_at, stretch.ended_at
    while start < last:
        longest = min(last, start + LONGEST_STRETCH_MS)
        _start, end, offset = next(between_changes(start, longest, offset_minutes))
        cut = stretch.cut and end == last
        yield EventRun(stretch.state, *_names_of(stretch), start, end, cut, offset)
        start = end


def _names_of(stretch: EventRun) -> tuple[str, str]:
    return stretch.application_name, stretch.window_title
