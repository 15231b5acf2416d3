"""The server is restored from an older backup: everything that is kept here comes back."""

import pytest
from psycopg2 import sql

from reprospective_tray.errors import ServerUnreachableError
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from tests.server.faults_computer import Computer
from tests.server.faults_hub import Hub
from tests.server.proxy import Proxy


class Backup:
    """A real copy of the whole database, and its way back in place of it."""

    def __init__(self, hub: Hub) -> None:
        self._server = hub.database.server.in_postgres
        self._name = sql.Identifier(hub.database.name)
        self._copy = sql.Identifier(f"{hub.database.name}_backup")
        self._run("DROP DATABASE IF EXISTS {copy}")
        self._run("CREATE DATABASE {copy} TEMPLATE {name}")

    def restore(self) -> None:
        self._run("DROP DATABASE {name} WITH (FORCE)")
        self._run("ALTER DATABASE {copy} RENAME TO {name}")

    def _run(self, statement: str) -> None:
        self._server.rows(sql.SQL(statement).format(name=self._name, copy=self._copy))


def before_and_after(hub: Hub, desk: Computer) -> None:
    """Record, back up, record and forget more, all of it synced; then restore."""
    desk.record(20, 1)
    desk.sync()
    backup = Backup(hub)
    desk.record(20, 2)
    forget_one(desk)
    desk.sync(batch=5)
    hub.assert_keeps(desk)
    backup.restore()
    assert hub.server_rows().keys() < desk.settled().rows.keys()


def forget_one(desk: Computer) -> None:
    """Forget one whole session, so that a tombstone stays."""
    query = "SELECT started_at, ended_at FROM desktop_activity_sessions WHERE deleted = 0"
    since, until = desk.local(
        f"{query} AND open = 0 AND ended_at > started_at ORDER BY id LIMIT 1"
    )[0]
    adapter = desk.adapter()
    adapter.open()
    with adapter.connection():
        forget(adapter, TimeRange(since, until))
    adapter.close()
    desk.note_elsewhere({"do": "forget", "since": since, "until": until, "pieces": []})


def test_everything_is_offered_again_tombstones_too(hub: Hub) -> None:
    desk = hub.computer()
    before_and_after(hub, desk)
    desk.record(5, 3)
    assert not desk.sync(batch=3).fitted
    hub.assert_keeps(desk)
    assert desk.sync().fitted


def test_it_is_noticed_where_nothing_waits(hub: Hub) -> None:
    desk = hub.computer()
    before_and_after(hub, desk)
    assert not desk.sync().fitted
    hub.assert_keeps(desk)


def test_it_is_noticed_where_the_answer_that_says_so_is_lost(hub: Hub, proxy: Proxy) -> None:
    desk = hub.computer(place=proxy)
    before_and_after(hub, desk)

    def cut_the_first_answer():
        connection = desk.connect()
        proxy.cut_after(to_client=0)
        return connection

    for _time in range(2):
        with pytest.raises(ServerUnreachableError):
            desk.sync(via=cut_the_first_answer)
    assert not desk.sync().fitted
    hub.assert_keeps(desk)


def test_a_second_restoration_while_everything_is_offered_again_is_noticed(
    hub: Hub, proxy: Proxy
) -> None:
    desk = hub.computer(place=proxy)
    desk.record(20, 1)
    desk.sync()
    hub.keep_copy()
    desk.record(20, 2)
    desk.sync()
    for so_far in (2, 4):
        hub.put_back()
        connection = desk.connect()
        rows, calls = connection.rows, []

        def cut_later(*args, rows=rows, calls=calls, so_far=so_far):
            calls.append(args)
            if len(calls) == so_far:
                proxy.cut()
            return rows(*args)

        connection.rows = cut_later
        with pytest.raises(ServerUnreachableError):
            desk.sync(batch=3, via=lambda made=connection: made)
    hub.put_back()
    desk.sync(batch=3)
    hub.assert_keeps(desk)


def test_what_a_copy_of_the_file_hides_of_the_restoration_comes_back_all_the_same(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(20, 1)
    desk.sync()
    hub.keep_copy()
    laptop = desk.copy_to(desk.folder.with_name("laptop"))
    desk.record(20, 2)
    desk.sync()
    hub.put_back()
    laptop.record(10, 3)
    assert laptop.sync().fitted  # it is where the backup is; for the other one this is no backup
    assert not desk.sync().fitted
    laptop.sync()
    hub.assert_keeps(desk, laptop)


def test_a_database_made_anew_gets_everything(hub: Hub) -> None:
    desk = hub.computer()
    hub.keep_copy()
    desk.record(30, 1)
    desk.sync()
    hub.put_back()
    assert hub.server_rows() == {}
    assert not desk.sync(batch=4).fitted
    hub.assert_keeps(desk)


def test_what_retention_had_taken_and_was_forgotten_is_forgotten_once_more(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(30, 1)
    with desk.recording(2) as recorder:
        if recorder.current:
            recorder.close()
    desk.sync()
    desk.local("UPDATE desktop_activity_sessions SET synced_at = 0")
    taken = desk.sync(retention=1).deleted
    assert taken > 3
    hub.keep_copy()
    adapter = desk.adapter()
    adapter.open()
    with adapter.connection():
        assert forget(adapter, TimeRange(0, 1 << 42)).ordered
    adapter.close()
    assert any(not row.deleted for row in hub.server_rows().values())
    desk.sync()
    assert all(row.deleted and not row.title for row in hub.server_rows().values())
    hub.put_back()
    assert any(not row.deleted for row in hub.server_rows().values())
    desk.sync()
    assert all(row.deleted and not row.title for row in hub.server_rows().values())
    assert desk.local("SELECT count(*) FROM desktop_activity_days") == [(0,)]


def test_retention_takes_nothing_before_everything_is_there_again(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(30, 1)
    hub.keep_copy()
    desk.sync()
    desk.local("UPDATE desktop_activity_sessions SET synced_at = 0")
    hub.put_back()
    assert desk.sync(retention=1, batch=4).deleted == 0
    hub.assert_keeps(desk)
