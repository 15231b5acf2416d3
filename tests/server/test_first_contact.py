"""The first sync to a database in which nothing is prepared."""

import pytest
from psycopg2 import sql

from reprospective_tray.errors import StoreError
from reprospective_tray.ipc.instance_lock import InstanceLock
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.sync.offline_identity import OfflineIdentity
from tests.desktop.command_line import command_of
from tests.server.servers import Database, Person
from tests.server.test_sync_command import record
from tests.support import User


def configure(user: User, database: Database, person: Person) -> None:
    user.write_config(f"""
database:
  remote:
    host: {database.host}
    port: {database.port}
    database: {database.name}
    user: {person.name}
    password: "{person.password.replace(chr(92), chr(92) * 2)}"
  sync: {{enabled: true}}
""")


def test_a_role_that_may_make_a_schema_gets_it_with_the_first_sync(user, database, make_person):
    person = make_person()
    name = sql.Identifier(database.name), sql.Identifier(person.name)
    database.rows(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(*name))
    configure(user, database, person)
    record(user, 3)
    assert command_of(user)("sync").returncode == 0
    rows = "SELECT DISTINCT owner FROM reprospective.desktop_activity_sessions"
    assert database.rows(rows) == [(person.name,)]
    assert "single owner" in command_of(user)("server", "status").stdout


def test_a_role_that_may_not_is_told_what_has_to_be_done(user, database, make_person):
    configure(user, database, make_person())
    record(user, 3)
    done = command_of(user)("sync")
    assert done.returncode == 1
    assert "server init" in done.stderr
    assert database.rows("SELECT 1 FROM pg_namespace WHERE nspname = 'reprospective'") == []


def test_who_the_file_is_does_not_change_behind_the_back_of_who_records(user):
    record(user, 1)
    running = InstanceLock(user.paths)
    running.acquire()
    alone = OfflineIdentity(lambda: SqliteAdapter(user.database), InstanceLock(user.paths))
    before = device_of(user)
    try:
        with pytest.raises(StoreError):
            alone.become_another_device()
    finally:
        running.release()
    assert device_of(user) == before
    alone.become_another_device()
    assert device_of(user) != before


def device_of(user: User) -> str:
    adapter = SqliteAdapter(user.database, read_only=True)
    adapter.open()
    return adapter.device_id
