"""Entries are forgotten with the sessions of their time: from the rows and the bytes of the file.

How it can fail: a note stays in a page or in the -wal, a part outside the range goes as well or
keeps the uid that a tombstone elsewhere will bury, an entry goes with one application, one that is
planned stays where the range ends in the future, a closed day keeps what should go.
"""

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from reprospective_tray.store.entries.entry_writer import EntryWriter
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange, look_ahead
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.query.entries import EntryQueries
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.sync.retention import Retention
from tests.unit.recording import T0, rows_of, session, store
from tests.unit.test_call_queue import recording
from tests.unit.test_entry_writer import HOUR, entries_of, entry, spans
from tests.unit.test_forget_service import forgetting

MARK = "a note nobody may read again"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "local.db"


@pytest.fixture
def adapter(path):
    with store(path) as (made, _writer):
        yield made


def forget_in(adapter, since, until, application=None):
    return forget(adapter, TimeRange(T0 + since, T0 + until, application))


def test_what_lies_inside_becomes_a_tombstone_that_waits_for_the_server(adapter):
    EntryWriter(adapter).add(entry(0, 10, note=MARK), entry(20, 30, "b"))
    adapter.models.Entry.update(synced=1, revision=5).execute()
    assert forget_in(adapter, 0, 20).entries == 1
    assert spans(adapter) == [("b", 20, 30)]
    columns = "category, note, deleted, revision, synced"
    assert entries_of(adapter.path, columns)[0] == ("", "", 1, 6, 0)


def test_an_entry_over_a_border_is_cut_and_its_parts_are_new_ones_of_the_same_age(adapter):
    whole = replace(entry(0, 100, "long", note="tides", billable=False), utc_offset_minutes=540)
    EntryWriter(adapter).add(whole)
    assert forget_in(adapter, 30, 60).entries == 1
    first, last = EntryQueries(adapter).between(0, 2 * T0)
    assert (first.ended_at, last.started_at) == (T0 + 30, T0 + 60)
    for part in (first, last):
        kept = replace(whole, uid=part.uid, started_at=part.started_at, ended_at=part.ended_at)
        assert part == kept
        assert part.uid != whole.uid
        assert part.uid[:13] == whole.uid[:13]
    assert forget_in(adapter, 30, 60).entries == 0


def test_not_a_byte_of_a_note_is_left_in_the_files(path):
    with store(path) as (adapter, writer):
        writer.apply([Put(session(0, 100))])
        EntryWriter(adapter).add(entry(0, 100, "Harbour", note=MARK))
        files = list(path.parent.iterdir())
        assert any(MARK.encode() in file.read_bytes() for file in files)
        assert forget_in(adapter, 0, 100).scrubbed
        assert not any(MARK.encode() in file.read_bytes() for file in path.parent.iterdir())


def test_with_one_application_entries_stay(adapter):
    EntryWriter(adapter).add(entry(0, 10))
    assert look_ahead(adapter, T0, T0 + 10, "app").entries == 0
    assert forget_in(adapter, 0, 10, "app").entries == 0
    assert spans(adapter) == [("Harbour", 0, 10)]


def test_a_closed_day_is_forgotten_all_the_same_and_stays_closed(adapter):
    writer = EntryWriter(adapter)
    writer.add(entry(0, 10))
    writer.close_day("2023-11-14")
    assert forget_in(adapter, 0, 10).entries == 1
    assert not writer.close_day("2023-11-14")


def test_a_preview_counts_what_will_go_and_a_file_of_the_version_before_has_none(path):
    with store(path) as (adapter, _writer):
        EntryWriter(adapter).add(entry(0, 10), entry(10, 20), entry(30, 40))
        assert look_ahead(adapter, T0 + 5, T0 + 25).entries == 2
        assert forget_in(adapter, 5, 25).entries == 2
    with closing(sqlite3.connect(path)) as older:
        older.execute("DROP TABLE desktop_activity_entries")
        older.execute("PRAGMA user_version = 4")
    reader = SqliteAdapter(path, read_only=True)
    reader.open()
    with reader.reading():
        assert look_ahead(reader, T0, T0 + 25).entries == 0


def test_the_running_program_forgets_planned_entries_of_the_range_as_well(path):
    ahead = 7 * 10**12 - T0
    with recording(path) as monitor, closing(SqliteAdapter(path)) as other:
        other.open()
        with other.connection():
            EntryWriter(other).add(entry(ahead, ahead + HOUR))
            said = forgetting(monitor).answer({"since": T0, "until": T0 + ahead + HOUR})
            assert said["entries"] == 1
            assert EntryQueries(other).between(0, 2**60) == ()


def test_retention_takes_sessions_and_leaves_entries(path):
    with store(path) as (adapter, writer):
        writer.apply([Put(session(0, 10))])
        EntryWriter(adapter).add(entry(0, 10))
        for table in (adapter.models.Session, adapter.models.Entry):
            table.update(synced=1, synced_at=1).execute()
        assert Retention(adapter).run(1, T0 + 10**10, threading.Event()) == 1
        assert rows_of(path) == []
        assert spans(adapter) == [("Harbour", 0, 10)]
