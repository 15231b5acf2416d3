"""Entries of a local file arrive on the server once, in their newest revision.

How it can fail: an answer is lost, an entry changes between sending and marking, the server is
older than entries, restored, upgraded or another one, the file is a copy or rolled back, an entry
is refused, or deleted in one place and changed in the other.
"""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reprospective_tray.errors import ServerUnreachableError
from reprospective_tray.store.outbox import sync_state
from reprospective_tray.store.outbox.outbox import Outbox
from reprospective_tray.store.outbox.sent_tables import ENTRIES as TABLE
from reprospective_tray.store.postgres.schema import upgrade
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.sync.answer import BatchAnswer
from reprospective_tray.sync.uploader import SentBatch
from tests.server.central import Central
from tests.server.entries import ENTRIES, SERVERS, add, central, entry, local, waiting, writing
from tests.server.sender import connected
from tests.server.servers import Database, Person
from tests.server.shipper import Shipper, instants, lose_the_answer
from tests.unit.recording import session


@pytest.fixture
def server(central: Central) -> Database:
    return central.database


def state(path: Path) -> sync_state.SyncState:
    return sync_state.read(SqliteAdapter(path, read_only=True))


def test_entries_and_sessions_arrive_in_the_same_batch_and_nothing_waits(
    shipper: Shipper, server: Database
):
    shipper.record(session(0, 5000))
    shipper.sync()  # the server has said by now that it takes entries
    shipper.record(session(6000, 7000))
    add(shipper.path, entry(1), entry(2, billable=False, note=""))
    assert state(shipper.path).waiting == 3
    counter = "SELECT counter FROM reprospective.devices"
    ((before,),) = server.rows(counter)
    passed = shipper.sync()
    assert (passed.sent, passed.entries, passed.waiting_entries) == (1, 2, 0)
    assert server.rows(counter) == [(before + 1,)]
    assert central(server) == local(shipper.path)
    assert len(instants(server)) == 2
    assert state(shipper.path).waiting == 0


def test_the_first_contact_sends_entries_too_with_or_without_sessions(
    make_shipper: Callable[..., Shipper], server: Database
):
    for name in ("desk", "lap"):
        shipper = make_shipper(name)
        add(shipper.path, entry(1), entry(2))
        if name == "desk":
            shipper.record(session(0, 5000))
        assert shipper.sync().entries == 2
        assert waiting(shipper.path) == []
    assert len(central(server)) == 4


def test_many_entries_go_in_several_batches(make_shipper: Callable[..., Shipper], server: Database):
    shipper = make_shipper(batch_size=3)
    add(shipper.path, *(entry(n) for n in range(11)))
    shipper.record(*(session(n * 1000, n * 1000 + 900) for n in range(5)))
    passed = shipper.sync()
    assert (passed.sent, passed.entries) == (5, 11)
    assert central(server) == local(shipper.path)


def test_changes_cuts_and_deletions_follow_and_a_deletion_leaves_no_text(
    shipper: Shipper, server: Database
):
    first, second, third = entry(1), entry(2), entry(3, note="to be deleted")
    add(shipper.path, first, second, third)
    shipper.sync()
    with writing(shipper.path) as writer:
        writer.change(replace(first, note="changed", billable=False))
        writer.delete(third.uid)
    shipper.sync()
    held = central(server)
    assert held == local(shipper.path)
    assert (held[first.uid]["note"], held[first.uid]["revision"]) == ("changed", 2)
    assert (held[third.uid]["deleted"], held[third.uid]["category"]) == (1, "")
    assert "to be deleted" not in repr(server.rows(f"SELECT * FROM {SERVERS}"))  # noqa: S608
    assert waiting(shipper.path) == []


def test_a_lost_answer_neither_loses_nor_doubles_an_entry(shipper: Shipper, server: Database):
    add(shipper.path, entry(1))
    shipper.sync()
    add(shipper.path, entry(2))
    assert shipper.connection
    shipper.connection.after = lose_the_answer
    with shipper.offline(), pytest.raises(ServerUnreachableError):
        shipper.sync()
    assert len(waiting(shipper.path)) == 1
    assert len(central(server)) == 2
    shipper.sync()
    assert (central(server), waiting(shipper.path)) == (local(shipper.path), [])


def test_an_entry_that_changes_between_sending_and_marking_is_sent_again(
    shipper: Shipper, server: Database
):
    first = entry(1)
    shipper.sync()
    add(shipper.path, first)
    changed = replace(first, note="changed meanwhile")
    stop = threading.Event()

    def change() -> None:
        with writing(shipper.path) as writer:
            writer.change(changed)
        stop.set()

    assert shipper.connection
    shipper.connection.after = change
    shipper.manager.run(stop)
    assert central(server)[first.uid]["note"] == first.note
    assert waiting(shipper.path) == [first.uid]
    shipper.sync()
    assert central(server)[first.uid]["note"] == "changed meanwhile"
    assert waiting(shipper.path) == []


