"""A damaged file is set aside, never overwritten; recording goes on; what can be read is saved.

How it can fail: the damaged bytes change, -wal is lost, recording stops or waits, rows are
lost that could be read or counted twice, an older row replaces a newer one, the computer
becomes another device, a kill in between forgets the rest, a wild page hangs the search.
"""

import os
import random
import sqlite3
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.sessions import DAY_MS, Put
from reprospective_tray.store.recording.recorder import Recorder
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.file import damaged_file
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.store.sqlite.salvage import recovery
from reprospective_tray.sync.retention import Retention
from tests.support import wait_until
from tests.unit.recording import (
    T0,
    assert_days_add_up,
    assert_in_order,
    rows_of,
    session,
    store,
)

ROWS = 1500
IDENTITY = "uid, revision, started_at, ended_at, application_name, window_title, synced"


class Computer:
    """A recorder on a file, and what it told of damage."""

    def __init__(self, path: Path):
        self.path = path
        self.set_aside: list[Path] = []
        self.recorder = Recorder(lambda: SqliteAdapter(path), "host", self.set_aside.append)

    def record(self, number: int, **other) -> None:
        self.recorder.record([Put(session(number * 1000, number * 1000 + 1000, **other))])

    @property
    def device_id(self) -> str:
        return self.recorder._adapter.device_id

    @contextmanager
    def running(self, *, salvaged: bool = True):
        with self.recorder.running():
            yield self
            if salvaged:
                wait_until(lambda: not threads("salvage", "check"), 10, "the salvage")

    def check(self) -> None:
        self.recorder.check()
        wait_until(lambda: not threads("check"), 10, "the check")


def threads(*names: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name in names]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "local.db"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "local.db"
    with store(path) as (adapter, writer):
        adapter.database.execute_sql("PRAGMA synchronous = OFF")
        writer.apply(
            [
                Put(session(n * 1000, n * 1000 + 1000, f"app {n % 9}", window_title="t" * (n % 90)))
                for n in range(ROWS)
            ]
        )
        table = adapter.models.Session
        table.update(revision=7, synced=1).where(table.id % 3 == 0).execute()
        device = adapter.device_id
    return path, device, rows_of(path, IDENTITY)


@pytest.fixture
def filled(template, path):
    """A file with many rows, some of them synced; returns (path, device id, rows)."""
    file, device, rows = template
    path.parent.mkdir(mode=0o700)
    path.write_bytes(file.read_bytes())
    return path, device, rows


def days_of(path: Path) -> dict[tuple, tuple]:
    """Return ms, sessions, first and last of each row of the rollup."""
    query = """SELECT day, device_id, source_host, state, application_name,
        ms, sessions, first_at, last_at FROM desktop_activity_days"""
    with closing(sqlite3.connect(path)) as reader:
        return {row[:5]: row[5:] for row in reader.execute(query)}


def assert_days_hold_their_rows(path: Path) -> None:
    """No total is less than what its rows add up to; what cannot be read any more may add to it."""
    days = days_of(path)
    query = "application_name, sum(ended_at - started_at), count(*)"
    for name, ms, count in rows_of(path, query, "deleted = 0 AND open = 0 GROUP BY 1"):
        kept = [figures for key, figures in days.items() if key[4] == name]
        assert sum(figures[0] for figures in kept) >= ms
        assert sum(figures[1] for figures in kept) >= count


def pages_of(path: Path, kind: bytes, table: str = "desktop_activity_sessions") -> list[int]:
    """Return the offsets of the table's pages: leaves (0x0d) or interior ones (0x05)."""
    with closing(sqlite3.connect(path)) as reader:
        (root,) = reader.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()
        size = reader.execute("PRAGMA page_size").fetchone()[0]
    raw = path.read_bytes()
    if kind == b"\x05":
        return [(root - 1) * size]
    start = (root - 1) * size
    cells = int.from_bytes(raw[start + 3 : start + 5], "big")
    pointers = [
        int.from_bytes(raw[start + 12 + 2 * i : start + 14 + 2 * i], "big") for i in range(cells)
    ]
    children = [int.from_bytes(raw[start + at : start + at + 4], "big") for at in pointers]
    return [(child - 1) * size for child in children]


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def noise(seed: int, length: int) -> bytes:
    return random.Random(seed).randbytes(length)  # noqa: S311  no secret


