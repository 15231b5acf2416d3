"""What goes wrong once on the way of a pass, and must not go wrong for ever."""

import os
import socket
import threading

import pytest

from reprospective_tray.config.keys import Sync
from reprospective_tray.errors import ServerError, ServerUnreachableError, StoreError
from reprospective_tray.store.postgres.connection.connection import connect
from reprospective_tray.store.postgres.prepared_connection import connect_prepared
from reprospective_tray.sync.manager import DatabaseSyncManager
from tests.bystander import at_most
from tests.server.addresses import address_of, plain_environment
from tests.server.test_sync_command import record
from tests.support import PATIENCE_S, wait_until

__all__ = ["plain_environment"]

pytestmark = pytest.mark.usefixtures("plain_environment")
SECONDS = 10.0
ORDER = "INSERT INTO desktop_activity_range_orders VALUES (?, ?, 0, 1000, NULL, ?, 0)"


def manager_of(user, reach):
    from reprospective_tray.store.sqlite.adapter import SqliteAdapter

    return DatabaseSyncManager(
        lambda: SqliteAdapter(user.database), reach, Sync(retention_days=None), None
    )


def test_a_pass_that_was_told_to_end_says_whether_anything_is_left(user, database):
    record(user, 30)
    manager = manager_of(user, lambda: connect_prepared(address_of(database), user.paths.data))
    stop = threading.Event()
    stop.set()
    assert not manager.run(stop).is_whole
    assert manager.run(threading.Event()).is_whole
    assert manager.run(stop).is_whole
    manager.close()


def test_a_schema_that_was_dropped_is_made_again_by_a_later_pass(user, database):
    record(user, 3)
    manager = manager_of(user, lambda: connect_prepared(address_of(database), user.paths.data))
    assert manager.run(threading.Event()).sent == 3
    database.rows("DROP SCHEMA reprospective CASCADE")
    with pytest.raises(ServerError):
        manager.run(threading.Event())
    manager.run(threading.Event())
    tables = "SELECT to_regclass('reprospective.desktop_activity_sessions') IS NOT NULL"
    assert database.rows(tables) == [(True,)]
    manager.close()


def test_a_silent_server_keeps_no_pass_that_is_aborted_while_it_connects(user, database, proxy):
    record(user, 3)
    proxy.go_silent(hold=True)
    manager = manager_of(user, lambda: connect(address_of(database.at(proxy))))
    failed = []

    def run():
        with pytest.raises(ServerUnreachableError, match="closed by this program"):
            manager.run(threading.Event())
        failed.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: proxy.connections, SECONDS, "the attempt")
    with at_most(1.0):
        manager.abort()
        thread.join(PATIENCE_S)
    assert failed
    proxy.go_on()
    wait_until(lambda: proxy.open_connections == 0, SECONDS, "the end of what came too late")
    manager.close()


def test_an_abort_between_connecting_and_asking_is_not_lost(user, database):
    record(user, 3)
    made = []

    def reach():
        made.append(connect_prepared(address_of(database), user.paths.data))
        manager.abort()
        return made[0]

    manager = manager_of(user, reach)
    with pytest.raises(ServerUnreachableError, match="closed by this program"):
        manager.run(threading.Event())
    wait_until(lambda: made[0].closed, SECONDS, "the end of the connection")
    manager.close()


def test_an_order_that_the_server_cannot_digest_holds_up_no_other(shipper):
    shipper.record()
    device = shipper.execute("SELECT value FROM desktop_activity_meta WHERE key = 'device_id'")
    good = f'["{device[0][0]}"]'
    for number, devices in enumerate((good, '["no uuid"]', good)):
        uid = f"0190a000-0000-7000-8000-00000000000{number}"
        shipper.execute(ORDER, (uid, devices, number))
    assert shipper.sync().is_whole
    kept = "SELECT acknowledged FROM desktop_activity_range_orders ORDER BY uid"
    assert shipper.execute(kept) == [(1,), (0,), (1,)]


def test_a_bad_order_alone_does_not_keep_a_pass_from_learning_the_server_s_clock(shipper):
    shipper.record()
    uid = "0190a000-0000-7000-8000-000000000000"
    shipper.execute(ORDER, (uid, '["no uuid"]', 1))
    assert shipper.sync().clock > 0


def test_a_socket_that_cannot_be_watched_is_a_connection_that_is_lost(database, monkeypatch):
    def fail(*_arguments):
        raise OSError(24, "Too many open files")

    connection = connect(address_of(database))
    monkeypatch.setattr(os, "dup", fail)
    monkeypatch.setattr(socket, "dup", fail)
    with pytest.raises(ServerUnreachableError, match=r"was lost: Too many open files\."):
        connection.rows("SELECT 1")
    assert connection.closed
    connection.close()


def test_the_family_of_a_socket_is_not_asked_for(database, monkeypatch):
    asked = []
    plain = socket.fromfd

    def note(number, family, kind):
        asked.append((family, kind))
        return plain(number, family, kind)

    monkeypatch.setattr(socket, "fromfd", note)
    with connect(address_of(database, host=str(database.server.folder))) as connection:
        assert connection.rows("SELECT 1") == [(1,)]
    assert asked
    assert set(asked) == {(socket.AF_INET, socket.SOCK_STREAM)}


def test_only_a_lock_that_cannot_be_made_is_said_to_be_one(user):
    record(user, 3)

    def reach():
        raise OSError(5, "of another kind")

    manager = manager_of(user, reach)
    with pytest.raises(OSError, match="of another kind"):
        manager.run(threading.Event())
    (user.database.parent / f"{user.database.name}.sync-lock").unlink()
    (user.database.parent / f"{user.database.name}.sync-lock").mkdir()
    with pytest.raises(StoreError, match="cannot be locked"):
        manager.run(threading.Event())
