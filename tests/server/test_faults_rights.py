"""Rights, role or password go in mid-life: the pass fails as a whole, and mends with them."""

import threading

import psycopg2
import pytest
from psycopg2 import sql

from reprospective_tray.errors import ServerRefusedError
from tests.server.faults_computer import Computer
from tests.server.faults_hub import Hub

SESSIONS = "reprospective.desktop_activity_sessions"
GROUP = "reprospective_person"
RIGHTS = {
    "INSERT": f"INSERT ON {SESSIONS}",
    "UPDATE": f"UPDATE ON {SESSIONS}",
    "SELECT": f"SELECT ON {SESSIONS}",
    "devices": "INSERT, SELECT, UPDATE ON reprospective.devices",
    "functions": "EXECUTE ON ALL FUNCTIONS IN SCHEMA reprospective",
    "version": "SELECT ON reprospective.schema_version",
    "schema": "USAGE ON SCHEMA reprospective",
}


def assert_refused_as_a_whole(desk: Computer, manager) -> None:
    """No row is called refused, and the person is told what to do."""
    with pytest.raises(ServerRefusedError) as raised:
        manager.run(threading.Event())
    assert raised.value.remedy
    assert desk.local("SELECT count(*) FROM desktop_activity_refused") == [(0,)]
    kept = desk.local("SELECT value FROM desktop_activity_meta WHERE key = 'sync.last_error'")
    assert str(raised.value)[:20] in kept[0][0]


@pytest.mark.parametrize("right", RIGHTS)
def test_a_right_that_is_withdrawn_fails_the_pass_and_no_row(hub: Hub, right: str) -> None:
    desk = hub.computer()
    desk.record(10, 1)
    manager = desk.manager(batch=4)
    manager.run(threading.Event())
    desk.record(10, 2)
    hub.rows(f"REVOKE {RIGHTS[right]} FROM {GROUP}")
    assert_refused_as_a_whole(desk, manager)
    assert_refused_as_a_whole(desk, manager)
    hub.rows(f"GRANT {RIGHTS[right]} TO {GROUP}")
    manager.run(threading.Event())
    manager.close()
    hub.assert_keeps(desk)


def test_a_role_that_leaves_the_group_fails_the_pass_and_no_row(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(10, 1)
    desk.sync()
    desk.record(10, 2)
    name = sql.Identifier(hub.person.name)
    hub.rows(sql.SQL("REVOKE reprospective_person FROM {}").format(name))
    manager = desk.manager()
    assert_refused_as_a_whole(desk, manager)
    hub.rows(sql.SQL("GRANT reprospective_person TO {}").format(name))
    manager.run(threading.Event())
    manager.close()
    hub.assert_keeps(desk)


@pytest.mark.parametrize("change", ["PASSWORD 'another'", "NOLOGIN"])
def test_a_role_that_cannot_log_in_any_more_fails_the_pass_and_no_row(
    hub: Hub, change: str
) -> None:
    desk = hub.computer()
    desk.record(10, 1)
    desk.sync()
    desk.record(10, 2)
    name = sql.Identifier(hub.person.name)
    hub.rows(sql.SQL("ALTER ROLE {} " + change).format(name))
    manager = desk.manager()
    assert_refused_as_a_whole(desk, manager)
    hub.rows(sql.SQL("ALTER ROLE {} LOGIN PASSWORD %s").format(name), hub.person.password)
    manager.run(threading.Event())
    manager.close()
    hub.assert_keeps(desk)


def test_a_role_that_is_dropped_and_made_again_finds_its_rows(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(10, 1)
    manager = desk.manager()
    manager.run(threading.Event())
    desk.record(10, 2)
    name = sql.Identifier(hub.person.name)
    hub.rows(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(name))
    assert_refused_as_a_whole(desk, manager)
    manager.close()
    manager = desk.manager()
    assert_refused_as_a_whole(desk, manager)
    hub.rows(sql.SQL("CREATE ROLE {} LOGIN PASSWORD %s").format(name), hub.person.password)
    hub.rows(sql.SQL("GRANT reprospective_person TO {}").format(name))
    manager.run(threading.Event())
    manager.close()
    hub.assert_keeps(desk)


def test_a_database_that_is_gone_fails_the_pass_and_no_row(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(10, 1)
    server = hub.database.server.in_postgres
    name = sql.Identifier(hub.database.name)
    server.rows(sql.SQL("ALTER DATABASE {} RENAME TO elsewhere").format(name))
    manager = desk.manager()
    try:
        assert_refused_as_a_whole(desk, manager)
    finally:
        server.rows(sql.SQL("ALTER DATABASE elsewhere RENAME TO {}").format(name))
    manager.run(threading.Event())
    manager.close()
    hub.assert_keeps(desk)


def test_no_password_is_in_what_is_said_of_a_refusal(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(3, 1)
    name = sql.Identifier(hub.person.name)
    hub.rows(sql.SQL("ALTER ROLE {} PASSWORD 'another'").format(name))
    with pytest.raises(ServerRefusedError) as raised:
        desk.sync()
    said = f"{raised.value!r} {raised.value.remedy} {raised.value.__cause__!r}"
    assert hub.person.password not in said
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(desk.dsn)
