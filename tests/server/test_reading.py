"""Reading the central database: through a pooler, with one's own rights, and however much it is.

How it can fail: a cursor or setting outlives its transaction in a pooled connection, a person sees
another's days, the rows of an export pile up in memory, a silent server holds up a report for ever.
"""

import threading
import tracemalloc
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from reprospective_tray.errors import StoreError
from reprospective_tray.runtime.status import today_active_ms
from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.summary.figures import report
from tests.bystander import at_most
from tests.server.contract import adapter_for
from tests.unit.stored import row, session

DAY = date(2026, 3, 30)
ONE_DAY = DayRange(DAY, DAY)
MANY = """
    INSERT INTO reprospective.desktop_activity_sessions (uid, device_id, source_host, state,
        application_name, window_title, started_at, ended_at, utc_offset_minutes)
    SELECT gen_random_uuid(), gen_random_uuid(), 'desk', 'active', 'app ' || n %% 50,
        repeat('title', 20), at, at + interval '1 second', 0
    FROM generate_series(1, %s) AS n,
        LATERAL (SELECT timestamptz '2026-01-01Z' + n * interval '1 second') AS made (at)
"""


@pytest.fixture
def own(database, tmp_path):
    """What makes adapters of a role that owns everything."""

    def make(place=None, **more):
        there = database.at(place) if place else database
        return adapter_for(there, tmp_path, database.superuser, database.password, **more)

    return make


def record(adapter, name="Code"):
    adapter.open()
    with adapter.connection():
        one = session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z", name)
        SessionWriter(adapter, "desk").apply([Put(one)])
    return one


def test_reports_and_streams_work_through_pgbouncer(own, pgbouncer):
    pooled = own(pgbouncer)
    one = record(pooled)
    pooled.page = 1
    for _again in range(3):
        with pooled.reading():
            queries = Queries(pooled)
            assert report.build(queries, ONE_DAY).states.active_ms == 3_600_000
            assert [each.uid for each in queries.stream(one.started_at + 1)] == [one.uid]
            # One that is not read to its end leaves nothing behind.
            with closing(queries.stream()) as begun:
                next(begun)
            assert len(list(queries.stream())) == 1


def test_a_person_sees_their_own_days_alone(central, make_person, tmp_path):
    adapters = []
    for name in ("Code", "Mail"):
        person = make_person()
        central.database.rows(f'GRANT reprospective_person TO "{person.name}"')
        adapter = adapter_for(central.database, tmp_path / name, person.name, person.password)
        record(adapter, name)
        adapters.append(adapter)
    for adapter, name in zip(adapters, ("Code", "Mail"), strict=True):
        with adapter.reading():
            queries = Queries(adapter)
            found = report.build(queries, ONE_DAY)
            assert [each.name for each in found.applications] == [name]
            assert [each.application_name for each in queries.stream()] == [name]


@pytest.mark.parametrize("still_open", [False, True])
def test_today_is_ones_own_time_where_everybodys_may_be_read(
    central, make_person, tmp_path, still_open
):
    begun = datetime.now(UTC).astimezone().replace(hour=0, minute=0, second=0)
    start = int(begun.timestamp()) * 1000
    offset = round(begun.utcoffset().total_seconds()) // 60
    for ms in (3000, 500):
        person = make_person()
        grant = 'GRANT reprospective_person, reprospective_reader TO "{}"'
        central.database.rows(grant.format(person.name))
        adapter = adapter_for(central.database, tmp_path / str(ms), person.name, person.password)
        adapter.open()
        with adapter.connection():
            times = {"started_at": start, "ended_at": start + ms, "utc_offset_minutes": offset}
            any_day = session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z", open=still_open)
            SessionWriter(adapter, "desk").apply([Put(replace(any_day, **times))])
    assert today_active_ms(adapter) == 500
    with adapter.reading():
        assert Queries(adapter).active_ms(begun.date()) == 3500


