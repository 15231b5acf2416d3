"""Settled days: totals that are kept say what the sessions say, whatever is done to these.

How it can fail: a row is changed below the mark and the kept day stays; a row is written while its
day is being settled; what was forgotten lies on in a kept day; the mark of one who comes no more
makes every reader count all sessions anew; a backlog settles the same days again and again.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reprospective_tray.store.postgres.administration.roles import initialise
from reprospective_tray.store.postgres.schema import upgrade
from tests.server.sender import Sender, Shared, connected, sender
from tests.server.servers import Database
from tests.support import wait_until

HOUR = 3_600_000
DAY = 24 * HOUR
EPOCH = date(1970, 1, 1)
FIRST = 20_000 * DAY  # UTC; long settled
SECONDS = 10.0
SESSIONS = "reprospective.desktop_activity_sessions"
DENIED = psycopg2.errors.InsufficientPrivilege


def on(ms: int) -> date:
    return EPOCH + timedelta(days=ms // DAY)


def session(device: Sender, began: int, ms: int = 60_000, **changes: Any) -> dict[str, Any]:
    offset = changes.pop("utc_offset_minutes", 0)
    return device.row(started_at=began, ended_at=began + ms, utc_offset_minutes=offset, **changes)


def days(device: Sender, view: str = "desktop_activity_days") -> list[tuple[Any, ...]]:
    return device.ask(f"SELECT * FROM reprospective.{view} ORDER BY 1, 2, 3, 4, 5")  # noqa: S608  our own names


def check(device: Sender) -> None:
    """Hold what is kept against what the sessions say."""
    assert days(device) == days(device, "computed_days")


def kept(device: Sender) -> set[date]:
    return {day for (day,) in device.ask("SELECT day FROM reprospective.settled_days")}


def mark(device: Sender) -> date:
    ((until,),) = device.ask("SELECT until FROM reprospective.settled")
    return until


def settle(device: Sender, before: date, most: int = 1000) -> None:
    device.ask("SELECT reprospective.settle(current_user, %s, %s)", [before, most])


@pytest.fixture
def calm(prepared: Database) -> Iterator[None]:
    """Let no mark count as lowered of late."""
    prepared.rows("""
        CREATE FUNCTION public.be_calm() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN NEW.lowered_at := '-infinity'; RETURN NEW; END $$
    """)
    prepared.rows("""
        CREATE TRIGGER be_calm BEFORE UPDATE ON reprospective.settled
        FOR EACH ROW EXECUTE FUNCTION public.be_calm()
    """)
    yield
    prepared.rows("DROP FUNCTION public.be_calm() CASCADE")


@pytest.fixture
def waited(prepared: Database) -> Callable[[], None]:
    """Let the last batch of every device be of some minutes ago."""
    earlier = "UPDATE reprospective.devices SET received_at = received_at - interval '5 minutes'"

    def wait() -> None:
        prepared.rows(earlier)

    return wait


MOMENT = st.integers(0, 6 * DAY) | st.sampled_from([0, DAY, DAY - 1, 3 * DAY])
LENGTH = st.integers(0, 2 * HOUR) | st.sampled_from([0, 1, DAY, 3 * DAY + 1])
OFFSET = st.sampled_from([0, 60, 345, -720, 840])
NEW_ROW = st.tuples(MOMENT, LENGTH, OFFSET, st.sampled_from(["Editor", "Mail"]), st.booleans())
DEED = st.one_of(
    st.tuples(st.just("settle"), st.integers(0, 9), st.integers(1, 9)),
    st.tuples(st.just("send"), st.lists(NEW_ROW, min_size=1, max_size=4)),
    st.tuples(st.just("change"), st.integers(0, 20), NEW_ROW),
    st.tuples(st.just("delete"), st.integers(0, 20)),
    st.tuples(st.just("forget"), MOMENT, LENGTH),
    st.tuples(st.just("erase"), MOMENT, LENGTH),
    st.tuples(st.just("write"), NEW_ROW),
)


class Deeds:
    """What a person's computer, and who looks after the database, do to the sessions."""

    def __init__(self, device: Sender, database: Database) -> None:
        self.device, self.database = device, database
        self.sent: list[dict[str, Any]] = []

    def row(self, told: tuple[int, int, int, str, bool], **changes: Any) -> dict[str, Any]:
        start, length, offset, application, is_open = told
        return session(
            *(self.device, FIRST + start, length),
            utc_offset_minutes=offset,
            application_name=application,
            open=int(is_open),
            **changes,
        )

    def settle(self, before: int, most: int) -> None:
        settle(self.device, on(FIRST + before * DAY), most)

    def send(self, rows: list[tuple[int, int, int, str, bool]]) -> None:
        made = [self.row(told) for told in rows]
        self.device.send(*made)
        self.sent += made

    def change(self, which: int, told: tuple[int, int, int, str, bool]) -> None:
        if self.sent:
            old = self.sent[which % len(self.sent)]
            new = self.row(told, uid=old["uid"], revision=old["revision"] + 1)
            self.sent[which % len(self.sent)] = new
            self.device.send(new)

    def delete(self, which: int) -> None:
        if self.sent:
            self.device.send({**self.sent[which % len(self.sent)], "deleted": 1})

    def forget(self, start: int, length: int) -> None:
        span = {"started_at": FIRST + start, "ended_at": FIRST + start + length}
        order = {"uid": str(uuid4()), "device_ids": [self.device.device_id], **span}
        self.device.send(orders=[{**order, "application_name": None}])

    def erase(self, start: int, length: int) -> None:
        self.database.rows(
            f"DELETE FROM {SESSIONS} WHERE started_at >= reprospective.from_ms(%s)"  # noqa: S608  our own name
            " AND started_at < reprospective.from_ms(%s)",
            [FIRST + start, FIRST + start + length],
        )

    def write(self, told: tuple[int, int, int, str, bool]) -> None:
        row = self.row(told)
        self.device.ask(
            f"""INSERT INTO {SESSIONS} (uid, device_id, source_host, state, application_name,
                window_title, started_at, ended_at, utc_offset_minutes, open)
            VALUES (%(uid)s, %(device_id)s, 'desk', 'active', %(application_name)s, '',
                reprospective.from_ms(%(started_at)s), reprospective.from_ms(%(ended_at)s),
                %(utc_offset_minutes)s, %(open)s)""",  # noqa: S608  our own name
            row,
        )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(DEED, max_size=14))
