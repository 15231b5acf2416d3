"""`server reset-password`: a person gets a new password, nobody else does, and no log has it."""

from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from tests.server.sender import sender
from tests.server.servers import Database, Person, drop_role
from tests.server.test_server_commands import Shell, password_in, shell

__all__ = ["shell"]

ODD = 'Zoë "Z" 100%s $$ O\'Neil; DROP ROLE x; --: 日本\\'


def verifier_of(database: Database, name: str) -> str:
    ((found,),) = database.rows("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [name])
    return found


def assert_refused(shell: Shell, database: Database, name: str, *said: str, code: int = 1) -> None:
    """Say that a reset is refused in two lines, and changes no role."""
    all_roles = "SELECT rolname, rolpassword FROM pg_authid ORDER BY 1"
    before = database.rows(all_roles)
    assert shell.server("reset-password", name, "--dsn", database.dsn()) == code
    assert shell.out == ""
    assert len(shell.err.splitlines()) == 2, shell.err
    for text in said:
        assert text in shell.err
    assert database.rows(all_roles) == before


@pytest.mark.parametrize("name", ["anna of the resets", ODD])
def test_a_person_gets_in_by_the_new_password_alone_and_keeps_their_rows(
    shell: Shell, fresh: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    try:
        assert shell.server("add-person", name, "--dsn", fresh.dsn()) == 0
        old = password_in(shell.out)
        with sender(fresh, Person(name, old)) as device:
            device.send(device.row())
            assert shell.server("reset-password", name, "--dsn", fresh.dsn()) == 0
            assert shell.err == ""
            new = password_in(shell.out)
            assert new != old
            assert device.send(device.row())["stored"] == 1  # what is open goes on
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            fresh.connect(name, old)
        (line,) = (each for each in shell.out.splitlines() if each.endswith(f":{new}"))
        file = tmp_path / "pgpass"
        file.write_text(line + "\n", "utf-8")
        file.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(file))
        connection = fresh.connect(name, None)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM reprospective.desktop_activity_sessions")
                assert cursor.fetchall() == [(2,)]
        finally:
            connection.close()
    finally:
        drop_role(fresh.server, name)


def test_the_new_password_is_in_no_log_and_no_file(
    shell: Shell, fresh: Database, make_person: Callable[..., Person]
):
    role = make_person()
    fresh.rows(f"GRANT reprospective_person TO {role.name}")
    fresh.rows(f"ALTER DATABASE {fresh.name} SET log_statement = 'all'")
    assert shell.server("reset-password", role.name, "--dsn", fresh.dsn()) == 0
    password = password_in(shell.out)
    log = fresh.server.log.read_text("utf-8", "replace")
    assert "ALTER ROLE" in log
    assert password not in log
    assert verifier_of(fresh, role.name).startswith("SCRAM-SHA-256$")
    kept = [path for path in shell.user.folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if password.encode() in path.read_bytes()]


def test_who_is_no_person_is_refused_and_nothing_changes(
    shell: Shell, fresh: Database, make_person: Callable[..., Person]
):
    role = make_person()
    reader = make_person()
    fresh.rows(f"GRANT reprospective_reader TO {reader.name}")
    assert_refused(shell, fresh, "nobody 'of' this name", "no role", "nobody 'of' this name")
    assert_refused(shell, fresh, fresh.superuser, "superuser", "psql")
    assert_refused(shell, fresh, role.name, "not one of the persons", "add-person")
    assert_refused(shell, fresh, reader.name, "not one of the persons")
    for name in ("reprospective_person", "pg_monitor", "", "two\nlines"):
        assert_refused(shell, fresh, name, code=2)


def test_a_person_who_is_superuser_or_may_not_log_in_is_refused(
    shell: Shell, fresh: Database, make_person: Callable[..., Person]
):
    above, locked = make_person(options="SUPERUSER"), make_person()
    fresh.rows(f"GRANT reprospective_person TO {above.name}, {locked.name}")
    fresh.rows(f"ALTER ROLE {locked.name} NOLOGIN")
    assert_refused(shell, fresh, above.name, "superuser")
    assert_refused(shell, fresh, locked.name, "NOLOGIN")


def test_before_init_it_names_init(shell: Shell, database: Database):
    assert shell.server("reset-password", "anna", "--dsn", database.dsn()) == 1
    assert "server init" in shell.err


def test_a_person_may_have_a_new_password_of_their_own_and_no_one_elses(
    shell: Shell, fresh: Database, make_person: Callable[..., Person]
):
    anna, bert = make_person(), make_person()
    fresh.rows(f"GRANT reprospective_person TO {anna.name}, {bert.name}")
    dsn = fresh.dsn(anna.name, anna.password)
    assert shell.server("reset-password", bert.name, "--dsn", dsn) == 1
    assert anna.name in shell.err
    assert anna.password not in shell.err
    fresh.connect(bert.name, bert.password).close()
    assert shell.server("reset-password", anna.name, "--dsn", dsn) == 0
    fresh.connect(anna.name, password_in(shell.out)).close()


def test_an_administrator_changes_the_passwords_of_those_whom_they_added(
    shell: Shell, fresh: Database, make_person: Callable[..., Person]
):
    admin, bert = make_person(options="CREATEROLE"), make_person()
    fresh.rows(
        sql.SQL("GRANT reprospective_person TO {} WITH ADMIN OPTION").format(
            sql.Identifier(admin.name)
        )
    )
    fresh.rows(f"GRANT reprospective_person TO {bert.name}")
    dsn = fresh.dsn(admin.name, admin.password)
    name = "added by the admin"
    try:
        assert shell.server("add-person", name, "--dsn", dsn) == 0
        assert shell.server("reset-password", name, "--dsn", dsn) == 0
        fresh.connect(name, password_in(shell.out)).close()
        newer = fresh.server.version >= 16
        assert shell.server("reset-password", bert.name, "--dsn", dsn) == int(newer)
        if newer:
            assert "is not allowed to change the password" in shell.err
            fresh.connect(bert.name, bert.password).close()
    finally:
        drop_role(fresh.server, name)