# --- older servers ---


@pytest.fixture
def old_server(database: Database, make_person: Callable[..., Person], tmp_path: Path) -> Any:
    """A database of a person alone, with the schema before entries; and its upgrade."""
    role = make_person()
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO {role.name}")
    folder = tmp_path / "scripts"
    folder.mkdir()
    for script in upgrade.scripts()[:3]:
        shutil.copy(script.path, folder)
    with connected(database, role) as connection:
        upgrade.ensure(connection, folder)
    return database, role


def test_an_older_server_gets_the_sessions_and_the_entries_wait_for_its_upgrade(
    old_server: Any, tmp_path: Path
):
    database, role = old_server
    shipper = Shipper(tmp_path / "desk.db", database.dsn(role.name, role.password))
    shipper.record(session(0, 5000))
    add(shipper.path, entry(1), entry(2))
    sent: list[str | None] = []
    send = shipper.manager._uploader.send

    def note(parcel: SentBatch) -> BatchAnswer:
        sent.append(parcel.entries)
        return send(parcel)

    shipper.manager._uploader.send = note  # type: ignore[method-assign]
    for sessions in (1, 0):
        passed = shipper.sync()
        assert (passed.sent, passed.entries, passed.waiting_entries) == (sessions, 0, 2)
        assert passed.is_whole
        assert (len(waiting(shipper.path)), state(shipper.path).waiting) == (2, 2)
    assert set(sent) == {None}
    with connected(database, role) as connection:
        upgrade.ensure(connection)
    passed = shipper.sync()
    assert (passed.sent, passed.entries, passed.waiting_entries) == (0, 2, 0)
    assert central(database) == local(shipper.path)
    shipper.close()


def test_a_file_that_goes_from_a_new_server_to_an_older_one_marks_nothing_as_sent_there(
    shipper: Shipper, old_server: Any
):
    database, role = old_server
    add(shipper.path, entry(1))
    shipper.sync()
    add(shipper.path, entry(2))
    moved = Shipper(shipper.path, database.dsn(role.name, role.password))
    done = moved.manager.verify(threading.Event())
    assert (done.compared, done.offered_again) == (1, 1)
    passed = moved.sync()
    # It was told that this server knows nothing of it, and offers all again.
    assert (passed.entries, passed.waiting_entries) == (0, 2)
    assert len(waiting(shipper.path)) == 2
    moved.close()


# --- restored, rolled back, copied ---


def test_a_server_that_was_restored_gets_all_entries_again(shipper: Shipper, server: Database):
    add(shipper.path, entry(1))
    shipper.sync()
    add(shipper.path, entry(2))
    with writing(shipper.path) as writer:
        writer.delete(next(iter(local(shipper.path))))
    shipper.sync()
    shipper.sync()
    wanted = local(shipper.path)
    server.rows(f"TRUNCATE {SERVERS}, reprospective.devices")
    shipper.sync()
    assert (central(server), waiting(shipper.path)) == (wanted, [])


def test_a_copy_of_the_file_goes_on_as_another_device_and_no_entry_is_lost_or_doubled(
    shipper: Shipper, make_shipper: Callable[..., Shipper], server: Database
):
    shared = entry(1)
    add(shipper.path, shared)
    shipper.sync()
    copy = make_shipper("copy")
    shutil.copy(shipper.path, copy.path)
    add(shipper.path, entry(2))
    shipper.sync()
    add(copy.path, entry(3))
    copy.sync()  # a fork: it becomes another device, and offers all again
    late = entry(4)
    add(copy.path, late)
    copy.sync()
    shipper.sync()
    held = central(server)
    assert held == local(shipper.path) | local(copy.path)
    assert len(held) == 4
    assert held[late.uid]["device_id"] != held[shared.uid]["device_id"]
    assert (waiting(shipper.path), waiting(copy.path)) == ([], [])


def test_a_file_that_was_rolled_back_loses_no_entry_of_the_time_after(
    shipper: Shipper, server: Database, tmp_path: Path
):
    add(shipper.path, entry(1))
    shipper.sync()
    shutil.copy(shipper.path, tmp_path / "older")
    add(shipper.path, entry(2))
    shipper.sync()
    before = central(server)
    for name in shipper.path.parent.glob(f"{shipper.path.name}*"):
        name.unlink()
    shutil.copy(tmp_path / "older", shipper.path)
    add(shipper.path, entry(5))
    shipper.sync()
    assert before.items() <= central(server).items()
    assert local(shipper.path).items() <= central(server).items()
    assert waiting(shipper.path) == []


