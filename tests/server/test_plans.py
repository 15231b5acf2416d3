"""What each question reads of a full table: the rows that it is about, and few besides.

How it can fail: a condition is not the one of its index, a function keeps an index from being used
under row-level security, the planner knows too little of the rows and reads all of them.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import DAY_MS
from reprospective_tray.store.postgres.administration.roles import initialise
from reprospective_tray.store.postgres.peewee_database import PeeweeCursor
from reprospective_tray.store.query.queries import Queries
from tests.server.contract import adapter_for
from tests.server.sender import Sender, add_role, connected, sender
from tests.server.servers import Database, Person, Server, person

pytestmark = pytest.mark.trust

SESSIONS = "reprospective.desktop_activity_sessions"
PERSONS = 8
# A session of ten minutes each ten minutes for 200 days, of each of them; some are longer.
FILL = f"""
INSERT INTO {SESSIONS} (uid, owner, device_id, source_host, state, application_name, window_title,
    started_at, ended_at, utc_offset_minutes)
SELECT gen_random_uuid(), owners[n %% {PERSONS} + 1], md5((n %% {PERSONS})::text)::uuid, 'desk',
    'active', 'app ' || n %% 37, 'title ' || n %% 1009, began,
    began + CASE WHEN n %% 5000 = 0 THEN interval '3 days' ELSE interval '9 min' END, 60
FROM (SELECT %s::text[]) AS these (owners), generate_series(0, {PERSONS} * 28800) AS n,
    LATERAL (SELECT timestamptz '2025-03-01Z' + n / {PERSONS} * interval '10 min') AS one (began)
ORDER BY began
"""  # noqa: S608  our own names
DAY = date(2025, 6, 3)
ONE_DAY = DayRange(DAY, DAY)
WEEK = DayRange(date(2025, 6, 2), date(2025, 6, 8))
NOON = int(datetime(2025, 6, 3, 12, tzinfo=UTC).timestamp() * 1000)
UNSETTLED = DayRange(date(2025, 9, 10), date(2025, 9, 10))

Ask = Callable[[Queries], object]
# What is asked, and which rows it is about.
RAW = f"FROM {SESSIONS} WHERE first_day <= '{{last}}' AND last_day >= '{{first}}'"
KEPT = "FROM reprospective.settled_days WHERE day BETWEEN '{first}' AND '{last}'"
STREAMED = (
    f"FROM {SESSIONS} WHERE ended_at > timestamptz '2025-06-03 12:00Z'"
    " AND started_at < timestamptz '2025-06-10 12:00Z'"
)
QUESTIONS: dict[str, tuple[Ask, str]] = {
    "titles": (lambda ask: ask.titles(ONE_DAY), RAW),
    "titles of a host": (lambda ask: ask.titles(ONE_DAY, "desk"), RAW),
    "day_titles": (lambda ask: ask.day_titles(ONE_DAY), RAW),
    "stretches": (lambda ask: ask.stretches(ONE_DAY), RAW),
    "stretch_rows": (lambda ask: ask.stretch_rows(ONE_DAY), RAW),
    "hours": (lambda ask: ask.hours(ONE_DAY), RAW),
    "sessions": (lambda ask: ask.sessions(ONE_DAY), RAW),
    "sessions, the newest": (lambda ask: ask.sessions(ONE_DAY, newest=10), RAW),
    "closed_sessions": (lambda ask: ask.closed_sessions(ONE_DAY), RAW),
    "uids": (lambda ask: ask.uids(ONE_DAY), RAW),
    "stream": (lambda ask: list(ask.stream(NOON, NOON + 7 * DAY_MS)), STREAMED),
    "totals": (lambda ask: ask.totals(WEEK), KEPT),
    "totals of a host": (lambda ask: ask.totals(WEEK, "desk"), KEPT),
    "applications": (lambda ask: ask.applications(WEEK), KEPT),
    "application_days": (lambda ask: ask.application_days(WEEK), KEPT),
    "host_totals": (lambda ask: ask.host_totals(WEEK), KEPT),
    "states": (lambda ask: ask.states(WEEK), KEPT),
    "days": (lambda ask: ask.days(WEEK), KEPT),
    "active_ms": (lambda ask: ask.active_ms(DAY), KEPT),
    "active_ms, one's own": (lambda ask: ask.active_ms(DAY, own=True), KEPT),
    "hosts": (lambda ask: ask.hosts(WEEK), KEPT),
    "last_day": (lambda ask: ask.last_day(WEEK), KEPT),
    "missing_days": (lambda ask: ask.missing_days(WEEK), KEPT),
    "totals of a day that is not settled": (lambda ask: ask.totals(UNSETTLED), RAW),
}
RANGES = {KEPT: WEEK, RAW: ONE_DAY, STREAMED: ONE_DAY}


class Full:
    """A table of some persons' half year, and who asks."""

    def __init__(self, database: Database, roles: dict[str, Person]) -> None:
        self.database, self.roles = database, roles

    def wanted(self, rows: str, days: DayRange, who: str) -> int:
        """Return how many rows a question is about, for this role."""
        role = self.roles[who]
        own = "" if who == "reader" else " AND owner = %s"
        rows = rows.format(first=days.first, last=days.last)
        ((count,),) = self.database.rows(
            f"SELECT count(*) {rows}{own}",
            [] if who == "reader" else [role.name],
        )
        return count