def test_an_import_keeps_what_is_newer_erased_or_going_on(own):
    adapter = own()
    kept = record(adapter)
    with adapter.connection():
        still = session("2026-03-30T11:00:00Z", "2026-03-30T12:00:00Z", open=True)
        writer = SessionWriter(adapter, "desk")
        writer.apply([Put(still)])
        bulk = make_row_writer(adapter)
        gone = row(session("2026-03-30T13:00:00Z", "2026-03-30T14:00:00Z"), adapter.device_id)
        assert bulk.write([gone | {"deleted": 1}]) == 1
        rows = [row(each, adapter.device_id) for each in (kept, still)] + [gone]
        assert bulk.write(rows) == 0
        newer = [each | {"revision": 2, "application_name": "newer"} for each in rows]
        assert bulk.write([*newer, *rows]) == 1
        found = {each.uid: each.application_name for each in Queries(adapter).stream()}
    assert found == {kept.uid: "newer", still.uid: "Code"}


def test_all_questions_inside_a_snapshot_see_one_moment(own):
    adapter, other = own(), own()
    record(adapter)
    with adapter.reading(), other.connection():
        queries = Queries(adapter)
        with queries.snapshot():
            before = report.build(queries, ONE_DAY)
            later = session("2026-03-30T11:00:00Z", "2026-03-30T12:00:00Z", "Mail")
            SessionWriter(other, "desk").apply([Put(later)])
            assert report.build(queries, ONE_DAY) == before
        assert report.build(queries, ONE_DAY).states.active_ms == 2 * before.states.active_ms


def test_many_rows_stream_in_constant_memory(own, database):
    adapter = own(read_only=True)
    own().open()
    peaks = []
    for count in (3_000, 30_000):
        database.rows("TRUNCATE reprospective.desktop_activity_sessions")
        database.rows(MANY, [count])
        adapter.page = 500
        tracemalloc.start()
        try:
            with adapter.reading():
                assert sum(1 for _each in Queries(adapter).stream()) == count
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


def test_a_report_from_a_silent_server_ends_with_an_error(own, proxy):
    record(own())
    before = set(threading.enumerate())
    adapter = own(proxy, read_only=True, connect_deadline_s=2.0, deadline_s=0.5)

    def ask_a_server_that_falls_silent():
        with adapter.reading():
            queries = Queries(adapter)
            queries.active_ms(DAY)
            proxy.go_silent()
            queries.active_ms(DAY)

    with at_most(5), pytest.raises(StoreError, match="No answer within"):
        ask_a_server_that_falls_silent()
    left = set(threading.enumerate()) - before
    assert not [each for each in left if each.name == "deadline"]


def test_an_empty_database_says_for_reading_that_nothing_was_made_there(own):
    adapter = own(read_only=True)
    adapter.open()
    with pytest.raises(StoreError) as told, adapter.reading():
        Queries(adapter).hosts()
    assert "server init" in told.value.remedy


def test_a_role_that_may_not_make_the_schema_is_told_of_server_init(
    database, make_person, tmp_path
):
    person = make_person()
    database.rows(f"REVOKE CREATE ON DATABASE {database.name} FROM PUBLIC")
    with pytest.raises(StoreError) as told:
        adapter_for(database, tmp_path, person.name, person.password).open()
    assert "server init" in told.value.remedy
    assert person.password not in f"{told.value} {told.value.remedy}"


def test_a_file_and_a_server_open_at_once_keep_their_rows_apart(own, tmp_path):
    server, local = own(), SqliteAdapter(tmp_path / "x.db")
    server.open()
    local.open()
    with server.connection(), local.connection():
        for number, adapter in enumerate((server, local, server)):
            one = session(f"2026-03-30T0{number}:00:00Z", f"2026-03-30T0{number}:30:00Z")
            SessionWriter(adapter, "desk").apply([Put(one)])
        counts = [sum(1 for _each in Queries(adapter).stream()) for adapter in (server, local)]
    local.close()
    assert counts == [2, 1]
