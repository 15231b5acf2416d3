"""What persons write never runs as an administrator in a backup or a restore."""

from contextlib import suppress

import psycopg2
import pytest
from psycopg2 import sql

from tests.server.backups import add_role, backups, database, pair, restored
from tests.server.sender import stored

__all__ = ["backups", "database", "pair"]
pytestmark = pytest.mark.trust

# What any of these makes herself where somebody runs it as a superuser.
EVIL = "EXECUTE 'ALTER ROLE anna SUPERUSER CREATEROLE CREATEDB REPLICATION BYPASSRLS'"
RISE = "ALTER ROLE anna SUPERUSER"
# A name under which each of these would be a line of its own in a file of SQL.
LINES = f"a\n{RISE};\n\\! touch pwned\n--"

# By a person with the rights that `add-person` gives.
OF_ANY_PERSON = [
    # The two of a release: each line of pg_dumpall's output was edited by itself.
    "ALTER ROLE anna SET application_name = E'x\\nALTER ROLE postgres '",
    f"ALTER ROLE anna SET default_tablespace = '; {RISE}; --'",
    f"ALTER ROLE anna SET application_name = E'x\\n{RISE};\\n'",
    f"ALTER ROLE anna SET application_name = E'x\\nCREATE ROLE a; {RISE};\\n'",
    f"ALTER ROLE anna SET search_path = E'\\n{RISE};\\n', public",
    f"ALTER ROLE anna IN DATABASE reprospective SET application_name = E'\\n{RISE};\\n'",
    "ALTER ROLE anna IN DATABASE reprospective SET search_path = anna, public, pg_catalog",
    "ALTER ROLE anna SET statement_timeout = 1",
    "ALTER ROLE anna SET role = reprospective_person",
    "ALTER ROLE anna SET my.own = E'$made$ \\\\! \\nCOMMIT;\\n'",
    f"ALTER ROLE anna PASSWORD E'$made$;\\n{RISE};\\n--'",
    "ALTER ROLE anna SUPERUSER",
    "ALTER ROLE anna CREATEROLE",
    "ALTER ROLE anna RENAME TO postgres2",
    "ALTER DATABASE reprospective SET search_path = anna",
    "ALTER DATABASE reprospective_proof OWNER TO anna",
    "COMMENT ON ROLE anna IS E'\\nALTER ROLE anna SUPERUSER;'",
    "COMMENT ON DATABASE reprospective IS E'\\nALTER ROLE anna SUPERUSER;'",
    "SECURITY LABEL ON ROLE anna IS 'x'",
    f"SELECT lo_from_bytea(4711, '{RISE}')",
    f"COMMENT ON LARGE OBJECT 4711 IS E'\\n{RISE};\\n'",
    "GRANT ALL ON LARGE OBJECT 4711 TO postgres, reprospective_reader, PUBLIC WITH GRANT OPTION",
    "GRANT ALL ON LARGE OBJECT 4711 TO reprospective_reader",
    "SECURITY LABEL ON LARGE OBJECT 4711 IS 'x'",
    "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO reprospective_reader",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA reprospective GRANT SELECT ON TABLES TO anna",
    "GRANT reprospective_person TO reprospective_reader",
    "GRANT SELECT ON reprospective.devices TO reprospective_reader",
    "CREATE TEMPORARY TABLE sessions (a int CHECK (a > 0))",
    "CREATE TEMPORARY VIEW v AS SELECT * FROM reprospective.desktop_activity_sessions",
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE TRIGGER t AFTER INSERT ON reprospective.devices EXECUTE FUNCTION pg_temp.f()",
    "CREATE RULE r AS ON SELECT TO reprospective.devices DO INSTEAD SELECT 1",
    "CREATE POLICY p ON reprospective.devices USING (true)",
    "CREATE INDEX i ON reprospective.devices (pg_temp.f())",
    "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION pg_temp.f()",
    "CREATE PUBLICATION p FOR ALL TABLES",
    "CREATE EXTENSION pg_trgm",
    "COPY (SELECT 1) TO PROGRAM 'touch pwned'",
    f'CREATE TABLE public."{LINES}" (a int)',
    "CREATE SCHEMA anna",
]

