"""What the planner knows of a person's texts, and so what EXPLAIN tells another: nothing.

How it can fail: a column keeps statistics, or an upgrade leaves what ANALYZE had found before it,
a table that is derived has them, an index or a statistics object brings them in by the back door.
"""

# ruff: noqa: S608  every name in these statements is a constant of this file or a role made here

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reprospective_tray.store.postgres.administration.roles import initialise
from reprospective_tray.store.postgres.schema import upgrade
from tests.server.sender import Sender, add_role, connected, sender
from tests.server.servers import Database, Person

pytestmark = pytest.mark.trust

SESSIONS = "reprospective.desktop_activity_sessions"
DAY = 86_400_000
LONG_AGO = 20_000 * DAY
# Texts, and ids: a range of these can be halved until one is known.
SECRET = {
    "desktop_activity_sessions": {
        *("uid", "device_id", "source_host", "original_id"),
        *("application_name", "window_title", "process_id"),
    },
    "desktop_activity_entries": {"uid", "device_id", "source_host", "category", "note"},
    "devices": {"device_id", "token"},
    "settled_days": {"device_id", "source_host", "application_name"},
}
TITLE, APPLICATION, HOST = "Layoffs in March.docx", "Secret Messenger", "annas-laptop"


@pytest.fixture
def upgraded(database: Database, tmp_path: Path) -> Database:
    """A database whose statistics were made by the schema before this one."""
    for script in upgrade.scripts()[:2]:
        shutil.copy(script.path, tmp_path)
    with connected(database) as connection:
        upgrade.ensure(connection, tmp_path)
    fill(database, "anna")
    database.rows("ANALYZE")
    assert ("desktop_activity_sessions", "window_title") in statistics(database)
    with connected(database) as connection:
        initialise(connection)
    return database


@pytest.fixture
def spy(upgraded: Database, make_person: Callable[..., Person]) -> Iterator[Sender]:
    """A person who has some sessions, and who wants to know others'."""
    role = add_role(upgraded, make_person())
    with sender(upgraded, role) as device:
        device.send(*(device.row() for _ in range(50)))
        upgraded.rows("ANALYZE")
        yield device


def fill(database: Database, owner: str) -> None:
    database.rows(
        f"""INSERT INTO {SESSIONS} (uid, owner, device_id, source_host, state, application_name,
            window_title, started_at, ended_at, utc_offset_minutes)
        SELECT gen_random_uuid(), %s, md5('d')::uuid, %s, 'active', %s,
            CASE WHEN n %% 4 = 0 THEN 'page ' || n ELSE %s END, began, began + interval '1 min', 0
        FROM generate_series(1, 4000) AS n,
            LATERAL (SELECT timestamptz '2024-10-04Z' + n * interval '10 min') AS one (began)""",
        [owner, HOST, APPLICATION, TITLE],
    )


def statistics(database: Database) -> set[tuple[str, str]]:
    return set(
        database.rows("""
            SELECT c.relname::text, a.attname::text
            FROM pg_statistic AS s JOIN pg_class AS c ON c.oid = s.starelid
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = s.staattnum
            WHERE c.relnamespace = 'reprospective'::regnamespace
        """)
    )


def estimate(device: Sender, query: str) -> list[float]:
    """Return what the planner expects of each step of a query."""

    def rows(node: dict) -> list[float]:
        return [node["Plan Rows"], *(one for part in node.get("Plans", ()) for one in rows(part))]

    ((found,),) = device.ask(f"EXPLAIN (FORMAT JSON) {query}")
    return rows(found[0]["Plan"])


GUESSES = {
    "window_title": (TITLE, "Layoffs in Marsh.docx"),
    "application_name": (APPLICATION, "Secret Messengel"),
    "source_host": (HOST, "annas-lapdog"),
}
CONDITIONS = (
    "{column} = '{guess}'",
    "{column} LIKE '{guess}%'",
    "{column} ~ '^{guess}'",
    "{column} >= '{guess}' AND {column} < '{guess}~'",
    "{column} IN ('{guess}', 'x')",
    "{column} <> '{guess}'",
    "lower({column}) = lower('{guess}')",
    "coalesce({column}, '') = '{guess}'",
)
PLACES = {
    "desktop_activity_sessions": ("window_title", "application_name", "source_host"),
    "settled_days": ("application_name", "source_host"),
    "computed_days": ("application_name", "source_host"),
    "desktop_activity_days": ("application_name", "source_host"),
    "session_days": ("application_name", "source_host"),
    "daily_application_totals": ("application_name", "source_host"),
    "hourly_activity": ("source_host",),
    "hosts": ("source_host",),
}


