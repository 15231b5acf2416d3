"""Nothing of a schema is read or called before it is known whose it is, and that it is ours.

How it can fail: the owner of a single-owner database puts a view with a function of hers in the
place of a table, and an administrator reads it; a stranger makes a schema of this name where
everybody may create, and gets a person's titles; who was trusted once is replaced by another.
"""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from reprospective_tray.cli import main
from reprospective_tray.errors import ServerRefusedError, StoreError
from reprospective_tray.store.postgres.administration.roles import initialise
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.connection.connection import Connection
from reprospective_tray.store.postgres.prepared_connection import connect_prepared
from reprospective_tray.store.postgres.schema.owner import accept, require_trusted
from reprospective_tray.store.postgres.schema.upgrade import ensure, scripts
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.server.contract import adapter_for
from tests.server.sender import connected, sender
from tests.server.servers import Database, Person, drop_role
from tests.server.servers import make_person as new_person
from tests.support import User

pytestmark = pytest.mark.trust

SESSIONS = "reprospective.desktop_activity_sessions"
# Whoever calls this makes a superuser of its maker; it says so where the caller may not.
TROJAN = """
    CREATE SCHEMA trojan;
    GRANT USAGE ON SCHEMA trojan TO PUBLIC;
    CREATE FUNCTION trojan.run() RETURNS integer LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE 'ALTER ROLE {name} SUPERUSER';
        RETURN 3;
    END $$;
"""
PLANTED = {
    "a view for the version": """
        DROP TABLE reprospective.schema_version;
        CREATE VIEW reprospective.schema_version AS
        SELECT trojan.run() AS version, now() AS applied_at""",
    "a view for the devices": """
        DROP TABLE reprospective.devices;
        CREATE VIEW reprospective.devices AS SELECT current_user::text AS owner,
            gen_random_uuid() AS device_id, trojan.run() AS counter, now() AS received_at""",
    "a function that is called": """
        CREATE OR REPLACE FUNCTION reprospective.to_ms(moment timestamptz) RETURNS bigint
        LANGUAGE sql IMMUTABLE STRICT AS 'SELECT trojan.run()'""",
    "a function that settles": """
        DROP FUNCTION reprospective.settle_all;
        CREATE FUNCTION reprospective.settle_all() RETURNS TABLE (owner text, problem text)
        LANGUAGE sql AS 'SELECT trojan.run()::text, NULL'""",
    "a trigger": f"""
        CREATE FUNCTION trojan.fire() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM trojan.run(); RETURN NULL; END';
        CREATE TRIGGER fire AFTER UPDATE ON {SESSIONS}
        FOR EACH STATEMENT EXECUTE FUNCTION trojan.fire()""",
    "a default": """
        ALTER TABLE reprospective.schema_version ALTER COLUMN version SET DEFAULT trojan.run()""",
    "a check": """
        ALTER TABLE reprospective.schema_version ADD CHECK (trojan.run() > 0) NOT VALID""",
    "a policy": """
        ALTER TABLE reprospective.schema_version ENABLE ROW LEVEL SECURITY;
        CREATE POLICY mine ON reprospective.schema_version USING (trojan.run() > 0)""",
    "an operator on the way": """
        CREATE FUNCTION trojan.equals(text, text) RETURNS boolean LANGUAGE sql AS
        'SELECT trojan.run() > 0';
        CREATE OPERATOR trojan.= (FUNCTION = trojan.equals, LEFTARG = text, RIGHTARG = text);
        CREATE FUNCTION trojan.current_setting(text) RETURNS text LANGUAGE sql AS
        'SELECT trojan.run()::text'""",
}


@pytest.fixture
def single(database: Database, make_person: Callable[..., Person]) -> Iterator[Person]:
    """Somebody whose own database it is, and who made the schema."""
    role = make_person()
    database.rows(f"ALTER DATABASE {database.name} OWNER TO {role.name}")
    with connected(database, role) as connection:
        ensure(connection)
    yield role
    database.rows(f"ALTER DATABASE {database.name} OWNER TO CURRENT_USER")