def test_whatever_is_done_to_sessions_the_days_say_what_they_say(
    anna: Sender, prepared: Database, deeds: list[tuple[Any, ...]]
):
    prepared.rows(f"TRUNCATE {SESSIONS}, reprospective.devices")
    anna.acknowledged = None
    doing = Deeds(anna, prepared)
    for name, *arguments in deeds:
        getattr(doing, name)(*arguments)
        check(anna)


def test_a_backlog_is_settled_by_the_pass_after_it(anna: Sender, waited: Callable[[], None]):
    for number in range(5):
        anna.send(*(session(anna, FIRST + number * DAY + hour * HOUR) for hour in range(20)))
    assert mark(anna) == on(FIRST)
    waited()
    anna.send()
    assert mark(anna) == on(FIRST + 31 * DAY)
    assert kept(anna) == {on(FIRST + number * DAY) for number in range(5)}
    check(anna)


def test_what_is_of_today_and_yesterday_is_left_to_the_sessions(
    anna: Sender, waited: Callable[[], None]
):
    now = int(datetime.now(UTC).timestamp() * 1000)
    anna.send(*(session(anna, now - number * DAY) for number in range(6, -1, -1)))
    waited()
    anna.send()
    assert mark(anna) == datetime.now(UTC).date() - timedelta(days=2)
    assert len(kept(anna)) == 4
    check(anna)


def test_a_late_row_makes_its_day_and_those_after_it_be_counted_anew(
    anna: Sender, waited: Callable[[], None]
):
    anna.send(*(session(anna, FIRST + number * DAY) for number in range(5)))
    waited()
    anna.send()
    anna.send(session(anna, FIRST + 2 * DAY + HOUR))
    assert kept(anna) == {on(FIRST), on(FIRST + DAY)}
    check(anna)
    # More of the kind may be under way: it rests first.
    waited()
    anna.send()
    assert mark(anna) == on(FIRST + 2 * DAY)


