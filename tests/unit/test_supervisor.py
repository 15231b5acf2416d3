"""What dies begins again, later each time, and is remembered for ten minutes.

How it can fail: a thread is gone for good, or begins again without a pause; one accident alarms;
a series of them does not; the alarm never ends; the end of the program waits for a rest.
"""

import sys
import threading
import time
from contextlib import closing

import pytest

from reprospective_tray.ipc import client
from reprospective_tray.ipc import server as ipc_server
from reprospective_tray.ipc.server import ControlServer
from reprospective_tray.monitor.desktop_monitor import DesktopActivityMonitor
from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.base import WindowProbe
from reprospective_tray.store.recording.recorder import Recorder
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.sync.scheduler import SyncScheduler
from reprospective_tray.system.supervisor import (
    MOST_S,
    REMEMBERED_S,
    SupervisedPart,
    Supervisor,
)
from reprospective_tray.tray import live_icon
from reprospective_tray.tray.live_icon import LiveIcon
from tests.bystander import at_most
from tests.support import wait_until
from tests.unit.recording import Desk, assert_in_order, rows_of
from tests.unit.test_tray_live import STATUS, FakeIcon

SECONDS = 10.0
# What a busy machine may take for a moment's work.
BUSY_MS = 500
LASTING = "deleted = 0 AND ended_at > started_at"


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def die(supervisor: Supervisor, part: SupervisedPart = SupervisedPart.RECORDING) -> float:
    try:
        return 1 // 0
    except ZeroDivisionError:
        return supervisor.died(part)


def test_the_distances_double_up_to_a_minute_and_are_short_again_after_a_quiet_time(clock):
    supervisor = Supervisor(steady_s=clock)
    waits = []
    for _death in range(9):
        waits.append(die(supervisor))
        clock.now_s += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, MOST_S, MOST_S, MOST_S]
    assert die(supervisor, SupervisedPart.SENDING) == 1
    clock.now_s += REMEMBERED_S
    assert die(supervisor) == 1


def test_it_is_serious_from_the_third_death_in_ten_minutes_on_whoever_dies(clock):
    news = []
    supervisor = Supervisor(lambda: news.append(supervisor.problem), clock)
    assert (supervisor.problem, supervisor.is_serious) == ("", False)
    die(supervisor, SupervisedPart.RECORDING)
    at = time.strftime("%H:%M")
    assert supervisor.problem in {
        f"The recorder failed at {at} and was restarted.",
        f"The recorder failed at {time.strftime('%H:%M')} and was restarted.",
    }
    die(supervisor, SupervisedPart.SENDING)
    assert not supervisor.is_serious
    clock.now_s += REMEMBERED_S - 1
    die(supervisor, SupervisedPart.MENU)
    assert supervisor.is_serious
    assert supervisor.problem.startswith("3 failures since ")
    assert len(news) == 3
    clock.now_s += 1
    assert not supervisor.is_serious
    clock.now_s += REMEMBERED_S
    assert supervisor.problem == ""


def test_who_cannot_show_it_does_not_keep_it_from_beginning_again():
    def fail() -> None:
        raise ValueError("nobody looks")

    assert die(Supervisor(fail)) == 1


def test_work_that_ends_well_is_not_begun_again_and_the_end_is_not_waited_for():
    supervisor, ended, done = Supervisor(), threading.Event(), []
    supervisor.run(SupervisedPart.MENU, lambda: done.append(1), ended)
    assert done == [1]

    def leave() -> None:
        done.append(2)
        sys.exit("what some libraries do")

    thread = threading.Thread(target=supervisor.run, args=(SupervisedPart.MENU, leave, ended))
    thread.start()
    wait_until(lambda: done.count(2) == 2, SECONDS, "the second attempt")
    ended.set()
    thread.join(1)
    assert not thread.is_alive()


class DyingProbe(WindowProbe):
    """One window in front, and a library that dies when it is told to."""

    name = "dying"
    deaths: list[BaseException]
    closed = 0

    def __init__(self, deaths: list[BaseException]) -> None:
        self.deaths = deaths
        self._woken = threading.Event()

    def current(self):
        if self.deaths:
            raise self.deaths.pop()
        return Observation("app", "title", 1, 1)

    def wait(self, timeout_s):
        woken = self._woken.wait(timeout_s)
        self._woken.clear()
        return 0 if woken else None

    def wake(self):
        self._woken.set()

    def idle_ms(self):
        return 0

    def close(self):
        DyingProbe.closed += 1


