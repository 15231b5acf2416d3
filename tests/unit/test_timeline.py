"""The timeline makes one time of two clocks.

How it can fail: it runs backwards without saying so, a sleep or a clock that was set
counts as time lived, a small correction tears a session apart, or a clock that was set
back is never followed again.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.monitor import observation
from reprospective_tray.monitor.observation import Moment, Observation, read_clocks
from reprospective_tray.monitor.timeline import (
    FOLLOWED_STEP_MS,
    HELD_STEP_MS,
    Break,
    Lead,
    Timeline,
    TimelineReading,
)
from tests.unit.recording import T0

STALL_MS = 15_000


class Clocks:
    """A timeline and the two clocks it reads."""

    def __init__(self):
        self.timeline = Timeline(STALL_MS)
        self.steady, self.wall = 9_000, T0
        self.read()

    def read(self, settled_until: int | None = None) -> TimelineReading:
        return self.timeline.read(Moment(self.steady, self.wall, 0), settled_until=settled_until)

    def pass_by(self, ms: int, step: int = 0) -> None:
        self.steady += ms
        self.wall += ms + step


@pytest.fixture
def clocks():
    return Clocks()


def test_the_first_reading_is_the_wall_clock():
    reading = Timeline(STALL_MS).read(Moment(5, T0, 0), settled_until=None)
    assert reading == TimelineReading(T0, T0, Break.NONE)


def test_time_without_a_step_is_both_clocks_time(clocks):
    clocks.pass_by(STALL_MS)
    assert clocks.read() == TimelineReading(T0 + STALL_MS, T0 + STALL_MS, Break.NONE)


def test_a_silence_longer_than_a_stall_is_a_gap_from_the_last_reading(clocks):
    clocks.pass_by(STALL_MS + 1)
    assert clocks.read() == TimelineReading(T0 + STALL_MS + 1, T0, Break.STALL)


def test_a_small_correction_forward_is_followed_at_once(clocks):
    clocks.pass_by(1000, FOLLOWED_STEP_MS)
    now = T0 + 1000 + FOLLOWED_STEP_MS
    assert clocks.read() == TimelineReading(now, now, Break.NONE)


def test_a_larger_step_forward_is_a_gap(clocks):
    clocks.pass_by(1000, FOLLOWED_STEP_MS + 1)
    assert clocks.read() == TimelineReading(T0 + 2001, T0 + 1000, Break.FORWARD)


def test_a_step_forward_in_sleep_ends_what_was_at_the_last_reading(clocks):
    clocks.pass_by(STALL_MS + 1, 3_600_000)
    reading = clocks.read()
    assert (reading.kind, reading.before) == (Break.FORWARD, T0)
    assert reading.now == clocks.wall


def test_a_step_back_of_up_to_a_minute_is_held(clocks):
    clocks.pass_by(1000, -HELD_STEP_MS)
    assert clocks.read() == TimelineReading(T0 + 1000, T0 + 1000, Break.NONE)
    clocks.pass_by(1000)
    assert clocks.read().now == T0 + 2000


def test_a_held_clock_is_followed_once_it_has_caught_up(clocks):
    clocks.pass_by(1000, -5000)
    clocks.read()
    clocks.pass_by(1000, 4000)
    assert clocks.read().now == T0 + 2000
    clocks.pass_by(1000, 1500)
    assert clocks.read().now == clocks.wall


def test_a_held_clock_is_followed_back_when_nothing_is_recorded_there(clocks):
    clocks.pass_by(1000, -5000)
    assert clocks.read(settled_until=T0).now == T0 + 1000
    clocks.pass_by(4000)
    assert clocks.read(settled_until=T0).now == T0


def test_a_sleep_with_a_clock_set_back_goes_on_where_time_had_come_to(clocks):
    clocks.pass_by(STALL_MS + 1, -30_000)
    assert clocks.read() == TimelineReading(T0, T0, Break.STALL)


def test_a_step_back_of_more_than_a_minute_is_said_with_its_size(clocks):
    clocks.pass_by(1000, -HELD_STEP_MS - 1)
    assert clocks.read() == TimelineReading(
        T0 - 59_001, T0 + 1000, Break.BACK, (Lead(HELD_STEP_MS + 1, 0, None, whole=False),)
    )


def test_two_small_steps_back_are_one_large_one(clocks):
    clocks.pass_by(1000, -40_000)
    clocks.read()
    clocks.pass_by(1000, -40_000)
    assert clocks.read() == TimelineReading(
        T0 - 78_000, T0 + 2000, Break.BACK, (Lead(80_000, 0, None, whole=False),)
    )


def test_a_step_back_in_sleep_ends_what_was_at_the_last_reading(clocks):
    clocks.pass_by(3_600_000, -7_200_000)
    reading = clocks.read()
    assert (reading.kind, reading.before, reading.now) == (Break.BACK, T0, T0 - 3_600_000)
    assert reading.before - reading.step <= reading.now


def test_until_counts_on_the_timeline_and_not_on_the_wall(clocks):
    clocks.pass_by(1000, -5000)
    clocks.read()
    assert clocks.timeline.until(clocks.steady, T0 + 1500) == 500


@given(
    st.lists(
        st.tuples(st.integers(0, 40_000), st.integers(-130_000, 130_000)), min_size=1, max_size=30
    )
)
def test_time_runs_backwards_only_where_it_is_said(passed):
    clocks, last = Clocks(), T0
    for ms, step in passed:
        clocks.pass_by(ms, step)
        reading = clocks.read()
        assert reading.before >= last
        if reading.kind is Break.BACK:
            assert reading.now == clocks.wall
            assert reading.before - reading.step <= reading.now
        else:
            assert reading.now >= reading.before >= last
            assert 0 <= reading.now - clocks.wall <= HELD_STEP_MS
        last = reading.now


@given(st.lists(st.integers(0, STALL_MS), min_size=1))
def test_without_steps_and_stalls_durations_are_exact(passed):
    clocks = Clocks()
    for ms in passed:
        clocks.pass_by(ms)
        assert clocks.read().kind is Break.NONE
    assert clocks.read().now - T0 == sum(passed)


def test_the_clocks_of_this_machine_are_read_in_ms():
    first, second = read_clocks(), read_clocks()
    assert 0 <= second.steady - first.steady < 1000
    assert second.wall > T0
    assert -1080 <= first.utc_offset_minutes <= 1080


@pytest.mark.parametrize("held_up", [0, 1, 3])
def test_a_thread_that_is_held_up_between_the_clocks_reads_them_together_all_the_same(
    monkeypatch, held_up
):
    clock = {"now": 0, "readings": 0}

    def wall():
        clock["readings"] += 1
        if clock["readings"] <= held_up:
            clock["now"] += 12_000_000  # others run
        return T0 * 1_000_000 + clock["now"]

    monkeypatch.setattr(observation, "_steady_ns", lambda: clock["now"])
    monkeypatch.setattr(observation.time, "time_ns", wall)
    read = read_clocks()
    assert read.wall - read.steady == T0
    assert clock["readings"] == held_up + 1


def test_where_they_are_never_read_together_the_closest_two_count(monkeypatch):
    now, gaps = [0], iter([9, 8, 3, 7, 8])

    def wall():
        now[0] += next(gaps) * 1_000_000
        return T0 * 1_000_000 + now[0]

    monkeypatch.setattr(observation, "_steady_ns", lambda: now[0])
    monkeypatch.setattr(observation.time, "time_ns", wall)
    read = read_clocks()
    assert read.wall - read.steady == T0 + 3


def test_a_new_time_zone_is_noticed(monkeypatch):
    monkeypatch.setenv("TZ", "<+03>-3:30")
    assert read_clocks().utc_offset_minutes == 210
    monkeypatch.setenv("TZ", "<-05>5")
    assert read_clocks().utc_offset_minutes == -300
    monkeypatch.undo()
    read_clocks()


def test_an_observation_has_names_that_every_database_can_hold():
    seen = Observation.of(None, "a\0b\udcffc", None, 1)
    assert seen.application_name == ""
    assert seen.window_title == "a\ufffdb\ufffdc"
    assert len(Observation.of("x", "y" * 100_000, None, 1).window_title) == 4096


def test_an_emoji_stays_whole():
    assert Observation.of("\U0001f4a9", "\U0001f468\u200d\U0001f4bb", 1, 1) == Observation(
        "\U0001f4a9", "\U0001f468\u200d\U0001f4bb", 1, 1
    )
