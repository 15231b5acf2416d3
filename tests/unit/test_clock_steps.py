"""What was recorded before the clock was set forward stays where it was, whatever comes then.

How it can fail: a step back moves rows by its own size that were never ahead by so much; it
moves what was right before; rows overlap, or are taken back as idle time afterwards.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.monitor import desktop_monitor
from reprospective_tray.monitor.observation import read_clocks
from reprospective_tray.store.model.sessions import Put, Rewind, StepBack
from tests.support import wait_until
from tests.unit.recording import (
    T0,
    Desk,
    assert_days_add_up,
    assert_in_order,
    session,
    spans,
    store,
)
from tests.unit.test_pause_kept import OneWindow, recording

pytestmark = pytest.mark.trust

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
AHEAD = st.sampled_from([90 * SECOND, 10 * MINUTE, HOUR, 5 * HOUR, DAY, 400 * DAY])
AMISS = st.sampled_from([-400 * DAY, -HOUR, -5 * MINUTE, -61 * SECOND])
LENGTHS = st.integers(15, 150).map(lambda seconds: seconds * SECOND)
few_examples = settings(max_examples=12)


class Walk:
    """A desk at which one window after the other is in front, and the true time of each."""

    def __init__(self, writer) -> None:
        self.desk = Desk(writer)
        self.error = 0  # how far the clock is ahead of the truth
        self.truth: dict[str, tuple[int, int]] = {}

    def work(self, ms: int) -> None:
        name = f"app {len(self.truth)}"
        begin = self.desk.wall - self.error - T0
        self.desk.see(name)
        self.desk.run(ms)
        self.truth[name] = (begin, self.desk.wall - self.error - T0)

    def set_clock(self, step: int) -> None:
        self.desk.wall += step
        self.error += step
        self.desk.tick()


def recorded(path: Path) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for name, start, end in spans(path):
        found.setdefault(name, []).append((start, end))
    return found


def assert_true(path: Path, truth: dict[str, tuple[int, int]]) -> None:
    """Each window's time is what it was, but for the moment in which the next one settles."""
    found = recorded(path)
    for name, (begin, end) in truth.items():
        assert found[name][0][0] == pytest.approx(begin, abs=100), name
        assert found[name][-1][1] == pytest.approx(end, abs=100), name


def in_new_file(test):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.db"
        with store(path) as (adapter, writer):
            adapter.database.execute_sql("PRAGMA synchronous = OFF")
            walk = Walk(writer)
            test(walk, path)
            walk.desk.stop()
        assert_in_order(path)
        assert_days_add_up(path)


def test_a_day_ahead_and_twenty_five_hours_back_leave_what_was_before_both():
    def test(walk, path):
        for _window in range(5):
            walk.work(10 * MINUTE)
        right = spans(path)[:4]
        walk.set_clock(DAY)
        walk.work(10 * MINUTE)
        walk.set_clock(-25 * HOUR)
        walk.work(10 * MINUTE)
        walk.work(2 * HOUR)
        walk.work(MINUTE)
        assert set(right) <= set(spans(path))
        assert recorded(path)["app 4"][0][0] == pytest.approx(40 * MINUTE, abs=100)

    in_new_file(test)


def test_a_clock_that_is_set_back_without_having_been_set_forward_still_moves_this_run():
    def test(walk, path):
        walk.error = 2 * HOUR
        walk.work(10 * MINUTE)
        walk.work(10 * MINUTE)
        walk.set_clock(-2 * HOUR)
        walk.work(10 * MINUTE)
        assert_true(path, dict(list(walk.truth.items())[:2]))

    in_new_file(test)


@few_examples
@given(st.lists(st.tuples(AHEAD, LENGTHS), min_size=1, max_size=4), AMISS | st.just(0), LENGTHS)
def test_what_came_before_the_first_step_forward_never_moves(steps, amiss, length):
    def test(walk, path):
        walk.work(length)
        walk.work(length)
        walk.work(length)
        right = spans(path)[:2]
        for step, after in steps:
            walk.set_clock(step)
            walk.work(after)
        walk.set_clock(amiss - walk.error)
        walk.work(length)
        if amiss:  # else it is as if the clock had never been set forward
            walk.set_clock(-2 * HOUR)
            walk.work(length)
        assert set(right) <= set(spans(path))

    in_new_file(test)


@few_examples
@given(st.lists(st.tuples(AHEAD, LENGTHS), min_size=1, max_size=4), st.data())
def test_steps_forward_that_are_undone_leave_every_row_at_its_true_time(steps, data):
    def test(walk, path):
        walk.work(10 * MINUTE)
        for step, length in steps:
            walk.set_clock(step)
            walk.work(length)
        undone = 0
        while walk.error:
            # One by one, or several of them at once.
            left = [step for step, _length in steps][: len(steps) - undone]
            count = data.draw(st.integers(1, len(left)))
            walk.set_clock(-sum(left[-count:]))
            undone += count
            walk.work(2 * MINUTE)
        walk.work(MINUTE)
        *all_but_last, _last = walk.truth.items()
        assert_true(path, dict(all_but_last))

    in_new_file(test)


@few_examples
@given(
    st.lists(
        st.tuples(st.integers(-3 * DAY, 3 * DAY) | AHEAD | AMISS, LENGTHS), min_size=1, max_size=6
    )
)
def test_no_steps_let_rows_overlap_or_the_days_differ(steps):
    def test(walk, _path):
        walk.work(10 * MINUTE)
        for step, length in steps:
            walk.set_clock(step)
            walk.work(length)

    in_new_file(test)


def test_idle_time_after_a_step_takes_back_nothing_that_was_right_before(tmp_path):
    path = tmp_path / "x.db"
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1000, "gap before")), Put(session(60_000, 90_000, "right"))])
        writer.apply([Put(session(DAY, DAY + 5000, "ahead"))])
        since = T0 + 90_000
        writer.apply([StepBack(DAY + 80_000, T0 + 10_000, since)])
        writer.apply([Put(session(20_000, 30_000, "in the gap")), Rewind(T0 + 25_000)])
        assert writer.occupied(T0 + 30_000) == [(T0 + 60_000, T0 + 90_000)]
    assert ("right", 60_000, 90_000) in spans(path)
    assert ("in the gap", 20_000, 25_000) in spans(path)


def test_a_clock_that_is_set_back_into_an_earlier_run_records_nothing_over_it(
    tmp_path, monkeypatch
):
    path, begin = tmp_path / "x.db", read_clocks().wall
    earlier = session(begin - HOUR - T0, begin - HOUR // 2 - T0, "earlier")
    with store(path) as (_adapter, writer):
        writer.apply([Put(earlier)])
    error, looks = [0], []
    monkeypatch.setattr(
        desktop_monitor,
        "read_clocks",
        lambda: replace(at := read_clocks(), wall=at.wall + error[0]),
    )

    def looks_on(many: int) -> None:
        since = len(looks)
        wait_until(lambda: len(looks) >= since + many, 10, "some looks at the clock")

    with recording(path, lambda _monitor: OneWindow(lambda: None)) as monitor:
        turn = monitor._recorder.retry_in_ms
        monkeypatch.setattr(monitor._recorder, "retry_in_ms", lambda: (looks.append(1), turn())[1])
        looks_on(5)
        error[0] = -HOUR + 5 * MINUTE
        monitor._poke()
        looks_on(10)
    assert_in_order(path)
    assert [name for name, *_times in spans(path)] == ["earlier"]