@pytest.mark.usefixtures("calm")
def test_what_rested_is_settled_again(anna: Sender, waited: Callable[[], None]):
    anna.send(*(session(anna, FIRST + number * DAY) for number in range(5)))
    waited()
    anna.send()
    anna.send(session(anna, FIRST + 2 * DAY + HOUR))
    assert mark(anna) == on(FIRST + 2 * DAY)
    waited()
    anna.send()
    assert mark(anna) == on(FIRST + 33 * DAY)
    check(anna)


def test_a_session_that_becomes_one_of_a_later_day_leaves_its_settled_day(anna: Sender):
    first = session(anna, FIRST + DAY)
    anna.send(session(anna, FIRST), first, session(anna, FIRST + 6 * DAY))
    settle(anna, on(FIRST + 4 * DAY))
    began = FIRST + 5 * DAY
    anna.send({**first, "started_at": began, "ended_at": began + 60_000, "revision": 2})
    check(anna)


def test_who_comes_no_more_is_settled_by_server_init(anna: Sender, prepared: Database):
    anna.send(session(anna, FIRST), session(anna, FIRST + 3 * DAY))
    assert mark(anna) == on(FIRST)
    with connected(prepared) as connection:
        initialise(connection)
    assert mark(anna) == datetime.now(UTC).date() - timedelta(days=2)
    check(anna)


def test_a_day_is_not_settled_while_a_row_of_it_is_being_written(
    anna: Sender, prepared: Database, shared: Shared
):
    anna.send(session(anna, FIRST), session(anna, FIRST + 5 * DAY))
    with sender(prepared, shared.anna) as laptop:
        laptop.raw.autocommit = False
        laptop.send(session(laptop, FIRST + DAY))
        settle(anna, on(FIRST + 4 * DAY))
        assert mark(anna) == on(FIRST)
        laptop.raw.commit()
    settle(anna, on(FIRST + 4 * DAY))
    assert mark(anna) == on(FIRST + 4 * DAY)
    check(anna)


def test_a_row_that_comes_while_its_day_is_settled_is_counted(
    anna: Sender, prepared: Database, shared: Shared
):
    anna.send(session(anna, FIRST), session(anna, FIRST + 5 * DAY))
    with sender(prepared, shared.anna) as laptop:
        anna.raw.autocommit = False
        settle(anna, on(FIRST + 4 * DAY))
        writing = threading.Thread(target=lambda: laptop.send(session(laptop, FIRST + DAY)))
        writing.start()
        waits = "SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
        wait_until(lambda: prepared.rows(waits), SECONDS, "the writer to wait")
        anna.raw.commit()
        writing.join()
        anna.raw.autocommit = True
    assert mark(anna) == on(FIRST + DAY)
    check(anna)


def test_a_transaction_that_sees_an_older_state_changes_no_settled_day(
    anna: Sender, prepared: Database, shared: Shared
):
    first = session(anna, FIRST)
    anna.send(first, session(anna, FIRST + 5 * DAY))
    with sender(prepared, shared.anna) as older:
        older.raw.set_session(isolation_level="REPEATABLE READ", autocommit=False)
        assert mark(older) == on(FIRST)
        settle(anna, on(FIRST + 4 * DAY))
        with pytest.raises(psycopg2.errors.SerializationFailure):
            older.ask(f"UPDATE {SESSIONS} SET deleted = 1 WHERE uid = %s", [first["uid"]])  # noqa: S608  our own name
        older.raw.rollback()
        # Nor does it settle: it would not see what came meanwhile.
        settle(older, on(FIRST + 5 * DAY))
        older.raw.commit()
    assert mark(anna) == on(FIRST + 4 * DAY)
    check(anna)