def test_a_right_guess_and_a_wrong_one_are_expected_alike(spy: Sender):
    for place, columns in PLACES.items():
        for column in columns:
            for condition in CONDITIONS:
                right, wrong = (
                    estimate(
                        spy,
                        f"SELECT * FROM reprospective.{place} WHERE "
                        + condition.format(column=column, guess=guess),
                    )
                    for guess in GUESSES[column]
                )
                assert right == wrong, (place, column, condition)


def test_the_planner_keeps_nothing_of_texts_and_ids(spy: Sender, upgraded: Database):
    upgraded.rows("VACUUM (ANALYZE)")
    kept = statistics(upgraded)
    assert kept
    assert not {(table, column) for table in SECRET for column in SECRET[table]} & kept
    assert upgraded.rows("SELECT * FROM pg_statistic_ext") == []
    # An index of an expression has statistics of its own.
    expressions = upgraded.rows("""
        SELECT indexrelid::regclass FROM pg_index JOIN pg_class AS c ON c.oid = indrelid
        WHERE c.relnamespace = 'reprospective'::regnamespace AND indexprs IS NOT NULL
    """)
    assert expressions == []
    for view in ("pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"):
        seen = spy.ask(
            f"SELECT * FROM {view} WHERE schemaname = 'reprospective' AND tablename = ANY (%s)",
            [[*SECRET, "settled"]],
        )
        assert seen == []


def test_how_many_different_texts_there_are_is_not_expected_either(spy: Sender, upgraded: Database):
    """Grouping asks for the number of different values."""
    queries = [
        f"SELECT DISTINCT {column} FROM reprospective.{place}"
        for place, columns in PLACES.items()
        for column in columns
        if place in {"desktop_activity_sessions", "settled_days"}
    ]
    before = [estimate(spy, query) for query in queries]
    upgraded.rows(
        f"UPDATE {SESSIONS} SET window_title = uid::text, application_name = left(uid::text, 9),"
        " source_host = left(uid::text, 9)"
    )
    with connected(upgraded) as connection:
        initialise(connection)
    # As full as it was before, so that all else is the same.
    upgraded.rows(f"VACUUM (FULL, ANALYZE) {SESSIONS}")
    upgraded.rows("VACUUM (FULL, ANALYZE) reprospective.settled_days")
    after = [estimate(spy, query) for query in queries]
    sizes = {
        table: upgraded.rows(f"SELECT count(*) FROM reprospective.{table}")[0][0]
        for table in ("desktop_activity_sessions", "settled_days")
    }
    # What was grouped never shows more than PostgreSQL's own guess of 200 values.
    for query, was, is_now in zip(queries, before, after, strict=True):
        assert was[0] <= 200, (query, was)
        assert is_now[0] <= 200, (query, is_now, sizes)


def test_each_column_that_is_new_is_thought_about(fresh: Database):
    """A column of texts or ids without `SET STATISTICS 0` tells others what is in it."""
    known = {"state", "verdict", "owner"}  # three words, two, and the names of roles
    columns = fresh.rows("""
        SELECT c.relname::text, a.attname::text, coalesce(a.attstattarget, -1)
        FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'reprospective'::regnamespace AND c.relkind IN ('r', 'm')
            AND a.attnum > 0 AND NOT a.attisdropped
            AND a.atttypid IN ('text'::regtype, 'uuid'::regtype, 'json'::regtype)
    """)
    assert {table for table, _column, _target in columns} >= SECRET.keys()
    told = [(table, name) for table, name, target in columns if target and name not in known]
    assert told == []


def test_it_is_seen_where_the_planner_knows(spy: Sender, upgraded: Database):
    """The comparison that all of this rests on can fail."""
    upgraded.rows(f"ALTER TABLE {SESSIONS} ALTER COLUMN window_title SET STATISTICS 100")
    upgraded.rows(f"ANALYZE {SESSIONS}")
    right, wrong = (
        estimate(spy, f"SELECT * FROM {SESSIONS} WHERE window_title = '{guess}'")
        for guess in GUESSES["window_title"]
    )
    assert right != wrong, json.dumps([right, wrong])