@pytest.fixture(scope="module")
def full(postgres: Server) -> Iterator[Full]:
    """A table filled, settled and analysed."""
    with postgres.database() as database, person(postgres) as owner, person(postgres) as reader:
        with connected(database) as connection:
            initialise(connection)
        add_role(database, owner)
        database.rows(f"GRANT reprospective_reader TO {reader.name}")
        owners = [owner.name, *(f"person {n}" for n in range(1, PERSONS))]
        database.rows(FILL, [owners])
        settle_before(database, "2025-09-05")
        database.rows("VACUUM (ANALYZE)")
        yield Full(database, {"owner": owner, "reader": reader})


def settle_before(database: Database, day: str) -> None:
    """Settle everybody's days before `day`, and none after."""
    for (owner,) in database.rows("SELECT owner FROM reprospective.settled"):
        database.rows("SELECT reprospective.settle_owner(%s, %s, 100000)", [owner, day])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Every question that the adapter asks from here on, in words."""
    seen: list[tuple[str, Any]] = []
    execute = PeeweeCursor.execute

    def note(self: Any, text: str, parameters: Any = ()) -> None:
        before, cursor, query = text.partition(" CURSOR FOR ")
        question = query if cursor else before
        if question.lstrip().startswith(("SELECT", "WITH")):
            seen.append((question, parameters))
        execute(self, text, parameters)

    monkeypatch.setattr(PeeweeCursor, "execute", note)
    return seen


def rows_read(device: Sender, question: str, parameters: Any) -> tuple[int, str]:
    """Return how many rows of tables a question reads, and its plan."""
    explain = f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON) {question}"
    ((found,),) = device.ask(explain, parameters)
    return counted(found[0]["Plan"]), json.dumps(found, indent=1)


def counted(node: dict[str, Any]) -> int:
    """Return what the scans below a node have read, what they have dropped included."""
    here = 0
    if "Relation Name" in node:
        dropped = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
        # Of each loop they are the mean.
        each = node["Actual Rows"] + sum(node.get(name, 0) for name in dropped)
        here = round(each * node["Actual Loops"])
    return here + sum(counted(child) for child in node.get("Plans", ()))


def test_every_question_is_held(full: Full):
    del full
    named = {name.split(",")[0].split(" of ")[0] for name in QUESTIONS}
    public = {
        name
        for name in dir(Queries)
        if not name.startswith("_") and callable(getattr(Queries, name)) and name != "snapshot"
    }
    assert public == named


@pytest.mark.parametrize("who", ["owner", "reader"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_reads_the_rows_that_it_is_about(
    full: Full, asked: list[tuple[str, Any]], tmp_path: Path, name: str, who: str
):
    ask, rows = QUESTIONS[name]
    role = full.roles[who]
    adapter = adapter_for(full.database, tmp_path, role.name, role.password, read_only=True)
    with adapter.reading(), adapter.unchanging():
        ask(Queries(adapter))
    days = UNSETTLED if "not settled" in name else RANGES[rows]
    wanted = full.wanted(rows, days, who)
    assert wanted
    with sender(full.database, role) as device:
        plans = [rows_read(device, *question) for question in asked]
    read = sum(count for count, _plan in plans)
    assert read <= 3 * wanted + 100, (read, wanted, *(plan for _count, plan in plans))


def test_the_first_schemas_index_serves_the_same_conditions(
    full: Full, asked: list[tuple[str, Any]], tmp_path: Path
):
    """A server that nobody has upgraded yet has another index for the same rows."""
    connection = full.database.connect()
    try:
        role = full.roles["owner"]
        adapter = adapter_for(full.database, tmp_path, role.name, role.password, read_only=True)
        with adapter.reading():
            list(Queries(adapter).stream(NOON, NOON + DAY_MS))
            Queries(adapter).sessions(ONE_DAY)
        wanted = full.wanted(RAW, ONE_DAY, "owner")
        connection.autocommit = False
        device = Sender(connection)
        device.ask("DROP INDEX reprospective.sessions_over_midnight")
        device.ask("DROP INDEX reprospective.sessions_over_days")
        device.ask(f"""CREATE INDEX sessions_over_midnight ON {SESSIONS} (owner, last_day)
            WHERE last_day > first_day""")
        device.ask(f"SET LOCAL ROLE {role.name}")
        for question in asked:
            read, plan = rows_read(device, *question)
            assert read <= 3 * wanted + 100, plan
    finally:
        connection.close()


def test_what_is_read_in_vain_is_counted(full: Full):
    """The measure that all of this rests on can fail."""
    with sender(full.database, full.roles["owner"]) as device:
        read, _plan = rows_read(
            device,
            f"SELECT count(*) FROM {SESSIONS} WHERE window_title = 'x'",  # noqa: S608
            None,
        )
    assert read > 10_000
