"""What the writer leaves in the local file, beyond what both databases have."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from reprospective_tray.store.model.ids import derived_uid, new_uid
from reprospective_tray.store.model.sessions import Put, Rewind
from tests.unit.recording import T0, rows_of, session, store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.db"


def test_every_change_of_a_row_is_to_be_sent(path):
    whole = session(0, 30_000)
    with store(path) as (_adapter, writer):
        for put in (replace(whole, open=True), whole):
            writer.apply([Put(put)])
            assert sent_and_not(path) == [0]
        writer.apply([Rewind(T0 + 20_000)])
        assert sent_and_not(path) == [0]
        writer.apply([Rewind(T0)])
        assert sent_and_not(path) == [0]


def sent_and_not(path):
    """Return `synced` of all rows, and mark them as sent."""
    with closing(sqlite3.connect(path)) as other, other:
        found = other.execute("SELECT synced FROM desktop_activity_sessions").fetchall()
        other.execute("UPDATE desktop_activity_sessions SET synced = 1")
    return [synced for (synced,) in found]


def test_ids_are_never_used_again(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1))])
    with closing(sqlite3.connect(path)) as other, other:
        (last,) = other.execute("SELECT max(id) FROM desktop_activity_sessions").fetchone()
        other.execute("DELETE FROM desktop_activity_sessions")
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(5, 6))])
    assert rows_of(path, "id") == [(last + 1,)]


def test_a_uid_is_there_once(path):
    with store(path) as (_adapter, writer):
        one = session(0, 1)
        writer.apply([Put(one)])
    with closing(sqlite3.connect(path)) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute(
            "INSERT INTO desktop_activity_sessions SELECT NULL, uid, device_id, source_host, state,"
            " application_name, window_title, process_id, started_at, ended_at,"
            " utc_offset_minutes, open, deleted, revision, synced, synced_at"
            " FROM desktop_activity_sessions"
        )


def test_uids_are_version_7_and_in_order_of_time():
    uids = [new_uid(T0 + ms) for ms in range(100)]
    assert uids == sorted(uids)
    assert len(set(uids)) == 100
    assert {uid[14] for uid in uids} == {"7"}
    assert derived_uid(T0, "a", "b") == derived_uid(T0, "a", "b") != derived_uid(T0, "ab", "")
    assert derived_uid(T0, "a", "b")[:13] == new_uid(T0)[:13]