# Where an administrator lets everybody create, which PostgreSQL up to 14 did in `public` by itself.
OF_ONE_WHO_MAY_CREATE = [
    "CREATE SCHEMA anna",
    f'CREATE SCHEMA "{LINES}"',
    r'CREATE SCHEMA "\033[31m \c"',
    'CREATE SCHEMA "\x1b[31m \u202e \x9b31m"',
    *(f'CREATE TABLE "{name}".t ()' for name in (LINES, r"\033[31m \c", "\x1b[31m \u202e \x9b31m")),
    f'CREATE TABLE public."{LINES}" ("{LINES}" int)',
    f"COMMENT ON TABLE public.\"{LINES}\" IS E'{RISE}\\n\\\\! touch pwned'",
    f"""CREATE FUNCTION public.rise() RETURNS int LANGUAGE plpgsql AS
        $$ BEGIN {EVIL}; RETURN 1; EXCEPTION WHEN OTHERS THEN RETURN 1; END $$""",
    *(
        f"""CREATE FUNCTION {schema}.evil(whatever int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN RETURN public.rise(); END $$"""
        for schema in ("anna", "public")
    ),
    "CREATE TABLE public.checked (a int CHECK (public.evil(a) = 1))",
    "CREATE TABLE anna.checked (a int CHECK (public.evil(a) = 1))",
    "CREATE TABLE public.generated (a int, b int GENERATED ALWAYS AS (public.evil(a)) STORED)",
    "CREATE TABLE public.defaulted (a int, b int DEFAULT public.evil(1))",
    "CREATE DOMAIN public.valued AS int CHECK (public.evil(VALUE) = 1)",
    "CREATE TABLE public.of_domain (a public.valued)",
    "CREATE TABLE public.indexed (a int)",
    "CREATE INDEX ON public.indexed (public.evil(a))",
    "CREATE INDEX ON public.indexed (a) WHERE anna.evil(a) = 1",
    "CREATE TABLE public.parted (a int) PARTITION BY RANGE (public.evil(a))",
    "INSERT INTO public.checked (a) VALUES (1)",
    "INSERT INTO anna.checked (a) VALUES (1)",
    "INSERT INTO public.generated (a) VALUES (1)",
    "INSERT INTO public.defaulted (a) VALUES (1)",
    "INSERT INTO public.of_domain (a) VALUES (1)",
    "INSERT INTO public.indexed (a) VALUES (1)",
    "CREATE MATERIALIZED VIEW public.seen AS SELECT public.evil(1) AS a",
    "CREATE VIEW public.daily AS SELECT public.evil(1), s.* FROM reprospective.hosts AS s",
    f"""CREATE FUNCTION public.fired() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN {EVIL}; RETURN NEW; END $$""",
    "CREATE TRIGGER t BEFORE INSERT ON public.indexed FOR EACH ROW EXECUTE FUNCTION public.fired()",
    "ALTER TABLE public.indexed ENABLE ALWAYS TRIGGER t",
    "CREATE TRIGGER t AFTER INSERT ON reprospective.devices EXECUTE FUNCTION public.fired()",
    "CREATE RULE r AS ON INSERT TO public.indexed DO ALSO SELECT public.evil(1)",
    "ALTER TABLE public.indexed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "CREATE POLICY p ON public.indexed USING (public.evil(a) = 1)",
    "CREATE STATISTICS public.s ON (public.evil(a)), a FROM public.indexed",
    # What the scripts would find before PostgreSQL's own, by a closer match.
    f"""CREATE FUNCTION public.pg_terminate_backend(a int, b int) RETURNS bool LANGUAGE plpgsql AS
        $$ BEGIN {EVIL}; RETURN true; END $$""",
    f"""CREATE FUNCTION public.format(a text, VARIADIC b name[]) RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN {EVIL}; RETURN ''; END $$""",
    f"""CREATE FUNCTION public.replace(a name, b name, c name) RETURNS name LANGUAGE plpgsql AS
        $$ BEGIN {EVIL}; RETURN a; END $$""",
    f"""CREATE FUNCTION public.same(a name, b text) RETURNS bool LANGUAGE plpgsql AS
        $$ BEGIN {EVIL}; RETURN true; END $$""",
    "CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.same)",
    "CREATE OPERATOR public.<> (LEFTARG = name, RIGHTARG = text, FUNCTION = public.same)",
    f"""CREATE FUNCTION public.shown(a public.valued) RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN {EVIL}; RETURN ''; END $$""",
    "CREATE TYPE anna.mood AS ENUM (E'a\\nb')",
    """CREATE FUNCTION public.added(a int, b name) RETURNS int LANGUAGE sql
        RETURN public.rise()""",
    "CREATE AGGREGATE public.sum(name) (SFUNC = public.added, STYPE = int)",
    'CREATE COLLATION public.c FROM "C"',
    "CREATE PROCEDURAL LANGUAGE plsh",
    "CREATE TABLE public.heir () INHERITS (reprospective.devices)",
    "CREATE TABLE public.linked (a uuid REFERENCES reprospective.desktop_activity_sessions)",
    "CREATE PUBLICATION p FOR TABLE public.indexed",
    "ALTER SCHEMA reprospective RENAME TO gone",
    "ALTER SCHEMA anna RENAME TO reprospective_aside",
    "GRANT ALL ON public.indexed TO reprospective_reader WITH GRANT OPTION",
    "SELECT lo_create(4712)",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO PUBLIC",
]

