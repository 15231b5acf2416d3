"""`server init`, `server add-person` and `server status`, as a person calls them."""

# ruff: noqa: S608  every name in these statements is a constant of this file or a role made here

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg2
import pytest
import yaml

from reprospective_tray.cli import main
from reprospective_tray.config.keys import Config
from reprospective_tray.errors import ServerRefusedError
from reprospective_tray.store.postgres.administration.takeover import take_over
from reprospective_tray.store.postgres.connection.connection import Connection
from reprospective_tray.store.postgres.schema.upgrade import ensure
from tests.server.sender import Sender, connected, sender, stored
from tests.server.servers import Database, Person, drop_role, free_port
from tests.support import User

SESSIONS = "reprospective.desktop_activity_sessions"
TAMPERINGS = [
    f"""CREATE FUNCTION reprospective.spy() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER spy BEFORE INSERT ON {SESSIONS}
    FOR EACH ROW EXECUTE FUNCTION reprospective.spy()""",
    f"""CREATE FUNCTION public.elsewhere() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER spy BEFORE INSERT ON {SESSIONS}
    FOR EACH ROW EXECUTE FUNCTION public.elsewhere()""",
    """CREATE OR REPLACE FUNCTION reprospective.from_ms(ms bigint) RETURNS timestamptz
    LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN now(); END'""",
    "ALTER FUNCTION reprospective.ingest(json) SECURITY DEFINER",
    "CREATE FUNCTION reprospective.ingest(text) RETURNS json LANGUAGE sql RETURN '{}'::json",
    "ALTER VIEW reprospective.hosts SET (security_invoker = false)",
    f"""CREATE OR REPLACE VIEW reprospective.hosts WITH (security_invoker = true) AS
    SELECT owner, source_host, device_id, count(*) AS sessions, min(started_at) AS first_at,
    max(ended_at) AS last_at, now() AS last_received_at FROM {SESSIONS} GROUP BY 1, 2, 3""",
    f"CREATE RULE spy AS ON INSERT TO {SESSIONS} DO ALSO NOTIFY spy",
    f"ALTER TABLE {SESSIONS} ALTER COLUMN window_title SET DEFAULT 'x'",
    f"ALTER TABLE {SESSIONS} DROP CONSTRAINT a_session_that_can_be",
    f"CREATE POLICY all_of_it ON {SESSIONS} USING (true)",
    f"CREATE INDEX spy ON {SESSIONS} (lower(window_title))",
    f"CREATE TABLE reprospective.child () INHERITS ({SESSIONS})",
    f"ALTER TABLE {SESSIONS} ALTER COLUMN window_title SET STATISTICS 100",
    f"ALTER TABLE {SESSIONS} DISABLE TRIGGER unsettle_inserted",
    f"CREATE STATISTICS reprospective.of_titles ON window_title, state FROM {SESSIONS}",
    "CREATE DOMAIN reprospective.spy AS text",
    "CREATE AGGREGATE reprospective.spy (integer) (SFUNC = int4pl, STYPE = integer)",
    """CREATE OPERATOR reprospective.= (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)""",
    "CREATE MATERIALIZED VIEW reprospective.spy AS SELECT 1 AS one",
]


STATUS_KEYS = {
    "reachable",
    "server",
    "postgresql",
    "user",
    "mode",
    "owner",
    "schema_version",
    "schema_version_here",
    "may_record",
    "may_read_all",
    "persons",
    "devices",
    "sessions",
    "clock_difference_ms",
    "tls",
}


class Shell:
    """The command line of a person with a home of their own."""

    def __init__(self, user: User, capsys: pytest.CaptureFixture[str]) -> None:
        self.user = user
        self._capsys = capsys
        self.out = self.err = ""

    def server(self, *arguments: str) -> int:
        """Call `server` with these; what it says is in `out` and `err`."""
        self._capsys.readouterr()
        code = main(["server", *arguments])
        self.out, self.err = self._capsys.readouterr()
        return code

    def snippet(self) -> dict[str, Any]:
        """Return what was printed for config.yaml."""
        text = self.out[self.out.index("database:\n") :]
        lines = text.split("\n\n", 1)[0]
        return yaml.safe_load(lines)


