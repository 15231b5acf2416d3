"""A day as a strip: what was in front when, and how that is put into pixels. Pure."""

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec
from msgspec import Struct

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import MINUTE_MS, State
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.summary.figures.categories import NO_CATEGORY, Categories, Category

HOUR_MS = 3_600_000
_NONE = -1
# The least that is shown: a quarter of an hour is wide enough to point at anything.
SHORTEST_VIEW_MS = 900_000


class Block(msgspec.Struct, frozen=True):
    """One session on the strip; times are lived ms (wall time as if it were UTC), clipped.

    `look` is its place among the strip's looks.
    """

    begin: int
    end: int
    lane: int
    look: int
    session: StoredSession


class BlockStyle(Struct, frozen=True):
    """How time is shown; `is_found` is False for what a search has not found."""

    state: State
    category: Category
    is_found: bool


class Strip(Struct, frozen=True):
    """The blocks of a range, in order, in one lane for each computer."""

    blocks: tuple[Block, ...]
    looks: tuple[BlockStyle, ...]
    lanes: tuple[str, ...]
    begin: int
    end: int


class Run(Struct, frozen=True):
    """A stretch of pixels of one look: from `left` to before `right`, in one lane."""

    left: int
    right: int
    lane: int
    look: BlockStyle


def strip(
    sessions: Sequence[StoredSession],
    days: DayRange,
    categories: Categories,
    finds: Callable[[StoredSession], bool] = lambda _session: True,
) -> Strip:
    """Lay out the sessions of `days`; the strip ends at whole hours around what there is.

    `finds` tells of a session whether it is among those that are searched for.
    """
    lanes = sorted({session.source_host for session in sessions})
    number = {host: index for index, host in enumerate(lanes)}
    blocks = []
    looks: dict[tuple[State, Category, bool], int] = {}
    begin_of_days, end_of_days = days.begin, days.end
    # A day of quick switching has thousands: nothing is asked twice here.
    for session in sessions:
        offset_ms = session.utc_offset_minutes * MINUTE_MS
        begin = max(session.started_at + offset_ms, begin_of_days)
        end = min(session.ended_at + offset_ms, end_of_days)
        if end > begin:
            state, category = session.state, NO_CATEGORY
            if state is State.ACTIVE:
                category = categories.of(session.application_name, session.window_title)
            look = looks.setdefault((state, category, finds(session)), len(looks))
            blocks.append(Block(begin, end, number[session.source_host], look, session))
    blocks.sort(key=attrgetter("begin", "end"))
    first = min((block.begin for block in blocks), default=days.begin + 8 * HOUR_MS)
    last = max((block.end for block in blocks), default=days.begin + 18 * HOUR_MS)
    first = max(days.begin, first // HOUR_MS * HOUR_MS)
    last = min(days.end, -(-last // HOUR_MS) * HOUR_MS)
    shown = tuple(BlockStyle(*look) for look in looks)
    return Strip(tuple(blocks), shown, tuple(lanes), first, last)


def runs(strip: Strip, begin: int, end: int, width: int) -> list[Run]:
    """Put what lies in [`begin`, `end`) into `width` pixels; each shows what it has most of.

    There are at most `width` runs a lane, however many sessions there are.
    """
    scale = width / (end - begin)
    # By pixel, lane after lane: the look that has all of it, or how much each look has of it.
    whole = [_NONE] * (width * max(1, len(strip.lanes)))
    shares: dict[int, dict[int, float]] = {}
    for block in strip.blocks:
        if block.end <= begin or block.begin >= end:
            continue
        left, right = (block.begin - begin) * scale, (block.end - begin) * scale
        left, right = (left if left > 0 else 0.0), (right if right < width else float(width))
        first, last, base = int(left), int(right), block.lane * width
        if first == last:
            _add(shares, base + first, block.look, right - left)
            continue
        whole[base + first + 1 : base + last] = [block.look] * (last - first - 1)
        _add(shares, base + first, block.look, first + 1 - left)
        if right > last:
            _add(shares, base + last, block.look, right - last)
    for pixel, cell in shares.items():
        whole[pixel] = max(cell, key=cell.__getitem__) if len(cell) > 1 else next(iter(cell))
    found = []
    for lane in range(len(strip.lanes)):
        left_edge = 0
        for look, pixels in groupby(whole[lane * width : (lane + 1) * width]):
            right_edge = left_edge + len(list(pixels))
            if look != _NONE:
                found.append(Run(left_edge, right_edge, lane, strip.looks[look]))
            left_edge = right_edge
    return found


def categories_of(strip: Strip) -> tuple[Category, ...]:
    """Return the categories of active time on the strip that a search finds, longest first."""
    found: dict[Category, int] = {}
    for block in strip.blocks:
        look = strip.looks[block.look]
        if look.is_found and look.state is State.ACTIVE:
            found[look.category] = found.get(look.category, 0) + block.end - block.begin
    return tuple(sorted(found, key=lambda category: (-found[category], category.path)))


def _add(shares: dict[int, dict[int, float]], pixel: int, look: int, share: float) -> None:
    cell = shares.get(pixel)
    if cell is None:
        shares[pixel] = {look: share}
    else:
        cell[look] = cell.get(look, 0.0) + share


def block_at(
    blocks: Sequence[Block], moment: float, reach: float, belongs: Callable[[Block], bool]
) -> Block | None:
    """Return the block at a moment (lived ms), or the nearest within `reach` ms of it.

    Only blocks that `belongs` takes count.
    """

    def distance(block: Block) -> float:
        return max(block.begin - moment, moment - block.end, 0.0)

    near = [block for block in blocks if distance(block) <= reach and belongs(block)]
    return min(near, key=distance, default=None)


def zoomed(
    view: tuple[float, float], whole: tuple[int, int], moment: float, factor: float
) -> tuple[float, float]:
    """Return the view (from, until) that shows `factor` times as much, with `moment` in its place.

    It never leaves `whole`, and never shows less than `SHORTEST_VIEW_MS`.
    """
    begin, end = view
    least = min(SHORTEST_VIEW_MS, whole[1] - whole[0])
    length = min(max((end - begin) * factor, least), whole[1] - whole[0])
    share = (moment - begin) / (end - begin)
    return _inside((moment - share * length, moment + (1 - share) * length), whole)


def panned(
    view: tuple[float, float], whole: tuple[int, int], distance: float
) -> tuple[float, float]:
    """Return the view moved by `distance` ms, as far as `whole` goes."""
    return _inside((view[0] + distance, view[1] + distance), whole)


def _inside(view: tuple[float, float], whole: tuple[int, int]) -> tuple[float, float]:
    length = view[1] - view[0]
    begin = min(max(view[0], whole[0]), whole[1] - length)
    return begin, begin + length


def ticks(begin: float, end: float, most: int) -> list[int]:
    """Return the lived ms to label within [`begin`, `end`]: round times, `most` of them at most."""
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440):
        step = minutes * 60_000
        first = -(-int(begin) // step) * step
        found = list(range(first, int(end) + 1, step))
        if len(found) <= max(most, 1):
            return found
    return []