ATTRIBUTES = """
SELECT rolname::text, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1
"""
MEMBERS = """
SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members
WHERE member::regrole::text !~ '^pg_' ORDER BY 1
"""
AS_MADE = [
    ("anna", False, False, False, False, False),
    ("ben", False, False, False, False, False),
    ("postgres", True, True, True, True, True),
    ("reprospective_person", False, False, False, False, False),
    ("reprospective_reader", False, False, False, False, False),
]
PERSONS = [("reprospective_person", "anna"), ("reprospective_person", "ben")]
SETTINGS = "SELECT setrole::regrole::text FROM pg_db_role_setting WHERE setrole <> 0"
SCHEMAS = """
SELECT nspname::text FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1
"""
IN_PUBLIC = """
SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


def attempt(database, person, statements):
    """Run each statement as a person; return those that were allowed."""
    allowed = []
    connection = database.connect(person.name, person.password)
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                with suppress(psycopg2.Error):
                    cursor.execute(statement)
                    allowed.append(statement)
    finally:
        connection.close()
    return allowed


def assert_nobody_has_risen(server):
    assert server.in_postgres.rows(ATTRIBUTES) == AS_MADE
    assert server.in_postgres.rows(MEMBERS) == PERSONS


def assert_it_comes_back(pair, database, backups, tmp_path):
    """Back up, restore elsewhere and in place, and find every session and nothing more."""
    kept = stored(database)
    assert len(kept) == 5
    said = backups.run("now")
    assert backups.ask_health().returncode == 0, said
    assert_nobody_has_risen(pair.home)
    back = restored(pair.elsewhere, tmp_path).database
    assert_nobody_has_risen(pair.elsewhere)
    assert stored(back) == kept
    assert pair.elsewhere.in_postgres.rows(SETTINGS) == []
    assert back.rows(SCHEMAS) == [("public",), ("reprospective",)]
    assert back.rows(IN_PUBLIC) == []
    assert back.rows("SELECT * FROM pg_largeobject_metadata") == []
    backups.run("restore")
    assert_nobody_has_risen(pair.home)
    assert stored(database) == kept
    return said


@pytest.mark.parametrize(
    "statements",
    [OF_ANY_PERSON[:1], OF_ANY_PERSON[:2], OF_ANY_PERSON],
    ids=["one setting", "two settings", "all"],
)
def test_a_person_becomes_no_superuser_by_what_she_sets_for_herself(
    pair, database, backups, tmp_path, statements
):
    anna = add_role(database, "anna", rows=2)
    add_role(database, "ben", rows=3)
    # The attack is one: the first two are a person's to set.
    assert attempt(database, anna, statements)[:2] == statements[:2]
    assert_it_comes_back(pair, database, backups, tmp_path)


def test_what_a_person_makes_where_everybody_may_create_is_not_run_by_who_restores(
    pair, database, backups, tmp_path
):
    anna = add_role(database, "anna", rows=2)
    add_role(database, "ben", rows=3)
    places = (database, pair.home.in_postgres)
    for place in places:
        place.rows("GRANT CREATE ON SCHEMA public TO PUBLIC")
        name = sql.Identifier(place.name)
        place.rows(sql.SQL("GRANT CREATE ON DATABASE {} TO anna").format(name))
    try:
        allowed = attempt(database, anna, OF_ONE_WHO_MAY_CREATE)
        assert len(allowed) > 45
        attempt(pair.home.in_postgres, anna, OF_ONE_WHO_MAY_CREATE)
        said = assert_it_comes_back(pair, database, backups, tmp_path)
        for schema in ("public", "reprospective_aside"):
            assert f"schema {schema}\n" in said
        # Each of her schemas has one line, of which a terminal obeys nothing.
        assert said.count("Not in the backup") == 5
        assert not set("\x1b\x9b\u202e") & set(said)
    finally:
        for place in places:
            place.rows("DROP OWNED BY anna CASCADE")
            place.rows("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def test_a_schema_of_the_program_that_a_person_owns_part_of_is_not_backed_up_and_that_is_told(
    database, backups
):
    add_role(database, "anna")
    database.rows("ALTER FUNCTION reprospective.steps OWNER TO anna")
    said = backups.run("now", code=1)
    assert "reprospective.steps" in said
    assert backups.names() == []
    assert backups.ask_health().returncode == 1


def test_names_of_any_kind_come_back_with_their_rows_and_passwords(
    pair, database, backups, tmp_path
):
    names = [
        "x$made$y",
        "$$",
        "line\nbreak",
        "crlf\r\nALTER ROLE postgres ",
        '"quoted"',
        "it's",
        "'; ALTER ROLE anna SUPERUSER; --",
        "back\\slash\\",
        "\\! touch pwned",
        "\\endif",
        "-dash",
        "--role",
        ":name :'name' :\"name\"",
        "%I %L %s",
        "COMMIT;",
        "a=b host=c",
        "tab\there",
        "日本 Ωmega é",
        "\u202eright to left",
        "x" * 63,
    ]
    persons = [add_role(database, name, rows=2) for name in names]
    backups.run("now")
    back = restored(pair.elsewhere, tmp_path).database
    for person in persons:
        connection = back.connect(person.name, person.password)
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT owner FROM reprospective.desktop_activity_sessions")
            assert cursor.fetchall() == [(person.name,)]
        connection.close()
    superusers = "SELECT rolname::text FROM pg_roles WHERE rolsuper"
    assert pair.elsewhere.in_postgres.rows(superusers) == [("postgres",)]
