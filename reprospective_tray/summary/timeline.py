"""A day as a strip: what was in front when, and how that is put into pixels. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from reprospective_tray.store.ranges import DayRange, lived
from reprospective_tray.store.raw_queries import StoredSession
from reprospective_tray.store.sessions import State
from reprospective_tray.summary.categories import OTHER, Categories, Category

HOUR_MS = 3_600_000
# The least that is shown: a quarter of an hour is wide enough to point at anything.
SHORTEST_VIEW_MS = 900_000


@dataclass(frozen=True, slots=True)
class Block:
    """One session on the strip; times are lived ms (wall time as if it were UTC), clipped."""

    begin: int
    end: int
    lane: int
    state: State
    category: Category
    session: StoredSession


@dataclass(frozen=True, slots=True)
class Strip:
    """The blocks of a range, in order, in one lane for each computer."""

    blocks: tuple[Block, ...]
    lanes: tuple[str, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of pixels of one look: from `left` to before `right`, in one lane."""

    left: int
    right: int
    lane: int
    state: State
    category: Category


def strip(sessions: Sequence[StoredSession], days: DayRange, categories: Categories) -> Strip:
    """Lay out the sessions of `days`; the strip ends at whole hours around what there is."""
    lanes = sorted({session.source_host for session in sessions})
    number = {host: index for index, host in enumerate(lanes)}
    blocks = []
    for session in sessions:
        begin = max(lived(session.started_at, session.utc_offset_minutes), days.begin)
        end = min(lived(session.ended_at, session.utc_offset_minutes), days.end)
        active = session.state is State.ACTIVE
        if end > begin:
            category = (
                categories.of(session.application_name, session.window_title) if active else OTHER
            )
            lane = number[session.source_host]
            blocks.append(Block(begin, end, lane, session.state, category, session))
    blocks.sort(key=lambda block: (block.begin, block.end))
    first = min((block.begin for block in blocks), default=days.begin + 8 * HOUR_MS)
    last = max((block.end for block in blocks), default=days.begin + 18 * HOUR_MS)
    first = max(days.begin, first // HOUR_MS * HOUR_MS)
    last = min(days.end, -(-last // HOUR_MS) * HOUR_MS)
    return Strip(tuple(blocks), tuple(lanes), first, last)


def runs(blocks: Sequence[Block], begin: int, end: int, width: int) -> list[Run]:
    """Put what lies in [`begin`, `end`) into `width` pixels; each shows what it has most of.

    There are at most `width` runs a lane, however many sessions there are.
    """
    per_pixel = (end - begin) / width
    cells: dict[tuple[int, int], dict[tuple[State, Category], float]] = defaultdict(dict)
    for block in blocks:
        if block.end <= begin or block.begin >= end:
            continue
        left = (max(block.begin, begin) - begin) / per_pixel
        right = (min(block.end, end) - begin) / per_pixel
        look = block.state, block.category
        for pixel in range(int(left), min(width, int(right) + 1)):
            share = min(right, pixel + 1) - max(left, pixel)
            if share > 0:
                cell = cells[block.lane, pixel]
                cell[look] = cell.get(look, 0.0) + share
    found: list[Run] = []
    for lane, pixel in sorted(cells):
        cell = cells[lane, pixel]
        state, category = max(cell, key=lambda look: cell[look])
        last = found[-1] if found else None
        if last and (last.lane, last.right, last.state, last.category) == (
            *(lane, pixel, state, category),
        ):
            found[-1] = Run(last.left, pixel + 1, lane, state, category)
        else:
            found.append(Run(pixel, pixel + 1, lane, state, category))
    return found


def block_at(blocks: Sequence[Block], lane: int, moment: float, reach: float) -> Block | None:
    """Return the block of `lane` at a moment (lived ms), or the nearest within `reach` ms of it."""

    def distance(block: Block) -> float:
        return max(block.begin - moment, moment - block.end, 0.0)

    near = [block for block in blocks if block.lane == lane and distance(block) <= reach]
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
