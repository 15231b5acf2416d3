"""From one block of a strip to the next, as keys lead. Pure."""

from collections.abc import Sequence

from reprospective_tray.summary.figures.timeline import Block


def known(blocks: Sequence[Block], marked: Block | None) -> Block | None:
    """Return the block of the same session among `blocks`, which were read since; None: gone."""
    if marked is None:
        return None
    same = (block for block in blocks if block.session.uid == marked.session.uid)
    return next(same, None)


def entered(
    blocks: Sequence[Block], view: tuple[float, float], *, at_end: bool = False
) -> Block | None:
    """Return the first block in `view` (lived ms), or the last one; None where there is none."""
    inside = [block for block in blocks if block.end > view[0] and block.begin < view[1]]
    if not inside:
        return None
    return inside[-1] if at_end else inside[0]


def by_blocks(blocks: Sequence[Block], marked: Block, by: int) -> Block:
    """Return the block that lies so many further in the lane, as far as it goes."""
    lane = [block for block in blocks if block.lane == marked.lane]
    return lane[min(max(0, lane.index(marked) + by), len(lane) - 1)]


def by_time(blocks: Sequence[Block], marked: Block, by_ms: int) -> Block:
    """Return the block of the lane that lies so many ms later, and at least the next one."""
    lane = [block for block in blocks if block.lane == marked.lane]
    place, moment = lane.index(marked), marked.begin + by_ms
    if by_ms > 0:
        later = (n for n in range(place + 1, len(lane)) if lane[n].end > moment)
        return lane[next(later, len(lane) - 1)]
    earlier = (n for n in range(place - 1, -1, -1) if lane[n].begin <= moment)
    return lane[next(earlier, 0)]


def by_lanes(blocks: Sequence[Block], marked: Block, by: int) -> Block:
    """Return the nearest block in the lane so many below; where there is none, the same one."""
    middle = (marked.begin + marked.end) / 2

    def distance(block: Block) -> float:
        return max(block.begin - middle, middle - block.end, 0)

    lane = (block for block in blocks if block.lane == marked.lane + by)
    return min(lane, key=distance, default=marked)