def test_recording_goes_on_after_each_death_with_a_gap_of_the_back_off(tmp_path):
    path, deaths, probes = tmp_path / "data" / "local.db", [], []

    def open_probe() -> DyingProbe:
        probes.append(DyingProbe(deaths))
        return probes[-1]

    closed_before = DyingProbe.closed
    news = threading.Semaphore(0)
    supervisor = Supervisor(news.release)
    recorder = Recorder(lambda: SqliteAdapter(path), "host", lambda _damaged: None)
    rules = Desk(heartbeat_ms=50).rules

    def fail(_state) -> None:
        raise ValueError("the icon is broken")

    monitor = DesktopActivityMonitor(
        recorder, rules, lambda seen: seen, open_probe, fail, supervisor=supervisor
    )
    monitor.start()
    try:
        assert monitor.recording.wait(SECONDS)
        for number, death in enumerate((RuntimeError("a mistake"), SystemExit("a library"))):
            wait_until(lambda: len(rows_of(path, where=LASTING)) > number, SECONDS, "a row")  # noqa: B023
            deaths.append(death)
            probes[-1].wake()
            assert news.acquire(timeout=SECONDS)
            # What others wish meanwhile shortens no rest.
            monitor.resume()
            count = len(rows_of(path))
            wait_until(lambda: len(rows_of(path)) > count, SECONDS, "the next session")  # noqa: B023
            before, after = rows_of(path, "ended_at, started_at")[-2:]
            gap_ms = after[1] - before[0]
            assert 1000 * 2**number - 50 <= gap_ms <= 1000 * 2**number + 3 * BUSY_MS
    finally:
        monitor.stop()
    assert DyingProbe.closed - closed_before == len(probes) == 3
    assert_in_order(path)


def test_a_probe_that_cannot_be_opened_does_not_keep_the_end_waiting(tmp_path):
    path, news = tmp_path / "data" / "local.db", threading.Semaphore(0)

    def open_probe() -> WindowProbe:
        raise RuntimeError("no such desktop")

    recorder = Recorder(lambda: SqliteAdapter(path), "host", lambda _damaged: None)
    monitor = DesktopActivityMonitor(
        recorder,
        Desk().rules,
        lambda seen: seen,
        open_probe,
        lambda _state: None,
        supervisor=Supervisor(news.release),
    )
    monitor.start()
    assert news.acquire(timeout=SECONDS)
    with at_most(1):
        monitor.stop()
    assert not monitor._thread.is_alive()
    with closing(SqliteAdapter(path).database):
        assert rows_of(path) == []


def test_the_channel_answers_again_after_its_thread_died(user, monkeypatch):
    deaths = [RuntimeError("a mistake")]
    real = ipc_server._is_owner

    def is_owner(connection) -> bool:
        if deaths:
            connection.close()
            raise deaths.pop()
        return real(connection)

    monkeypatch.setattr(ipc_server, "_is_owner", is_owner)
    supervisor = Supervisor()
    server = ControlServer(user.paths, lambda *_request: {"well": True}, supervisor)
    server.start()
    try:
        with pytest.raises(client.NotRunningError):
            client.request(user.paths, "status")
        assert client.request(user.paths, "status") == {"well": True}
        assert supervisor.problem.startswith("Answering commands failed at ")
    finally:
        server.stop()


def test_the_icon_is_kept_true_after_its_thread_died(monkeypatch):
    fake, supervisor = FakeIcon(""), Supervisor()
    monkeypatch.setattr(live_icon, "TrayIcon", lambda _on_action, **_more: fake)
    answers = [RuntimeError("a mistake")]

    def status(_today):
        if answers:
            raise answers.pop()
        return STATUS

    shown = LiveIcon(lambda _action: None, lambda: 0, status, supervisor)

    def ready() -> None:
        assert fake.updated.wait(SECONDS)
        shown.stop()

    shown.run(ready)
    assert supervisor.problem.startswith("The icon failed at ")


@pytest.mark.parametrize("which", ["the keeper of times", "the watch"])
def test_passes_go_on_after_a_thread_of_theirs_died(which):
    supervisor, passes = Supervisor(), threading.Semaphore(0)
    knocked = []

    def knock() -> bool:
        knocked.append(1)
        return True

    scheduler = SyncScheduler(
        lambda _cancel: passes.release(), 3600.0, knock, lambda: None, supervisor
    )
    scheduler.start()
    try:
        assert passes.acquire(timeout=SECONDS)
        wait_until(lambda: scheduler.has_finished(1), SECONDS, "the first pass")
        deaths = [RuntimeError("a mistake")]
        owner = scheduler._clock if which == "the keeper of times" else scheduler
        name = "_process_jobs" if which == "the keeper of times" else "_look_for_server"
        real = getattr(owner, name)

        def dying():
            if deaths:
                raise deaths.pop()
            return real()

        setattr(owner, name, dying)
        if which == "the watch":
            scheduler._away = True
            scheduler._watching.set()
            wait_until(lambda: knocked, SECONDS, "a knock of the watch that began again")
        scheduler.sync_now()
        assert passes.acquire(timeout=SECONDS)
        assert supervisor.problem.startswith("The upload failed at ")
    finally:
        scheduler.halt()