@pytest.fixture
def stranger(database: Database, make_person: Callable[..., Person]) -> Person:
    """Somebody who made the schema in a database where everybody may create."""
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO PUBLIC")
    role = make_person()
    with connected(database, role) as connection:
        ensure(connection)
        connection.execute("GRANT USAGE ON SCHEMA reprospective TO PUBLIC")
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA reprospective TO PUBLIC")
        connection.execute("GRANT ALL ON ALL ROUTINES IN SCHEMA reprospective TO PUBLIC")
    return role


def is_superuser(database: Database, role: Person) -> bool:
    return database.rows("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role.name])[0][0]


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("call", [["init"], ["status"], ["status", "--json"]])
def test_what_an_owner_has_planted_runs_for_no_administrator(  # noqa: PLR0913, PLR0917  fixtures
    database: Database,
    single: Person,
    what: str,
    call: list[str],
    user: User,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for name, value in user.env.items():
        monkeypatch.setenv(name, value)
    with sender(database, single) as device:
        device.ask(TROJAN.format(name=single.name))
        device.ask(PLANTED[what])
        device.ask(f"ALTER DATABASE {database.name} SET search_path = trojan, pg_catalog")
    code = main(["server", *call, "--dsn", database.dsn()])
    said = capsys.readouterr()
    assert not is_superuser(database, single)
    if what == "an operator on the way":  # outside of the schema: it must just not be met
        assert code == 0, said.err
        return
    assert code == 1
    assert single.name in said.err
    assert "differs from what this program creates" in said.err


@pytest.mark.parametrize("what", PLANTED)
def test_nor_for_an_administrator_who_records_or_reads(
    database: Database, single: Person, what: str, tmp_path: Path
):
    with sender(database, single) as device:
        device.ask(TROJAN.format(name=single.name))
        device.ask(PLANTED[what])
    if what == "an operator on the way":
        return
    with pytest.raises(ServerRefusedError, match=single.name):
        connect_prepared(ServerAddress.from_dsn(database.dsn()), tmp_path)
    for read_only in (True, False):
        adapter = adapter_for(
            database, tmp_path, database.superuser, database.password, read_only=read_only
        )
        with pytest.raises((StoreError, ServerRefusedError), match=single.name):
            look_at(adapter)
    assert not is_superuser(database, single)


def look_at(adapter: object) -> None:
    adapter.open()
    with adapter.reading():
        adapter.models.Session.select().first()


def test_an_administrator_uses_what_its_owner_left_as_it_was(database: Database, single: Person):
    with connected(database) as connection:
        require_trusted(connection)
        before = database.rows("SELECT nspname FROM pg_namespace ORDER BY 1")
        assert ensure(connection) == scripts()[-1].number
    assert database.rows("SELECT nspname FROM pg_namespace ORDER BY 1") == before
    assert single


def test_a_strangers_schema_gets_nothing(
    database: Database, stranger: Person, make_person: Callable[..., Person], tmp_path: Path
):
    victim = make_person()
    address = ServerAddress.from_dsn(database.dsn(victim.name, victim.password))
    with pytest.raises(ServerRefusedError, match=stranger.name) as raised:
        connect_prepared(address, tmp_path)
    assert f"server accept {stranger.name}" in raised.value.remedy
    for read_only in (True, False):
        adapter = adapter_for(database, tmp_path, victim.name, victim.password, read_only=read_only)
        with pytest.raises((StoreError, ServerRefusedError), match=stranger.name):
            look_at(adapter)


def test_one_function_of_a_strangers_is_enough(
    database: Database, single: Person, make_person: Callable[..., Person], tmp_path: Path
):
    stranger, victim = make_person(), make_person()
    with sender(database, single) as owner:
        owner.ask(f"GRANT CREATE, USAGE ON SCHEMA reprospective TO {stranger.name}")
    with connected(database, victim) as connection:
        require_trusted(connection, tmp_path)
    with sender(database, stranger) as device:
        device.ask("""CREATE FUNCTION reprospective.ingest(text) RETURNS text
            LANGUAGE sql RETURN 'thanks'""")
    with (
        connected(database, victim) as connection,
        pytest.raises(ServerRefusedError, match=stranger.name),
    ):
        require_trusted(connection, tmp_path)


def test_the_owner_of_the_database_a_superuser_and_oneself_are_trusted(
    database: Database, single: Person, fresh: Database, make_person: Callable[..., Person]
):
    """`fresh` is the same database, prepared by a superuser after its owner has made it."""
    assert fresh == database
    for role in (single, make_person()):
        with connected(database, role) as connection:
            require_trusted(connection)


def test_who_was_accepted_is_trusted_and_who_comes_after_is_not(
    database: Database, stranger: Person, make_person: Callable[..., Person], tmp_path: Path
):
    victim = make_person()
    with connected(database, victim) as connection:
        with pytest.raises(ServerRefusedError) as refused:
            accept(connection, tmp_path, "somebody")
        assert stranger.name in refused.value.remedy
        accept(connection, tmp_path, stranger.name)
        require_trusted(connection, tmp_path)
        with pytest.raises(ServerRefusedError):
            require_trusted(connection, tmp_path / "of another")
    # Another takes the place, be it under the same name.
    later = make_person()
    database.rows(
        f"DROP SCHEMA reprospective CASCADE; CREATE SCHEMA reprospective AUTHORIZATION {later.name}"
    )
    with connected(database, victim) as connection:
        with pytest.raises(ServerRefusedError) as raised:
            require_trusted(connection, tmp_path)
        assert stranger.name in str(raised.value)
        assert later.name in str(raised.value)
    drop_role(database.server, stranger.name)
    namesake = new_person(database, stranger.name)
    database.rows(
        f"DROP SCHEMA reprospective CASCADE; CREATE SCHEMA reprospective"
        f" AUTHORIZATION {namesake.name}"
    )
    with (
        connected(database, victim) as connection,
        pytest.raises(ServerRefusedError, match=namesake.name),
    ):
        require_trusted(connection, tmp_path)


def test_the_command_accepts_and_sending_goes_on(
    database: Database,
    make_person: Callable[..., Person],
    user: User,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """An administrator who is no superuser and does not own the database has prepared it."""
    for name, value in user.env.items():
        monkeypatch.setenv(name, value)
    admin, victim = make_person(options="CREATEROLE"), make_person()
    with connected(database) as connection:
        initialise(connection)
    database.rows(f"GRANT reprospective_person TO {victim.name}")
    database.rows(f"ALTER SCHEMA reprospective OWNER TO {admin.name}")
    remote = {"host": database.host, "port": database.port, "database": database.name}
    login = {"user": victim.name, "password": victim.password}
    sync = {"enabled": True}
    user.write_config(yaml.safe_dump({"database": {"remote": remote | login, "sync": sync}}))
    share = Path(user.env["HOME"]) / ".local/share/reprospective-tray"
    SqliteAdapter(share / "data/local_cache.db").open()
    assert main(["sync"]) == 1
    assert f"server accept {admin.name}" in capsys.readouterr().err
    assert main(["sync", "--verify"]) == 1
    assert main(["server", "status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["reachable"] is False
    assert main(["doctor"]) == 1
    assert admin.name in capsys.readouterr().out
    assert main(["server", "accept", admin.name]) == 0
    assert admin.name in capsys.readouterr().out
    assert main(["sync"]) == 0
    assert main(["sync", "--verify"]) == 0
    assert main(["server", "status"]) == 0


def test_two_who_prepare_an_empty_database_at_once_both_end_well(database: Database):
    failures: list[BaseException] = []
    start = threading.Barrier(3)

    def prepare() -> None:
        try:
            with connected(database) as connection:
                start.wait()
                initialise(connection)
        except BaseException as error:  # noqa: BLE001  told by the test
            failures.append(error)

    threads = [threading.Thread(target=prepare) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_it_is_asked_in_one_round_trip(
    database: Database, single: Person, monkeypatch: pytest.MonkeyPatch
):
    sent: list[str] = []
    send = Connection._send

    def note(self: Connection, cursor: object, sql: str, args: object) -> object:
        sent.append(sql)
        return send(self, cursor, sql, args)

    with connected(database, single) as connection:
        monkeypatch.setattr(Connection, "_send", note)
        require_trusted(connection)
    assert len(sent) == 1
