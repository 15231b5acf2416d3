"""The day's strip: what lies where, in pixels, under the pointer and zoomed."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.config.keys import CategoryRule, CategorySettings
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import State
from reprospective_tray.summary.figures import timeline
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.timeline import HOUR_MS, SHORTEST_VIEW_MS
from tests.unit.stored import session, stored

DAY = DayRange(date(2026, 3, 30), date(2026, 3, 30))
RULES = Categories(
    CategorySettings(
        built_in=False,
        rules=(
            CategoryRule(category="Code", application="code", colour="#0000ff"),
            CategoryRule(category="Mail", application="mail", colour="#ff0000"),
        ),
    )
)


def strip(*sessions, finds=lambda _session: True):
    return timeline.strip([stored(each) for each in sessions], DAY, RULES, finds)


def at(clock):
    hour, minute = clock.split(":")
    return DAY.begin + int(hour) * HOUR_MS + int(minute) * 60_000


def test_the_strip_ends_at_whole_hours_around_what_there_is():
    found = strip(
        session("2026-03-30T09:20:00+09:00", "2026-03-30T09:50:00+09:00"),
        session("2026-03-30T11:00:00+09:00", "2026-03-30T11:30:00+09:00"),
    )
    assert (found.begin, found.end) == (at("9:00"), at("12:00"))


def test_a_session_over_midnight_is_clipped_to_the_day_as_lived():
    night = session("2026-03-29T23:00:00+09:00", "2026-03-30T02:00:00+09:00")
    (block,) = strip(night).blocks
    assert (block.begin, block.end) == (at("0:00"), at("2:00"))


def test_each_computer_has_a_lane_of_its_own():
    one = stored(session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z"), host="laptop")
    other = stored(session("2026-03-30T09:30:00Z", "2026-03-30T10:00:00Z"), host="desk")
    found = timeline.strip([one, other], DAY, RULES)
    assert found.lanes == ("desk", "laptop")
    assert [(block.session.source_host, block.lane) for block in found.blocks] == [
        *(("laptop", 1), ("desk", 0)),
    ]


def test_what_touches_in_one_look_is_one_run_and_gaps_stay_empty():
    found = strip(
        session("2026-03-30T09:00:00Z", "2026-03-30T09:30:00Z", "Code", "a"),
        session("2026-03-30T09:30:00Z", "2026-03-30T10:00:00Z", "Code", "b"),
        session("2026-03-30T10:00:00Z", "2026-03-30T10:30:00Z", state=State.IDLE),
        session("2026-03-30T11:00:00Z", "2026-03-30T12:00:00Z", "Mail", "c"),
    )
    runs = timeline.runs(found, found.begin, found.end, 180)
    assert [(run.left, run.right, run.look.state, run.look.category.name) for run in runs] == [
        (0, 60, State.ACTIVE, "Code"),
        (60, 90, State.IDLE, ""),
        (120, 180, State.ACTIVE, "Mail"),
    ]


def test_a_pixel_shows_what_it_has_most_of_not_what_comes_last():
    found = strip(
        session("2026-03-30T09:00:00Z", "2026-03-30T09:40:00Z", "Code", "a"),
        session("2026-03-30T09:40:00Z", "2026-03-30T10:00:00Z", "Mail", "b"),
    )
    (run,) = timeline.runs(found, found.begin, found.end, 1)
    assert run.look.category.name == "Code"


def test_what_a_search_has_not_found_is_told_apart():
    found = strip(
        session("2026-03-30T09:00:00Z", "2026-03-30T09:30:00Z", "Code", "a"),
        session("2026-03-30T09:30:00Z", "2026-03-30T10:00:00Z", "Code", "b"),
        finds=lambda each: each.window_title == "b",
    )
    runs = timeline.runs(found, found.begin, found.end, 10)
    assert [(run.left, run.right, run.look.is_found) for run in runs] == [
        (0, 5, False),
        (5, 10, True),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 86_000), st.integers(1, 5000)), max_size=60),
    st.integers(1, 300),
)
def test_runs_never_overlap_and_there_are_no_more_than_pixels(parts, width):
    sessions, end = [], 0
    for gap, length in parts:
        begin = end + gap % 900
        end = begin + length
        if end >= 86_400:
            break
        name = "Code" if length % 2 else "Mail"
        clock = [f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}" for n in (begin, end)]
        sessions.append(session(f"2026-03-30T{clock[0]}Z", f"2026-03-30T{clock[1]}Z", name, "t"))
    found = strip(*sessions)
    runs = timeline.runs(found, found.begin, found.end, width)
    assert len(runs) <= width
    assert all(0 <= run.left < run.right <= width for run in runs)
    assert all(one.right <= other.left for one, other in pairwise(runs))
    assert bool(runs) == bool(found.blocks)


def test_the_pointer_finds_a_session_that_is_narrower_than_a_pixel():
    found = strip(session("2026-03-30T09:30:00Z", "2026-03-30T09:30:01Z"))
    near = at("9:30") - 50_000

    def block_at(lane, reach):
        return timeline.block_at(found.blocks, near, reach, lambda block: block.lane == lane)

    assert block_at(0, 60_000) is found.blocks[0]
    assert block_at(0, 10_000) is None
    assert block_at(1, 60_000) is None


WHOLE = (0, 10 * HOUR_MS)


def test_zooming_keeps_the_moment_under_the_pointer_in_its_place():
    view = timeline.zoomed((0, 10 * HOUR_MS), WHOLE, 2.5 * HOUR_MS, 0.5)
    assert view == (1.25 * HOUR_MS, 6.25 * HOUR_MS)


@pytest.mark.parametrize(("factor", "length"), [(0.0001, SHORTEST_VIEW_MS), (100, 10 * HOUR_MS)])
def test_zooming_ends_at_a_quarter_of_an_hour_and_at_the_whole(factor, length):
    begin, end = timeline.zoomed((2 * HOUR_MS, 6 * HOUR_MS), WHOLE, 5 * HOUR_MS, factor)
    assert end - begin == length
    assert begin >= 0
    assert end <= 10 * HOUR_MS


@given(st.floats(0, 1), st.floats(0.1, 10), st.floats(-1e8, 1e8))
def test_no_zoom_and_no_pan_leaves_the_day(place, factor, distance):
    view = timeline.zoomed((HOUR_MS, 3 * HOUR_MS), WHOLE, (1 + 2 * place) * HOUR_MS, factor)
    for begin, end in (view, timeline.panned(view, WHOLE, distance)):
        assert WHOLE[0] - 1 <= begin < end <= WHOLE[1] + 1


def test_ticks_are_round_times_and_no_more_than_fit():
    assert timeline.ticks(at("8:00"), at("20:00"), 13) == [
        at(f"{hour}:00") for hour in range(8, 21)
    ]
    assert timeline.ticks(at("8:00"), at("20:00"), 7) == [
        at(f"{hour}:00") for hour in range(8, 21, 2)
    ]
    assert timeline.ticks(at("9:10"), at("9:50"), 4) == [at("9:15"), at("9:30"), at("9:45")]
