"""Retention takes what is on the server for long, nothing else, and the totals stay.

How it can fail: it takes what is open, waits, changed since, or a tombstone; it judges by the
wrong clock, or by the end or the sync alone; a total changes; it looks through everything each
time; it takes while the server may have lost rows; it makes recording wait.
"""

import sqlite3
import threading
import time
from contextlib import closing

import peewee
import pytest

from reprospective_tray.store.model.sessions import DAY_MS, Put
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.store.sqlite.rows.daily_totals import DailyTotals
from reprospective_tray.store.sqlite.rows.row_writer import SqliteRowWriter
from reprospective_tray.sync import retention
from reprospective_tray.sync.retention import Retention
from tests.unit.recording import T0
from tests.unit.recording import session as recorded
from tests.unit.stored import fresh_adapter, row

CLOCK = T0 + 100 * DAY_MS
GO_ON = threading.Event()


def put(adapter: SqliteAdapter, start: int, end: int, **more) -> str:
    """Write a row of `start` to `end`, in days after T0, that may go unless `more` differs."""
    one = recorded(start * DAY_MS, end * DAY_MS)
    values = row(one, adapter.device_id, synced=1, synced_at=T0 + end * DAY_MS + 1) | more
    SqliteRowWriter(adapter).write([values])
    return one.uid


def uids(adapter: SqliteAdapter) -> set[str]:
    return {each.uid for each in adapter.models.Session.select()}


def test_only_what_is_closed_synced_and_old_by_both_times_goes():
    with fresh_adapter() as adapter:
        old = put(adapter, 1, 2)
        stay = {
            put(adapter, 3, 4, synced=0),
            put(adapter, 5, 6, deleted=1),
            put(adapter, 7, 8, synced_at=CLOCK - 7 * DAY_MS),
            put(adapter, 80, 93),
            put(adapter, 80, 95, synced_at=1),
            put(adapter, 94, 95),
        }
        SessionWriter(adapter, "host").apply([Put(recorded(9 * DAY_MS, 10 * DAY_MS, open=True))])
        session = adapter.models.Session
        session.update(synced=1, synced_at=1).where(session.open == 1).execute()
        stay.add(session.get(session.open == 1).uid)
        assert Retention(adapter).run(7, CLOCK, GO_ON) == 1
        assert uids(adapter) == stay
        assert [each.uid for each in adapter.models.Taken.select()] == [old]


def test_the_totals_stay_and_the_uid_its_revision_and_the_horizon_are_remembered():
    with fresh_adapter() as adapter:
        first = put(adapter, 1, 2, revision=4)
        put(adapter, 0, 1)
        before = list(adapter.models.Day.select().tuples())
        assert Retention(adapter).run(7, CLOCK, GO_ON) == 2
        assert list(adapter.models.Day.select().tuples()) == before
        assert adapter.models.Taken.get(uid=first).revision == 4
        assert FileMeta(adapter).get(MetaKey.RETENTION_HORIZON) == T0 + 2 * DAY_MS
        put(adapter, 0, 1)
        assert Retention(adapter).run(6, CLOCK, GO_ON) == 1
        assert FileMeta(adapter).get(MetaKey.RETENTION_HORIZON) == T0 + 2 * DAY_MS


def test_age_is_judged_by_the_servers_clock_alone(monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: (CLOCK + 9999 * DAY_MS) * 1_000_000)
    with fresh_adapter() as adapter:
        put(adapter, 1, 2)
        assert Retention(adapter).run(7, T0 + 5 * DAY_MS, GO_ON) == 0
        assert Retention(adapter).run(7, T0 + 9 * DAY_MS + 2, GO_ON) == 1


def test_nothing_goes_while_the_server_may_have_lost_rows():
    with fresh_adapter() as adapter:
        put(adapter, 1, 2)
        FileMeta(adapter).put(MetaKey.REOFFER, 1)
        assert Retention(adapter).run(7, CLOCK, GO_ON) == 0
        FileMeta(adapter).put(MetaKey.REOFFER, None)
        assert Retention(adapter).run(7, CLOCK, GO_ON) == 1


