"""Fourteen ways in which such designs lose or double rows; none of them works here.

Each was reproduced once with a plain `synced` flag. The number is that of the list.
"""

import json
import shutil
import threading
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from reprospective_tray.errors import ServerUnreachableError
from reprospective_tray.store.model.sessions import DAY_MS
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.store.sqlite.rows.row_writer import SqliteRowWriter
from reprospective_tray.sync.retention import Retention
from tests.server.central import Central
from tests.server.servers import Database
from tests.server.shipper import SESSIONS, Shipper, instants, lose_the_answer
from tests.unit.recording import T0, Desk, session
from tests.unit.stored import row


@pytest.fixture
def server(central: Central) -> Database:
    return central.database


def closed(*, start: int = 0, end: int = 5000, **other):
    return session(start, end, **other)


def test_1_a_row_that_changes_between_reading_and_marking_is_sent_again(shipper, server):
    first = closed(open=True)
    shipper.record(first)
    shipper.sync()
    shipper.record(replace(first, ended_at=T0 + 6000))
    shipper.connection.after = lambda: shipper.record(replace(first, ended_at=T0 + 9000))
    shipper.sync()
    shipper.sync()
    assert instants(server) == [(first.uid, T0, T0 + 9000, 3)]
    assert shipper.rows("synced") == [(1,)]


def test_1_a_row_is_not_marked_in_a_revision_that_was_not_sent(shipper, server):
    first = closed(open=True)
    shipper.record(first)
    shipper.manager.retry_refused()  # opens the file; nothing is sent
    connection = shipper._reach()
    shipper.manager._uploader._connection = connection
    stop = threading.Event()

    def change_and_stop() -> None:
        shipper.record(replace(first, ended_at=T0 + 9000))
        stop.set()

    connection.after = change_and_stop
    shipper.manager.run(stop)
    assert instants(server) == [(first.uid, T0, T0 + 5000, 1)]
    assert shipper.rows("synced, revision") == [(0, 2)]


def test_2_a_newer_revision_replaces_the_older_and_an_older_one_nothing(shipper, server):
    first = closed(open=True)
    shipper.record(first)
    shipper.sync()
    shipper.record(replace(first, ended_at=T0 + 9000, open=False))
    shipper.sync()
    shipper.execute(f"UPDATE {SESSIONS} SET revision = 1, ended_at = {T0 + 1}, synced = 0")  # noqa: S608
    shipper.sync()
    assert instants(server) == [(first.uid, T0, T0 + 9000, 2)]


def test_3_the_id_of_a_deleted_row_is_never_given_to_another(shipper, server):
    shipper.record(closed())
    shipper.sync()
    shipper.execute(f"DELETE FROM {SESSIONS}")  # noqa: S608
    shipper.record(closed(start=6000, end=7000))
    shipper.sync()
    assert shipper.rows("id") == [(2,)]
    assert len(instants(server)) == 2


def test_4_a_new_file_with_the_ids_and_the_host_of_an_old_one_replaces_nothing(
    make_shipper, server
):
    shipper, other = make_shipper(), make_shipper("other")
    shipper.record(closed())
    shipper.sync()
    other.record(closed())
    other.sync()
    assert shipper.rows("id, source_host") == other.rows("id, source_host")
    assert len(instants(server)) == 2


def test_5_what_was_sent_survives_a_power_cut_here(shipper):
    adapter = shipper.adapter()
    adapter.open()
    with adapter.connection():
        assert adapter.database.execute_sql("PRAGMA synchronous").fetchone() == (2,)


