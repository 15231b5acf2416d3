"""What waits is read in order and in pieces, and what was answered is noted in its revision."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from reprospective_tray.store.entries.entry_writer import EntryWriter
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.outbox.outbox import Outbox, offer_everything
from reprospective_tray.store.outbox.range_orders import RangeOrders
from reprospective_tray.store.outbox.sent_tables import ENTRIES
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from tests.unit.recording import T0, session, store


@pytest.fixture
def outbox(tmp_path):
    """An outbox over a file with five closed sessions."""
    with store(tmp_path / "local.db") as (adapter, writer):
        writer.apply([Put(session(n * 1000, n * 1000 + 900)) for n in range(5)])
        yield Outbox(adapter)


def ids(batch) -> list[int]:
    return [number for number, _revision in batch.references]


def test_rows_come_in_the_order_of_their_ids_and_in_pieces(outbox):
    first = outbox.next(0, 3)
    assert (ids(first), first.last_id) == ([1, 2, 3], 3)
    assert ids(outbox.next(first.last_id, 3)) == [4, 5]
    assert outbox.next(5, 3) is None


def test_the_json_has_every_key_of_the_batch_in_the_order_of_the_references(outbox):
    rows = json.loads(outbox.next(0, 2).rows)
    assert [row["original_id"] for row in rows] == [1, 2]
    assert rows[0]["started_at"] == T0
    assert set(rows[0]) == {
        *("uid", "device_id", "source_host", "original_id", "state", "application_name"),
        *("window_title", "process_id", "started_at", "ended_at", "utc_offset_minutes"),
        *("open", "deleted", "revision"),
    }


def test_long_titles_end_a_batch_early_and_none_is_left_out(tmp_path):
    with store(tmp_path / "local.db") as (adapter, writer):
        long = "語" * 4096
        writer.apply([Put(session(n, n + 1, window_title=long)) for n in range(600)])
        batches, last = [], 0
        while batch := Outbox(adapter).next(last, 1000):
            batches.append(ids(batch))
            last = batch.last_id
        assert [number for batch in batches for number in batch] == list(range(1, 601))
        assert len(batches) > 1


def test_a_row_is_marked_in_the_revision_that_was_sent_alone(outbox):
    outbox.mark([(1, 1), (2, 7)], T0)
    assert ids(outbox.next(0, 10)) == [2, 3, 4, 5]


def test_after_an_answer_is_noted_commits_wait_for_the_disk_again(outbox):
    with outbox.undone_by_a_power_cut():
        assert outbox._number("PRAGMA synchronous") == 1
        outbox.mark([(1, 1)], T0)
    assert outbox._number("PRAGMA synchronous") == 2


def test_a_row_that_is_set_aside_waits_no_more_until_it_changes(tmp_path):
    first = session(0, 1000, open=True)
    with store(tmp_path / "local.db") as (adapter, writer):
        writer.apply([Put(first)])
        outbox = Outbox(adapter)
        outbox.set_aside((1, 1), "no")
        assert (outbox.waiting(), outbox.refused(), outbox.next(0, 10)) == (0, 1, None)
        writer.apply([Put(replace(first, ended_at=T0 + 2000))])
        assert (outbox.waiting(), outbox.refused()) == (1, 0)


def test_what_was_set_aside_is_offered_again_when_that_is_asked(outbox):
    outbox.set_aside((3, 1), "no")
    assert outbox.offer_refused() == 1
    assert (outbox.waiting(), outbox.refused()) == (5, 0)


def test_what_was_refused_waits_again_where_everything_does(outbox):
    outbox.set_aside((3, 1), "no")
    outbox.offer_all()
    list(outbox.offer())
    assert (outbox.waiting(), outbox.refused()) == (5, 0)


def test_everything_is_offered_again_in_pieces_that_survive_an_end_in_between(outbox, monkeypatch):
    monkeypatch.setattr("reprospective_tray.store.outbox.outbox._OFFER_BELOW", two_at_once())
    outbox.mark([(n, 1) for n in range(1, 6)], T0)
    outbox.offer_all()
    assert next(outbox.offer()) == 2
    assert outbox.waiting() == 2
    assert sum(outbox.offer()) == 3
    assert outbox.waiting() == 5
    assert list(outbox.offer()) == []


def two_at_once() -> str:
    from reprospective_tray.store.outbox import outbox

    return outbox._OFFER_BELOW.replace(f"LIMIT {outbox._ROWS_A_TRANSACTION}", "LIMIT 2")


def test_a_file_of_the_older_schema_can_be_asked_what_waits(tmp_path):
    path = tmp_path / "local.db"
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1000))])
    with closing(sqlite3.connect(path)) as older:
        older.execute("DROP TABLE desktop_activity_refused")
        older.execute("PRAGMA user_version = 1")
    reader = SqliteAdapter(path, read_only=True)
    reader.open()
    with reader.connection():
        assert (Outbox(reader).waiting(), Outbox(reader).refused()) == (1, 0)


def test_facts_are_kept_and_let_go(tmp_path):
    with store(tmp_path / "local.db") as (adapter, _writer):
        facts = FileMeta(adapter)
        assert facts.get(MetaKey.LAST_ERROR, "") == ""
        facts.put(MetaKey.LAST_ERROR, "報告")
        assert FileMeta(adapter).get(MetaKey.LAST_ERROR) == "報告"
        facts.put(MetaKey.LAST_ERROR, None)
        assert facts.get(MetaKey.LAST_ERROR) is None


# --- entries ---


@pytest.fixture
def adapter(tmp_path):
    """A file with five entries, and five sessions that have the same ids."""
    with store(tmp_path / "local.db") as (adapter, writer):
        writer.apply([Put(session(n * 1000, n * 1000 + 900)) for n in range(5)])
        EntryWriter(adapter).add(
            *(Entry(new_uid(n), T0 + n * 10, T0 + n * 10 + 9, 0, "Work", "n") for n in range(5))
        )
        yield adapter


@pytest.fixture
def entries(adapter):
    """The outbox of its entries."""
    return Outbox(adapter, ENTRIES)


def test_the_json_of_an_entry_has_every_key_that_the_server_takes(entries):
    batch = entries.next(0, 2)
    assert ids(batch) == [1, 2]
    rows = json.loads(batch.rows)
    assert rows[0]["started_at"] == T0
    assert set(rows[0]) == {
        *("uid", "device_id", "source_host", "started_at", "ended_at", "utc_offset_minutes"),
        *("category", "note", "billable", "deleted", "revision"),
    }


def test_what_is_noted_of_entries_touches_no_session_of_the_same_id(adapter, entries):
    sessions = Outbox(adapter)
    entries.mark([(1, 1), (2, 7)], T0)
    entries.set_aside((3, 1), "no")
    assert ids(entries.next(0, 10)) == [2, 4, 5]
    assert (entries.waiting(), entries.refused(), entries.held_count()) == (3, 1, 1)
    assert (sessions.waiting(), sessions.refused(), sessions.held_count()) == (5, 0, 0)
    assert sessions.offer_refused() == 0
    assert entries.offer_refused() == 1
    entries.offer_all()
    assert list(entries.offer()) == [5]
    assert (entries.waiting(), sessions.waiting()) == (5, 5)


def test_offering_everything_offers_sessions_entries_and_orders(adapter, entries):
    sessions, orders = Outbox(adapter), RangeOrders(adapter)
    for outbox in (entries, sessions):
        outbox.mark([(number, 1) for number in range(1, 6)], T0)
    order = {"uid": "u", "device_ids": "[]", "started_at": 1, "ended_at": 2, "ordered_at": 3}
    adapter.models.RangeOrder.create(**order, acknowledged=1)
    assert (sessions.waiting(), entries.waiting(), orders.waiting()) == (0, 0, [])
    offer_everything(adapter)
    for outbox in (entries, sessions):
        assert list(outbox.offer()) == [5]
        assert outbox.waiting() == 5
    assert [one["uid"] for one in orders.waiting()] == ["u"]