def test_what_was_forgotten_is_in_no_settled_day(anna: Sender, prepared: Database):
    secret = session(anna, FIRST + DAY, application_name="Secret")
    anna.send(session(anna, FIRST), secret, session(anna, FIRST + 5 * DAY))
    settle(anna, on(FIRST + 3 * DAY))
    names = "SELECT application_name FROM reprospective.settled_days"
    assert ("Secret",) in prepared.rows(names)
    anna.send({**secret, "deleted": 1})
    assert ("Secret",) not in prepared.rows(names)


def test_a_persons_days_are_theirs_alone(anna: Sender, ben: Sender):
    anna.send(session(anna, FIRST), session(anna, FIRST + 5 * DAY))
    settle(anna, on(FIRST + 3 * DAY))
    before = mark(anna), days(anna)
    for table in ("settled", "settled_days"):
        assert ben.ask(f"SELECT * FROM reprospective.{table}") == []  # noqa: S608  our own names
    ((name,),) = anna.ask("SELECT current_user")
    ben.ask("SELECT reprospective.settle(%s, '2030-01-01')", [name])
    for attempt in (
        "DELETE FROM reprospective.settled",
        "DELETE FROM reprospective.settled_days",
        f"SELECT reprospective.unsettle_from('{name}', '2000-01-01')",
        f"SELECT reprospective.settle_owner('{name}', '2030-01-01', 9)",
        f"INSERT INTO reprospective.settled VALUES ('{name}', '2000-01-01')",  # noqa: S608  our own names
        "SELECT reprospective.settle_all()",
    ):
        with pytest.raises(DENIED):
            ben.ask(attempt)
    assert (mark(anna), days(anna)) == before
    assert kept(anna)


def test_an_upgrade_settles_what_is_there(database: Database, tmp_path: Path):
    shutil.copy(upgrade.scripts()[0].path, tmp_path)
    with connected(database) as connection:
        assert upgrade.ensure(connection, tmp_path) == 1
    with sender(database) as device:
        device.send(*(session(device, FIRST + number * DAY) for number in range(50)))
        before = days(device)
        with connected(database) as connection:
            upgrade.ensure(connection)
        assert len(kept(device)) == len(before) == 50
        assert days(device) == before
        device.send(session(device, FIRST + 10 * DAY))
        check(device)


def test_a_year_of_settled_days_reads_no_sessions(anna: Sender, prepared: Database):
    ((name,),) = anna.ask("SELECT current_user")
    prepared.rows(
        f"""INSERT INTO {SESSIONS} (uid, owner, device_id, source_host,
            state, application_name, window_title, started_at, ended_at, utc_offset_minutes)
        SELECT gen_random_uuid(), %s, %s, 'desk', 'active', 'Editor ' || n %% 7, '',
            began, began + interval '5 min', 60
        FROM generate_series(1, 20000) AS n,
            LATERAL (SELECT timestamptz '2025-01-01' + n * interval '20 min') AS one (began)""",  # noqa: S608
        [name, anna.device_id],
    )
    settle(anna, date(2025, 9, 1))
    prepared.rows(f"ANALYZE {SESSIONS}")
    question = "SELECT sum(ms) FROM reprospective.desktop_activity_days WHERE day BETWEEN %s AND %s"
    year = ["2025-01-01", "2025-12-31"]
    plan = "\n".join(
        line
        for (line,) in anna.ask(f"EXPLAIN (ANALYZE, TIMING OFF) {question}", year)
        if "desktop_activity_sessions" in line or "Workers" in line
    )
    assert "Seq Scan" not in plan, plan
    assert "Workers" not in plan, plan
    assert anna.ask(question, year) == anna.ask(
        question.replace("desktop_activity_days", "computed_days"), year
    )


def test_it_is_seen_where_a_kept_day_is_wrong(anna: Sender, prepared: Database):
    """The comparison that all of this rests on can fail."""
    anna.send(session(anna, FIRST), session(anna, FIRST + 5 * DAY))
    settle(anna, on(FIRST + 3 * DAY))
    prepared.rows("UPDATE reprospective.settled_days SET ms = ms + 1")
    with pytest.raises(AssertionError):
        check(anna)
