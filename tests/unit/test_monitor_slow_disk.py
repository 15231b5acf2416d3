"""What happened while the disk held the recording thread up is recorded at its own time.

How it can fail: what the desktop told meanwhile is taken for new, or only the last of it is seen,
or nothing where the program ends; a lock comes before windows that were in front before it; what
came after a pause is recorded.
"""

import threading
from collections import deque
from functools import partial
from itertools import accumulate, pairwise

import pytest

from reprospective_tray.monitor import desktop_monitor, presence_queue
from reprospective_tray.monitor.desktop_monitor import DesktopActivityMonitor
from reprospective_tray.monitor.observation import Moment, Observation
from reprospective_tray.monitor.probes.base import WindowProbe
from reprospective_tray.store.recording.recorder import Recorder
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.system.presence import Presence
from tests.support import wait_until
from tests.unit.recording import T0, Desk, assert_in_order, rows_of

SECONDS = 10
BEFORE = 5_000_000
# A person who switches: ms between one window and the next; the shortest are those that count.
DWELLS = (1_000, 100, 130, 2_000, 100, 100, 100, 700, 150, 9_900, 100, 3_000)
SLOW_MS = [0, 40, 100, 300, 1_000]


class Clock:
    """The time, in ms since the beginning; it passes where somebody waits.

    Attributes:
        others: What other threads do, and when.
    """

    def __init__(self) -> None:
        self.ms = 0
        self.others = deque()

    def read(self) -> Moment:
        return Moment(BEFORE + self.ms, T0 + self.ms, 0)

    def go_on_to(self, ms: int) -> None:
        while self.others and self.others[0][0] <= ms:
            self.ms, do = self.others.popleft()
            do()
        self.ms = max(self.ms, ms)


class ScriptedProbe(WindowProbe):
    """A desktop that notes each change as it happens, and passes them on one by one."""

    name = "scripted"
    notes_each_change = True

    def __init__(self, clock: Clock, told: list[tuple[int, str]]) -> None:
        self._clock, self._told = clock, deque(told)
        self._ends_at = told[-1][0] + 1_000
        self._front = Observation("before", "", 1, 1)
        self.last_input_at: int | None = None  # None: somebody touches something all the time
        self.is_over = threading.Event()
        self._woken = threading.Event()

    def current(self):
        return self._front

    def wait(self, timeout_s):
        if self._clock.ms >= self._ends_at:
            self.is_over.set()
            self._woken.wait(SECONDS)
            return None
        until = self._clock.ms + round(timeout_s * 1000)
        if not self._told or self._told[0][0] > until:
            self._clock.go_on_to(until)
            return None
        at, name = self._told.popleft()
        self._clock.go_on_to(at)
        self._front = Observation(name, "", 1, 1)
        return self._clock.ms - at

    def wake(self):
        if self.is_over.is_set():
            self._woken.set()

    def idle_ms(self):
        return 0 if self.last_input_at is None else self._clock.ms - self.last_input_at

    def close(self):
        self.is_over.set()


class SlowRecorder(Recorder):
    """Writes to a disk that takes its time."""

    clock: Clock
    takes_ms: int

    def record(self, changes):
        super().record(changes)
        self.clock.go_on_to(self.clock.ms + self.takes_ms)


@pytest.fixture
def record(tmp_path, monkeypatch):
    """Record windows, and what others wish of the monitor; returns (name or state, start, end)."""

    def do(takes_ms, told, others=(), last_input_at=None):
        path, clock = tmp_path / "local.db", Clock()
        for module in (desktop_monitor, presence_queue):
            monkeypatch.setattr(module, "read_clocks", clock.read)
        probe = ScriptedProbe(clock, told)
        probe.last_input_at = last_input_at
        recorder = SlowRecorder(lambda: SqliteAdapter(path), "host", lambda _damaged: None)
        recorder.clock, recorder.takes_ms = clock, takes_ms
        monitor = DesktopActivityMonitor(
            recorder, Desk().rules, lambda seen: seen, lambda: probe, lambda _state: None
        )
        clock.others += [(at, partial(wish, monitor)) for at, wish in others]
        monitor.start()
        try:
            assert probe.is_over.wait(SECONDS)
        finally:
            monitor.stop()
        assert_in_order(path)
        return [
            (name or state, start - T0, end - T0)
            for name, state, start, end in rows_of(
                path, "application_name, state, started_at, ended_at"
            )
        ]

    return do


@pytest.mark.parametrize("takes_ms", SLOW_MS)
def test_each_stretch_is_recorded_from_when_to_when_it_was(record, takes_ms):
    told = [(at, f"window {number}") for number, at in enumerate(accumulate(DWELLS))]
    found = record(takes_ms, told)
    assert [(name, start) for name, start, _end in found] == [
        ("before", 0),
        *((name, at) for at, name in told),
    ]
    assert all(end == start for (_n, _s, end), (_name, start, _e) in pairwise(found))


@pytest.mark.parametrize("takes_ms", SLOW_MS)
def test_a_lock_comes_between_the_windows_that_it_came_between(record, takes_ms):
    told = [(1_000, "one"), (1_130, "two"), (1_600, "three"), (4_000, "four")]
    others = [
        (1_250, lambda monitor: monitor.take_presence(Presence(locked=True))),
        (1_500, lambda monitor: monitor.take_presence(Presence())),
    ]
    assert record(takes_ms, told, others)[:6] == [
        ("before", 0, 1_000),
        ("one", 1_000, 1_130),
        ("two", 1_130, 1_250),
        ("locked", 1_250, 1_500),
        ("two", 1_500, 1_600),
        ("three", 1_600, 4_000),
    ]


@pytest.mark.parametrize("takes_ms", SLOW_MS)
def test_a_pause_ends_at_its_moment_what_was_in_front_then_and_nothing_later_is_seen(
    record, takes_ms
):
    told = [(1_000, "one"), (1_130, "two"), (1_250, "private"), (1_400, "more of it")]
    others = [(1_240, lambda monitor: monitor.pause(None))]
    assert record(takes_ms, told, others) == [
        ("before", 0, 1_000),
        ("one", 1_000, 1_130),
        ("two", 1_130, 1_240),
    ]


@pytest.mark.parametrize("takes_ms", SLOW_MS)
def test_what_was_in_front_before_the_program_ends_is_recorded(record, takes_ms):
    told = [(1_000, "one"), (1_130, "two"), (1_250, "three"), (1_400, "four")]
    ending = []

    def end(monitor):
        ending.append(threading.Thread(target=monitor.stop))
        ending[0].start()
        wait_until(lambda: monitor._ends_at, SECONDS, "the wish to end")

    assert record(takes_ms, told, [(1_390, end)]) == [
        ("before", 0, 1_000),
        ("one", 1_000, 1_130),
        ("two", 1_130, 1_250),
        ("three", 1_250, 1_390),
    ]
    ending[0].join()


def test_who_locks_just_before_they_would_be_idle_was_active_until_then(record):
    """By the time the lock is recorded nothing was touched for longer than `idle_after`."""
    idle_after = 180_000
    told = [(idle_after - 1_000, "one"), (idle_after + 60_000, "two")]
    others = [(idle_after - 500, lambda monitor: monitor.take_presence(Presence(locked=True)))]
    before, one, locked = record(2_000, told, others, last_input_at=0)
    assert before == ("before", 0, idle_after - 1_000)
    assert one == ("one", idle_after - 1_000, idle_after - 500)
    assert locked[:2] == ("locked", idle_after - 500)