# --- superseded ---


def test_a_later_version_of_another_copy_replaces_the_entry_here(
    shipper: Shipper, server: Database
):
    first = entry(1)
    add(shipper.path, first)
    shipper.sync()
    server.rows(f"UPDATE {SERVERS} SET revision = 9, note = 'from elsewhere', billable = 0")  # noqa: S608
    with writing(shipper.path) as writer:
        writer.change(replace(first, note="mine"))
    assert shipper.sync().superseded == 1
    assert central(server) == local(shipper.path)
    assert local(shipper.path)[first.uid]["note"] == "from elsewhere"
    assert waiting(shipper.path) == []


def test_a_deletion_elsewhere_wins_over_a_change_here(shipper: Shipper, server: Database):
    first = entry(1)
    add(shipper.path, first)
    shipper.sync()
    server.rows(
        f"UPDATE {SERVERS} SET deleted = 1, category = '', note = '', revision = revision + 1"  # noqa: S608
    )
    with writing(shipper.path) as writer:
        for note in ("a", "b", "c"):
            writer.change(replace(first, note=note))
    assert shipper.sync().superseded == 1
    held = local(shipper.path)[first.uid]
    assert (held["deleted"], held["category"], held["note"]) == (1, "", "")
    assert waiting(shipper.path) == []


def test_a_deletion_here_wins_over_a_change_elsewhere(shipper: Shipper, server: Database):
    first = entry(1)
    add(shipper.path, first)
    shipper.sync()
    server.rows(f"UPDATE {SERVERS} SET revision = 9")  # noqa: S608
    with writing(shipper.path) as writer:
        writer.delete(first.uid)
    shipper.sync()
    assert central(server)[first.uid]["deleted"] == 1


# --- refused, compared ---


def test_an_entry_that_is_refused_is_set_aside_and_offered_again_when_asked(
    shipper: Shipper, server: Database
):
    hers, good = entry(1), entry(2)
    add(shipper.path, hers, good)
    shipper.record(session(0, 5000))
    server.rows(
        f"""INSERT INTO {SERVERS} (uid, owner, device_id, source_host, started_at, ended_at,
            utc_offset_minutes, category) VALUES (%s, 'another', gen_random_uuid(), 'x',
            now(), now() + interval '1 h', 0, 'x')""",  # noqa: S608
        [hers.uid],
    )
    passed = shipper.sync()
    assert (passed.sent, passed.entries, passed.refused) == (1, 1, 1)
    assert (state(shipper.path).waiting, state(shipper.path).refused) == (0, 1)
    assert shipper.sync().refused == 0
    server.rows(f"DELETE FROM {SERVERS} WHERE owner = 'another'")  # noqa: S608
    assert shipper.manager.retry_refused() == 1
    assert shipper.sync().entries == 1
    assert central(server) == local(shipper.path)
    assert state(shipper.path).refused == 0


def test_a_text_that_postgresql_cannot_hold_keeps_no_other_entry_away(
    shipper: Shipper, server: Database
):
    add(shipper.path, *(entry(n) for n in range(6)))
    shipper.record(session(0, 5000))
    with closing(sqlite3.connect(shipper.path)) as connection, connection:
        connection.execute(f"UPDATE {ENTRIES} SET note = 'a' || char(0) || 'b' WHERE id = 3")  # noqa: S608
    passed = shipper.sync()
    assert (passed.sent, passed.entries, passed.refused) == (1, 5, 1)
    assert len(central(server)) == 5


def test_verify_offers_what_is_missing_or_different_on_the_server(
    shipper: Shipper, server: Database
):
    entries = [entry(n) for n in range(5)]
    add(shipper.path, *entries)
    shipper.record(session(0, 5000))
    shipper.sync()
    with writing(shipper.path) as writer:
        writer.delete(entries[4].uid)
    shipper.sync()
    server.rows(f"DELETE FROM {SERVERS} WHERE uid = %s", [entries[0].uid])  # noqa: S608
    server.rows(f"UPDATE {SERVERS} SET revision = 0 WHERE uid = %s", [entries[1].uid])  # noqa: S608
    done = shipper.manager.verify(threading.Event())
    assert (done.compared, done.offered_again) == (6, 2)
    shipper.sync()
    assert central(server) == local(shipper.path)
    assert shipper.manager.verify(threading.Event()).offered_again == 0


def test_a_file_of_before_entries_that_is_read_alone_has_none_that_wait(tmp_path: Path):
    path = tmp_path / "local.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE desktop_activity_meta (key TEXT PRIMARY KEY, value TEXT)")
    adapter = SqliteAdapter(path, read_only=True)
    with adapter.connection():
        outbox = Outbox(adapter, TABLE)
        assert (outbox.waiting(), outbox.refused()) == (0, 0)
