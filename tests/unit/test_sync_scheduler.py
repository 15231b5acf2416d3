"""When passes run, with the real APScheduler and passes that do nothing."""

import datetime as dt
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from types import SimpleNamespace

import apscheduler.schedulers.base
import pytest

from reprospective_tray.errors import ServerRefusedError, ServerUnreachableError, SyncBusyError
from reprospective_tray.sync import scheduler as module
from reprospective_tray.sync.scheduler import SyncScheduler
from tests.bystander import Bystander, at_most
from tests.support import wait_until

SECONDS = 10.0
HOUR_S = 3600.0


class Passes:
    """Stands for what a pass does: tells when one begins, and ends it as the test says."""

    def __init__(self) -> None:
        self.begun: queue.SimpleQueue[float] = queue.SimpleQueue()
        self.answers: list[Exception] = []
        self.waits = False
        self.go_on = threading.Event()
        self.at_once = 0
        self.most_at_once = 0
        self.port_is_open = True
        self.knocks: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.changes = 0
        self._lock = threading.Lock()

    def run(self, cancel: threading.Event) -> None:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            answer = self.answers.pop(0) if self.answers else None
        self.begun.put(time.monotonic())
        try:
            while self.waits and not self.go_on.is_set() and not cancel.is_set():
                self.go_on.wait(0.01)
        finally:
            with self._lock:
                self.at_once -= 1
        if answer:
            raise answer

    def knock(self) -> bool:
        self.knocks.put(self.port_is_open)
        return self.port_is_open

    def changed(self) -> None:
        self.changes += 1

    def next(self) -> float:
        return self.begun.get(timeout=SECONDS)

    def none_begins_for(self, seconds: float) -> bool:
        try:
            self.begun.get(timeout=seconds)
        except queue.Empty:
            return True
        return False


Start = Callable[[float], SyncScheduler]


@pytest.fixture
def passes() -> Passes:
    return Passes()


