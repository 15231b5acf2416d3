"""What the readers' views say: days as lived, to the millisecond."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg2.extras
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installer.steps import ROOT
from tests.server.sender import Sender
from tests.server.servers import Database
from tests.unit.documentation import blocks, commands

HOUR = 3_600_000
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  the clock on the wall
MIDNIGHT = 20_750 * DAY  # UTC


def lived(ms: int, offset: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms, minutes=offset)


def view(device: Sender, name: str, columns: str = "*") -> list[dict[str, Any]]:
    with device.raw.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute(f"SELECT {columns} FROM reprospective.{name}")  # noqa: S608  our own names
        return [dict(row) for row in cursor]


def session(device: Sender, began: int, ended: int, offset: int = 0, **changes: Any):
    return device.row(started_at=began, ended_at=ended, utc_offset_minutes=offset, **changes)


def day_ms(device: Sender) -> dict[date, int]:
    rows = view(device, "desktop_activity_days", "day, ms")
    return {row["day"]: row["ms"] for row in rows}


def on(ms: int) -> date:
    return lived(ms, 0).date()


def test_a_session_over_midnight_counts_in_both_days(anna: Sender):
    anna.send(session(anna, MIDNIGHT - 1500, MIDNIGHT + 2001))
    assert day_ms(anna) == {on(MIDNIGHT - 1): 1500, on(MIDNIGHT): 2001}


def test_a_session_that_ends_at_midnight_is_not_in_the_next_day(anna: Sender):
    anna.send(session(anna, MIDNIGHT - 10, MIDNIGHT), session(anna, MIDNIGHT, MIDNIGHT + 20))
    assert day_ms(anna) == {on(MIDNIGHT - 1): 10, on(MIDNIGHT): 20}
    anna.send(session(anna, MIDNIGHT - DAY - 5, MIDNIGHT, state="locked"))
    days = view(anna, "session_days", "day, state")
    assert sorted(row["day"] for row in days if row["state"] == "locked") == [
        on(MIDNIGHT - DAY - 1),
        on(MIDNIGHT - 1),
    ]


def test_a_session_of_several_days_fills_those_between(anna: Sender):
    anna.send(session(anna, MIDNIGHT - 7, MIDNIGHT + 2 * DAY + 9, state="locked"))
    assert day_ms(anna) == {
        on(MIDNIGHT - 1): 7,
        on(MIDNIGHT): DAY,
        on(MIDNIGHT + DAY): DAY,
        on(MIDNIGHT + 2 * DAY): 9,
    }


@pytest.mark.parametrize(("offset", "days"), [(14 * 60, 1), (-12 * 60, -1)])
def test_the_day_is_the_one_on_the_wall_at_both_ends_of_the_world(
    anna: Sender, offset: int, days: int
):
    at = MIDNIGHT + (11 * HOUR if days == 1 else 1 * HOUR)
    anna.send(session(anna, at, at + 1000, offset))
    (row,) = view(anna, "desktop_activity_days")
    assert row["day"] == on(MIDNIGHT + days * DAY)
    assert row["first_offset_minutes"] == row["last_offset_minutes"] == offset


@pytest.mark.parametrize(("before", "after", "hours"), [(60, 120, 23), (120, 60, 25)])
def test_a_day_on_which_the_clock_changes_has_its_true_length(
    anna: Sender, before: int, after: int, hours: int
):
    began = MIDNIGHT - before * 60_000
    change = began + 2 * HOUR
    ended = MIDNIGHT + DAY - after * 60_000
    anna.send(session(anna, began, change, before), session(anna, change, ended, after))
    (row,) = view(anna, "desktop_activity_days")
    assert (row["day"], row["ms"], row["sessions"]) == (on(MIDNIGHT), hours * HOUR, 2)
    assert (row["first_offset_minutes"], row["last_offset_minutes"]) == (before, after)
    by_hour = view(anna, "hourly_activity", "hour, active_seconds")
    assert sum(row["active_seconds"] for row in by_hour) == hours * 3600
    assert {int(row["active_seconds"]) for row in by_hour} <= {3600, 7200}


def test_a_session_without_length_counts_as_one_of_its_day(anna: Sender):
    anna.send(session(anna, MIDNIGHT, MIDNIGHT))
    (row,) = view(anna, "desktop_activity_days")
    assert (row["day"], row["ms"], row["sessions"]) == (on(MIDNIGHT), 0, 1)
    (hour,) = view(anna, "hourly_activity")
    assert (hour["hour"], hour["active_seconds"]) == (lived(MIDNIGHT, 0), 0)


def test_the_open_session_is_in_the_readers_views_and_not_in_the_rollup(anna: Sender):
    anna.send(session(anna, MIDNIGHT, MIDNIGHT + 5000, open=1))
    assert view(anna, "desktop_activity_days") == []
    (total,) = view(anna, "daily_application_totals")
    (hour,) = view(anna, "hourly_activity")
    (host,) = view(anna, "hosts")
    assert total["active_seconds"] == hour["active_seconds"] == 5
    assert host["sessions"] == 1


def test_tombstones_are_in_no_view(anna: Sender):
    anna.send(session(anna, MIDNIGHT - DAY, MIDNIGHT + DAY, deleted=1))
    for name in (
        "session_days",
        "desktop_activity_days",
        "daily_application_totals",
        "hourly_activity",
        "hosts",
    ):
        assert view(anna, name) == [], name


def test_daily_application_totals_are_of_active_time_by_application_and_host(anna: Sender):
    anna.send(
        session(anna, MIDNIGHT, MIDNIGHT + 1500),
        session(anna, MIDNIGHT + 1500, MIDNIGHT + 2000),
        session(anna, MIDNIGHT, MIDNIGHT + 100, source_host="laptop"),
        session(anna, MIDNIGHT, MIDNIGHT + 10, application_name="Mail"),
        session(anna, MIDNIGHT, MIDNIGHT + DAY, state="idle", application_name=""),
    )
    found = {
        (row["source_host"], row["application_name"]): (row["active_seconds"], row["sessions"])
        for row in view(anna, "daily_application_totals")
    }
    assert found == {
        ("desk", "Editor"): (Decimal(2), 2),
        ("laptop", "Editor"): (Decimal("0.1"), 1),
        ("desk", "Mail"): (Decimal("0.01"), 1),
    }


def test_hourly_activity_cuts_at_the_hours_of_the_wall_with_an_odd_offset(anna: Sender):
    at = MIDNIGHT + 15 * 60_000 - 1000  # 05:59:59 in Kathmandu
    anna.send(
        session(anna, at, at + HOUR + 2000, 345), session(anna, at, at + 500, 345, state="idle")
    )
    found = view(anna, "hourly_activity")
    active = {row["hour"].hour: row["active_seconds"] for row in found}
    assert active == {5: 1, 6: 3600, 7: 1}
    assert {row["hour"].hour: row["idle_seconds"] for row in found}[5] == Decimal("0.5")
    assert {row["locked_seconds"] for row in found} == {0}


def test_hosts_name_each_computer_with_its_first_and_last_moment(anna: Sender):
    anna.send(
        session(anna, MIDNIGHT, MIDNIGHT + 10),
        session(anna, MIDNIGHT + DAY, MIDNIGHT + DAY + 10),
        session(anna, MIDNIGHT, MIDNIGHT + 10, source_host="laptop"),
    )
    found = {row["source_host"]: row for row in view(anna, "hosts")}
    assert {host: row["sessions"] for host, row in found.items()} == {"desk": 2, "laptop": 1}
    desk = found["desk"]
    assert (desk["first_at"].timestamp(), desk["last_at"].timestamp()) == (
        MIDNIGHT / 1000,
        (MIDNIGHT + DAY + 10) / 1000,
    )


def test_a_session_of_an_application_on_two_days_starts_the_second_at_midnight(anna: Sender):
    anna.send(session(anna, MIDNIGHT - HOUR - 5, MIDNIGHT - HOUR + 6, 60))
    rows = {row["day"]: row for row in view(anna, "desktop_activity_days")}
    first, second = rows[on(MIDNIGHT - 1)], rows[on(MIDNIGHT)]
    assert (first["ms"], second["ms"]) == (5, 6)
    assert first["last_at"] == second["first_at"]
    assert first["last_at"].timestamp() == (MIDNIGHT - HOUR) / 1000


def test_a_day_of_a_person_among_many_is_found_by_an_index(anna: Sender, prepared: Database):
    """Row-level security lets an index serve only what cannot tell its rows to others."""
    ((name,),) = anna.ask("SELECT current_user")
    prepared.rows(
        """INSERT INTO reprospective.desktop_activity_sessions (uid, owner, device_id, source_host,
            state, application_name, window_title, started_at, ended_at, utc_offset_minutes)
        SELECT gen_random_uuid(), CASE WHEN n %% 20 = 0 THEN %s ELSE 'person' || n %% 20 END,
            gen_random_uuid(), 'desk', 'active', 'Editor', '', began, began + interval '5 min', 60
        FROM generate_series(1, 20000) AS n,
            LATERAL (SELECT timestamptz '2026-01-01' + n * interval '20 min') AS one (began)""",
        [name],
    )
    prepared.rows("ANALYZE reprospective.desktop_activity_sessions")
    for view_name in ("desktop_activity_days", "daily_application_totals", "hourly_activity"):
        plan = anna.explain(f"SELECT * FROM reprospective.{view_name} WHERE day = '2026-03-03'")  # noqa: S608  our own names
        assert "sessions_by_day" in plan, plan
        assert "sessions_over_midnight" in plan, plan
        assert "Seq Scan on desktop_activity_sessions" not in plan, plan
        assert "Workers" not in plan, plan
    plan = anna.explain("""SELECT * FROM reprospective.desktop_activity_sessions
        WHERE started_at >= '2026-03-03' AND started_at < '2026-03-04'""")
    assert "sessions_by_owner" in plan, plan


SESSIONS = st.lists(
    st.tuples(
        st.integers(-3 * DAY, 3 * DAY) | st.sampled_from([0, -1, 1, -DAY, DAY]),
        st.integers(0, 2 * HOUR) | st.sampled_from([0, 1, DAY, 3 * DAY + 1]),
        st.sampled_from([0, 60, 345, -210, 14 * 60, -12 * 60, 1080, -1080]),
        st.sampled_from(["active", "idle", "locked"]),
        st.sampled_from(["Editor", "Mail"]),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SESSIONS)
def test_the_views_agree_with_each_other_and_with_plain_counting_to_the_millisecond(
    anna: Sender, sessions: list[tuple[int, int, int, str, str, bool]]
):
    days: dict[tuple[date, str, str], int] = defaultdict(int)
    closed: dict[tuple[date, str, str], int] = defaultdict(int)
    hours: dict[tuple[datetime, str], int] = defaultdict(int)
    rows = []
    for start, length, offset, state, application, is_open in sessions:
        began, ended = MIDNIGHT + start, MIDNIGHT + start + length
        rows.append(
            session(
                anna,
                began,
                ended,
                offset,
                state=state,
                application_name=application,
                open=int(is_open),
            )
        )
        at = began
        while at < ended:
            wall = lived(at, offset)
            hour = wall.replace(minute=0, second=0, microsecond=0)
            until = min(
                ended, at + round((hour + timedelta(hours=1) - wall) / timedelta(milliseconds=1))
            )
            hours[hour, state] += until - at
            days[hour.date(), state, application] += until - at
            if not is_open:
                closed[hour.date(), state, application] += until - at
            at = until
    anna.ask("UPDATE reprospective.desktop_activity_sessions SET deleted = 1")
    assert anna.send(*rows)["stored"] == len(rows)

    rollup = view(anna, "desktop_activity_days", "day, state, application_name, ms")
    assert {
        (r["day"], r["state"], r["application_name"]): r["ms"] for r in rollup if r["ms"]
    } == closed
    totals = view(anna, "daily_application_totals")
    assert {
        (r["day"], "active", r["application_name"]): r["active_seconds"] * 1000
        for r in totals
        if r["active_seconds"]
    } == {key: ms for key, ms in days.items() if key[1] == "active"}
    by_hour = view(anna, "hourly_activity")
    assert {
        (r["hour"], state): r[f"{state}_seconds"] * 1000
        for r in by_hour
        for state in ("active", "idle", "locked")
        if r[f"{state}_seconds"]
    } == hours
    assert sum(row["ms"] for row in rollup) == sum(
        length for _start, length, _offset, _state, _application, is_open in sessions if not is_open
    )


def test_the_query_of_the_documentation_gives_the_hours_of_each_application(anna: Sender):
    anna.send(session(anna, MIDNIGHT, MIDNIGHT + HOUR * 3 // 2, application_name="Code"))
    (query,) = (
        words[-1]
        for block in blocks(ROOT / "docs" / "server.md", "sh")
        for words in commands(block)
        if words[0] == "psql"
    )
    with anna.raw.cursor() as cursor:
        cursor.execute(query)
        ((day, _host, name, hours),) = cursor.fetchall()
    assert (day, name, hours) == (on(MIDNIGHT), "Code", Decimal("1.5"))