def damage_header(path):
    overwrite(path, 0, noise(1, 200))


def damage_all(path):
    path.write_bytes(noise(2, 50_000))


def text_file(path):
    path.write_text("these are my notes\n")


def three_bytes(path):
    path.write_bytes(b"abc")


@pytest.mark.parametrize("damage", [damage_header, damage_all, text_file, three_bytes])
def test_what_is_no_database_is_set_aside_as_it_was_and_recording_goes_on(filled, damage):
    path, _device, _rows = filled
    damage(path)
    before = path.read_bytes()
    computer = Computer(path)
    with computer.running():
        assert rows_of(path) == []
        computer.record(0, name="new")
    (damaged,) = computer.set_aside
    assert damaged.parent == path.parent
    assert damaged.read_bytes() == before
    assert [row[0] for row in rows_of(path, "application_name")] == ["new"]
    assert_days_add_up(path)


def test_an_empty_file_is_simply_begun(path):
    path.parent.mkdir()
    path.touch()
    computer = Computer(path)
    with computer.running():
        computer.record(0)
    assert computer.set_aside == []
    assert len(rows_of(path)) == 1


def test_middle_pages_that_are_damaged_cost_their_own_rows_alone(filled):
    path, device, rows = filled
    totals = days_of(path)
    leaves = pages_of(path, b"\x0d")
    for offset in (leaves[3], leaves[10]):
        overwrite(path, offset, b"\xff" * 512)
    before = path.read_bytes()
    computer = Computer(path)
    with computer.running():
        computer.check()
        computer.record(ROWS + 5, name="new")
        assert computer.device_id == device
    (damaged,) = computer.set_aside
    # It was opened before the damage was known, so that its header says WAL.
    assert damaged.read_bytes()[100:] == before[100:]
    saved = rows_of(path, IDENTITY)
    taken = [row for row in saved if row[4] != "new"]
    assert set(taken) <= set(rows)
    assert len(rows) - len(taken) < 200
    assert [row[4] for row in saved][-1] == "new"
    assert {row[0] for row in rows_of(path, "device_id")} == {device}
    # The totals are those of all: of what cannot be read, too.
    found = days_of(path)
    assert {key: found[key] for key in totals} == totals
    assert {key[4] for key in found.keys() - totals.keys()} == {"new"}
    assert_in_order(path)


def test_a_truncated_file_gives_what_is_left_of_it(filled):
    path, device, rows = filled
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)
    before = path.read_bytes()
    computer = Computer(path)
    with computer.running():
        computer.check()
        computer.record(ROWS + 5, name="new")
        assert computer.device_id == device
    (damaged,) = computer.set_aside
    assert damaged.read_bytes() == before
    taken = [row for row in rows_of(path, IDENTITY) if row[4] != "new"]
    assert set(taken) <= set(rows)
    assert len(taken) > 100
    assert_days_hold_their_rows(path)


def test_a_damaged_interior_page_ends_in_time_and_recording_goes_on(filled):
    path, device, rows = filled
    overwrite(path, pages_of(path, b"\x05")[0], b"\x00" * 64)
    computer = Computer(path)
    with computer.running():
        computer.check()
        computer.record(ROWS + 5, name="new")
        assert computer.device_id == device
    assert len(computer.set_aside) == 1
    taken = {row for row in rows_of(path, IDENTITY) if row[4] != "new"}
    assert taken <= set(rows)
    assert "new" in {row[4] for row in rows_of(path, IDENTITY)}
    assert_days_hold_their_rows(path)


def test_damage_is_found_by_a_write_as_well(filled):
    path, _device, _rows = filled
    with closing(sqlite3.connect(path)) as reader:
        (root,) = reader.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'sessions_by_start'"
        ).fetchone()
    overwrite(path, (root - 1) * 4096, b"\xff" * 100)
    computer = Computer(path)
    with computer.running():
        computer.record(ROWS + 5, name="new")
        computer.recorder.flush(to_the_end=True)
        assert computer.recorder.waiting == 0
    assert len(computer.set_aside) == 1
    # The rows themselves are whole: only the index was not.
    assert len(rows_of(path)) == ROWS + 1
    assert_days_add_up(path)


