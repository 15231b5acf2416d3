"""What stays of a forgotten session in the local file: its times, and nothing of what it was.

How it can fail: one of the ways to a tombstone leaves the process in it; one of an earlier version,
of a damaged file or of an older server brings it in.
"""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.sessions import Put, Rewind
from reprospective_tray.store.outbox.apply_server_rows import ServerRowsApplier
from reprospective_tray.store.sqlite.salvage import recovery
from tests.unit.recording import T0, session, store

pytestmark = pytest.mark.trust

LEFT = """
SELECT application_name, window_title, process_id FROM desktop_activity_sessions WHERE deleted = 1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "local.db"


def left(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as reader:
        return reader.execute(LEFT).fetchall()


def record(path: Path, *sessions: object) -> None:
    with store(path) as (_adapter, writer):
        writer.apply([Put(each) for each in sessions])


def test_what_is_forgotten_or_taken_back_by_the_recorder_keeps_nothing(path):
    record(path, session(0, 10))
    with store(path) as (adapter, writer):
        forget(adapter, TimeRange(T0, T0 + 10))
        writer.apply([Put(session(10, 20)), Rewind(T0 + 10)])
    assert left(path) == [("", "", None)] * 2


def test_an_older_servers_tombstone_brings_nothing_in(path):
    record(path, session(0, 10))
    with store(path) as (adapter, _writer):
        held = adapter.models.Session.select().dicts().get()
        version = held | {"deleted": 1, "revision": 9, "process_id": 77, "window_title": "x"}
        ServerRowsApplier(adapter, "another device").take(
            [((held["id"], held["revision"]), version)], 1
        )
    assert left(path) == [("", "", None)]


def test_those_of_an_earlier_version_lose_it_and_are_not_sent_again_for_it(path):
    record(path, session(0, 10), session(10, 20))
    with store(path) as (adapter, _writer):
        forget(adapter, TimeRange(T0, T0 + 10))
    with closing(sqlite3.connect(path)) as earlier, earlier:
        earlier.execute("UPDATE desktop_activity_sessions SET process_id = 77, synced = 1")
        earlier.execute("DELETE FROM schema_migration WHERE name LIKE '%tombstones'")
        earlier.execute("PRAGMA user_version = 2")
    with store(path):
        pass
    assert left(path) == [("", "", None)]
    with closing(sqlite3.connect(path)) as reader:
        living = "SELECT process_id, synced FROM desktop_activity_sessions WHERE deleted = 0"
        assert reader.execute(living).fetchall() == [(77, 1)]
        assert reader.execute("SELECT min(synced) FROM desktop_activity_sessions").fetchone() == (
            1,
        )


def test_a_damaged_file_of_an_earlier_version_brings_nothing_in(path, tmp_path):
    damaged = tmp_path / "damaged.db"
    record(damaged, session(0, 10))
    with closing(sqlite3.connect(damaged)) as earlier, earlier:
        earlier.execute("UPDATE desktop_activity_sessions SET deleted = 1, process_id = 77")
    with store(path) as (adapter, _writer):
        assert recovery.take_over(damaged, adapter, threading.Event()) == 1
    assert left(path) == [("", "", None)]
