"""What the server takes: names, titles, times and lengths within bounds, and the rest set aside.

How it can fail: a name too long for the index of settled days stops all sending, a session of ages
makes the readers' views slow or fail, one row in what is derived stops `server init`, and an
upgrade is stopped by what an older schema has let in.
"""

# ruff: noqa: S608  every name in these statements is a constant of this file or a role made here

import shutil
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.postgres.adapter import PostgresqlAdapter
from reprospective_tray.store.postgres.administration.roles import Initialised, initialise
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.schema import upgrade
from tests.server.sender import Sender, Shared, add_role, connected, sender, stored
from tests.server.servers import Database, Person
from tests.support import wait_until
from tests.unit.stored import row, session

pytestmark = pytest.mark.trust

SESSIONS = "reprospective.desktop_activity_sessions"
DAY = 86_400_000
YEAR_2200 = 7_258_118_400_000
FIRST = 20_000 * DAY
VIEWS = ("desktop_activity_days", "daily_application_totals", "hourly_activity", "hosts")

OUT_OF_BOUNDS: dict[str, dict[str, Any]] = {
    "a name of 257 characters": {"application_name": "n" * 257},
    "a name that no index holds": {"application_name": "".join(map(chr, range(900, 4900)))},
    "a host of 257 characters": {"source_host": "h" * 257},
    "a title of 4,097 characters": {"window_title": "t" * 4097},
    "before 1970": {"started_at": -1, "ended_at": 5},
    "after 2200": {"started_at": YEAR_2200 - 1, "ended_at": YEAR_2200 + 1},
    "4713 BC": {"started_at": -210_866_803_200_000, "ended_at": -210_866_803_100_000},
    "from 4713 BC to 290000": {
        "started_at": -210_866_803_200_000,
        "ended_at": 9_000_000_000_000_000,
    },
    "20,000 years": {"started_at": FIRST, "ended_at": FIRST + 20_000 * 365 * DAY},
    "367 days": {"started_at": FIRST, "ended_at": FIRST + 367 * DAY},
    "backwards": {"started_at": FIRST, "ended_at": FIRST - 1},
    "a number that is no time": {"started_at": 2**62, "ended_at": 2**62 + 1},
}
WITHIN: dict[str, dict[str, Any]] = {
    "a name of 256 characters of four bytes": {"application_name": "\U0001f600" * 256},
    "a host of 256 characters of four bytes": {"source_host": "\U0001f600" * 256},
    "a title of 4,096 characters of four bytes": {"window_title": "\U0001f600" * 4096},
    "the first moment": {"started_at": 0, "ended_at": 5},
    "the last moment": {"started_at": YEAR_2200 - 5, "ended_at": YEAR_2200},
    "366 days": {"started_at": FIRST, "ended_at": FIRST + 366 * DAY},
}


@pytest.mark.parametrize("what", OUT_OF_BOUNDS)
def test_what_is_out_of_bounds_is_refused_with_a_reason_and_all_else_is_taken(
    anna: Sender, prepared: Database, what: str
):
    good = [anna.row(), anna.row()]
    answer = anna.send(good[0], anna.row(**OUT_OF_BOUNDS[what]), good[1])
    assert answer["stored"] == 2
    ((refused),) = answer["refused"]
    assert refused["at"] == 1
    assert refused["reason"]
    assert stored(prepared).keys() == {row["uid"] for row in good}


@pytest.mark.parametrize("what", WITHIN)
def test_what_is_just_within_bounds_is_taken_and_settled(anna: Sender, what: str):
    assert anna.send(anna.row(**WITHIN[what]))["stored"] == 1
    ((name,),) = anna.ask("SELECT current_user")
    anna.ask("SELECT reprospective.settle(%s, '2200-01-02', 1000000)", [name])
    for view in VIEWS:
        assert anna.ask(f"SELECT count(*) FROM reprospective.{view}")[0][0], view


@pytest.mark.parametrize("what", OUT_OF_BOUNDS)
def test_nor_is_it_written_by_hand(anna: Sender, what: str):
    row = anna.row(**OUT_OF_BOUNDS[what])
    with pytest.raises((psycopg2.errors.CheckViolation, psycopg2.DataError)):
        anna.ask(
            f"""INSERT INTO {SESSIONS} (uid, device_id, source_host, state, application_name,
                window_title, started_at, ended_at, utc_offset_minutes)
            VALUES (%(uid)s, %(device_id)s, %(source_host)s, 'active', %(application_name)s,
                %(window_title)s, reprospective.from_ms(%(started_at)s),
                reprospective.from_ms(%(ended_at)s), 0)""",
            row,
        )


