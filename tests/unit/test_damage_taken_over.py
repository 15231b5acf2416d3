"""What can be read of a damaged file is taken over, whoever notices and whatever is killed.

How it can fail: damage that is found while nothing waits to be written is set aside and
forgotten; a kill between two renames separates a file from its -wal; a kill later forgets
that rows are to be taken over, or has totals counted twice; an error passes the recorder.
"""

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from reprospective_tray.errors import StoreError
from reprospective_tray.monitor.desktop_monitor import DesktopActivityMonitor
from reprospective_tray.monitor.probes.base import Lack
from reprospective_tray.monitor.probes.null import NullProbe
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.sessions import Put, Rewind
from reprospective_tray.store.recording.recorder import Recorder
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite import maintenance
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.file import damaged_file
from tests.support import wait_until
from tests.unit.killing import killed_at_each_line
from tests.unit.recording import T0, Desk, assert_days_add_up, rows_of, session

pytestmark = pytest.mark.trust

ROWS = 25
IDENTITY = "uid, revision, started_at, ended_at, application_name"
WAL_ROWS = 3


def recorder_for(path: Path, told: list[Path] | None = None) -> Recorder:
    return Recorder(lambda: SqliteAdapter(path), "host", [].append if told is None else told.append)


def fill(path: Path, rows: int = ROWS) -> list[tuple]:
    with recorder_for(path).running():
        adapter = SqliteAdapter(path)
        adapter.open()
        with adapter.connection():
            SessionWriter(adapter, "host").apply(
                [Put(session(n * 1000, n * 1000 + 900, f"app {n}")) for n in range(rows)]
            )
    return rows_of(path, IDENTITY)


def spoil(path: Path) -> None:
    """Break an index: every row can still be read."""
    with closing(sqlite3.connect(path)) as reader:
        (root,) = reader.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'sessions_by_start'"
        ).fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)


def nothing_goes_on(*names: str) -> bool:
    return not [thread for thread in threading.enumerate() if thread.name in names]


def check(recorder: Recorder) -> None:
    found = threading.Event()
    recorder.check(found.set)
    assert found.wait(10)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "local.db"


def test_damage_that_is_found_while_nothing_waits_is_dealt_with_without_another_change(path):
    rows = fill(path)
    spoil(path)
    told: list[Path] = []
    recorder = recorder_for(path, told)
    with recorder.running():
        assert recorder.retry_in_ms() is None
        check(recorder)
        assert recorder.retry_in_ms() == 0
        recorder.flush()
        assert recorder.retry_in_ms() is None
        wait_until(lambda: nothing_goes_on("salvage"), 10, "the salvage")
        assert rows_of(path, IDENTITY) == rows
    assert len(told) == 1
    assert damaged_file.pending(path) == []
    assert_days_add_up(path)


def test_the_next_start_takes_over_what_was_set_aside_right_before_the_end(path):
    rows = fill(path)
    spoil(path)
    told: list[Path] = []
    recorder = recorder_for(path, told)
    with recorder.running():
        check(recorder)
    # An end that comes before anything was read leaves it to this start.
    with recorder_for(path).running():
        wait_until(lambda: nothing_goes_on("salvage"), 10, "the salvage")
    assert rows_of(path, IDENTITY) == rows
    assert len(told) == 1
    assert_days_add_up(path)


class StillProbe(NullProbe):
    """A desktop on which nothing ever happens."""

    def __init__(self) -> None:
        super().__init__(Lack.NOTHING, "")


@pytest.mark.parametrize("paused", [True, False])
def test_damage_is_dealt_with_while_recording_is_paused_and_while_no_window_is_in_front(
    path, paused
):
    rows = fill(path)
    spoil(path)
    monitor = DesktopActivityMonitor(
        recorder_for(path), Desk().rules, lambda seen: seen, StillProbe, lambda _state: None
    )
    monitor.start(paused=paused)
    try:
        wait_until(
            lambda: list(path.parent.glob("*.damaged-*")) and not damaged_file.pending(path),
            10,
            "the taking over",
        )
    finally:
        monitor.stop()
    assert rows_of(path, IDENTITY) == rows


