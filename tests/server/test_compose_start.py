"""The first start of the server in containers: what it makes, who gets in, and when it is well."""

import os
import pwd
import shutil

import pytest

from reprospective_tray.cli import main
from reprospective_tray.errors import ServerRefusedError
from reprospective_tray.store.postgres.administration.roles import initialise
from reprospective_tray.store.postgres.connection.connection import connect
from reprospective_tray.store.postgres.schema import comparison as schema_comparison
from reprospective_tray.store.postgres.schema import upgrade
from tests.server import binaries
from tests.server.addresses import address_of
from tests.server.compose import Container, container
from tests.server.sender import connected
from tests.server.servers import Person
from tests.server.shipper import Shipper, instants
from tests.server.test_server_commands import Shell, password_in, shell
from tests.server.tls import make_authority, make_certificate
from tests.unit.recording import session

__all__ = ["shell"]

LATEST = upgrade.scripts()[-1].number

# What `comparison` compares, and who owns it and may do what.
RIGHTS = """
SELECT 'owner', oid::regclass::text, pg_get_userbyid(relowner)::text || relacl::text
    || relrowsecurity || relforcerowsecurity
FROM pg_class WHERE relnamespace = 'reprospective'::regnamespace
UNION ALL
SELECT 'function', oid::regprocedure::text, pg_get_userbyid(proowner)::text || proacl::text
FROM pg_proc WHERE pronamespace = 'reprospective'::regnamespace
UNION ALL
SELECT 'policy', polrelid::regclass || '.' || polname, concat_ws(' ', polcmd, polpermissive,
    (SELECT string_agg(r::regrole::text, ',') FROM unnest(polroles) AS r),
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
FROM pg_policy
UNION ALL
SELECT 'schema', nspname, pg_get_userbyid(nspowner)::text || nspacl::text
FROM pg_namespace WHERE nspname = 'reprospective'
UNION ALL
SELECT 'database', '', datacl::text FROM pg_database WHERE datname = current_database()
UNION ALL
SELECT 'role', rolname, concat_ws(' ', rolcanlogin, rolsuper, rolcreaterole, rolbypassrls)
FROM pg_roles WHERE rolname LIKE 'reprospective%'
UNION ALL
SELECT 'version', version::text, '' FROM reprospective.schema_version
"""


@pytest.fixture(scope="module")
def started():
    with container() as made:
        yield made


@pytest.fixture
def person(started: Container, shell: Shell):
    """Somebody who was added by the command that docs/server.md names."""
    assert shell.server("add-person", "anna", "--dsn", started.database.dsn()) == 0
    return Person("anna", password_in(shell.out))


def everything(database):
    with connected(database) as connection:
        return schema_comparison._definitions(connection, "reprospective") | set(
            connection.rows(RIGHTS)
        )


def test_the_first_start_makes_exactly_what_server_init_makes(started: Container):
    name = "by_the_command"
    started.in_postgres.rows(f"CREATE DATABASE {name}")
    other = started.in_postgres.__class__(started, name, "127.0.0.1", started.port)
    try:
        with connected(other) as connection:
            assert initialise(connection).version == LATEST
        assert everything(started.database) == everything(other)
    finally:
        started.in_postgres.rows(f"DROP DATABASE {name} WITH (FORCE)")


def test_running_it_again_changes_nothing_and_neither_does_server_init(
    started: Container, shell: Shell
):
    versions = "SELECT * FROM reprospective.schema_version ORDER BY 1"
    before = everything(started.database), started.database.rows(versions)
    again = started.run_first_start()
    assert again.returncode == 0
    assert "reprospective-tray server init" in again.stdout
    assert shell.server("init", "--dsn", started.database.dsn()) == 0
    assert "Up to date" in shell.out
    assert (everything(started.database), started.database.rows(versions)) == before


def test_a_person_is_added_and_ships_what_was_recorded(started: Container, person, tmp_path):
    database = started.database
    desk = Shipper(tmp_path / "desk.db", database.dsn(person.name, person.password))
    try:
        desk.record(*(session(start, start + 900) for start in range(0, 20_000, 1000)))
        desk.sync()
        assert desk.rows("DISTINCT synced") == [(1,)]
        assert len(instants(database)) == 20
    finally:
        desk.close()
    assert main(["server", "status", "--dsn", database.dsn(person.name, person.password)]) == 0