def test_5_a_file_that_was_rolled_back_all_the_same_goes_on_as_another_device(
    shipper, server, tmp_path
):
    first = closed(open=True)
    shipper.record(first)
    shipper.sync()
    shutil.copy(shipper.path, tmp_path / "older")
    later = [replace(first, open=False, ended_at=T0 + 8000), closed(start=8000, end=9000)]
    shipper.record(*later)
    shipper.sync()
    before = shipper.rows("device_id")[0]
    put_back(tmp_path / "older", shipper)
    mine = closed(start=20_000, end=30_000)
    shipper.record(replace(first, open=False, ended_at=T0 + 6000), mine)
    passed = shipper.sync()
    assert not passed.fitted
    # The row of the older copy gave way to the newer one, and nothing new met an old uid.
    assert {found[:3] for found in instants(server)} == {
        (one.uid, one.started_at, one.ended_at) for one in (*later, mine)
    }
    shipper.record(closed(start=40_000, end=50_000))
    assert shipper.rows("device_id", "id > 2") != [before]


def test_6_a_batch_whose_answer_is_lost_is_one_batch(shipper, server):
    shipper.record(closed())
    shipper.sync()
    second = closed(start=6000, end=7000)
    shipper.record(second)
    shipper.connection.after = lose_the_answer
    shipper.sync()
    assert len(instants(server)) == 2
    assert shipper.rows("synced") == [(1,), (1,)]


def test_6_the_verdict_of_a_lost_answer_is_given_again(shipper, server):
    shipper.record(closed())
    shipper.sync()
    server.rows(f"DELETE FROM reprospective.{SESSIONS}")  # noqa: S608
    server.rows("UPDATE reprospective.devices SET counter = 0, token = 'of the backup'")
    shipper.connection.after = lose_the_answer
    with shipper.offline(), pytest.raises(ServerUnreachableError):
        shipper.sync()
    assert not shipper.sync().fitted
    assert len(instants(server)) == 1


def test_7_retention_keeps_a_row_that_changed_after_it_was_sent(shipper):
    shipper.record(closed())
    shipper.sync()
    shipper.execute(f"UPDATE {SESSIONS} SET synced = 0, revision = revision + 1")  # noqa: S608
    assert retain(shipper, days=1, clock=T0 + 400 * DAY_MS + now()) == 0
    shipper.sync()
    assert retain(shipper, days=1, clock=now() + 2 * DAY_MS) == 1


def test_8_a_row_that_no_server_can_hold_does_not_stop_the_others(shipper, server):
    sessions = [closed(start=n * 1000, end=n * 1000 + 900) for n in range(20)]
    shipper.record(*sessions)
    shipper.execute(f"UPDATE {SESSIONS} SET window_title = 'a' || char(0) WHERE id IN (7, 8)")  # noqa: S608
    passed = shipper.sync()
    assert (passed.sent, passed.refused) == (18, 2)
    assert len(instants(server)) == 18
    assert shipper.sync().refused == 0  # set aside, not tried for ever
    shipper.execute(f"UPDATE {SESSIONS} SET window_title = 'a' WHERE id = 7")  # noqa: S608
    assert shipper.manager.retry_refused() == 2
    assert (shipper.sync().refused, len(instants(server))) == (1, 19)


def test_9_the_same_uid_twice_in_one_batch_is_one_row_in_its_newest_revision(shipper, server):
    first = closed(open=True)
    shipper.record(first)
    device_id = shipper.rows("device_id")[0][0]
    keys = ("id", "process_id", "synced", "synced_at")
    rows = [
        {k: v for k, v in row(first, device_id, revision=n).items() if k not in keys}
        | {"ended_at": T0 + n}
        for n in (1, 3, 2)
    ]
    batch = {
        "schema": 1,
        "device_id": str(uuid.uuid4()),
        "pair": {"counter": 1, "token": "t"},
        "rows": rows,
    }
    server.rows("SELECT reprospective.ingest(%s::json)", [json.dumps(batch)])
    assert instants(server) == [(first.uid, T0, T0 + 3, 3)]


def test_10_neither_the_doubled_hour_nor_the_servers_time_zone_moves_an_instant(shipper, server):
    server.rows(f"ALTER DATABASE \"{server.name}\" SET timezone = 'America/New_York'")
    # 2026-10-25: the hour from 2 to 3 comes twice in Berlin.
    twice = 1_792_888_200_000
    sessions = [
        closed(start=twice - T0, end=twice - T0 + 1001, utc_offset_minutes=120),
        closed(start=twice + 3_600_000 - T0, end=twice + 3_601_001 - T0, utc_offset_minutes=60),
    ]
    shipper.record(*sessions)
    shipper.sync()
    assert [found[1:3] for found in instants(server)] == [
        (one.started_at, one.ended_at) for one in sessions
    ]
    days = "SELECT day::text, ms FROM reprospective.desktop_activity_days"
    assert server.rows(days) == [("2026-10-25", 2002)]


