"""Of a damaged file entries, their tombstones and closed days are taken over, too.

How it can fail: one broken page costs all entries, a deleted one comes back, one that was made
meanwhile is overlapped, an interruption or a kill loses entries or takes them twice, a row that a
broken page made up stops the rest.
"""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from reprospective_tray.store.entries.entry_writer import EntryWriter
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.query.entries import EntryQueries
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.file import damaged_file
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.store.sqlite.salvage import recovery
from tests.unit.killing import killed_at_each_line
from tests.unit.recording import rows_of, session, store
from tests.unit.stored import FIRST_DAY
from tests.unit.test_entry_writer import entries_of, entry, spans
from tests.unit.test_salvage import overwrite, pages_of

ALL_DAYS = DayRange(FIRST_DAY.replace(year=2020), FIRST_DAY.replace(year=2030))
COLUMNS = (
    "uid, device_id, source_host, started_at, ended_at, utc_offset_minutes, category, note,"
    " billable, revision, deleted, synced, synced_at"
)
MANY = 60


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "local.db"


def fill(path: Path) -> list[tuple]:
    """Store some entries, one of them deleted; return all rows."""
    with store(path) as (adapter, writer):
        writer.apply([Put(session(0, 100))])
        made = [entry(n * 10, n * 10 + 8, f"of {n}", note="n" * 900) for n in range(MANY)]
        entries = EntryWriter(adapter)
        entries.add(*made)
        entries.delete(made[3].uid)
        entries.close_day("2023-11-10")
        adapter.models.Entry.update(synced=1, synced_at=7).where(
            adapter.models.Entry.id % 2 == 0
        ).execute()
    return entries_of(path, COLUMNS)


def begin_anew(path: Path) -> Path:
    damaged: Path = damaged_file.set_aside(path)
    with store(path) as (adapter, _writer):
        recovery.adopt([damaged], adapter)
    return damaged


def take_over(path: Path, damaged: Path, stop: threading.Event | None = None) -> None:
    adapter = SqliteAdapter(path)
    adapter.open()
    recovery.take_over(damaged, adapter, stop or threading.Event())
    adapter.close()


def test_all_that_can_be_read_is_taken_over_as_it_was_and_once(path):
    rows = fill(path)
    damaged = begin_anew(path)
    take_over(path, damaged)
    assert entries_of(path, COLUMNS) == rows
    assert len(rows_of(path)) == 1
    with store(path) as (adapter, _writer):
        assert EntryQueries(adapter).closed_days(ALL_DAYS) == ("2023-11-10",)
    take_over(path, damaged)
    assert entries_of(path, COLUMNS) == rows


def test_a_broken_page_costs_its_own_entries_alone(path):
    rows = fill(path)
    leaves = pages_of(path, b"\x0d", "desktop_activity_entries")
    overwrite(path, leaves[len(leaves) // 2], b"\xff" * 4096)
    take_over(path, begin_anew(path))
    found = entries_of(path, COLUMNS)
    assert set(found) < set(rows)
    assert len(found) >= MANY - 6
    assert {rows[0], rows[-1]} < set(found)


def test_an_interruption_loses_nothing_and_entries_made_meanwhile_keep_their_time(path):
    rows = fill(path)
    damaged = begin_anew(path)
    stop = threading.Event()
    stop.set()
    take_over(path, damaged, stop)
    assert len(entries_of(path)) == 0
    with store(path) as (adapter, _writer):
        EntryWriter(adapter).add(entry(14, 34, "meanwhile"))
    take_over(path, damaged)
    with store(path) as (adapter, _writer):
        assert spans(adapter)[:4] == [
            ("of 0", 0, 8),
            ("of 1", 10, 14),
            ("meanwhile", 14, 34),
            ("of 4", 40, 48),
        ]
    by_uid = {row[0]: row for row in entries_of(path, COLUMNS)}
    cut = rows[1]
    assert by_uid[cut[0]][9:12] == (cut[9] + 1, 0, 0)
    before = entries_of(path, COLUMNS)
    take_over(path, damaged)
    assert entries_of(path, COLUMNS) == before


def test_one_that_was_deleted_in_the_new_file_stays_deleted(path):
    rows = fill(path)
    damaged = begin_anew(path)
    take_over(path, damaged)
    with store(path) as (adapter, _writer):
        EntryWriter(adapter).delete(rows[0][0])
        adapter.models.Meta.update(value="").where(
            adapter.models.Meta.key.startswith("take_over:")
        ).execute()
    take_over(path, damaged)
    assert entries_of(path, "deleted")[0] == (1,)
    assert len(entries_of(path)) == len(rows)


def test_entries_that_the_server_may_lack_are_offered_again(path):
    fill(path)
    with store(path) as (adapter, _writer):
        FileMeta(adapter).put(MetaKey.REOFFER, 1)
    take_over(path, begin_anew(path))
    assert set(entries_of(path, "synced")) == {(0,)}


@pytest.mark.parametrize(
    "change",
    [
        {"uid": "x"},
        {"ended_at": 10**13},
        {"utc_offset_minutes": 2000},
        {"billable": 7},
        {"category": ""},
        {"note": "x" * 5000},
        {"started_at": 2**60},
    ],
)
def test_a_row_that_a_broken_page_made_up_is_left_out(path, change):
    with store(path) as (adapter, _writer):
        EntryWriter(adapter).add(entry(0, 10, "good"))
        bad = replace(entry(20, 30, "bad"))
        EntryWriter(adapter).add(bad)
        table = adapter.models.Entry
        adapter.database.execute_sql("PRAGMA ignore_check_constraints = ON")
        table.update(change).where(table.uid == bad.uid).execute()
    take_over(path, begin_anew(path))
    assert entries_of(path, "category") == [("good",)]


def recover(folder: Path) -> None:
    path = folder / "local.db"
    damaged = next(iter(folder.glob("*.damaged-*")))
    take_over(path, damaged)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(600)
@pytest.mark.long
def test_a_kill_at_any_line_loses_no_entry_and_takes_none_twice(tmp_path):
    template, steps = tmp_path / "template", tmp_path / "steps"
    rows = fill(template / "local.db")
    begin_anew(template / "local.db")
    killed = killed_at_each_line(
        "tests.unit.test_salvage_entries:recover",
        template,
        steps,
        "reprospective_tray.store.sqlite.salvage.memory",
        every=2,
    )
    assert len(killed) > 20
    for folder in killed:
        recover(folder)
        assert entries_of(folder / "local.db", COLUMNS) == rows, folder