def test_nobody_gets_in_by_tcp_without_the_password(started: Container):
    with pytest.raises(ServerRefusedError):
        connect(address_of(started.database, password="a guess"))  # noqa: S106  none


def test_it_starts_again_with_what_it_had(started: Container):
    before = everything(started.database)
    started.stop()
    started.start()
    assert everything(started.database) == before


def test_it_is_well_while_it_answers_and_has_its_schema(started: Container):
    assert started.ask_health().returncode == 0
    started.database.rows("ALTER SCHEMA reprospective RENAME TO gone")
    try:
        assert "schema_version" in started.ask_health().stderr
        assert started.ask_health().returncode != 0
    finally:
        started.database.rows("ALTER SCHEMA gone RENAME TO reprospective")
    started.stop()
    try:
        assert started.ask_health().returncode != 0
    finally:
        started.start()


@pytest.mark.trust
def test_the_health_check_runs_nothing_that_lies_in_the_schema(started: Container):
    database = started.database
    database.rows("ALTER SCHEMA reprospective RENAME TO gone")
    try:
        database.rows("CREATE SEQUENCE public.asked")
        database.rows("CREATE SCHEMA reprospective")
        database.rows(
            "CREATE VIEW reprospective.schema_version AS SELECT nextval('public.asked') AS version"
        )
        started.ask_health()
        assert database.rows("SELECT is_called FROM public.asked") == [(False,)]
    finally:
        database.rows("DROP SCHEMA IF EXISTS reprospective CASCADE")
        database.rows("DROP SEQUENCE public.asked")
        database.rows("ALTER SCHEMA gone RENAME TO reprospective")


def test_a_script_that_fails_leaves_nothing_half_and_a_server_that_is_not_well(tmp_path):
    broken = tmp_path / "sql"
    shutil.copytree(upgrade.SCRIPTS, broken, ignore=shutil.ignore_patterns("*.py*", "__pycache__"))
    (broken / f"{LATEST + 1:04}_wrong.sql").write_text(
        "ALTER TABLE reprospective.nowhere ADD a int"
    )
    with container() as made:
        made.database.rows("DROP SCHEMA reprospective CASCADE")
        done = made.run_first_start(broken)
        assert done.returncode != 0
        assert "nowhere" in done.stderr
        there = "SELECT 1 FROM pg_namespace WHERE nspname = 'reprospective'"
        assert made.database.rows(there) == []
        assert made.ask_health().returncode != 0


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A folder with a certificate as a person puts it there, and its authority."""
    if os.geteuid() or "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("the container's user `postgres` is wanted, and root to become it")
    folder = tmp_path_factory.mktemp("tls")
    authority = make_authority(folder)
    made = make_certificate(authority, "DNS:localhost", folder)
    os.chown(made.key, 12_345, 12_345)  # the number that a person has on the host
    return authority.certificate


@pytest.fixture(scope="module")
def secured(tls):
    able = {
        version: each for version, each in binaries.installed().items() if binaries.has_tls(each)
    }
    if not able:
        pytest.skip("no PostgreSQL with TLS here")
    with container(able[max(able)], tls.parent) as made:
        yield made


def test_with_a_certificate_it_is_what_it_says_it_is_and_takes_nobody_without_tls(secured, tls):
    certain = {"sslmode": "verify-full", "sslrootcert": str(tls)}
    with connect(address_of(secured.database, host="localhost", **certain)) as connection:
        assert connection.raw.info.ssl_in_use
        assert connection.rows("SELECT max(version) FROM reprospective.schema_version") == [
            (LATEST,)
        ]
    with pytest.raises(ServerRefusedError, match="no encryption"):
        connect(address_of(secured.database, sslmode="disable"))
    assert secured.ask_health().returncode == 0


def test_a_certificate_without_its_key_is_no_start_and_no_server_without_tls(
    secured, tls, tmp_path
):
    shutil.copy(tls.parent / "server.crt", tmp_path)
    secured.stop()
    before, secured.tls = secured.tls, tmp_path
    try:
        with pytest.raises(AssertionError, match="put the key there"):
            secured.start()
    finally:
        secured.tls = before
        secured.start()
