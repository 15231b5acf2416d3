"""From block to block of the timeline by keys, as values."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reprospective_tray.config.keys import CategorySettings
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.summary.figures import strip_walk, timeline
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.timeline import HOUR_MS
from tests.unit.stored import session, stored

DAY = DayRange(date(2026, 3, 30), date(2026, 3, 30))
TIMES = [("desk", 480, 550), ("laptop", 500, 530), ("desk", 550, 590), ("desk", 700, 701)]


def clock(minute):
    return f"2026-03-30T{minute // 60:02}:{minute % 60:02}:00Z"


def blocks_of(times):
    found = [stored(session(clock(begin), clock(end)), host=host) for host, begin, end in times]
    return timeline.strip(found, DAY, Categories(CategorySettings())).blocks


def minutes(block):
    return (block.begin - DAY.begin) // 60_000


def test_arrows_go_from_block_to_block_in_the_lane_and_stop_at_its_ends():
    blocks = blocks_of(TIMES)
    for by, begins in ((1, 550), (2, 700), (99, 700), (-1, 480), (0, 480)):
        assert minutes(strip_walk.by_blocks(blocks, blocks[0], by)) == begins


def test_page_keys_go_by_hours_and_at_least_to_the_next_block():
    blocks = blocks_of(TIMES)
    first, last = blocks[0], blocks[-1]
    assert minutes(strip_walk.by_time(blocks, first, HOUR_MS)) == 550
    assert minutes(strip_walk.by_time(blocks, blocks[2], HOUR_MS)) == 700
    assert minutes(strip_walk.by_time(blocks, last, HOUR_MS)) == 700
    assert minutes(strip_walk.by_time(blocks, last, -HOUR_MS)) == 550
    assert minutes(strip_walk.by_time(blocks, first, -HOUR_MS)) == 480


def test_up_and_down_go_to_what_another_computer_did_at_the_time():
    blocks = blocks_of(TIMES)
    below = strip_walk.by_lanes(blocks, blocks[2], 1)
    assert (minutes(below), below.lane) == (500, 1)
    assert strip_walk.by_lanes(blocks, below, 1) is below
    assert minutes(strip_walk.by_lanes(blocks, below, -1)) == 480


def test_a_walk_begins_with_what_is_in_view():
    blocks = blocks_of(TIMES)
    view = DAY.begin + 540 * 60_000, DAY.begin + 600 * 60_000
    assert minutes(strip_walk.entered(blocks, view)) == 480
    assert minutes(strip_walk.entered(blocks, view, at_end=True)) == 550
    assert strip_walk.entered(blocks, (DAY.end, DAY.end + 1)) is None


def test_a_marked_block_is_found_again_as_it_is_now_or_is_gone():
    before = blocks_of(TIMES)
    grown = [replace(block, end=block.end + 1) for block in before]
    assert strip_walk.known(grown, before[2]) is grown[2]
    assert strip_walk.known(before[:2], before[2]) is None
    assert strip_walk.known(before, None) is None


LANES = st.lists(
    st.tuples(st.sampled_from(["desk", "laptop"]), st.integers(0, 1400), st.integers(1, 39)),
    min_size=1,
    max_size=20,
)


@given(LANES, st.data())
def test_by_keys_every_block_of_the_lane_is_reached_in_its_order(times, data):
    blocks = blocks_of([(host, begin, begin + length) for host, begin, length in times])
    marked = data.draw(st.sampled_from(blocks))
    lane = [block for block in blocks if block.lane == marked.lane]
    walked = [strip_walk.by_blocks(blocks, marked, -len(blocks))]
    while (further := strip_walk.by_blocks(blocks, walked[-1], 1)) is not walked[-1]:
        walked.append(further)
    assert walked == lane
    for by_ms in (HOUR_MS, -HOUR_MS):
        before, steps = marked, 0
        while (further := strip_walk.by_time(blocks, before, by_ms)) is not before:
            before, steps = further, steps + 1
        assert steps <= len(lane)
        assert before is lane[-1 if by_ms > 0 else 0]