def test_11_a_server_restored_from_a_backup_gets_everything_again(shipper, server):
    shipper.record(closed())
    shipper.sync()
    pairs = server.rows("SELECT counter, token FROM reprospective.devices")[0]
    shipper.record(closed(start=6000, end=7000))
    shipper.sync()
    server.rows(f"DELETE FROM reprospective.{SESSIONS} WHERE revision > 0")  # noqa: S608
    server.rows("UPDATE reprospective.devices SET counter = %s, token = %s", pairs)
    passed = shipper.sync()  # nothing waits here: the pair alone tells
    assert not passed.fitted
    assert len(instants(server)) == 2
    assert shipper.sync().fitted


def test_12_what_an_older_server_could_not_keep_is_sent_again_after_its_upgrade(shipper, server):
    shipper.record(closed())
    shipper.sync()
    adapter = shipper.adapter()
    adapter.open()
    with adapter.connection():
        FileMeta(adapter).put(MetaKey.SERVER_SCHEMA, 0)
    # As the older server kept it: without what the newer schema adds.
    server.rows(f"UPDATE reprospective.{SESSIONS} SET sent_schema = 0, application_name = ''")  # noqa: S608
    shipper.sync()
    kept = f"SELECT application_name, sent_schema FROM reprospective.{SESSIONS}"  # noqa: S608
    assert server.rows(kept) == [("app", 1)]


def test_13_sessions_over_a_clock_that_jumps_back_are_kept_by_the_server(shipper, server):
    desk = Desk()
    desk.see("one")
    desk.run(8_000)
    desk.wall -= 2 * 3_600_000
    desk.run(8_000)
    desk.see("two")
    desk.run(5_000)
    desk.wall -= 30_000
    desk.run(5_000)
    desk.stop()
    shipper.record(*desk.changes)
    assert shipper.sync().refused == 0
    living = shipper.rows("uid, started_at, ended_at, revision", "deleted = 0")
    assert sorted(instants(server)) == sorted(living)
    assert all(start <= end for _uid, start, end, _revision in living)


def test_14_a_clock_that_jumps_ahead_lets_retention_take_nothing(make_shipper, monkeypatch):
    shipper = make_shipper(retention_days=1)
    at = now() - T0
    shipper.record(closed(start=at - 9000, end=at - 5000))
    monkeypatch.setattr(time, "time_ns", lambda: (now() + 4000 * DAY_MS) * 1_000_000)
    shipper.sync()
    assert shipper.sync().deleted == 0
    assert len(shipper.rows("id")) == 1


def test_14_a_fresh_import_of_old_rows_is_not_taken_at_once(make_shipper):
    shipper = make_shipper(retention_days=1)
    adapter = shipper.adapter()
    adapter.open()
    with adapter.connection():
        SqliteRowWriter(adapter).write([row(closed(), adapter.device_id)])
    assert shipper.sync().deleted == 0
    assert shipper.sync().deleted == 0
    assert retain(shipper, days=7, clock=now() + 8 * DAY_MS) == 1


_real_time_ns = time.time_ns


def now() -> int:
    """The ms of the real clock, whatever a test makes of it."""
    return _real_time_ns() // 1_000_000


def retain(shipper: Shipper, *, days: int, clock: int) -> int:
    adapter = shipper.adapter()
    adapter.open()
    with adapter.connection():
        return Retention(adapter).run(days, clock, threading.Event())


def put_back(copy: Path, shipper: Shipper) -> None:
    for end in ("-wal", "-shm"):
        Path(f"{shipper.path}{end}").unlink(missing_ok=True)
    shutil.copy(copy, shipper.path)
