"""Work that others want done in the recording thread: it is done, soon, whatever goes on there.

How it can fail: it is never done while recording is paused or sees nothing; what was recorded
is not in the file yet; an error ends recording, or is lost; who asks waits for ever; the file
becomes another device and its open session does not.
"""

import sqlite3
import threading
from contextlib import closing, contextmanager

import pytest

from reprospective_tray.errors import StoreError
from reprospective_tray.monitor.desktop_monitor import DesktopActivityMonitor
from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.base import Lack, WindowProbe
from reprospective_tray.monitor.probes.null import NullProbe
from reprospective_tray.store.forget.erase import Forgetting
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.recording.recorder import Recorder
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.support import wait_until
from tests.unit.recording import Desk, assert_days_add_up, assert_in_order, rows_of


class OneWindow(WindowProbe):
    """One window that is always in front; `idle` ms without input."""

    name = "one window"

    def __init__(self) -> None:
        self.title = "secret"
        self.idle = 0
        self._woken = threading.Event()

    def current(self):
        return Observation("app", self.title, 1, 1)

    def wait(self, timeout_s):
        woken = self._woken.wait(timeout_s)
        self._woken.clear()
        return 0 if woken else None

    def wake(self):
        self._woken.set()

    def idle_ms(self):
        return self.idle

    def close(self):
        pass


@contextmanager
def recording(path, probe=None, **start):
    probe = probe or OneWindow()
    recorder = Recorder(lambda: SqliteAdapter(path), "host", lambda _damaged: None)
    monitor = DesktopActivityMonitor(
        recorder, Desk(heartbeat_ms=50).rules, lambda seen: seen, lambda: probe, lambda _state: None
    )
    monitor.start(**start)
    try:
        if not start:
            assert monitor.recording.wait(5)
        yield monitor
    finally:
        monitor.stop()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "local.db"


def count(adapter: SqliteAdapter) -> int:
    return adapter.models.Session.select().count()


def test_work_is_done_on_the_recording_connection_and_its_result_comes_back(path):
    with recording(path) as monitor:
        wait_until(lambda: rows_of(path), 5, "a row")
        assert monitor.perform(count) == 1
        name = monitor.perform(lambda _adapter: threading.current_thread().name)
        assert name == "monitor"


def test_work_is_done_while_paused_and_where_no_window_is_seen(path):
    with recording(path, paused=True) as monitor:
        assert monitor.perform(count) == 0
    with recording(path, NullProbe(Lack.DISPLAY, "none")) as monitor:
        assert monitor.perform(count, 5) == 0


def test_what_fails_is_told_to_who_asked_and_recording_goes_on(path):
    with recording(path) as monitor:
        with pytest.raises(ZeroDivisionError):
            monitor.perform(lambda _adapter: 1 // 0)
        with pytest.raises(StoreError, match="nonsense"):
            monitor.perform(lambda adapter: adapter.database.execute_sql("nonsense"))
        before = rows_of(path, "revision")
        wait_until(lambda: rows_of(path, "revision") > before, 5, "a heartbeat")


def test_a_blocked_file_is_an_error_with_a_remedy(path):
    with recording(path) as monitor:
        wait_until(lambda: rows_of(path), 5, "a row")
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError) as caught:
                monitor.cut()
            assert caught.value.remedy
        assert monitor.cut() > 0


def test_who_asks_too_late_is_refused_at_once(path):
    with recording(path) as monitor:
        pass
    with pytest.raises(StoreError, match="quitting"):
        monitor.perform(count)


def test_who_is_not_served_in_time_does_not_wait_on_and_it_is_never_done(path):
    begun, go_on, done = threading.Event(), threading.Event(), []
    with recording(path) as monitor:

        def hold(_adapter):
            begun.set()
            go_on.wait(10)

        holder = threading.Thread(target=monitor.perform, args=(hold,))
        holder.start()
        assert begun.wait(5)
        with pytest.raises(StoreError, match="busy"):
            monitor.perform(done.append, 0.05)
        go_on.set()
        holder.join()
        monitor.perform(count)
    assert done == []


def test_what_is_forgotten_of_the_open_session_is_not_written_back(path):
    probe = OneWindow()
    with recording(path, probe) as monitor:
        wait_until(lambda: rows_of(path, "1", "revision > 2"), 5, "some heartbeats")
        until = monitor.cut()
        work = Forgetting(TimeRange(0, until))
        while monitor.perform(work.step):
            pass
        assert work.done.sessions == 1
        wait_until(lambda: rows_of(path, "1", "deleted = 0 AND revision > 2"), 5, "heartbeats")
        probe.idle = 10**9  # as if away since before
        wait_until(lambda: rows_of(path, "1", "state = 'idle'"), 5, "idle time")
    assert min(start for (start,) in rows_of(path, "started_at")) >= until
    assert_days_add_up(path)
    assert_in_order(path)


def test_the_file_and_its_open_session_become_another_device_together(path):
    with recording(path) as monitor:
        wait_until(lambda: rows_of(path), 5, "a row")
        ((uid, device),) = rows_of(path, "uid, device_id")
        monitor.become_another_device()
        ((new_uid, new_device, revision),) = rows_of(path, "uid, device_id, revision")
        assert new_uid != uid
        assert new_device != device
        wait_until(lambda: rows_of(path, "revision") > [(revision,)], 5, "a heartbeat")
        assert rows_of(path, "uid, device_id", "1") == [(new_uid, new_device)]
    assert rows_of(path, "uid, device_id, open", "1") == [(new_uid, new_device, 0)]
    assert_days_add_up(path)


def test_a_change_of_device_that_fails_changes_nothing(path, monkeypatch):
    from reprospective_tray.store.outbox import device_change

    def fail(*_unused):
        raise sqlite3.OperationalError("no space")

    with recording(path) as monitor:
        wait_until(lambda: rows_of(path), 5, "a row")
        before = rows_of(path, "uid, device_id")
        monkeypatch.setattr(device_change, "_rename", fail)
        with pytest.raises(StoreError, match="no space"):
            monitor.become_another_device()
        device = monitor.perform(lambda adapter: adapter.device_id)
        assert before == [(before[0][0], device)]
        revision = rows_of(path, "revision")
        wait_until(lambda: rows_of(path, "revision") > revision, 5, "a heartbeat")
        assert rows_of(path, "uid, device_id", "1") == before


def test_a_session_that_was_forgotten_elsewhere_goes_on_as_a_new_one_from_now(path):
    with recording(path) as monitor:
        wait_until(lambda: rows_of(path, "1", "revision > 1"), 5, "a heartbeat")
        monitor.leave_open_session()
        closed, going_on = rows_of(path, "uid, open, synced, started_at, ended_at")
        assert (closed[1], closed[2], going_on[1]) == (0, 0, 1)
        assert closed[4] == going_on[3]
