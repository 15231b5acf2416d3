"""A restore gives roles what they had and no more; the database's rights and settings come back."""

import pytest

from reprospective_tray.store.postgres.administration.roles import add_person
from reprospective_tray.store.postgres.schema.upgrade import ensure
from tests.server import binaries
from tests.server.backups import (
    add_role,
    backed_up,
    backups,
    backups_of,
    database,
    empty,
    pair,
    restored,
)
from tests.server.sender import connected, sender, stored
from tests.server.servers import Person, new_server, roles

__all__ = ["backups", "database", "pair"]
pytestmark = [pytest.mark.trust, pytest.mark.long]

ROLES = """
SELECT rolname::text, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
    rolbypassrls, rolconnlimit, rolvaliduntil::text, rolpassword
FROM pg_authid WHERE rolname !~ '^pg_' AND rolname <> 'postgres' ORDER BY 1
"""
MEMBERS = """
SELECT to_jsonb(m) - 'oid' - 'grantor' - 'roleid' - 'member' AS options,
    roleid::regrole::text, member::regrole::text
FROM pg_auth_members AS m WHERE member::regrole::text !~ '^pg_' ORDER BY 2, 3
"""
OF_DATABASE = """
SELECT pg_get_userbyid(datdba)::text, datconnlimit, datallowconn,
    ARRAY(SELECT pg_get_userbyid(a.grantee)::text || ' ' || a.privilege_type || a.is_grantable
        FROM aclexplode(datacl) AS a ORDER BY 1),
    ARRAY(SELECT each FROM pg_db_role_setting AS s CROSS JOIN unnest(s.setconfig) AS each
        WHERE s.setdatabase = d.oid AND s.setrole = 0 ORDER BY 1)
FROM pg_database AS d WHERE datname = current_database()
"""


def statements(database, *given):
    for statement in given:
        database.rows(statement)


def test_roles_come_back_with_their_attributes_passwords_and_memberships(
    pair, database, backups, tmp_path
):
    anna = add_role(database, "anna", rows=1)
    statements(
        database,
        "ALTER ROLE anna NOINHERIT CONNECTION LIMIT 3 VALID UNTIL '2199-12-31 23:59:59.5+09'",
        'CREATE ROLE "Ana\'s tool" LOGIN IN ROLE reprospective_reader',
        "CREATE ROLE dba LOGIN SUPERUSER PASSWORD 'of dba'",
        "CREATE ROLE helper LOGIN CREATEROLE CREATEDB REPLICATION BYPASSRLS VALID UNTIL 'infinity'",
        "GRANT reprospective_person TO helper WITH ADMIN OPTION",
        "CREATE ROLE analysts IN ROLE reprospective_reader, pg_monitor",
        "CREATE ROLE zoe LOGIN IN ROLE analysts",
        "GRANT SELECT ON reprospective.hosts TO dba",
        "CREATE ROLE left_behind LOGIN",
    )
    # Of a role that is no member any more, but has sent sessions: it comes back as it is.
    add_role(database, "gone", rows=1)
    database.rows("REVOKE reprospective_person FROM gone")
    here = database.rows(ROLES), database.rows(MEMBERS)
    backups.run("now")
    back = restored(pair.elsewhere, tmp_path).database
    # Who has nothing to do with the database does not come along.
    assert back.rows(ROLES) == [row for row in here[0] if row[0] != "left_behind"]
    assert back.rows(MEMBERS) == here[1]
    connection = back.connect(anna.name, anna.password)
    connection.close()


def test_a_role_that_is_there_stays_as_it_is_and_what_it_was_is_told(
    pair, database, backups, tmp_path
):
    add_role(database, "anna", rows=1)
    add_role(database, "ben", rows=1)
    statements(
        database,
        "CREATE ROLE dba LOGIN SUPERUSER",
        "GRANT SELECT ON reprospective.hosts TO dba",
        "GRANT reprospective_reader TO ben",
    )
    backups.run("now")
    # Since then, on this server and on another one that has roles of the same names.
    statements(
        database,
        "ALTER ROLE dba NOSUPERUSER",
        "ALTER ROLE anna PASSWORD 'another' CONNECTION LIMIT 1",
        "REVOKE reprospective_reader FROM ben",
    )
    here = database.rows(ROLES), database.rows(MEMBERS)
    said = backups.run("restore")
    assert (database.rows(ROLES), database.rows(MEMBERS)) == here
    assert "ben was a member of reprospective_reader" in said
    pair.elsewhere.in_postgres.rows("CREATE ROLE anna LOGIN")
    back = restored(pair.elsewhere, tmp_path)
    assert "anna was a member of reprospective_person" in back.said
    assert "anna" not in {member for _o, _r, member in back.database.rows(MEMBERS)}
    assert ("reprospective_person", "ben") in {(r, m) for _o, r, m in back.database.rows(MEMBERS)}


