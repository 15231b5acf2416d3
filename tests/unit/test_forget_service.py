"""What other processes ask the running program to forget goes while it records on.

How it can fail: the session that goes on writes itself back, or recording stops with it; a request
that says something else is taken for a range; the longest one does not fit into the channel.
"""

import threading

import msgspec
import pytest

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.ipc.protocol import MAX_REQUEST
from reprospective_tray.runtime.forget_service import MOST_UIDS, ForgetService
from reprospective_tray.store.model.ids import new_uid
from tests.support import wait_until
from tests.unit.recording import T0, assert_days_add_up, assert_in_order, rows_of
from tests.unit.test_call_queue import OneWindow, recording


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "local.db"


def forgetting(monitor):
    return ForgetService(lambda: monitor, threading.Event())


def open_uid(path):
    wait_until(lambda: rows_of(path, "1", "open = 1 AND revision > 2"), 5, "some heartbeats")
    ((uid,),) = rows_of(path, "uid", "open = 1")
    return uid


def test_the_session_that_goes_on_is_not_written_back_and_recording_goes_on(path):
    with recording(path) as monitor:
        uid = open_uid(path)
        said = forgetting(monitor).answer({"uids": [uid]})
        assert (said["sessions"], said["missing"]) == (1, 0)
        assert said["ms"] > 0
        assert open_uid(path) != uid  # and beats
        assert rows_of(path, "uid, window_title", "deleted = 1") == [(uid, "")]
    ((end,),) = rows_of(path, "ended_at", "deleted = 1")
    ((start, title),) = rows_of(path, "started_at, window_title")
    assert (title, start >= end) == ("secret", True)
    assert_days_add_up(path)
    assert_in_order(path)


def test_idle_time_that_goes_on_can_be_forgotten(path):
    probe = OneWindow()
    with recording(path, probe) as monitor:
        open_uid(path)
        probe.idle = 10**9
        wait_until(lambda: rows_of(path, "1", "state = 'idle'"), 5, "idle time")
        ((uid,),) = rows_of(path, "uid", "state = 'idle' AND open = 1")
        assert forgetting(monitor).answer({"uids": [uid]})["sessions"] == 1
        assert open_uid(path) != uid
    assert_days_add_up(path)
    assert_in_order(path)


def test_a_session_that_is_over_goes_without_a_cut(path):
    probe = OneWindow()
    with recording(path, probe) as monitor:
        over = open_uid(path)
        probe.title = "harmless"
        probe.wake()
        wait_until(lambda: rows_of(path, "1", "window_title = 'harmless'"), 5, "the next title")
        going_on = open_uid(path)
        here = forgetting(monitor)
        assert here.answer({"uids": [over, new_uid(T0)]})["sessions"] == 1
        assert here.answer({"uids": [over]})["sessions"] == 0
        assert rows_of(path, "uid") == [(going_on,)]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"until": 9},
        {"since": None},
        {"since": "1"},
        {"since": 0, "application": 1},
        {"uids": None},
        {"uids": "x"},
        {"uids": {"x": "y"}},
        {"uids": [1]},
        {"uids": [None]},
        {"uids": [], "since": 0},
        {"uids": [], "until": None},
        {"uids": [new_uid(T0)], "application": "app"},
        {"uids": [new_uid(T0)] * (MOST_UIDS + 1)},
    ],
)
def test_a_request_that_names_nothing_clearly_forgets_nothing(path, arguments):
    with recording(path) as monitor:
        uid = open_uid(path)
        with pytest.raises(ReprospectiveError, match="names nothing"):
            forgetting(monitor).answer(arguments)
        assert rows_of(path, "uid", "1") == [(uid,)]


def test_the_longest_request_fits_into_the_channel():
    asked = {
        "token": "x" * 64,
        "command": "forget",
        "arguments": {"uids": [new_uid(T0)] * MOST_UIDS},
    }
    assert len(msgspec.json.encode(asked)) < MAX_REQUEST


def test_while_something_is_being_forgotten_another_request_is_refused(path):
    begun, go_on = threading.Event(), threading.Event()
    with recording(path) as monitor:
        uid = open_uid(path)
        here = forgetting(monitor)

        def hold(_adapter):
            begun.set()
            go_on.wait(10)

        holder = threading.Thread(target=monitor.perform, args=(hold,))
        holder.start()
        assert begun.wait(5)
        first = threading.Thread(target=here.answer, args=({"uids": [uid]},))
        first.start()
        wait_until(here._busy.locked, 5, "the first request")
        with pytest.raises(ReprospectiveError, match="already"):
            here.answer({"uids": [uid]})
        go_on.set()
        holder.join()
        first.join()
        assert rows_of(path, "uid", "deleted = 1") == [(uid,)]


def test_while_settings_change_a_request_waits_and_then_asks_who_records_by_then(path, tmp_path):
    other = tmp_path / "data" / "other.db"
    with recording(path) as first, recording(other) as second:
        recorders = [first]
        here = ForgetService(lambda: recorders[0], threading.Event())
        kept, uid = open_uid(path), open_uid(other)
        said = []
        asking = threading.Thread(target=lambda: said.append(here.answer({"uids": [uid]})))
        with here.put_off() as is_put_off:
            assert is_put_off
            asking.start()
            wait_until(here._busy.locked, 5, "the request")
            first.stop()
            recorders[0] = second
        asking.join(10)
        assert said[0]["sessions"] == 1
        assert rows_of(other, "uid", "deleted = 1") == [(uid,)]
        assert rows_of(path, "uid", "deleted = 0") == [(kept,)]


def test_settings_do_not_change_while_something_is_being_forgotten(path):
    begun, go_on = threading.Event(), threading.Event()
    with recording(path) as monitor:
        here = forgetting(monitor)

        def current():
            begun.set()
            go_on.wait(10)
            return monitor

        here._current = current
        asking = threading.Thread(target=here.answer, args=({"uids": [open_uid(path)]},))
        asking.start()
        assert begun.wait(5)
        with here.put_off() as is_put_off:
            assert not is_put_off
        go_on.set()
        asking.join(10)
        with here.put_off() as is_put_off:
            assert is_put_off


def test_a_range_that_ends_later_ends_now_and_what_is_recorded_after_that_stays(path):
    with recording(path) as monitor:
        uid = open_uid(path)
        begun = rows_of(path, "started_at", f"uid = '{uid}'")[0][0]
        tomorrow = begun + 24 * 3_600_000
        assert forgetting(monitor).answer({"since": begun, "until": tomorrow})["sessions"] == 1
        going_on = open_uid(path)
        wait_until(
            lambda: rows_of(path, "1", f"uid = '{going_on}' AND revision > 4"), 5, "heartbeats"
        )
    ((end,),) = rows_of(path, "ended_at", "deleted = 1")
    living = rows_of(path, f"uid, window_title, started_at >= {end}")
    assert living == [(going_on, "secret", 1)]
