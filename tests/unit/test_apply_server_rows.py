"""A later version of the server replaces the row that is held here, and the days follow.

How it can fail: a row that has changed since it was sent is overwritten; the session that is being
recorded is; its forgetting elsewhere goes unnoticed; the days keep what the row no longer says.
"""

from pathlib import Path

import pytest

from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.outbox.apply_server_rows import ServerRowsApplier
from tests.unit.recording import assert_days_add_up, rows_of, session, store

CLOCK = 1_800_000_000_000
ELSEWHERE = "00000000-0000-7000-8000-000000000001"
COLUMNS = "application_name, window_title, revision, synced, synced_at, open, deleted"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "local.db"


def take(path: Path, one, changes: dict, *, age: int = 0, device: str | None = None) -> bool:
    """Record `one`, then take the server's version of it; `age` revisions were made since."""
    with store(path) as (adapter, writer):
        writer.apply([Put(one)])
        table = adapter.models.Session
        if device:
            table.update(device_id=device).execute()
        held = table.select().dicts().get()
        reference = held["id"], held["revision"] - age
        version = held | {"revision": held["revision"] + 5} | changes
        return ServerRowsApplier(adapter, adapter.device_id).take([(reference, version)], CLOCK)


def test_a_closed_row_becomes_the_servers_and_its_day_follows(path):
    later = {
        "application_name": "Mail",
        "window_title": "inbox",
        "ended_at": session(0, 1).ended_at,
    }
    assert not take(path, session(0, 900_000), later)
    assert rows_of(path, COLUMNS) == [("Mail", "inbox", 6, 1, CLOCK, 0, 0)]
    assert_days_add_up(path)


def test_a_tombstone_of_the_server_takes_the_texts_and_the_day(path):
    assert not take(path, session(0, 900_000), {"deleted": 1, "window_title": "left over"})
    assert rows_of(path, COLUMNS, "1") == [("", "", 6, 1, CLOCK, 0, 1)]
    assert_days_add_up(path)


def test_what_was_forgotten_here_comes_back_where_the_server_says_so(path):
    with store(path) as (adapter, writer):
        writer.apply([Put(session(0, 900_000))])
        table = adapter.models.Session
        version = table.select().dicts().get() | {"revision": 9}
        applier = ServerRowsApplier(adapter, adapter.device_id)
        applier.take([((version["id"], 1), version | {"deleted": 1, "revision": 8})], CLOCK)
        applier.take([((version["id"], 8), version)], CLOCK)
    assert rows_of(path, "revision, deleted") == [(9, 0)]
    assert_days_add_up(path)


def test_a_row_that_has_changed_since_it_was_sent_stays_and_waits(path):
    before = session(0, 900_000)
    assert not take(path, before, {"application_name": "Mail"}, age=1)
    ((name, _title, revision, synced, *_rest),) = rows_of(path, COLUMNS)
    assert (name, revision, synced) == (before.application_name, 1, 0)


def test_the_session_that_is_recorded_stays_and_becomes_newer_than_the_servers(path):
    before = session(0, 900_000, open=True)
    assert not take(path, before, {"application_name": "Mail", "ended_at": before.started_at})
    ((name, _title, revision, synced, _at, is_open, _deleted),) = rows_of(path, COLUMNS)
    assert (name, revision, synced, is_open) == (before.application_name, 7, 0, 1)


def test_where_the_session_that_is_recorded_was_forgotten_elsewhere_that_is_said(path):
    assert take(path, session(0, 900_000, open=True), {"deleted": 1})
    assert rows_of(path, "revision, deleted, open") == [(1, 0, 1)]


def test_another_devices_open_session_is_closed_by_the_servers_version(path):
    assert not take(path, session(0, 900_000, open=True), {"open": 1}, device=ELSEWHERE)
    assert rows_of(path, "revision, open, synced") == [(6, 0, 1)]
    assert_days_add_up(path)
