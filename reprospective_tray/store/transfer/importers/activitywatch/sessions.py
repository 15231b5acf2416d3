"""Converts one host's events into time spans that never overlap. Pure."""

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

# A revision encodes the length in ms, up to twice this value, which fits PostgreSQL's integer.
LONGEST_STRETCH_MS = 1_000_000_000  # 11.6 days


@dataclass(frozen=True, slots=True)
class EventRun:
    """A session being built; times are ms since the epoch, UTC.

    Attributes:
        cut: Whether it ends because another event began, so that it cannot grow any more.
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
        """The revision, which is larger for later knowledge of the session: see `revision_of`."""
        return revision_of(self.ended_at - self.started_at, cut=self.cut)


@dataclass(slots=True)
class Tally:
    """Counts of events that did not become whole sessions of their own.

    Attributes:
        merged: How many were merged with the previous event.
        clipped: How many windows were covered in part by another window or by away time.
        hidden: How many windows were covered completely.
    """

    merged: int = 0
    clipped: int = 0
    hidden: int = 0


def revision_of(length: int, *, cut: bool) -> int:
    """Return the revision of a session of `length` ms.

    Of two versions of one session, the more recent one has the larger revision, whichever file is
    imported first: a growing session is newer the longer it is; a cut one is always newer, and
    more so the shorter it is. The revision encodes the length, so the same uid and revision always
    mean the same session.
    """
    return 2 * LONGEST_STRETCH_MS + 1 - length if cut else length


def is_cut(revision: int) -> bool:
    """Return whether `revision` is that of a cut session."""
    return revision > LONGEST_STRETCH_MS


def stretches(
    events: HostEvents, offset_minutes: OffsetMinutes, tally: Tally | None = None
) -> Iterator[EventRun]:
    """Yield a host's sessions in order; sorts the events in place.

    If windows overlap, the one that began last is in the foreground while it lasts; then the
    window behind it continues until the end of its event. Touching windows with the same names
    are merged. Away times cut windows; touching or overlapping ones are merged. Gaps remain. A
    session is split where the UTC offset, `offset_minutes` of a time in ms, changes, and where it
    would be longer than `LONGEST_STRETCH_MS`. `tally` is complete once the iteration has ended.
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
class _ForegroundPart:
    """The foreground part of the window event `number`; `cut` if the event continues after it."""

    number: int
    started_at: int
    ended_at: int
    cut: bool


def _in_front(windows: list[WindowEvent]) -> Iterator[_ForegroundPart]:
    """Yield the foreground parts of sorted events."""
    behind: list[int] = []  # a stack of event numbers; the last one is in the foreground
    now = 0
    for number in range(len(windows) + 1):
        following = windows[number].started_at if number < len(windows) else None
        while behind and (following is None or now < following):
            end = windows[behind[-1]].ended_at
            if end <= now:
                behind.pop()
                continue
            until = end if following is None else min(end, following)
            yield _ForegroundPart(behind[-1], now, until, until < end)
            now = until
        if following is not None:
            behind.append(number)
            now = following


def _united(away: list[AwayEvent], tally: Tally) -> Iterator[AwayEvent]:
    """Yield away times in order, with touching or overlapping ones merged."""
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


def _outside(pieces: Iterable[_ForegroundPart], away: list[AwayEvent]) -> Iterator[_ForegroundPart]:
    """Yield the parts of `pieces` outside `away`; each of the two is sorted and disjoint."""
    first = 0
    for piece in pieces:
        start, end = piece.started_at, piece.ended_at
        while first < len(away) and away[first].ended_at <= start:
            first += 1
        following = first
        while following < len(away) and away[following].started_at < end:
            begun, over = away[following]
            if start < begun:
                yield _ForegroundPart(piece.number, start, begun, cut=True)
            start = over
            following += 1
        if start < end:
            yield _ForegroundPart(piece.number, start, end, piece.cut)


def _counted(
    pieces: Iterable[_ForegroundPart], windows: list[WindowEvent], tally: Tally
) -> Iterator[EventRun]:
    """Yield pieces as `EventRun`s; count the events that are covered in part or completely."""
    missing = array("q", (each.ended_at - each.started_at for each in windows))
    held: tuple[str, str, int] | None = None
    for piece in pieces:
        event = windows[piece.number]
        missing[piece.number] -= piece.ended_at - piece.started_at
        names = (event.application_name, event.window_title)
        # Counted only at the event's start; a continuation was counted there already.
        begins = piece.started_at == event.started_at
        tally.merged += held == (*names, piece.started_at) and begins
        held = (*names, piece.ended_at)
        yield EventRun(State.ACTIVE, *names, piece.started_at, piece.ended_at, piece.cut)
    for event, lost in zip(windows, missing, strict=True):
        whole = lost == event.ended_at - event.started_at
        tally.hidden += whole
        tally.clipped += bool(lost) and not whole


def _merged(active: Iterable[EventRun]) -> Iterator[EventRun]:
    """Yield runs in order, with touching ones of the same names merged."""
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