def test_what_a_superuser_has_set_for_persons_and_they_for_themselves_does_not_come_along(
    pair, database, backups, tmp_path
):
    add_role(database, "anna", rows=1)
    statements(
        database,
        "ALTER ROLE anna SET work_mem = '1MB'",
        "ALTER ROLE anna IN DATABASE reprospective SET work_mem = '2MB'",
        "ALTER ROLE ALL SET work_mem = '3MB'",
    )
    backups.run("now")
    back = restored(pair.elsewhere, tmp_path).database
    assert back.rows("SELECT * FROM pg_db_role_setting") == []
    statements(database, "ALTER ROLE ALL RESET work_mem")


def test_the_rights_and_settings_of_the_database_come_back(pair, database, backups, tmp_path):
    postgres = database.server.in_postgres
    add_role(database, "anna", rows=1)
    statements(
        postgres,
        'CREATE ROLE "the owner\'s" LOGIN SUPERUSER',
        "CREATE ROLE monitor LOGIN",
        "REVOKE CONNECT, TEMPORARY ON DATABASE reprospective FROM PUBLIC",
        "GRANT CONNECT ON DATABASE reprospective TO monitor WITH GRANT OPTION",
        "GRANT TEMPORARY ON DATABASE reprospective TO reprospective_reader",
        'ALTER DATABASE reprospective OWNER TO "the owner\'s"',
        "ALTER DATABASE reprospective CONNECTION LIMIT 77",
        "ALTER DATABASE reprospective SET work_mem = '7MB'",
        'ALTER DATABASE reprospective SET search_path = "$user", "A b", E\'c\\nd\'',
        "ALTER DATABASE reprospective SET timezone = 'Asia/Tokyo'",
        "ALTER DATABASE reprospective SET statement_timeout = '1ms'",
        "ALTER DATABASE reprospective SET default_transaction_read_only = on",
        "ALTER DATABASE reprospective SET idle_in_transaction_session_timeout = '1ms'",
        "ALTER DATABASE reprospective SET lock_timeout = '1ms'",
        "ALTER DATABASE reprospective SET client_encoding = 'LATIN1'",
        "ALTER DATABASE reprospective SET datestyle = 'German'",
        "ALTER DATABASE reprospective SET standard_conforming_strings = off",
        "ALTER DATABASE reprospective SET \"my.own\" = E'= ''x'' $made$ \\\\! \\n; \"'",
        "ALTER DATABASE reprospective SET temp_tablespaces = ''",
        "ALTER DATABASE reprospective SET default_transaction_isolation = 'serializable'",
    )
    of = OF_DATABASE.replace("current_database()", f"'{database.name}'")
    here = postgres.rows(of)
    assert len(here[0][4]) == 13
    said = backups.run("now")
    assert "WARNING" not in said
    back = restored(pair.elsewhere, tmp_path)
    assert pair.elsewhere.in_postgres.rows(of) == here
    assert "WARNING" not in back.said
    backups.run("restore")
    assert postgres.rows(of) == here
    postgres.rows("ALTER DATABASE reprospective RESET ALL")


def test_a_setting_that_the_server_refuses_is_told_and_stops_no_restore(
    pair, database, backups, tmp_path
):
    add_role(database, "anna", rows=1)
    database.rows("ALTER DATABASE reprospective SET work_mem = '7MB'")
    backups.run("now")
    (written,) = (tmp_path / "backups").glob("*.roles.sql")
    text = written.read_text("utf-8")
    assert "'work_mem'" in text
    written.write_text(text.replace("'work_mem'", "'no_such_thing'"), "utf-8")
    back = restored(pair.elsewhere, tmp_path)
    assert "no_such_thing" in back.said
    assert len(stored(back.database)) == 1


def test_a_database_of_one_owner_comes_back_without_groups_and_rights(pair, backups, tmp_path):
    with pair.home.database("reprospective") as database:
        with connected(database) as connection:
            ensure(connection)
        with sender(database) as device:
            device.send(device.row())
        kept = stored(database)
        backups.run("now")
    back = restored(pair.elsewhere, tmp_path).database
    rights = "SELECT datacl::text FROM pg_database WHERE datname = current_database()"
    assert (stored(back), back.rows(rights), roles(pair.elsewhere)) == (kept, [(None,)], set())
    empty(pair.elsewhere)


