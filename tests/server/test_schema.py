"""How the schema comes into being, and how it is upgraded while others go on sending."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reprospective_tray.errors import (
    ServerError,
    ServerRefusedError,
    ServerSchemaMissingError,
    ServerUnreachableError,
)
from reprospective_tray.store.postgres.administration.roles import initialise
from reprospective_tray.store.postgres.connection.connection import Connection
from reprospective_tray.store.postgres.schema import upgrade as schema
from reprospective_tray.store.postgres.schema.upgrade import SCRIPTS, check_database, ensure
from tests.server.pgbouncer import Pooler
from tests.server.sender import add_role, connected, sender, stored
from tests.server.servers import Database, Person, Server
from tests.support import wait_until

LATEST = schema.scripts()[-1].number
NEXT = LATEST + 1
ALL = [(number,) for number in range(1, LATEST + 1)]
VERSIONS = "SELECT version FROM reprospective.schema_version ORDER BY version"


def next_script() -> str:
    """Return a script that adds a column, in the way that every such script is to do it."""
    first = schema.scripts()[0].read()
    begin = first.index("CREATE FUNCTION reprospective.take_rows")
    take_rows = first[begin : first.index("$$;", begin) + 3]
    for old, new in (
        ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
        ("received_at, sent_schema\n", "received_at, sent_schema, mood\n"),
        ("least(client_schema, 1)", f"least(client_schema, {NEXT}), r.mood"),
        (
            "sent_schema = excluded.sent_schema\n",
            "sent_schema = excluded.sent_schema, mood = coalesce(excluded.mood, held.mood)\n",
        ),
    ):
        assert take_rows.count(old) == 1, old
        take_rows = take_rows.replace(old, new)
    return f"""
        ALTER TABLE reprospective.desktop_activity_sessions ADD COLUMN mood text;
        -- In this order it would meet batches under way head-on, were the tables not locked first.
        ALTER TABLE reprospective.devices ADD COLUMN note text;
        ALTER TYPE reprospective.sent_row ADD ATTRIBUTE mood text;
        {take_rows}
        CREATE VIEW reprospective.moods WITH (security_invoker = true) AS
        SELECT uid::text, mood FROM reprospective.desktop_activity_sessions;
    """  # noqa: S608  the program's own SQL


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The scripts of a version to come: the ones that there are, and a next one."""
    for script in schema.scripts():
        shutil.copy(script.path, tmp_path)
    (tmp_path / f"{NEXT:04}_mood.sql").write_text(next_script(), "utf-8")
    return tmp_path