def test_what_is_imported_straight_to_the_server_is_cut(
    prepared: Database, shared: Shared, tmp_path: Path
):
    anna = shared.anna
    address = ServerAddress.from_dsn(prepared.dsn(anna.name, anna.password))
    adapter = PostgresqlAdapter(address, tmp_path)
    adapter.open()
    with adapter.connection():
        one = session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z", "n" * 3000, "t" * 9000)
        assert make_row_writer(adapter).write([row(one, adapter.device_id, "h" * 300)]) == 1
    (held,) = stored(prepared).values()
    names = held["application_name"], held["window_title"], held["source_host"]
    assert names == ("n" * 255 + "…", "t" * 4095 + "…", "h" * 255 + "…")


@pytest.mark.parametrize(
    "statement",
    [
        """INSERT INTO reprospective.settled_days VALUES (current_user, '2024-10-05',
            gen_random_uuid(), 'desk', 'active', 'planted', 1, 1, now(), 0, now(), 0)""",
        "UPDATE reprospective.settled_days SET ms = 1",
        "DELETE FROM reprospective.settled_days",
        "TRUNCATE reprospective.settled_days",
        "INSERT INTO reprospective.settled VALUES (current_user, '9999-01-01')",
        "UPDATE reprospective.settled SET until = '9999-01-01'",
        "DELETE FROM reprospective.settled",
        "TRUNCATE reprospective.settled",
    ],
)
def test_a_person_writes_not_even_their_own_derived_days(anna: Sender, statement: str):
    anna.send(anna.row(started_at=FIRST, ended_at=FIRST + 5))
    anna.ask("SELECT reprospective.settle(current_user, '2030-01-01', 1000000)")
    assert anna.ask("SELECT 1 FROM reprospective.settled_days")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        anna.ask(statement)


def planted(database: Database, owner: str, **columns: Any) -> str:
    """Write a row as an older schema let a person; return its uid."""
    values = {
        "application_name": "Editor",
        "window_title": "page",
        "source_host": "desk",
        "started_at": "2024-10-04 10:00Z",
        "ended_at": "2024-10-04 11:00Z",
        **columns,
    }
    ((uid,),) = database.rows(
        f"""INSERT INTO {SESSIONS} (uid, owner, device_id, source_host, state, application_name,
            window_title, started_at, ended_at, utc_offset_minutes)
        VALUES (gen_random_uuid(), %(owner)s, gen_random_uuid(), %(source_host)s, 'active',
            %(application_name)s, %(window_title)s, %(started_at)s, %(ended_at)s, 60)
        RETURNING uid::text""",
        values | {"owner": owner},
    )
    return uid


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.long
def test_an_upgrade_cuts_what_an_older_schema_has_let_in(
    database: Database, tmp_path: Path, make_person: Callable[..., Person], version: int
):
    for script in upgrade.scripts()[:version]:
        shutil.copy(script.path, tmp_path)
    with connected(database) as connection:
        initialise_older(connection, tmp_path)
    name = "".join(map(chr, range(900, 4900)))
    long = planted(
        *(database, "anna"),
        application_name=name,
        window_title="t" * 5000,
        source_host="h" * 300,
    )
    ages = planted(database, "anna", started_at="4713-01-01 BC", ended_at="9999-01-01Z")
    late = planted(database, "anna", started_at="9998-01-01Z", ended_at="9999-01-01Z")
    early = planted(database, "anna", started_at="4713-01-01 BC", ended_at="4713-01-02 BC")
    good = planted(database, "ben")
    if version > 1:
        database.rows("""INSERT INTO reprospective.settled_days VALUES ('anna', '2024-10-05',
            gen_random_uuid(), 'desk', 'active', 'planted', 1, 1, now(), 0, now(), 0)""")
        database.rows("""INSERT INTO reprospective.settled_days SELECT owner, day, device_id,
            source_host, state, application_name, ms, sessions, first_at, first_offset_minutes,
            last_at, last_offset_minutes FROM reprospective.computed_days WHERE owner = 'ben'""")
    with connected(database) as connection:
        assert initialise(connection).unsettled == ()
    held = stored(database)
    assert held[long]["application_name"] == name[:255] + "…"
    assert held[long]["window_title"] == "t" * 4095 + "…"
    assert held[long]["source_host"] == "h" * 255 + "…"
    assert (held[ages]["started_at"], held[ages]["ended_at"]) == (0, 366 * DAY)
    assert (held[late]["started_at"], held[late]["ended_at"]) == (YEAR_2200, YEAR_2200)
    assert (held[early]["started_at"], held[early]["ended_at"]) == (0, 0)
    assert {row["revision"] for row in held.values()} == {1}
    assert good in held
    for view in VIEWS:
        assert database.rows(f"SELECT count(*) FROM reprospective.{view}")[0][0], view
    kept = "SELECT * FROM reprospective.{} WHERE day < '2199-01-01' ORDER BY 1, 2, 3, 4, 5"
    assert database.rows(kept.format("desktop_activity_days")) == database.rows(
        kept.format("computed_days")
    )
    assert not database.rows(
        "SELECT 1 FROM reprospective.settled_days WHERE application_name = 'planted'"
    )
    # And the person goes on.
    with sender(database, add_role(database, make_person())) as device:
        assert device.send(device.row())["stored"] == 1