def test_a_row_that_changes_between_look_and_take_stays(monkeypatch):
    with fresh_adapter() as adapter:
        changed, other = put(adapter, 1, 2), put(adapter, 3, 4)
        find = Retention._find_some

        def find_and_change(self, *arguments):
            found = find(self, *arguments)
            table = adapter.models.Session
            table.update(synced=0, revision=2).where(table.uid == changed).execute()
            return found

        monkeypatch.setattr(Retention, "_find_some", find_and_change)
        assert Retention(adapter).run(7, CLOCK, GO_ON) == 1
        assert uids(adapter) == {changed}
        assert [each.uid for each in adapter.models.Taken.select()] == [other]


def test_it_takes_all_in_transactions_of_a_bounded_size_and_stops_when_told(monkeypatch):
    monkeypatch.setattr(retention, "_ROWS_A_TRANSACTION", 10)
    with fresh_adapter() as adapter:
        # Many begin at the same moment.
        rows = [
            row(recorded(number // 7, number // 7 + 1), adapter.device_id, synced=1, synced_at=1)
            for number in range(95)
        ]
        SqliteRowWriter(adapter).write(rows)
        stop = threading.Event()
        stop.set()
        assert Retention(adapter).run(7, CLOCK, stop) == 0
        assert Retention(adapter).run(7, CLOCK, GO_ON) == 95
        assert adapter.models.Taken.select().count() == 95


def test_it_does_not_look_again_before_something_can_be_due(monkeypatch):
    with fresh_adapter() as adapter:
        put(adapter, 90, 91, synced_at=CLOCK - DAY_MS // 2)
        looks = []
        find = Retention._find_some
        monkeypatch.setattr(
            Retention, "_find_some", lambda self, *them: looks.append(1) or find(self, *them)
        )
        run = Retention(adapter).run
        assert [run(7, CLOCK, GO_ON), run(7, CLOCK + 1, GO_ON), len(looks)] == [0, 0, 1]
        # Another setting, a clock that was set back, a day later, and the very moment.
        assert run(8, CLOCK, GO_ON) == 0
        assert run(8, CLOCK - 40 * DAY_MS, GO_ON) == 0
        assert len(looks) == 3
        assert run(8, CLOCK - 39 * DAY_MS, GO_ON) == 0
        assert len(looks) == 4
        assert run(1, CLOCK, GO_ON) == 0
        assert run(1, CLOCK + DAY_MS // 2, GO_ON) == 0
        assert run(1, CLOCK + DAY_MS // 2 + 1, GO_ON) == 1


def test_a_removed_session_moves_its_own_edge_alone_where_others_were_taken():
    with fresh_adapter() as adapter:
        hour = 3_600_000
        ones = [recorded(n * hour, (n + 1) * hour) for n in range(-20, -14)]
        rows = [row(one, adapter.device_id) for one in ones]
        SqliteRowWriter(adapter).write(rows)
        session, day = adapter.models.Session, adapter.models.Day
        for taken in (rows[1], rows[4]):
            session.delete().where(session.uid == taken["uid"]).execute()
        session.update(deleted=1).where(session.uid == rows[0]["uid"]).execute()
        DailyTotals(adapter).remove(rows[0])
        only = day.get()
        assert (only.ms, only.sessions) == (5 * hour, 5)
        assert (only.first_at, only.last_at) == (rows[0]["ended_at"], rows[5]["ended_at"])


def test_a_locked_file_is_an_error_and_loses_nothing(tmp_path):
    adapter = SqliteAdapter(tmp_path / "local.db")
    adapter.open()
    adapter.database.timeout = 0.01
    with adapter.connection():
        put(adapter, 1, 2)
        with closing(sqlite3.connect(adapter.path)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(peewee.OperationalError):
                Retention(adapter).run(7, CLOCK, GO_ON)
        assert len(uids(adapter)) == 1
        assert adapter.models.Taken.select().count() == 0


def test_edges_never_run_backwards_where_imported_sessions_overlapped():
    with fresh_adapter() as adapter:
        hour = 3_600_000
        around, inside = recorded(-9 * hour, -hour), recorded(-6 * hour, -5 * hour)
        rows = [row(one, adapter.device_id) for one in (around, inside)]
        SqliteRowWriter(adapter).write(rows)
        adapter.models.Session.delete().execute()
        DailyTotals(adapter).remove(rows[0])
        only = adapter.models.Day.get()
        assert (only.ms, only.sessions) == (hour, 1)
        assert only.first_at <= only.last_at