def test_a_sound_file_stays_where_it_is(filled):
    path, _device, rows = filled
    computer = Computer(path)
    with computer.running():
        computer.check()
        computer.record(ROWS + 5, name="new")
    assert computer.set_aside == []
    assert len(rows_of(path)) == len(rows) + 1


def test_the_wal_goes_along_and_its_rows_are_read(path):
    adapter = SqliteAdapter(path)
    adapter.open()
    with adapter.connection():
        SessionWriter(adapter, "host").apply([Put(session(0, 1000, "in the main file"))])
        adapter.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        SessionWriter(adapter, "host").apply([Put(session(1000, 2000, "in the wal"))])
        copy = path.with_name("killed.db")
        for end in ("", "-wal", "-shm"):
            Path(f"{copy}{end}").write_bytes(Path(f"{path}{end}").read_bytes())
    wal = Path(f"{copy}-wal").read_bytes()
    damaged = damaged_file.set_aside(copy)
    assert Path(f"{damaged}-wal").read_bytes() == wal
    journal = Path(f"{copy}.aside")
    assert list(path.parent.glob("killed.db*")) == [journal]
    computer = Computer(copy)
    with computer.running():
        pass
    assert not journal.exists()
    found = rows_of(copy, "application_name")
    assert [row[0] for row in found] == ["in the main file", "in the wal"]
    assert Path(f"{damaged}-wal").read_bytes() == wal


def test_files_that_were_set_aside_are_never_overwritten_by_the_next(path):
    path.parent.mkdir()
    names = set()
    for number in range(5):
        path.write_text(f"garbage {number}")
        names.add(damaged_file.set_aside(path))
    assert len(names) == 5
    assert sorted(name.read_text() for name in names) == [f"garbage {n}" for n in range(5)]


def test_a_session_that_a_killed_run_left_open_is_closed_at_its_last_heartbeat(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 7000, "open then", open=True))])
    with closing(sqlite3.connect(path)) as server, server:
        server.execute("UPDATE desktop_activity_sessions SET revision = 4, synced = 1")
    damaged_file.set_aside(path)
    computer = Computer(path)
    with computer.running():
        wait_until(lambda: not threads("salvage"), 10, "the salvage")
        computer.record(9, name="next")
        computer.recorder.record([Put(session(10_000, 11_000, "now", open=True))])
    found = rows_of(path, "application_name, ended_at, open, revision, synced")
    assert found == [
        ("open then", T0 + 7000, 0, 5, 0),
        ("next", T0 + 10_000, 0, 1, 0),
        ("now", T0 + 11_000, 1, 1, 0),
    ]
    assert_days_add_up(path)


def test_an_open_session_that_comes_late_is_closed_as_a_change(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 7000, "open then", open=True))])
    damaged = damaged_file.set_aside(path)
    with store(path) as (adapter, _writer):
        recovery.adopt([damaged], adapter)
        SessionWriter(adapter, "host").apply([Put(session(8000, 9000, "now", open=True))])
    recovery.take_over(damaged, adapter, threading.Event())
    found = rows_of(path, "application_name, open, revision, synced")
    assert found == [("open then", 0, 2, 0), ("now", 1, 1, 0)]
    assert_days_add_up(path)


@pytest.mark.parametrize("first", ["salvage", "recording"])
def test_the_session_that_goes_on_keeps_its_newer_end_in_a_newer_revision(path, first):
    whole = session(0, 60_000, "goes on")
    with store(path) as (_adapter, writer):
        for end in range(0, 40_000, 1000):
            writer.apply([Put(replace(whole, ended_at=T0 + end, open=True))])
    damaged = damaged_file.set_aside(path)
    with store(path) as (adapter, _writer):
        recovery.adopt([damaged], adapter)
        writer = SessionWriter(adapter, "host")
        if first == "recording":
            writer.apply([Put(whole)])
    recovery.take_over(damaged, adapter, threading.Event())
    if first == "salvage":
        with adapter.connection():
            writer.apply([Put(whole)])
    found = rows_of(path, "ended_at, open, revision > 40, synced")
    assert found == [(T0 + 60_000, 0, 1, 0)]
    assert_days_add_up(path)