def initialise_older(connection: Any, folder: Path) -> None:
    """Prepare a database as a program did that had the scripts of `folder` alone."""
    upgrade.ensure(connection, folder)


def test_a_single_owner_upgrades_by_the_first_pass(
    database: Database, tmp_path: Path, make_person: Callable[..., Person]
):
    role = make_person()
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO {role.name}")
    for script in upgrade.scripts()[:2]:
        shutil.copy(script.path, tmp_path)
    with connected(database, role) as connection:
        upgrade.ensure(connection, tmp_path)
        uid = planted(database, role.name, application_name="x" * 3000)
        assert upgrade.ensure(connection) == upgrade.scripts()[-1].number
    assert len(stored(database)[uid]["application_name"]) == 256
    with sender(database, role) as device:
        assert device.send(device.row())["stored"] == 1


SETTLE_BY_HAND = """INSERT INTO reprospective.settled_days SELECT owner, day, device_id,
    source_host, state, application_name, ms, sessions, first_at, first_offset_minutes, last_at,
    last_offset_minutes
FROM reprospective.computed_days WHERE owner = %s AND day = %s"""


def break_a_day(database: Database, owner: str, day: date) -> None:
    """Let the days of an owner be such as cannot be settled: one of them is there already."""
    database.rows(SETTLE_BY_HAND, [owner, day])
    assert database.rows("SELECT 1 FROM reprospective.settled_days WHERE owner = %s", [owner])


def on(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).date()


def test_a_day_that_cannot_be_settled_fails_no_batch_of_its_owner(anna: Sender, prepared: Database):
    ((name,),) = anna.ask("SELECT current_user")
    anna.send(anna.row(started_at=FIRST, ended_at=FIRST + 5))
    break_a_day(prepared, name, on(FIRST))
    prepared.rows("UPDATE reprospective.devices SET received_at = received_at - interval '5 min'")
    assert anna.send(anna.row())["stored"] == 1
    assert anna.ask("SELECT reprospective.settle(%s, '2030-01-01')", [name])


def test_an_owner_whose_days_cannot_be_settled_is_named_and_all_others_are_settled(
    fresh: Database, make_person: Callable[..., Person]
):
    roles = [add_role(fresh, make_person()) for _ in range(3)]
    for role in roles:
        with sender(fresh, role) as device:
            device.send(device.row(started_at=FIRST, ended_at=FIRST + 5))
    bad = roles[1].name
    break_a_day(fresh, bad, on(FIRST))
    with connected(fresh) as connection:
        done = initialise(connection)
    assert [owner for owner, _problem in done.unsettled] == [bad]
    assert all(problem for _owner, problem in done.unsettled)
    settled = fresh.rows("SELECT owner FROM reprospective.settled WHERE until > '2026-01-01'")
    assert {owner for (owner,) in settled} == {role.name for role in roles} - {bad}


def test_an_init_that_settles_for_long_holds_up_no_other(
    fresh: Database, make_person: Callable[..., Person]
):
    role = add_role(fresh, make_person())
    with sender(fresh, role) as device:
        device.send(device.row(started_at=FIRST, ended_at=FIRST + 5))
    holder = fresh.connect()
    with holder.cursor() as cursor:
        # The same day, not committed: who settles it has to wait.
        cursor.execute("BEGIN")
        cursor.execute(SETTLE_BY_HAND, [role.name, on(FIRST)])
    done: list[Initialised] = []

    def init() -> None:
        with connected(fresh) as connection:
            done.append(initialise(connection))

    first = threading.Thread(target=init)
    first.start()
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
    wait_until(lambda: fresh.rows(waits, [fresh.name]), 10, "the settling")
    try:
        init()
        assert len(done) == 1
    finally:
        holder.close()
        first.join()
    assert [each.unsettled for each in done] == [(), ()]


def test_nobody_settles_a_day_that_is_not_over(anna: Sender):
    ((name,),) = anna.ask("SELECT current_user")
    anna.send(anna.row(started_at=FIRST, ended_at=FIRST + 5))
    anna.ask("SELECT reprospective.settle(%s, '9999-01-01', 10000000)", [name])
    ((until,),) = anna.ask("SELECT until FROM reprospective.settled")
    assert until <= datetime.now(UTC).date()