def test_what_another_program_keeps_from_a_paused_recorder_is_taken_over_once_it_lets_go(path):
    rows = fill(path)
    damaged_file.set_aside(path)
    recorder = recorder_for(path)
    monitor = DesktopActivityMonitor(
        recorder, Desk().rules, lambda seen: seen, StillProbe, lambda _state: None
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        monitor.start(paused=True)
        try:
            wait_until(lambda: recorder._failures, 10, "a vain attempt during the pause")
            other.execute("ROLLBACK")
            wait_until(lambda: not damaged_file.pending(path), 10, "the taking over")
            assert monitor.state.paused
        finally:
            monitor.stop()
    assert rows_of(path, IDENTITY) == rows


def page_that_a_rewind_meets(path: Path) -> int:
    with closing(sqlite3.connect(path)) as reader:
        pages = reader.execute(
            "SELECT pageno FROM dbstat WHERE name = 'desktop_activity_sessions'"
            " AND pagetype = 'leaf' ORDER BY path"
        ).fetchall()
    return pages[-12][0]


def test_an_error_that_comes_while_rows_are_fetched_does_not_pass_the_recorder(path):
    told: list[Path] = []
    recorder = recorder_for(path, told)
    with recorder.running():
        recorder.record(
            [Put(session(n * 1000, n * 1000 + 1000, window_title="t" * 900)) for n in range(200)]
        )
        assert recorder.flush(to_the_end=True)
        database = recorder._adapter.database
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        with path.open("r+b") as file:
            file.seek((page_that_a_rewind_meets(path) - 1) * 4096)
            file.write(b"\xff" * 4096)
        database.close()
        database.connect()
        recorder.record([Rewind(T0 + 20_000)])
        assert recorder.flush(to_the_end=True)
        wait_until(lambda: nothing_goes_on("salvage"), 10, "the salvage")
    assert len(told) == 1
    assert len(rows_of(path)) > 150


def test_what_cannot_be_read_at_first_is_tried_again(path, monkeypatch, caplog):
    monkeypatch.setattr(maintenance, "_SALVAGE_RETRY_S", 0.05)
    rows = fill(path)
    damaged = damaged_file.set_aside(path)
    away = damaged.rename(path.with_name("away"))
    damaged.symlink_to(path.parent, target_is_directory=True)
    with recorder_for(path).running():
        wait_until(lambda: "trying again" in caplog.text, 10, "a vain attempt")
        away.replace(damaged)
        wait_until(lambda: not damaged_file.pending(path), 10, "the taking over")
    assert rows_of(path, IDENTITY) == rows


def test_forgetting_waits_for_what_no_start_has_heard_of_yet(path):
    fill(path)
    damaged_file.set_aside(path)
    adapter = SqliteAdapter(path)
    adapter.open()
    with adapter.connection(), pytest.raises(StoreError, match="being copied"):
        forget(adapter, TimeRange(T0, T0 + 10))


def with_rows_in_the_wal(path: Path, copy: Path) -> tuple[list[tuple], list[tuple]]:
    """Fill a file, and copy it into a folder while some rows lie in the -wal alone."""
    fill(path)
    adapter = SqliteAdapter(path)
    adapter.open()
    adapter.database.connect()
    # Totals whose sessions are gone, too.
    adapter.models.Session.delete().where(adapter.models.Session.id == 5).execute()
    adapter.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    SessionWriter(adapter, "host").apply(
        [Put(session(n * 1000, n * 1000 + 900, "in the wal")) for n in range(ROWS, ROWS + WAL_ROWS)]
    )
    rows, totals = rows_of(path, IDENTITY), days_of(path)
    copy.mkdir()
    for end in ("", "-wal"):
        (copy / f"{path.name}{end}").write_bytes(Path(f"{path}{end}").read_bytes())
    adapter.database.close()
    return rows, totals


def set_aside(folder: Path) -> None:
    damaged_file.set_aside(folder / "local.db")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_program_that_looks_in_between_takes_no_rows_of_the_wal(tmp_path):
    # SQLite deletes a -wal whose database is gone.
    copy = tmp_path / "copy"
    rows, _totals = with_rows_in_the_wal(tmp_path / "template" / "local.db", copy)
    steps = tmp_path / "steps"
    module = "reprospective_tray.store.sqlite.file.damaged_file"
    work = "tests.unit.test_damage_taken_over:set_aside"
    killed = killed_at_each_line(work, copy, steps, module, times=3)
    assert len(killed) > 20
    for folder in killed:
        path = folder / "local.db"
        with closing(sqlite3.connect(path)) as other:
            other.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with recorder_for(path).running():
            wait_until(lambda: nothing_goes_on("salvage"), 10, "the salvage")
        assert rows_of(path, IDENTITY) == rows, folder


def record_with_damage(folder: Path) -> None:
    """Set the file of the folder aside, and record until all of it is taken over."""
    path = folder / "local.db"
    damaged_file.set_aside(path)
    with recorder_for(path).running():
        wait_until(lambda: nothing_goes_on("salvage"), 20, "the salvage")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("modules", "every", "times"),
    [
        (("sqlite.file.damaged_file",), 1, 3),
        (("sqlite.salvage.recovery", "sqlite.maintenance"), 3, 1),
    ],
)
def test_a_kill_at_any_line_loses_no_row_and_counts_none_twice(tmp_path, modules, every, times):
    copy = tmp_path / "copy"
    rows, totals = with_rows_in_the_wal(tmp_path / "template" / "local.db", copy)
    steps = tmp_path / "steps"
    killed = killed_at_each_line(
        "tests.unit.test_damage_taken_over:record_with_damage",
        copy,
        steps,
        *(f"reprospective_tray.store.{name}" for name in modules),
        every=every,
        times=times,
    )
    assert len(killed) > 20
    for folder in killed:
        path = folder / "local.db"
        with recorder_for(path).running():
            wait_until(lambda: nothing_goes_on("salvage"), 10, "the salvage")
        assert rows_of(path, IDENTITY) == rows, folder
        assert days_of(path) == totals, folder
        assert damaged_file.pending(path) == [], folder


def days_of(path: Path) -> list[tuple]:
    with closing(sqlite3.connect(path)) as reader:
        return reader.execute(
            "SELECT day, application_name, ms, sessions FROM desktop_activity_days ORDER BY 1, 2"
        ).fetchall()
