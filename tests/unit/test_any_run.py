"""Random runs of everything that can happen to the sessionizer, recorded into a real file.

How it can fail: some order of windows, inputs, locks, sleeps, clock steps, starts and stops that
nobody thought of makes rows that overlap, run backwards or meet an earlier run's.
"""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from reprospective_tray.monitor.sessionizer import SETTLE_MS
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.unit.recording import Desk, assert_days_add_up, assert_in_order, rows_of, session, spans

HOUR = 3_600_000
TITLES = ("x", "(3) x", "(4) x", "y", "1", "2", "")
APPLICATIONS = (None, "a", "b", "")
STEPS = (-200_000, -61_000, -60_000, -59_000, -700, 700, 1500, 61_000, HOUR)


class AnyRun(RuleBasedStateMachine):
    """Any run of windows, inputs, clocks and starts, recorded into a real file."""

    earlier = True

    def __init__(self):
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "x.db"
        adapter = SqliteAdapter(self.path)
        adapter.open()
        # Flushing to the disk is not what is looked for, and takes most of the time.
        adapter.database.connect()
        adapter.database.execute_sql("PRAGMA synchronous = OFF")
        self.adapter = adapter
        self.earlier_rows: list = []
        if self.earlier:
            writer = SessionWriter(adapter, "host")
            ahead = [session(30_000, 90_000, "future"), session(90_000, 95_000, "future")]
            writer.apply([Put(one) for one in ahead])
            self.earlier_rows = spans(self.path)
        self.desk = Desk(
            SessionWriter(adapter, "host"),
            idle_after_ms=20_000,
            never_idle=lambda name: name == "b",
        )

    @rule(
        name=st.sampled_from(APPLICATIONS), title=st.sampled_from(TITLES), number=st.integers(0, 2)
    )
    def see(self, name, title, number):
        self.desk.see(name, title, number)

    @rule(ms=st.sampled_from((0, 1, 20, 49, 50, 51, 100, 2000, 9000, 14_999)))
    def skip(self, ms):
        self.desk.skip(ms)

    @rule(ms=st.sampled_from((30, 100, 5000, 25_000)), present=st.booleans())
    def run(self, ms, present):
        self.desk.run(ms, present=present)

    @rule(knows_input=st.booleans())
    def tick(self, knows_input):
        self.desk.tick(knows_input=knows_input)

    @rule()
    def input(self):
        self.desk.input()

    @rule(ms=st.sampled_from((15_001, 40_000, HOUR)))
    def sleep(self, ms):
        self.desk.skip(ms)

    @rule(minutes=st.sampled_from((0, 60, -210)))
    def travel(self, minutes):
        self.desk.offset = minutes

    @rule(step=st.sampled_from(STEPS))
    def set_clock(self, step):
        self.desk.wall += step

    @rule(
        said=st.sampled_from(("locked", "away", "inhibited")),
        on=st.booleans(),
        asked=st.sampled_from((0, 0, 1, 2)),
    )
    def say(self, said, on, asked):
        self.desk.say(**{said: on}, unconfirmed=asked)

    @rule()
    def stop(self):
        self.desk.stop()

    @invariant()
    def rows_are_in_order(self):
        assert_in_order(self.path)

    @invariant()
    def earlier_rows_stay_as_they_were(self):
        found = spans(self.path)
        assert all(row in found for row in self.earlier_rows)

    @invariant()
    def no_session_is_empty(self):
        closed = rows_of(self.path, "started_at, ended_at", "deleted = 0 AND open = 0")
        assert all(start < end for start, end in closed)

    def teardown(self):
        self.desk.stop()
        assert_in_order(self.path)
        assert_days_add_up(self.path)
        self.adapter.database.close()
        self._folder.cleanup()


class SteadyClock(RuleBasedStateMachine):
    """Runs without clock steps: what is recorded is exactly what a simple model says."""

    def __init__(self):
        super().__init__()
        self.desk = Desk(title_changes_per_minute=1000)
        self.seen: list[tuple[int, str | None]] = []

    @property
    def now(self) -> int:
        return self.desk.steady - 5_000_000

    def change(self, name):
        self.desk.see(name)
        if not self.seen or self.seen[-1][1] != name:
            self.seen.append((self.now, name))

    @rule(name=st.sampled_from((None, "a", "b", "c")), ms=st.integers(1, 200))
    def see(self, name, ms):
        self.change(name)
        self.desk.run(ms)

    @rule(name=st.sampled_from((None, "a", "b", "c")), ms=st.integers(SETTLE_MS, 14_000))
    def see_unwatched(self, name, ms):
        self.change(name)
        self.desk.skip(ms)
        self.desk.input()

    @rule(ms=st.integers(0, 30_000))
    def run(self, ms):
        self.desk.run(ms)

    @precondition(lambda self: self.seen)
    @rule()
    def tick(self):
        self.desk.input()
        self.desk.tick()

    def teardown(self):
        if not self.seen:
            return
        self.desk.stop()
        end = self.now
        times = [at for at, _name in self.seen[1:]] + [end]
        stretches = [(name, at, until) for (at, name), until in zip(self.seen, times, strict=True)]
        long = [s for s in stretches if s[2] - s[1] >= SETTLE_MS]
        closed = self.desk.closed
        for name, start, until in long:
            if name is None:
                assert not any(s < until and start < e for _n, s, e in closed)
                continue
            (cover,) = [c for c in closed if c[1] <= start and until <= c[2]]
            assert cover[0] == name
        # Nobody has a session who was never in front for as long as it takes to settle.
        for name, start, until in closed:
            assert any(n == name and start <= s and e <= until for n, s, e in long)
        # A session begins where the unsettled moments before its window began, not earlier.
        starts = {at for at, _name in self.seen}
        ends = starts | {end}
        assert all(start in starts and until in ends for _name, start, until in closed)


class TestAnyRun(AnyRun.TestCase):
    settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


class TestSteadyClock(SteadyClock.TestCase):
    settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