@pytest.fixture
def start(passes: Passes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setattr(module, "JITTER", 0.0)
    made: list[SyncScheduler] = []
    before = set(threading.enumerate())

    def make(interval_s: float) -> SyncScheduler:
        one = SyncScheduler(passes.run, interval_s, passes.knock, passes.changed)
        made.append(one)
        one.start()
        return one

    yield make
    passes.go_on.set()
    for one in made:
        one.halt()
    wait_until(lambda: set(threading.enumerate()) <= before, SECONDS, "the end of all threads")


def no_abort() -> None:
    """Nothing here is connected."""


def unreachable() -> ServerUnreachableError:
    return ServerUnreachableError("the server is away", "")


def refused() -> ServerRefusedError:
    return ServerRefusedError("no such role", "")


def test_passes_run_at_the_start_and_then_at_the_interval(
    start: Start, passes: Passes, bystander: Bystander
) -> None:
    start(0.2)
    times = [passes.next() for _number in range(4)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= 0.2, gaps
    assert bystander.allows(max(gaps), 1.0), gaps


def test_jitter_makes_the_distance_longer_by_a_part_of_it_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scheduler = SyncScheduler(lambda _cancel: None, 60.0, lambda: True, lambda: None)
    distances = {scheduler._distance_s() for _number in range(200)}
    assert len(distances) > 100
    assert min(distances) >= 60.0
    assert max(distances) <= 66.0
    monkeypatch.setattr(module, "JITTER", 0.0)
    assert scheduler._distance_s() == 60.0


@pytest.mark.parametrize("error", [unreachable(), refused(), ValueError("a mistake")])
def test_the_distance_doubles_while_passes_fail_up_to_the_cap_and_success_ends_it(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "JITTER", 0.0)
    scheduler = SyncScheduler(lambda _cancel: None, 60.0, lambda: True, lambda: None)

    def distance_after(result: Exception | None) -> float:
        scheduler._begun += 1
        scheduler._error = result
        scheduler._judge(None)
        return scheduler._distance_s()

    assert [distance_after(error) for _number in range(6)] == [60, 120, 240, 480, 900, 900]
    assert distance_after(None) == 60
    assert distance_after(error) == 60
    # Where another process is sending, nothing has failed.
    assert distance_after(SyncBusyError("busy", "")) == 60
    assert distance_after(error) == 120
    scheduler._failures = 10_000
    assert distance_after(error) == 900


def test_an_interval_beyond_the_cap_is_never_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JITTER", 0.0)
    scheduler = SyncScheduler(lambda _cancel: None, 86_400.0, lambda: True, lambda: None)
    scheduler._failures = 3
    assert scheduler._distance_s() == 86_400


def test_asked_for_it_runs_at_once(start: Start, passes: Passes) -> None:
    scheduler = start(HOUR_S)
    passes.next()
    wait_until(lambda: scheduler.has_finished(1), SECONDS, "the first pass")
    with at_most(1.0):
        assert scheduler.sync_now() == 2
        passes.next()
    wait_until(lambda: scheduler.has_finished(2), SECONDS, "the pass that was asked for")
    assert passes.none_begins_for(0.2)


def test_what_is_asked_for_during_a_pass_is_answered_by_the_next_one(
    start: Start, passes: Passes
) -> None:
    passes.waits = True
    scheduler = start(HOUR_S)
    passes.next()
    assert scheduler.running == 1
    assert [scheduler.sync_now() for _number in range(5)] == [2] * 5
    assert scheduler.next_run_at is None  # the end of this one plans the next
    with at_most(1.0):
        passes.waits = False
        passes.next()
    wait_until(lambda: scheduler.has_finished(2), SECONDS, "the second pass")
    assert passes.none_begins_for(0.2)
    assert passes.most_at_once == 1


def test_there_are_never_two_passes_at_a_time(start: Start, passes: Passes) -> None:
    scheduler = start(0.01)
    asking = [
        threading.Thread(target=lambda: [scheduler.sync_now() for _n in range(50)])
        for _number in range(4)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    number = scheduler.sync_now()
    wait_until(lambda: scheduler.has_finished(number), SECONDS, "the last that was asked for")
    assert passes.most_at_once == 1


def test_a_server_that_is_back_is_sent_to_at_once(
    start: Start, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KNOCK_S", 0.05)
    passes.port_is_open = False
    passes.answers = [unreachable()]
    start(HOUR_S)
    passes.next()
    assert [passes.knocks.get(timeout=SECONDS) for _number in range(3)] == [False] * 3
    assert passes.begun.empty()
    with at_most(1.0):
        passes.port_is_open = True
        passes.next()
    # It is reachable now: nobody knocks any more.
    while not passes.knocks.empty():
        passes.knocks.get()
    assert passes.none_begins_for(0.3)
    assert passes.knocks.empty()


def test_a_knock_that_raises_does_not_end_the_knocking(
    passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KNOCK_S", 0.05)
    answers = [False, UnicodeError("label too long"), True]

    def knock() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    passes.answers = [unreachable()]
    scheduler = SyncScheduler(passes.run, HOUR_S, knock, passes.changed)
    scheduler.start()
    assert [passes.next() for _number in range(2)]
    scheduler.halt()


def test_a_server_that_lets_nobody_in_as_yet_is_tried_again_soon(
    start: Start, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KNOCK_S", 0.05)
    passes.port_is_open = False
    passes.answers = [unreachable(), unreachable(), unreachable()]
    start(HOUR_S)
    passes.next()
    passes.knocks.get(timeout=SECONDS)
    passes.port_is_open = True  # it is starting up
    assert [passes.next() for _number in range(3)]


def test_an_open_port_alone_is_no_change(
    start: Start, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KNOCK_S", 0.05)
    passes.answers = [unreachable()]
    start(HOUR_S)
    passes.next()
    assert [passes.knocks.get(timeout=SECONDS) for _number in range(3)] == [True] * 3
    assert passes.begun.empty()


def test_what_a_person_has_to_mend_is_not_knocked_for(
    start: Start, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KNOCK_S", 0.05)
    passes.answers = [refused()]
    start(HOUR_S)
    passes.next()
    assert passes.none_begins_for(0.3)
    assert passes.knocks.empty()


def test_a_pass_that_raises_anything_does_not_end_the_others(start: Start, passes: Passes) -> None:
    passes.answers = [ValueError("a mistake"), ValueError("another")]
    start(0.05)
    assert [passes.next() for _number in range(4)]


class SteppedClock:
    """The wall clock, set by as many seconds as a test likes, for us and for APScheduler."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.step_s = 0.0
        clock = self

        class Datetime(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
                return dt.datetime.fromtimestamp(clock(), tz)

        monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Datetime)
        own = SimpleNamespace(time=self, monotonic=time.monotonic)
        monkeypatch.setattr(module, "time", own)

    def __call__(self) -> float:
        return time.time() + self.step_s


def test_a_clock_that_is_set_back_does_not_silence_it(
    start: Start, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LATE_S", 0.1)
    clock = SteppedClock(monkeypatch)
    scheduler = start(0.5)
    passes.next()
    wait_until(lambda: scheduler.has_finished(1), SECONDS, "the first pass")
    with at_most(4.0):
        with at_most(3.0):
            clock.step_s = -7200.0
            passes.next()
        passes.next()


@pytest.mark.parametrize("years", [0.001, 56])
def test_a_clock_that_is_set_forward_makes_one_pass_more_and_no_crowd(
    start: Start, passes: Passes, monkeypatch: pytest.MonkeyPatch, years: float
) -> None:
    # A computer without a battery wakes up in 1970; one that slept looks the same.
    for name, value in (("LOOK_S", 0.1), ("LATE_S", 0.1)):
        monkeypatch.setattr(module, name, value)
    clock = SteppedClock(monkeypatch)
    scheduler = start(HOUR_S)
    passes.next()
    wait_until(lambda: scheduler.has_finished(1), SECONDS, "the first pass")
    with at_most(2.0):
        clock.step_s = years * 365.25 * 86_400
        assert scheduler.next_run_at is not None
        passes.next()
    wait_until(lambda: scheduler.has_finished(2), SECONDS, "the second pass")
    assert passes.none_begins_for(0.3)
    assert abs(scheduler.next_run_at / 1000 - clock() - HOUR_S) < 10


def test_apscheduler_never_counts_up_years_of_missed_passes(start: Start, passes: Passes) -> None:
    scheduler = start(5.0)
    passes.next()
    wait_until(lambda: scheduler.has_finished(1), SECONDS, "the first pass")
    job = scheduler._clock.get_job("sync")
    in_56_years = dt.datetime.now(dt.UTC) + dt.timedelta(days=56 * 365)
    assert 1 <= len(job._get_run_times(in_56_years)) < 100


def test_the_next_pass_is_said_by_the_clock_on_the_wall(start: Start, passes: Passes) -> None:
    passes.waits = True
    scheduler = start(HOUR_S)
    passes.next()
    assert scheduler.next_run_at is None
    passes.go_on.set()
    wait_until(lambda: scheduler.has_finished(1), SECONDS, "the first pass")
    assert scheduler.next_run_at is not None
    assert abs(scheduler.next_run_at / 1000 - time.time() - HOUR_S) < 5


def test_beginning_and_end_of_each_pass_are_told(start: Start, passes: Passes) -> None:
    scheduler = start(HOUR_S)
    wait_until(lambda: scheduler.has_finished(1), SECONDS, "the first pass")
    wait_until(lambda: passes.changes == 2, SECONDS, "two changes")


def test_the_end_lets_the_pass_that_runs_end_early_and_begins_no_other(
    start: Start, passes: Passes
) -> None:
    passes.waits = True
    scheduler = start(0.05)
    passes.next()
    scheduler.halt()
    assert scheduler.wait(time.monotonic() + SECONDS)
    assert passes.none_begins_for(0.2)
    assert scheduler.next_run_at is None
    scheduler.sync_now()
    assert passes.none_begins_for(0.2)


def test_the_last_pass_runs_where_the_server_was_there_lately(start: Start, passes: Passes) -> None:
    scheduler = start(HOUR_S)
    passes.next()
    wait_until(lambda: scheduler.has_finished(1), SECONDS, "the first pass")
    scheduler.halt()
    assert scheduler.last_pass(SECONDS, no_abort)
    assert passes.next()


def test_the_last_pass_is_left_out_where_the_server_is_away(start: Start, passes: Passes) -> None:
    passes.answers = [unreachable()]
    scheduler = start(HOUR_S)
    passes.next()
    wait_until(lambda: scheduler.has_finished(1), SECONDS, "the first pass")
    scheduler.halt()
    assert scheduler.last_pass(SECONDS, no_abort)
    assert passes.begun.empty()


@pytest.mark.parametrize("there", [True, False])
def test_before_the_first_pass_a_knock_decides_about_the_last(passes: Passes, there: bool) -> None:
    passes.port_is_open = there
    scheduler = SyncScheduler(passes.run, HOUR_S, passes.knock, passes.changed)
    scheduler.halt()
    assert scheduler.last_pass(SECONDS, no_abort)
    assert passes.begun.empty() is not there


def test_a_last_pass_that_fails_is_no_trouble(passes: Passes) -> None:
    passes.answers = [unreachable(), ValueError("a mistake")]
    for _answer in range(2):
        scheduler = SyncScheduler(passes.run, HOUR_S, passes.knock, passes.changed)
        scheduler.halt()
        assert scheduler.last_pass(SECONDS, no_abort)


def test_the_last_pass_has_its_time_and_no_more(start: Start, passes: Passes) -> None:
    scheduler = start(HOUR_S)
    passes.next()
    wait_until(lambda: scheduler.has_finished(1), SECONDS, "the first pass")
    scheduler.halt()
    passes.waits = True
    aborted = threading.Event()
    with at_most(1.0):
        began = time.monotonic()
        assert scheduler.last_pass(0.2, aborted.set)  # told to end, it does
        assert time.monotonic() - began >= 0.2
    assert aborted.is_set()


def test_nobody_waits_for_a_pass_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLE_S", 0.05)
    resolved = threading.Event()
    begun = threading.Event()

    def resolve(_cancel: threading.Event) -> None:
        begun.set()
        resolved.wait(SECONDS)

    scheduler = SyncScheduler(resolve, HOUR_S, lambda: True, lambda: None)
    scheduler.start()
    assert begun.wait(SECONDS)
    with at_most(1.0):
        scheduler.halt()
        assert not scheduler.last_pass(0.1, no_abort)
    hanging = [thread for thread in threading.enumerate() if thread.name == "sync"]
    assert [thread.daemon for thread in hanging] == [True]
    resolved.set()
    hanging[0].join(SECONDS)


def test_nothing_of_apscheduler_is_loaded_before_the_start() -> None:
    import subprocess

    code = (
        "import sys\n"
        "from reprospective_tray.sync.scheduler import SyncScheduler\n"
        "one = SyncScheduler(lambda stop: None, 60.0, lambda: True, lambda: None)\n"
        "one.halt()\n"
        "assert 'apscheduler' not in sys.modules, 'loaded too early'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
