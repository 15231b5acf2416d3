"""Chosen sessions and the local file: its bytes, what retention took, what is to be sent.

How it can fail: a title is left in a page or the -wal; a session that retention took takes its
day's totals with it, or is ordered from the server by range; the server never hears of it.
"""

from reprospective_tray.store.forget.erase import ChosenSessions, forget
from reprospective_tray.store.model.sessions import DAY_MS, Put
from reprospective_tray.store.outbox.outbox import Outbox
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.store.sqlite.rows.row_writer import SqliteRowWriter
from tests.contract import days_of
from tests.unit.recording import assert_days_add_up, rows_of, session, store
from tests.unit.stored import fresh_adapter, row
from tests.unit.test_forgetting import HOUR, MARK, bytes_beside, taken_rows


def test_no_byte_of_what_was_chosen_is_left_in_any_file(tmp_path):
    path = tmp_path / "data" / "local.db"
    mine = [session(n * 20, n * 20 + 9, "secret program", window_title=MARK) for n in range(150)]
    kept = [session(n * 20 + 9, n * 20 + 20, window_title="kept") for n in range(150)]
    with store(path) as (adapter, writer):
        writer.apply([Put(each) for pair in zip(mine, kept, strict=True) for each in pair])
        assert MARK.encode() in bytes_beside(path)
        done = forget(adapter, ChosenSessions(each.uid for each in mine))
        assert (done.sessions, done.scrubbed) == (150, True)
        found = bytes_beside(path)  # while it is open, -wal and -shm included
    assert MARK.encode() not in found
    assert b"secret program" not in found
    assert len(rows_of(path)) == 150
    assert_days_add_up(path)


def test_what_was_sent_and_what_waits_are_sent_as_tombstones(tmp_path):
    path = tmp_path / "data" / "local.db"
    sent, waiting, refused = session(0, 10), session(10, 20), session(20, 30, window_title=MARK)
    with store(path) as (adapter, writer):
        writer.apply([Put(each) for each in (sent, waiting, refused)])
        table = adapter.models.Session
        table.update(synced=1, synced_at=1).where(table.uid == sent.uid).execute()
        adapter.models.Refused.insert(
            uid=refused.uid, revision=1, reason=MARK, refused_at=1
        ).execute()
        assert Outbox(adapter).waiting() == 1
        forget(adapter, ChosenSessions([sent.uid, waiting.uid, refused.uid]))
        assert Outbox(adapter).waiting() == 3
        assert adapter.models.Refused.select().count() == 0
    columns = "uid, synced, revision, application_name"
    assert rows_of(path, columns, "deleted = 1") == [
        (each.uid, 0, 2, "") for each in (sent, waiting, refused)
    ]


def test_what_retention_took_is_missing_and_its_totals_and_the_server_stay_as_they_are():
    with fresh_adapter() as adapter:
        own = adapter.device_id
        taken, gone = session(0, HOUR, "a"), session(HOUR, 2 * HOUR, "a")
        taken_rows(adapter, row(taken, own))
        SqliteRowWriter(adapter).write([row(session(-HOUR, 0, "b"), own)])
        before = days_of(adapter)
        SqliteRowWriter(adapter).write([row(gone, own)])
        assert days_of(adapter) != before
        FileMeta(adapter).put(MetaKey.RETENTION_HORIZON, gone.ended_at + DAY_MS)
        done = forget(adapter, ChosenSessions([taken.uid, gone.uid]))
        assert (done.sessions, done.missing, done.totals, done.ordered) == (1, 1, 0, False)
        assert days_of(adapter) == before
        assert adapter.models.RangeOrder.select().count() == 0
        assert {each.uid for each in adapter.models.Taken.select()} == {taken.uid}


def test_sessions_of_every_device_of_the_file_can_be_chosen():
    with fresh_adapter() as adapter:
        one = row(session(0, 20), "another device", "elsewhere")
        SqliteRowWriter(adapter).write([one])
        assert forget(adapter, ChosenSessions([one["uid"]])).sessions == 1
        assert days_of(adapter) == {}