def test_a_password_that_the_other_server_refuses_leaves_the_role_without_one(
    pair, database, backups, tmp_path
):
    add_role(database, "anna", rows=1)
    add_role(database, "ben", rows=1)
    backups.run("now")
    (written,) = (tmp_path / "backups").glob("*.roles.sql")
    lines = written.read_text("utf-8").splitlines(keepends=True)
    # On PostgreSQL 15 a person can set one that is longer than newer versions take.
    longer = "SCRAM-SHA-256$4096:" + "A" * 4000
    lines = [
        line.replace("SCRAM-SHA-256$4096:", longer) if "'anna'" in line else line for line in lines
    ]
    written.write_text("".join(lines), "utf-8")
    back = restored(pair.elsewhere, tmp_path)
    with sender(back.database, Person("ben", "of ben")) as device:
        assert device.ask("SELECT count(*) FROM reprospective.desktop_activity_sessions") == [(1,)]
    assert len(stored(back.database)) == 2


def test_what_administrators_have_made_in_schemas_of_their_own_comes_back(
    pair, database, backups, tmp_path
):
    add_role(database, "anna", rows=2)
    statements(
        database,
        "CREATE ROLE grafana LOGIN",
        'CREATE SCHEMA "B ""I"".*"',
        'CREATE VIEW "B ""I"".*".hosts AS SELECT * FROM reprospective.hosts',
        'GRANT USAGE ON SCHEMA "B ""I"".*" TO grafana',
        'GRANT SELECT ON "B ""I"".*".hosts TO grafana',
        "CREATE TABLE public.notes (line text)",
        "INSERT INTO public.notes VALUES ('kept')",
        "GRANT SELECT ON public.notes TO anna",
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO anna",
        "GRANT SELECT ON reprospective.hosts TO grafana",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA reprospective GRANT SELECT ON TABLES TO grafana",
        # Nobody can be this one, so nobody but administrators makes what is its.
        "CREATE ROLE keeper NOLOGIN",
        "CREATE TABLE reprospective.more (a int)",
        "ALTER TABLE reprospective.more OWNER TO keeper",
    )
    rights = (
        "SELECT nspname, nspacl::text, nspowner::regrole FROM pg_namespace WHERE nspname !~ '^pg_'"
    )
    here = sorted(database.rows(rights), key=str)
    said = backups.run("now")
    assert "Not in the backup" not in said
    for place in (restored(pair.elsewhere, tmp_path).database, database):
        if place is database:
            backups.run("restore")
        assert sorted(place.rows(rights), key=str) == here
        assert place.rows('SELECT count(*) FROM "B ""I"".*".hosts') == [(1,)]
        assert place.rows("SELECT * FROM public.notes") == [("kept",)]
        assert place.rows(
            "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'more'"
        ) == [("keeper",)]


def test_a_schema_public_that_was_made_anew_takes_the_place_of_the_usual_one(
    pair, database, backups, tmp_path
):
    add_role(database, "anna", rows=1)
    statements(
        database,
        "DROP SCHEMA public",
        "CREATE SCHEMA public",
        "CREATE TABLE public.notes (line text)",
    )
    backups.run("now")
    back = restored(pair.elsewhere, tmp_path).database
    owner = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'"
    assert back.rows(owner) == [("postgres",)]
    assert back.rows("SELECT has_schema_privilege('anna', 'public', 'USAGE')") == [(False,)]


def test_after_a_restore_the_program_goes_on_as_before(pair, database, backups, tmp_path):
    with connected(database) as connection:
        added = add_person(connection, "x$made$y")
    person = Person(added.name, added.password)
    with sender(database, person) as device:
        device.send(device.row())
    backups.run("now")
    back = restored(pair.elsewhere, tmp_path).database
    with sender(back, person) as device:
        assert device.send(device.row())["stored"] == 1
    with connected(back) as connection:
        assert add_person(connection, "x$made$y").password is None
        assert add_person(connection, "another").password is not None


def test_a_backup_of_the_oldest_postgresql_comes_back_on_the_newest(tmp_path):
    programs = binaries.installed()
    if not {15, 18} <= set(programs):
        pytest.skip("needs PostgreSQL 15 and 18")
    with new_server(programs[15]) as old, new_server(programs[18]) as newer:
        with backed_up(old) as database:
            anna = add_role(database, "anna", rows=2)
            statements(
                database,
                "CREATE ROLE helper LOGIN NOINHERIT",
                "GRANT reprospective_reader TO helper WITH ADMIN OPTION",
                "REVOKE CONNECT ON DATABASE reprospective FROM PUBLIC",
            )
            kept, rights = stored(database), database.rows(OF_DATABASE)
            backups_of(old, tmp_path).run("now")
        back = restored(newer, tmp_path).database
        assert (stored(back), back.rows(OF_DATABASE)) == (kept, rights)
        options = {(role, member): given for given, role, member in back.rows(MEMBERS)}
        assert options == {
            ("reprospective_person", "anna"): {
                "admin_option": False,
                "inherit_option": True,
                "set_option": True,
            },
            ("reprospective_reader", "helper"): {
                "admin_option": True,
                "inherit_option": False,
                "set_option": True,
            },
        }
        back.connect(anna.name, anna.password).close()