def test_a_salvage_that_was_interrupted_goes_on_at_the_next_start(filled):
    path, device, rows = filled
    damaged = damaged_file.set_aside(path)
    adapter = SqliteAdapter(path)
    adapter.open()
    with adapter.connection():
        recovery.adopt([damaged], adapter)
        assert recovery.unfinished(adapter) == [damaged]
    stopped = threading.Event()
    stopped.set()
    assert recovery.take_over(damaged, adapter, stopped) == 0
    computer = Computer(path)
    with computer.running():
        assert computer.device_id == device
        wait_until(lambda: not threads("salvage"), 10, "the salvage")
        assert recovery.unfinished(computer.recorder._adapter) == []
    assert rows_of(path, IDENTITY) == rows
    assert_days_add_up(path)


def test_taking_over_twice_changes_nothing_more(filled):
    path, _device, rows = filled
    damaged = damaged_file.set_aside(path)
    adapter = SqliteAdapter(path)
    adapter.open()
    go_on = threading.Event()
    assert recovery.take_over(damaged, adapter, go_on) == len(rows)
    assert recovery.take_over(damaged, adapter, go_on) == 0
    assert rows_of(path, IDENTITY) == rows
    assert_days_add_up(path)


def test_a_row_that_a_broken_page_made_up_is_left_out(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(n * 10, n * 10 + 5)) for n in range(8)])
    with closing(sqlite3.connect(path)) as broken, broken:
        broken.execute("PRAGMA ignore_check_constraints = 1")
        broken.execute("DROP TRIGGER bounds_update")
        for row, change in enumerate(
            (
                "started_at = 'x'",
                "ended_at = 5000000000000000",
                "state = 'asleep'",
                "utc_offset_minutes = 100000",
                "deleted = 9",
                "process_id = 'x'",
                "ended_at = 0",
            ),
            start=1,
        ):
            query = f"UPDATE desktop_activity_sessions SET {change} WHERE id = {row}"  # noqa: S608  own words
            broken.execute(query)
    damaged = damaged_file.set_aside(path)
    adapter = SqliteAdapter(path)
    adapter.open()
    assert recovery.take_over(damaged, adapter, threading.Event()) == 1
    assert_days_add_up(path)


def test_an_id_beyond_all_measure_does_not_hang_the_search(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1)), Put(session(2, 3))])
    with closing(sqlite3.connect(path)) as broken, broken:
        broken.execute("UPDATE desktop_activity_sessions SET id = 1 << 60 WHERE id = 2")
        broken.execute("UPDATE sqlite_sequence SET seq = 1 << 61")
    damaged = damaged_file.set_aside(path)
    adapter = SqliteAdapter(path)
    adapter.open()
    assert recovery.take_over(damaged, adapter, threading.Event()) == 2


def test_a_check_that_cannot_read_knows_nothing_against_the_file(tmp_path):
    assert recovery.is_sound(tmp_path / "missing.db", threading.Event())


def test_a_check_can_be_stopped(filled, monkeypatch):
    path, _device, _rows = filled
    overwrite(path, pages_of(path, b"\x0d")[-1], b"\xff" * 512)
    monkeypatch.setattr(recovery, "_STEPS_TO_STOP", 1)
    stop = threading.Event()
    assert not recovery.is_sound(path, stop)
    stop.set()
    assert recovery.is_sound(path, stop)


@pytest.mark.parametrize("seed", range(6))
def test_any_damage_leaves_a_recorder_that_records(filled, seed):
    path, _device, rows = filled
    chance = random.Random(seed)  # noqa: S311  no secret
    for _hit in range(chance.randint(1, 8)):
        offset = chance.randrange(100, path.stat().st_size - 300)
        overwrite(path, offset, chance.randbytes(chance.choice((1, 20, 300))))
    computer = Computer(path)
    with computer.running():
        computer.check()
        computer.record(ROWS + 5, name="new")
        computer.recorder.flush(to_the_end=True)
    kept = rows_of(path, "application_name")
    assert ("new",) in kept  # behind or among what was taken over, by when the damage was found
    assert len(kept) <= len(rows) + 1
    if computer.set_aside:
        assert_days_hold_their_rows(path)


