"""Everything in the schema says what it is, on every server that `server init` has seen."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reprospective_tray.store.postgres.administration.roles import initialise
from reprospective_tray.store.postgres.schema import upgrade
from tests.server.compose import Container, container
from tests.server.sender import connected
from tests.server.servers import Database, Person

# Of all that PostgreSQL can comment on here, what has no comment, or one that says nothing.
UNCOMMENTED = """
SELECT 'relation', c.oid::regclass::text FROM pg_class AS c
WHERE c.relnamespace = 'reprospective'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND coalesce(length(obj_description(c.oid, 'pg_class')), 0) < 10
UNION ALL
SELECT 'column', c.oid::regclass || '.' || a.attname
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'reprospective'::regnamespace
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND NOT a.attisdropped
    AND coalesce(length(col_description(c.oid, a.attnum)), 0) < 10
UNION ALL
SELECT 'function', p.oid::regprocedure::text FROM pg_proc AS p
WHERE p.pronamespace = 'reprospective'::regnamespace
    AND coalesce(length(obj_description(p.oid, 'pg_proc')), 0) < 10
UNION ALL
SELECT 'type', t.oid::regtype::text FROM pg_type AS t JOIN pg_class AS c ON c.oid = t.typrelid
WHERE t.typnamespace = 'reprospective'::regnamespace AND c.relkind = 'c'
    AND coalesce(length(obj_description(t.oid, 'pg_type')), 0) < 10
ORDER BY 1, 2
"""
COMMENTS = """
SELECT d.classoid::regclass::text, pg_describe_object(d.classoid, d.objoid, d.objsubid),
    d.description
FROM pg_description AS d WHERE pg_describe_object(d.classoid, d.objoid, d.objsubid)
    LIKE '%reprospective%' ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def started():
    with container() as made:
        yield made


def test_every_table_view_column_and_function_has_a_comment(fresh: Database):
    assert fresh.rows(UNCOMMENTED) == []
    assert len(fresh.rows(COMMENTS)) > 100


def test_what_has_no_comment_is_found(fresh: Database):
    fresh.rows("CREATE TABLE reprospective.of_a_later_script (a integer)")
    fresh.rows(
        "CREATE VIEW reprospective.seen AS SELECT a AS b FROM reprospective.of_a_later_script"
    )
    fresh.rows("CREATE FUNCTION reprospective.f() RETURNS integer LANGUAGE sql RETURN 1")
    fresh.rows("COMMENT ON COLUMN reprospective.devices.token IS NULL")
    assert fresh.rows(UNCOMMENTED) == [
        ("column", "reprospective.devices.token"),
        ("column", "reprospective.of_a_later_script.a"),
        ("column", "reprospective.seen.b"),
        ("function", "reprospective.f()"),
        ("relation", "reprospective.of_a_later_script"),
        ("relation", "reprospective.seen"),
    ]


def test_every_time_says_whose_clock_and_every_number_its_unit(fresh: Database):
    """A reader of the database must not have to guess what 60 or 09:00 means."""
    columns = fresh.rows("""
        SELECT c.relname || '.' || a.attname, a.atttypid::regtype::text,
            col_description(c.oid, a.attnum)
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'reprospective'::regnamespace AND c.relkind IN ('r', 'v')
            AND NOT a.attisdropped
    """)
    words = {
        "timestamp with time zone": ("moment", "server's clock"),
        "timestamp without time zone": ("clock on the wall",),
        "date": ("clock on the wall", "first day that is not kept"),
    }
    for column, kind, text in columns:
        assert any(word in text for word in words.get(kind, ("",))), (column, text)
        for end, unit in (
            ("_seconds", "seconds"),
            (".ms", "milliseconds"),
            ("utc_offset_minutes", "minutes"),
        ):
            assert not column.endswith(end) or unit in text, (column, text)


def test_a_server_that_has_none_gets_them_at_the_next_init_and_by_its_owner(
    database: Database, make_person: Callable[..., Person], tmp_path: Path
):
    single = make_person()
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO {single.name}")
    for script in upgrade.scripts()[:1]:
        shutil.copy(script.path, tmp_path)
    with connected(database, single) as connection:
        upgrade.ensure(connection, tmp_path)
    assert database.rows(COMMENTS) == []
    with connected(database, single) as connection:
        upgrade.ensure(connection)
    assert database.rows(UNCOMMENTED) == []
    wanted = database.rows(COMMENTS)
    database.rows("DELETE FROM pg_description WHERE objoid = 'reprospective.devices'::regclass")
    with connected(database) as connection:
        initialise(connection)
    assert database.rows(COMMENTS) == wanted
    with connected(database) as connection:
        initialise(connection)
    assert database.rows(COMMENTS) == wanted


def test_who_owns_the_tables_and_not_the_schema_makes_all_of_it(
    database: Database, make_person: Callable[..., Person]
):
    role = make_person()
    database.rows("CREATE SCHEMA reprospective")
    database.rows(f"GRANT USAGE, CREATE ON SCHEMA reprospective TO {role.name}")
    with connected(database, role) as connection:
        upgrade.ensure(connection)
    assert database.rows(UNCOMMENTED) == []


def test_a_server_in_containers_has_the_same_comments(started: Container, fresh: Database):
    assert started.database.rows(UNCOMMENTED) == []
    assert started.database.rows(COMMENTS) == fresh.rows(COMMENTS)
