"""What was observed reaches the file, whatever the disk and others do meanwhile.

How it can fail: a lock, a full disk, a file that went away or rights that were taken lose
rows, block the observing thread, or are never said; what waits is written out of order,
or one row that cannot be stored blocks all others for ever.
"""

import logging
import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from reprospective_tray.store.model.sessions import Put, Rewind, State
from reprospective_tray.store.recording import recorder as recorder_module
from reprospective_tray.store.recording.recorder import Recorder
from reprospective_tray.store.sqlite import adapter as adapter_module
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.maintenance import SqliteMaintenance
from tests.bystander import at_most
from tests.small_disk import fill_up
from tests.support import others_can_read_the_code
from tests.unit.recording import T0, assert_days_add_up, assert_in_order, rows_of, session, spans

LONGEST_BLOCK_S = 0.25  # a tenth is allowed


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "local.db"


def recorder_for(path: Path) -> Recorder:
    return Recorder(lambda: SqliteAdapter(path), "host", lambda _damaged: None)


@contextmanager
def locked(path: Path):
    """Hold the write lock, as another program's long transaction does."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        other.execute("ROLLBACK")


def record(recorder: Recorder, number: int) -> float:
    """Record session `number`, open and closed; return the longest a call took, in s."""
    one = session(number * 1000, number * 1000 + 1000, f"app {number}")
    longest = 0.0
    for put in (replace(one, ended_at=one.started_at, open=True), one):
        begun = time.monotonic()
        recorder.record([Put(put)])
        longest = max(longest, time.monotonic() - begun)
    return longest


def names(path: Path) -> list[str]:
    return [row[0] for row in rows_of(path, "application_name")]


def numbered(first: int, last: int) -> list[str]:
    return [f"app {number}" for number in range(first, last)]


def test_what_is_recorded_is_in_the_file_at_once(path):
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        assert names(path) == ["app 0"]
        assert recorder.waiting == 0
        assert recorder.retry_in_ms() is None


def test_another_programs_lock_delays_rows_in_their_order_and_loses_none(path, caplog, bystander):
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        with locked(path):
            longest = max(record(recorder, number) for number in range(1, 8))
            assert recorder.waiting == 7
            assert recorder.retry_in_ms() <= 1000
            assert names(path) == ["app 0"]
        assert recorder.problem == ""
        assert recorder.flush(to_the_end=True)
        assert names(path) == numbered(0, 8)
    assert bystander.allows(longest, LONGEST_BLOCK_S)
    assert_in_order(path)
    assert_days_add_up(path)
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_a_file_that_is_locked_at_the_start_does_not_hold_up_observing(path, bystander):
    with recorder_for(path).running():
        pass
    recorder = recorder_for(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        with recorder.running():
            longest = max(record(recorder, number) for number in range(3))
            elapsed = time.monotonic() - begun
            other.execute("ROLLBACK")
            assert recorder.flush(to_the_end=True)
    assert bystander.allows(longest, 2 * LONGEST_BLOCK_S)
    assert bystander.allows(elapsed, 8 * LONGEST_BLOCK_S)
    assert names(path) == numbered(0, 3)


def test_a_long_queue_is_written_in_short_turns(path, monkeypatch, bystander):
    monkeypatch.setattr(recorder_module, "_BUSY_TIMEOUT_S", 0.0)
    monkeypatch.setattr(recorder_module, "_BUDGET_S", 0.001)
    recorder = recorder_for(path)
    with recorder.running():
        with locked(path):
            for number in range(400):
                record(recorder, number)
            assert recorder.waiting == 400
        longest, turns = 0.0, 0
        while recorder.waiting:
            recorder._blocked_until = min(recorder._blocked_until, time.monotonic())
            begun = time.monotonic()
            recorder.flush()
            longest, turns = max(longest, time.monotonic() - begun), turns + 1
            assert recorder.retry_in_ms() in (None, 0)
    assert turns > 2
    assert bystander.allows(longest, LONGEST_BLOCK_S)
    assert names(path) == numbered(0, 400)


def test_a_blocked_file_is_tried_now_and_then_and_not_for_every_change(path):
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        with locked(path):
            record(recorder, 1)
            with at_most(0.5):
                for number in range(2, 200):
                    record(recorder, number)
            assert 0 < recorder.retry_in_ms() <= 1000
    assert names(path) == numbered(0, 200)


def test_what_waits_is_written_at_the_end(path):
    recorder = recorder_for(path)
    with recorder.running():
        with locked(path):
            record(recorder, 0)
        assert recorder.waiting
    assert names(path) == ["app 0"]


@contextmanager
def ended_under_a_lock(path: Path, monkeypatch):
    """Let a run end while another program holds the lock; it is released afterwards."""
    monkeypatch.setattr(adapter_module, "CLOSE_PATIENCE_S", 0.1)
    monkeypatch.setattr(SqliteMaintenance, "last_s", 0.2)
    recorder = recorder_for(path)
    with ExitStack() as stack, recorder.running():
        yield recorder, lambda: stack.enter_context(locked(path))


def test_what_a_lock_kept_from_being_written_at_the_end_is_written_by_the_next_start(
    path, caplog, monkeypatch
):
    with ended_under_a_lock(path, monkeypatch) as (recorder, lock):
        record(recorder, 0)
        lock()
        record(recorder, 1)
    assert "1 changes are kept for the next start" in caplog.text
    left = SqliteAdapter(path).leftover_file
    assert left.stat().st_mode & 0o777 == 0o600
    with recorder_for(path).running():
        pass
    assert names(path) == ["app 0", "app 1"]
    assert not left.exists()
    assert_days_add_up(path)


def test_what_two_runs_could_not_write_is_written_by_the_third_in_order(path, monkeypatch):
    with recorder_for(path).running():
        pass
    monkeypatch.setattr(adapter_module, "CLOSE_PATIENCE_S", 0.1)
    monkeypatch.setattr(SqliteMaintenance, "last_s", 0.2)
    with locked(path):
        for number in range(2):
            recorder = recorder_for(path)
            with recorder.running():
                record(recorder, number)
    with recorder_for(path).running():
        pass
    assert names(path) == ["app 0", "app 1"]
    assert not SqliteAdapter(path).leftover_file.exists()


def test_the_session_that_a_lock_left_open_ends_where_it_ended(path, monkeypatch):
    one = session(0, 1000, open=True)
    with ended_under_a_lock(path, monkeypatch) as (recorder, lock):
        recorder.record([Put(one)])
        lock()
        recorder.record([Put(replace(one, ended_at=T0 + 5000, open=False))])
    with recorder_for(path).running():
        pass
    assert spans(path) == [("app", 0, 5000)]


def test_idle_time_that_a_lock_kept_from_being_written_still_takes_rows_back(path, monkeypatch):
    away = session(1500, 9000, "", state=State.IDLE, window_title="")
    with ended_under_a_lock(path, monkeypatch) as (recorder, lock):
        record(recorder, 0)
        record(recorder, 2)
        lock()
        recorder.record([Rewind(T0 + 1500), Put(away)])
    with recorder_for(path).running():
        pass
    assert spans(path) == [("app 0", 0, 1000), ("", 1500, 9000)]
    assert_days_add_up(path)


def test_a_leftover_that_is_no_leftover_does_not_stop_recording(path, caplog):
    path.parent.mkdir()
    SqliteAdapter(path).leftover_file.write_text("{")
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
    assert names(path) == ["app 0"]
    assert "cannot be read" in caplog.text


def test_heartbeats_that_wait_are_one(path):
    recorder = recorder_for(path)
    one = session(0, 0, open=True)
    with recorder.running():
        record(recorder, 9)
        with locked(path):
            for end in range(100):
                recorder.record([Put(replace(one, ended_at=T0 + end))])
                if end == 2:
                    recorder.flush = lambda: False  # the lock is known: save the waiting
            assert recorder.waiting == 1
            del recorder.flush
        recorder.flush(to_the_end=True)
        assert [row[0] for row in rows_of(path, "ended_at", "open = 1")] == [T0 + 99]


def test_a_full_database_keeps_rows_in_memory_says_so_once_and_writes_them_later(path, caplog):
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        database = recorder._adapter.database
        (pages,) = database.execute_sql("PRAGMA page_count").fetchone()
        database.execute_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(1, 300):
            record(recorder, number)
        assert "full" in recorder.problem
        assert recorder.waiting > 50
        written = names(path)
        assert written == numbered(0, len(written))
        database.execute_sql("PRAGMA max_page_count = 1000000")
        assert recorder.flush(to_the_end=True)
        assert recorder.problem == ""
    assert names(path) == numbered(0, 300)
    assert_days_add_up(path)
    said = [r for r in caplog.records if "disk is full" in r.getMessage()]
    assert len(said) == 1
    assert "can be written again" in caplog.text


def test_a_disk_that_is_really_full_loses_nothing(small_disk):
    path = small_disk / "local.db"
    recorder = recorder_for(path)
    ballast = small_disk / "ballast"
    with recorder.running():
        record(recorder, 0)
        fill_up(ballast)
        for number in range(1, 100):
            record(recorder, number)
        assert recorder.waiting
        assert recorder.problem
        ballast.unlink()
        assert recorder.flush(to_the_end=True)
    assert names(path) == numbered(0, 100)
    assert_days_add_up(path)


def test_a_disk_that_is_full_at_the_start_loses_nothing(small_disk):
    path = small_disk / "local.db"
    recorder = recorder_for(path)
    ballast = small_disk / "ballast"
    fill_up(ballast)
    with recorder.running():
        record(recorder, 0)
        assert recorder.problem
        ballast.unlink()
        assert recorder.flush(to_the_end=True)
    assert names(path) == ["app 0"]


def test_a_read_only_file_system_is_said_and_written_when_it_is_writable_again(small_disk):
    path = small_disk / "local.db"
    with recorder_for(path).running():
        pass
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        assert recorder.problem
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        assert recorder.flush(to_the_end=True)
        assert recorder.problem == ""
    assert names(path) == ["app 0"]


def test_a_folder_that_cannot_be_made_is_said_and_tried_again(path):
    path.parent.write_text("in the way")
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        assert str(path) in recorder.problem
        path.parent.unlink()
        assert recorder.flush(to_the_end=True)
    assert names(path) == ["app 0"]


def test_beyond_the_bound_the_oldest_go_and_that_is_said_even_under_a_lock(
    path, caplog, monkeypatch
):
    monkeypatch.setattr(recorder_module, "QUEUE_LIMIT", 10)
    monkeypatch.setattr(recorder_module, "_BUSY_TIMEOUT_S", 0.0)
    recorder = recorder_for(path)
    with recorder.running():
        recorder.record([Put(session(0, 500, "left open", open=True))])
        with locked(path):
            for number in range(1, 31):
                record(recorder, number)
            assert recorder.waiting == 10
            assert "oldest ones are being lost" in recorder.problem
        # The end of the first is among what was lost: it must not block the newest.
        recorder.record([Put(session(40_000, 41_000, "newest", open=True))])
        assert recorder.flush(to_the_end=True)
        assert recorder.problem == ""
    assert names(path) == ["left open", *numbered(22, 31), "newest"]
    assert_in_order(path)
    assert_days_add_up(path)
    assert "changes were lost" in caplog.text


def test_beyond_the_bound_what_was_taken_back_is_still_taken_back(path, monkeypatch):
    monkeypatch.setattr(recorder_module, "QUEUE_LIMIT", 5)
    monkeypatch.setattr(recorder_module, "_BUSY_TIMEOUT_S", 0.0)
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        with locked(path):
            recorder.record([Rewind(T0 + 500)])
            for number in range(1, 20):
                record(recorder, number)
        recorder.flush(to_the_end=True)
    assert spans(path)[0] == ("app 0", 0, 500)
    assert names(path)[1:] == numbered(16, 20)


def test_a_change_that_can_never_be_stored_does_not_block_the_others(path, caplog):
    recorder = recorder_for(path)
    bad = session(5000, 4000, "ends before it begins")
    with recorder.running():
        with locked(path):
            record(recorder, 0)
            recorder.record([Put(bad)])
            record(recorder, 6)
        assert recorder.flush(to_the_end=True)
    assert names(path) == ["app 0", "app 6"]
    assert "cannot be stored" in caplog.text


def test_a_deleted_file_is_begun_anew(path, caplog):
    recorder = recorder_for(path)
    whole = session(1000, 9000, "goes on")
    with recorder.running():
        record(recorder, 0)
        recorder.record([Put(replace(whole, open=True, ended_at=T0 + 2000))])
        path.unlink()
        recorder.record([Put(whole)])
        record(recorder, 9)
        assert names(path) == ["goes on", "app 9"]
    assert_days_add_up(path)
    assert "was replaced" in caplog.text


def test_a_deleted_folder_is_begun_anew(path):
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        shutil.rmtree(path.parent)
        record(recorder, 1)
    assert names(path) == ["app 1"]


def test_recording_goes_on_in_a_file_that_was_put_in_the_place(path, tmp_path):
    other = tmp_path / "other.db"
    with recorder_for(other).running():
        pass
    with closing(sqlite3.connect(other)) as theirs:
        device = theirs.execute("SELECT value FROM desktop_activity_meta").fetchone()
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        other.replace(path)
        record(recorder, 1)
    assert rows_of(path, "application_name, device_id") == [("app 1", *device)]


def test_a_session_left_open_by_a_killed_run_is_closed_first(path):
    killed = recorder_for(path)
    killed._ready()
    killed.record([Put(session(0, 7000, "killed", open=True))])
    killed._adapter.database.close()
    with recorder_for(path).running():
        assert rows_of(path, "ended_at, open") == [(T0 + 7000, 0)]


def test_the_file_is_in_delete_mode_at_the_end_also_when_a_check_goes_on(path):
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        recorder.check()
    assert path.read_bytes()[18] == 1
    assert not [thread for thread in threading.enumerate() if thread.name == "check"]


def test_an_error_inside_still_leaves_the_file_as_readers_need_it(path):
    recorder = recorder_for(path)

    def fail():
        with recorder.running():
            record(recorder, 0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes()[18] == 1
    with recorder.running():
        record(recorder, 1)
    assert names(path) == ["app 0", "app 1"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root")
@pytest.mark.skipif(not others_can_read_the_code(), reason="the checkout is closed to others")
def test_rights_that_were_taken_and_given_back_lose_nothing(tmp_path_factory):
    import playhouse.migrations  # noqa: F401  which the other user may not read

    folder = tmp_path_factory.mktemp("rights")
    for above in (folder, *folder.parents):
        if above == Path(tempfile.gettempdir()):
            break
        above.chmod(0o755)
    shutil.chown(folder, 65534)
    path = folder / "local.db"
    recorder = recorder_for(path)
    os.seteuid(65534)
    try:
        with recorder.running():
            record(recorder, 0)
            folder.chmod(0)
            record(recorder, 1)
            assert recorder.waiting
            assert recorder.problem
            folder.chmod(0o700)
            assert recorder.flush(to_the_end=True)
    finally:
        os.seteuid(0)
    assert names(path) == ["app 0", "app 1"]


def test_rows_come_to_a_reader_while_they_are_recorded(path):
    recorder = recorder_for(path)
    with recorder.running():
        record(recorder, 0)
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
            count = "SELECT count(*) FROM desktop_activity_sessions"
            assert reader.execute(count).fetchone() == (1,)
            record(recorder, 1)
            assert reader.execute(count).fetchone() == (2,)