def test_what_retention_had_taken_stays_counted_remembered_and_forgotten(path):
    with store(path) as (adapter, writer):
        old = [session(n * 1000, n * 1000 + 900, "old") for n in range(5)]
        writer.apply([Put(each) for each in old])
        adapter.models.Session.update(synced=1, synced_at=1).execute()
        assert Retention(adapter).run(7, T0 + 30 * DAY_MS, threading.Event()) == 5
        forget(adapter, TimeRange(T0 - 2 * DAY_MS, T0 - DAY_MS))
        facts = FileMeta(adapter)
        facts.put(MetaKey.FORMER_DEVICE_IDS, ["former"])
        facts.put(MetaKey.ACKNOWLEDGED, {"counter": 7, "token": "t"})
        facts.put(MetaKey.RETENTION_DUE, [7, 1])
        writer.apply([Put(session(9000, 9500, "old")), Put(session(10_000, 10_500, "kept"))])
        adapter.models.RangeOrder.update(acknowledged=1).execute()
        kept_order = list(adapter.models.RangeOrder.select().dicts())
        kept_taken = list(adapter.models.Taken.select().order_by(adapter.models.Taken.uid).dicts())
        kept_times = list(adapter.models.TakenTime.select().dicts())
        assert len(kept_times) == 5
    totals = days_of(path)
    damaged_file.set_aside(path)
    computer = Computer(path)
    with computer.running():
        adapter = computer.recorder._adapter
        wait_until(lambda: not threads("salvage"), 10, "the salvage")
        assert list(adapter.models.RangeOrder.select().dicts()) == kept_order
        taken = adapter.models.Taken
        assert list(taken.select().order_by(taken.uid).dicts()) == kept_taken
        assert list(adapter.models.TakenTime.select().dicts()) == kept_times
        facts = FileMeta(adapter)
        assert facts.get(MetaKey.FORMER_DEVICE_IDS) == ["former"]
        assert facts.get(MetaKey.ACKNOWLEDGED) == {"counter": 7, "token": "t"}
        assert facts.get(MetaKey.RETENTION_HORIZON) == T0 + 4900
        assert facts.get(MetaKey.RETENTION_DUE) is None
    assert days_of(path) == totals
    assert [row[0] for row in rows_of(path, "application_name")] == ["old", "kept"]


def test_totals_without_rows_are_taken_over_once_whatever_interrupts(path, monkeypatch):
    with store(path) as (adapter, writer):
        writer.apply([Put(session(n * 1000, n * 1000 + 900)) for n in range(5)])
        adapter.models.Session.delete().where(adapter.models.Session.id < 4).execute()
    totals = days_of(path)
    damaged = damaged_file.set_aside(path)
    with store(path) as (adapter, _writer):
        recovery.adopt([damaged], adapter)
    go_on, take = threading.Event(), recovery._take
    monkeypatch.setattr(recovery, "_take", lambda *them: take(*them) and 1 // 0)
    with pytest.raises(ZeroDivisionError):
        recovery.take_over(damaged, adapter, go_on)
    monkeypatch.undo()
    recovery.take_over(damaged, adapter, go_on)
    assert days_of(path) == totals
    recovery.take_over(damaged, adapter, go_on)
    assert days_of(path) == totals


def test_rows_that_the_server_may_lack_are_offered_again_from_the_new_file(path):
    with store(path) as (adapter, writer):
        writer.apply([Put(session(0, 1))])
        adapter.models.Session.update(synced=1, synced_at=1).execute()
        FileMeta(adapter).put(MetaKey.REOFFER, 1)
    damaged = damaged_file.set_aside(path)
    with store(path) as (adapter, _writer):
        recovery.adopt([damaged], adapter)
    recovery.take_over(damaged, adapter, threading.Event())
    assert rows_of(path, "synced") == [(0,)]