@pytest.fixture
def single(database: Database, make_person: Callable[..., Person]) -> Person:
    """A role that may create in its database, and make no roles."""
    role = make_person()
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO {role.name}")
    return role


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that goes out from here on."""
    sent: list[str] = []
    send = Connection._send

    def note(self: Connection, cursor: Any, sql: str, args: Any) -> Any:
        sent.append(sql)
        return send(self, cursor, sql, args)

    monkeypatch.setattr(Connection, "_send", note)
    return sent


def test_the_first_sync_of_a_role_that_may_create_makes_all_of_it_and_no_role(
    database: Database, single: Person
):
    roles = database.rows("SELECT count(*) FROM pg_roles")
    with connected(database, single) as connection:
        assert ensure(connection) == LATEST
    assert database.rows(VERSIONS) == ALL
    assert database.rows("SELECT count(*) FROM pg_roles") == roles
    owners = database.rows("""
        SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class
        WHERE relnamespace = 'reprospective'::regnamespace
    """)
    assert owners == [(single.name,)]
    with sender(database, single) as device:
        assert device.send(device.row())["stored"] == 1
        assert device.ask("SELECT ms FROM reprospective.desktop_activity_days") == [(29_123,)]


def test_asking_what_is_there_is_one_query(
    database: Database, single: Person, statements: list[str]
):
    with connected(database, single) as connection:
        ensure(connection)
        del statements[:]
        assert ensure(connection) == LATEST
    assert len(statements) == 1


def test_a_role_that_may_not_create_is_told_of_server_init(
    database: Database, make_person: Callable[..., Person]
):
    with (
        connected(database, make_person()) as connection,
        pytest.raises(ServerSchemaMissingError) as raised,
    ):
        ensure(connection)
    assert "reprospective-tray server init" in raised.value.remedy
    assert database.rows("SELECT 1 FROM pg_namespace WHERE nspname = 'reprospective'") == []


def test_a_role_that_is_no_person_is_told_of_add_person(
    fresh: Database, make_person: Callable[..., Person]
):
    with (
        connected(fresh, make_person()) as connection,
        pytest.raises(ServerRefusedError) as raised,
    ):
        ensure(connection)
    assert "add-person" in raised.value.remedy


def test_a_schema_that_was_made_empty_for_a_role_is_filled_by_it(
    database: Database, make_person: Callable[..., Person]
):
    role = make_person()
    database.rows(f"CREATE SCHEMA reprospective AUTHORIZATION {role.name}")
    with connected(database, role) as connection:
        assert ensure(connection) == LATEST


def test_the_schema_is_made_through_a_pooler_too(
    database: Database, single: Person, pgbouncer: Pooler
):
    with connected(database.at(pgbouncer), single) as connection:
        assert ensure(connection) == LATEST
    # What others get of the pooler's connection is as it was.
    with sender(database.at(pgbouncer), single) as other:
        settings = other.ask(
            "SELECT current_setting('search_path'), current_setting('lock_timeout'), current_user"
        )
    assert settings == [('"$user", public', "0", single.name)]


def test_of_several_that_start_at_once_one_makes_it_and_all_go_on(
    database: Database, single: Person
):
    found: list[int] = []
    start = threading.Barrier(6)

    def begin() -> None:
        with connected(database, single) as connection:
            start.wait()
            found.append(ensure(connection))

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [LATEST] * 6
    assert database.rows(VERSIONS) == ALL


def test_an_upgrade_amid_many_senders_loses_no_row_and_fails_no_batch(
    database: Database, single: Person, newer: Path
):
    with connected(database, single) as connection:
        ensure(connection)
    sent: set[str] = set()
    failures: list[BaseException] = []
    upgraded, busy = threading.Event(), threading.Barrier(5)

    def keep_sending() -> None:
        try:
            with sender(database, single) as device:
                device.send(device.row())
                busy.wait()
                after = 0
                while after < 3:
                    after += upgraded.is_set()
                    rows = [device.row(mood="calm") for _ in range(20)]
                    answer = device.send(*rows)
                    assert (answer["verdict"], answer["stored"]) == ("fits", 20)
                    sent.update(row["uid"] for row in rows)
        except BaseException as error:  # noqa: BLE001  told by the test
            failures.append(error)

    threads = [threading.Thread(target=keep_sending) for _ in range(4)]
    for thread in threads:
        thread.start()
    busy.wait()
    try:
        with connected(database, single) as connection:
            assert ensure(connection, newer) == NEXT
    finally:
        upgraded.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert sent <= stored(database).keys()
    assert len(stored(database)) == len(sent) + len(threads)
    assert database.rows(VERSIONS) == [*ALL, (NEXT,)]


def test_an_upgrade_that_is_killed_leaves_nothing_half(
    database: Database, single: Person, newer: Path
):
    with connected(database, single) as connection:
        ensure(connection)
    script = newer / f"{NEXT:04}_mood.sql"
    whole = script.read_text("utf-8")
    script.write_text(whole + "SELECT pg_sleep(60);", "utf-8")
    ended: list[BaseException] = []

    def upgrade() -> None:
        with connected(database, single) as connection:
            try:
                ensure(connection, newer)
            except ServerError as error:
                ended.append(error)

    thread = threading.Thread(target=upgrade)
    thread.start()
    sleeping = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = %s"
    wait_until(lambda: database.rows(sleeping, [database.name]), 10, "the upgrade")
    database.rows(
        f"SELECT pg_terminate_backend(pid) FROM ({sleeping}) AS asleep",  # noqa: S608  our own
        [database.name],
    )
    thread.join()
    assert isinstance(ended[0], ServerUnreachableError)
    assert database.rows(VERSIONS) == ALL
    with sender(database, single) as device:
        assert device.send(device.row())["stored"] == 1
    script.write_text(whole, "utf-8")
    with connected(database, single) as connection:
        assert ensure(connection, newer) == NEXT


def test_an_upgrade_that_fails_leaves_what_was_there(
    database: Database, single: Person, newer: Path
):
    with connected(database, single) as connection:
        ensure(connection)
        (newer / f"{NEXT + 1:04}_wrong.sql").write_text(
            "ALTER TABLE reprospective.nowhere ADD a text"
        )
        with pytest.raises(ServerError):
            ensure(connection, newer)
        assert connection.rows(VERSIONS) == ALL


def test_an_upgrade_that_somebodys_reading_holds_up_waits_for_another_time(
    database: Database, single: Person, newer: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(schema, "LOCK_WAIT_S", 0.1)
    with connected(database, single) as connection, sender(database) as reader:
        ensure(connection)
        reader.ask("BEGIN; SELECT * FROM reprospective.daily_application_totals")
        assert ensure(connection, newer) == LATEST
        reader.ask("COMMIT")
        assert ensure(connection, newer) == NEXT


def test_a_person_leaves_an_older_server_as_it_is_and_sends(
    fresh: Database, make_person: Callable[..., Person], newer: Path
):
    role = add_role(fresh, make_person())
    with connected(fresh, role) as connection:
        assert ensure(connection, newer) == LATEST
    assert fresh.rows(VERSIONS) == ALL


def test_an_upgrade_by_server_init_lets_the_persons_use_what_is_new(
    fresh: Database, make_person: Callable[..., Person], newer: Path
):
    role = add_role(fresh, make_person())
    with connected(fresh) as connection:
        assert initialise(connection, folder=newer).version == NEXT
    with sender(fresh, role) as device:
        row = device.row(mood="calm")
        device.send(row, schema=NEXT)
        assert device.ask("SELECT * FROM reprospective.moods") == [(row["uid"], "calm")]


def test_what_a_superuser_upgrades_goes_on_belonging_to_its_owner(
    database: Database, single: Person, newer: Path
):
    with connected(database, single) as connection:
        ensure(connection)
    with connected(database) as connection:
        assert ensure(connection, newer) == NEXT
    owner = database.rows(
        "SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE relname = 'moods'"
    )
    assert owner == [(single.name,)]


def test_a_server_that_is_newer_is_left_as_it_is(database: Database, single: Person, newer: Path):
    with connected(database, single) as connection:
        ensure(connection, newer)
        assert ensure(connection) == NEXT
    with sender(database, single) as device:
        answer = device.send(device.row())
    assert (answer["schema"], answer["stored"]) == (NEXT, 1)


def test_what_an_older_server_could_not_hold_is_taken_after_its_upgrade_though_the_revision_is_old(
    database: Database, single: Person, newer: Path
):
    with connected(database, single) as connection, sender(database, single) as device:
        ensure(connection)
        row = device.row(mood="calm")
        assert device.send(row, schema=NEXT)["schema"] == LATEST
        assert device.send(row, schema=NEXT)["held"] == [0]
        ensure(connection, newer)
        answer = device.send(row, schema=NEXT)
        assert (answer["schema"], answer["stored"]) == (NEXT, 1)
        assert device.ask("SELECT mood FROM reprospective.moods") == [("calm",)]
        assert device.send(row, schema=NEXT)["held"] == [0]


def test_an_older_clients_rows_go_into_a_newer_server_and_undo_nothing_that_it_does_not_know(
    database: Database, single: Person, newer: Path
):
    with connected(database, single) as connection, sender(database, single) as device:
        ensure(connection, newer)
        row, plain = device.row(), device.row()
        device.send(row | {"mood": "calm"}, schema=NEXT)
        assert device.send(row, plain)["held"] == [0]
        assert device.send(row | {"revision": 2})["stored"] == 1
        assert device.ask("SELECT mood FROM reprospective.moods ORDER BY mood") == [
            ("calm",),
            (None,),
        ]


def test_a_batch_that_waited_for_an_upgrade_says_no_more_of_its_rows_than_is_true(
    database: Database, single: Person, newer: Path
):
    """It was called before and goes on after: its rows are whole, or are taken again later."""
    with connected(database, single) as connection, sender(database, single) as device:
        ensure(connection)
        row = device.row(mood="calm")
        device.send(device.row())  # its plans are made, as of a connection that is kept
        answers: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: answers.append(device.send(row, schema=NEXT)))
        with schema.exclusive(connection):
            found = schema.look(connection)
            schema.lock_tables(connection)
            thread.start()
            waiting = """SELECT 1 FROM pg_stat_activity
                WHERE wait_event_type = 'Lock' AND datname = %s"""
            wait_until(lambda: database.rows(waiting, [database.name]), 10, "a batch that waits")
            schema.bring_up_to_date(connection, found, newer)
        thread.join()
        mood = dict(device.ask("SELECT uid, mood FROM reprospective.moods"))[row["uid"]]
        sent_schema = stored(database)[row["uid"]]["sent_schema"]
        assert (mood, sent_schema) in [("calm", NEXT), (None, 1)]
        assert answers[0]["schema"] <= NEXT
        device.send(row, schema=NEXT)
        assert dict(device.ask("SELECT uid, mood FROM reprospective.moods"))[row["uid"]] == "calm"


@pytest.mark.parametrize(
    "table", ["desktop_activity_sessions", "devices", "settled", "settled_days", "schema_version"]
)
def test_init_waits_for_statistics_that_are_being_made_of_a_table(fresh: Database, table: str):
    """Autovacuum has the table first, and changes what the catalogue says of it last."""
    made: list[int] = []

    def initialise_again() -> None:
        with connected(fresh) as connection:
            made.append(initialise(connection).version)

    vacuum = fresh.connect()
    vacuum.autocommit = False
    thread = threading.Thread(target=initialise_again)
    with closing(vacuum), vacuum, vacuum.cursor() as cursor:
        cursor.execute(f"LOCK TABLE reprospective.{table} IN SHARE UPDATE EXCLUSIVE MODE")
        thread.start()
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
        wait_until(lambda: fresh.rows(waiting, [fresh.name]), 10, "an init that waits")
        cursor.execute(f"ANALYZE reprospective.{table}")
    thread.join()
    assert made == [LATEST]


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_title_is_refused(postgres: Server, encoding: str):
    name = f"encoded_{encoding.lower()}"
    postgres.in_postgres.rows(
        f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    )
    try:
        database = Database(postgres, name, postgres.host, postgres.port)
        with (
            connected(database) as connection,
            pytest.raises(ServerRefusedError, match=encoding) as raised,
        ):
            ensure(connection)
        assert "UTF8" in raised.value.remedy
    finally:
        postgres.in_postgres.rows(f"DROP DATABASE {name}")


def test_a_postgresql_that_is_too_old_is_refused_with_the_version_that_is_needed(
    database: Database,
):
    with connected(database) as connection:
        check_database(connection, 150000, "UTF8")
        with pytest.raises(ServerRefusedError, match="PostgreSQL 14") as raised:
            check_database(connection, 140022, "UTF8")
    assert "15" in raised.value.remedy


def test_the_scripts_that_ship_are_numbered_from_one_without_a_gap():
    numbers = [script.number for script in schema.scripts()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert (SCRIPTS / "roles.sql").exists()