@pytest.fixture
def shell(user: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name, value in user.env.items():
        monkeypatch.setenv(name, value)
    return Shell(user, capsys)


@pytest.fixture
def single(database: Database, make_person: Callable[..., Person]) -> Person:
    """A role whose own the schema is."""
    role = make_person()
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO {role.name}")
    with connected(database, role) as connection:
        ensure(connection)
    return role


def password_in(text: str) -> str:
    return text[text.index("shown only this once:") :].splitlines()[1]


def test_from_an_empty_database_to_a_person_who_records(shell: Shell, database: Database):
    name = "anna of the commands"
    assert shell.server("init", "--dsn", database.dsn()) == 0
    assert "add-person NAME" in shell.out
    assert shell.snippet()["database"]["sync"] == {"enabled": True}
    try:
        assert shell.server("add-person", name, "--dsn", database.dsn()) == 0
        given = shell.snippet()
        assert msgspec.convert(given, Config).database.remote.user == name
        remote = given["database"]["remote"]
        assert (remote["host"], remote["port"]) == (database.host, database.port)
        password = password_in(shell.out)
        with sender(database, Person(name, password)) as device:
            assert device.send(device.row())["stored"] == 1
            assert shell.server("status", "--json", "--dsn", database.dsn(name, password)) == 0
            found = json.loads(shell.out)
        assert found.keys() == STATUS_KEYS
        assert (found["mode"], found["may_record"], found["may_read_all"]) == ("roles", True, False)
        assert name in found["persons"]
        assert found["sessions"] == 1
        (known,) = found["devices"]
        assert (known["device_id"], known["source_host"]) == (device.device_id, "desk")
        assert abs(found["clock_difference_ms"]) < 60_000
    finally:
        drop_role(database.server, name)


def test_init_a_second_time_changes_nothing(shell: Shell, fresh: Database):
    def everything() -> list[tuple[Any, ...]]:
        return fresh.rows("""
            SELECT relname::text, relacl::text FROM pg_class
            WHERE relnamespace = 'reprospective'::regnamespace
            UNION ALL SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy
            UNION ALL SELECT proname, proacl::text FROM pg_proc
            WHERE pronamespace = 'reprospective'::regnamespace
            UNION ALL SELECT applied_at::text, '' FROM reprospective.schema_version ORDER BY 1, 2
        """)

    before = everything()
    assert shell.server("init", "--dsn", fresh.dsn()) == 0
    assert "Up to date" in shell.out
    assert everything() == before


def test_the_plain_password_is_in_no_log_and_the_server_keeps_a_verifier(
    shell: Shell, fresh: Database
):
    name = 'Zoë "Z" 100%s O\'Neil: 日本\\'
    fresh.rows(f"ALTER DATABASE {fresh.name} SET log_statement = 'all'")
    try:
        assert shell.server("add-person", name, "--dsn", fresh.dsn()) == 0
        password = password_in(shell.out)
        log = fresh.server.log.read_text("utf-8", "replace")
        assert "CREATE ROLE" in log
        assert password not in log
        kept = fresh.rows("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [name])
        assert kept[0][0].startswith("SCRAM-SHA-256$")
        assert shell.err == ""
    finally:
        drop_role(fresh.server, name)


def test_the_line_for_pgpass_logs_a_person_of_any_name_in(
    shell: Shell, fresh: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    name = "a:b\\c 'd' 日本"
    try:
        shell.server("add-person", name, "--dsn", fresh.dsn())
        file = tmp_path / "pgpass"
        file.write_text(shell.out.splitlines()[-1] + "\n", "utf-8")
        file.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(file))
        fresh.connect(name, None).close()
    finally:
        drop_role(fresh.server, name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "pg_monitor",
        "public",
        "none",
        "reprospective_person",
        "reprospective_reader",
        "x" * 64,
        "é" * 32,
        "two\nlines",
        "a\0b",
        "\udcff",
        " padded",
    ],
)
def test_a_name_that_can_be_no_persons_is_refused(shell: Shell, name: str, prepared: Database):
    assert shell.server("add-person", name, "--dsn", prepared.dsn()) == 2
    assert len(shell.err.splitlines()) == 2


def test_a_name_of_63_bytes_is_a_name(shell: Shell, fresh: Database):
    name = "é" * 31 + "x"
    try:
        assert shell.server("add-person", name, "--dsn", fresh.dsn()) == 0
        assert fresh.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
    finally:
        drop_role(fresh.server, name)


def test_a_role_that_is_there_keeps_its_password(
    shell: Shell, fresh: Database, make_person: Callable[..., Person]
):
    role = make_person()
    assert shell.server("add-person", role.name, "--dsn", fresh.dsn()) == 0
    assert "keeps its password" in shell.out
    assert "pgpass" not in shell.out
    with sender(fresh, role) as device:
        assert device.send(device.row())["stored"] == 1


def test_add_person_before_init_names_init(shell: Shell, database: Database):
    assert shell.server("add-person", "anna", "--dsn", database.dsn()) == 1
    assert "server init" in shell.err
    assert not database.rows("SELECT 1 FROM pg_roles WHERE rolname = 'anna'")


def test_who_may_make_no_roles_is_told_what_is_needed(
    shell: Shell, fresh: Database, make_person: Callable[..., Person]
):
    role = make_person()
    dsn = fresh.dsn(role.name, role.password)
    for command in (["init"], ["add-person", "anna"]):
        assert shell.server(*command, "--dsn", dsn) == 1
        assert "CREATEROLE" in shell.err
        assert role.password not in shell.err


def test_a_role_with_createrole_needs_not_be_superuser(
    shell: Shell, database: Database, make_person: Callable[..., Person]
):
    admin = make_person(options="CREATEROLE")
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO {admin.name}")
    if database.rows("SELECT 1 FROM pg_roles WHERE rolname = 'reprospective_person'"):
        # As it would have them, had it made them itself.
        database.rows(
            f"GRANT reprospective_person, reprospective_reader TO {admin.name} WITH ADMIN OPTION"
        )
    name = "added by an admin"
    dsn = database.dsn(admin.name, admin.password)
    try:
        assert shell.server("init", "--dsn", dsn) == 0
        assert shell.server("add-person", name, "--dsn", dsn) == 0
        with sender(database, Person(name, password_in(shell.out))) as device:
            assert device.send(device.row())["stored"] == 1
    finally:
        drop_role(database.server, name)


def test_who_may_not_let_anybody_be_a_person_is_told_what_is_needed(
    shell: Shell, fresh: Database, make_person: Callable[..., Person]
):
    if fresh.server.version < 16:
        pytest.skip("CREATEROLE is enough before PostgreSQL 16")
    admin = make_person(options="CREATEROLE")
    fresh.rows(f"GRANT CREATE ON DATABASE {fresh.name} TO {admin.name}")
    assert shell.server("add-person", "anna", "--dsn", fresh.dsn(admin.name, admin.password)) == 1
    assert f"GRANT reprospective_person TO {admin.name} WITH ADMIN OPTION" in shell.err.replace(
        '"', ""
    )


def test_an_older_program_leaves_the_rights_of_a_newer_schema_as_they_are(
    shell: Shell, fresh: Database
):
    fresh.rows("INSERT INTO reprospective.schema_version VALUES (99)")
    fresh.rows("CREATE TABLE reprospective.of_the_newer ()")
    assert shell.server("init", "--dsn", fresh.dsn()) == 1
    assert "newer version (schema 99)" in shell.err
    seen = "SELECT has_table_privilege('reprospective_person', 'reprospective.of_the_newer', %s)"
    assert fresh.rows(seen, ["SELECT"]) == [(False,)]


def test_init_takes_a_single_owners_schema_over_and_its_owner_goes_on_as_a_person(
    shell: Shell, database: Database, single: Person
):
    with sender(database, single) as device:
        row = device.row()
        device.send(row)
        assert shell.server("status", "--dsn", database.dsn(single.name, single.password)) == 0
        assert "single owner" in shell.out
        assert shell.server("init", "--dsn", database.dsn()) == 0
        assert single.name in shell.out
        assert device.send(device.row())["verdict"] == "fits"
        for attempt in (
            f"ALTER TABLE {SESSIONS} DISABLE ROW LEVEL SECURITY",
            f"DELETE FROM {SESSIONS}",
            "CREATE TABLE reprospective.mine (a integer)",
            "DROP FUNCTION reprospective.ingest(json)",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                device.ask(attempt)
        assert device.ask(f"SELECT count(*) FROM {SESSIONS}") == [(2,)]
        with sender(database) as superuser:
            superuser.send(superuser.row())
        assert device.ask(f"SELECT count(*) FROM {SESSIONS}") == [(2,)]
    owned = database.rows(
        """SELECT relname FROM pg_class WHERE relnamespace = 'reprospective'::regnamespace
        AND relowner = %s::regrole UNION ALL
        SELECT proname FROM pg_proc WHERE pronamespace = 'reprospective'::regnamespace
        AND proowner = %s::regrole""",
        [single.name, single.name],
    )
    assert owned == []


def test_init_with_an_owner_hands_them_the_rows_and_the_devices(
    shell: Shell, database: Database, single: Person
):
    with sender(database, single) as before:
        row = before.row()
        before.send(row)
    name = "the new owner"
    try:
        assert shell.server("init", "--owner", name, "--dsn", database.dsn()) == 0
        assert "1 session now belongs to the new owner" in shell.out
        with sender(database, Person(name, password_in(shell.out))) as device:
            device.device_id, device.acknowledged = before.device_id, before.acknowledged
            answer = device.send(row | {"revision": 2}, device.row())
            assert (answer["verdict"], answer["stored"]) == ("fits", 2)
        assert {held["owner"] for held in stored(database).values()} == {name}
        assert shell.server("init", "--owner", name, "--dsn", database.dsn()) == 0
        assert len(stored(database)) == 2
    finally:
        drop_role(database.server, name)


def _take_over_after(tampering: str, connection: Connection, former: str) -> None:
    with connection.transaction():
        connection.execute(tampering)
        take_over(connection, former)
        pytest.fail(f"taken over: {tampering}")


def test_a_schema_that_its_owner_has_altered_is_not_taken_over(
    shell: Shell, database: Database, single: Person
):
    with connected(database) as connection:
        for tampering in TAMPERINGS:
            with pytest.raises(ServerRefusedError, match=single.name):
                _take_over_after(tampering, connection, single.name)
        connection.execute(TAMPERINGS[0])
    assert shell.server("init", "--dsn", database.dsn()) == 1
    assert single.name in shell.err
    owner = database.rows(
        f"SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = '{SESSIONS}'::regclass"
    )
    assert owner == [(single.name,)]


def test_whom_a_single_owner_let_in_is_out_after_init(
    shell: Shell, database: Database, single: Person, make_person: Callable[..., Person]
):
    friend = make_person()
    with sender(database, single) as device:
        device.ask(f"""
            GRANT ALL ON SCHEMA reprospective TO {friend.name} WITH GRANT OPTION;
            GRANT ALL ON {SESSIONS} TO {friend.name} WITH GRANT OPTION;
            GRANT SELECT (token) ON reprospective.devices TO {friend.name};
            GRANT EXECUTE ON FUNCTION reprospective.ingest TO {friend.name}
        """)
    assert shell.server("init", "--dsn", database.dsn()) == 0
    for query in (
        "has_schema_privilege(%s, 'reprospective', 'USAGE')",
        f"has_table_privilege(%s, '{SESSIONS}', 'TRUNCATE, TRIGGER, SELECT')",
        "has_any_column_privilege(%s, 'reprospective.devices', 'SELECT')",
        "has_function_privilege(%s, 'reprospective.ingest(json)', 'EXECUTE')",
    ):
        assert database.rows(f"SELECT {query}", [friend.name]) == [(False,)], query


@pytest.mark.parametrize(
    ("membership", "rights"),
    [("reprospective_person", (True, False)), ("reprospective_reader", (False, True))],
)
def test_status_says_what_one_may_do(
    shell: Shell,
    fresh: Database,
    make_person: Callable[..., Person],
    membership: str,
    rights: tuple[bool, bool],
):
    role = make_person()
    fresh.rows(f"GRANT {membership} TO {role.name}")
    assert shell.server("status", "--json", "--dsn", fresh.dsn(role.name, role.password)) == 0
    found = json.loads(shell.out)
    assert (found["may_record"], found["may_read_all"]) == rights
    assert (role.name in found["persons"]) == rights[0]


def test_status_for_one_who_may_nothing_says_so(
    shell: Shell, fresh: Database, make_person: Callable[..., Person]
):
    role = make_person()
    assert shell.server("status", "--dsn", fresh.dsn(role.name, role.password)) == 0
    assert "may: nothing" in shell.out


def test_status_of_an_empty_database_names_init(shell: Shell, database: Database):
    assert shell.server("status", "--dsn", database.dsn()) == 0
    assert "server init" in shell.out
    shell.server("status", "--json", "--dsn", database.dsn())
    assert json.loads(shell.out)["mode"] == "none"


def test_status_takes_the_server_of_the_config(shell: Shell, fresh: Database):
    remote = {"host": fresh.host, "port": fresh.port, "database": fresh.name}
    secret = {"user": fresh.superuser, "password": fresh.password}
    shell.user.write_config(yaml.safe_dump({"database": {"remote": remote | secret}}))
    assert shell.server("status") == 0
    assert fresh.name in shell.out
    assert fresh.password not in shell.out


def test_status_of_a_server_that_is_away_fails_in_words_and_in_json(shell: Shell):
    dsn = f"host=127.0.0.1 port={free_port()} dbname=x user=x password=secret-word"
    assert shell.server("status", "--dsn", dsn) == 1
    assert 1 <= len(shell.err.splitlines()) <= 2
    assert shell.server("status", "--json", "--dsn", dsn) == 1
    assert json.loads(shell.out)["reachable"] is False
    assert "secret-word" not in shell.out + shell.err


def test_a_dsn_that_is_none_is_wrong_usage_and_not_repeated(shell: Shell):
    assert shell.server("init", "--dsn", "host=x passwort=secret-word") == 2
    assert "secret-word" not in shell.out + shell.err


def test_the_command_line_is_read_without_a_database_driver():
    code = """
import sys
from reprospective_tray.commands.command_line.all_commands import make_parser
make_parser().parse_args(["server", "status"])
assert "psycopg2" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_persons_of_status_are_the_members(shell: Shell, fresh: Database, anna: Sender):
    del anna
    assert shell.server("status", "--json", "--dsn", fresh.dsn()) == 0
    persons = json.loads(shell.out)["persons"]
    assert persons == sorted(persons)
    assert "postgres" not in persons
    assert "reprospective_person" not in persons
