"""How SQLite finds what it is asked for."""

from datetime import date

from reprospective_tray.store.forget.erase import ChosenSessions, Forgetting
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put, State
from reprospective_tray.store.query.archived_days import not_here
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.summary.figures import report
from tests.unit.stored import fresh_adapter, session

DAY = date(2026, 3, 30)
ONE_DAY = DayRange(DAY, DAY)


def test_a_day_is_looked_up_by_index_and_never_by_reading_the_table():
    with fresh_adapter() as adapter:
        queries = Queries(adapter)
        seen: list[tuple[str, object]] = []
        original = adapter.database.execute_sql
        adapter.database.execute_sql = lambda sql, params=None: (  # type: ignore[method-assign]  # a spy
            seen.append((sql, params)) or original(sql, params)
        )
        long = session("2026-03-20T09:00:00Z", "2026-04-20T09:00:00Z", state=State.IDLE)
        SessionWriter(adapter, "desk").apply([Put(long)])
        FileMeta(adapter).put(MetaKey.RETENTION_HORIZON, long.ended_at)
        seen.clear()
        report.build(queries, ONE_DAY)
        queries.active_ms(DAY, own=True)
        for question in (
            *(queries.application_days, queries.host_totals, queries.missing_days),
            queries.last_day,
        ):
            question(ONE_DAY)
        for details in (queries.day_titles, queries.stretches, queries.sessions):
            details(ONE_DAY)
        not_here(adapter, ONE_DAY)
        list(queries.stream(long.started_at + 1))
        selects = [
            (sql, params)
            for sql, params in seen
            if sql.startswith("SELECT") and "range_orders" not in sql  # a few at most
        ]
        plans = [
            step[3]
            for sql, params in selects
            for step in original(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
        ]
        assert len(selects) > 16
        assert not [plan for plan in plans if "SCAN" in plan and "USING" not in plan]


def test_forgetting_asks_no_more_questions_where_more_applications_go_with_a_step():
    """The observing thread waits for it meanwhile."""
    asked = []
    for count in (2, 20):
        with fresh_adapter() as adapter:
            made = [
                session(
                    f"2026-03-30T09:{n:02}:00Z", f"2026-03-30T09:{n:02}:30Z", f"app {n % count}"
                )
                for n in range(40)
            ]
            SessionWriter(adapter, "desk").apply([Put(each) for each in made])
            work = Forgetting(ChosenSessions(each.uid for each in made[:20]))
            seen: list[str] = []
            original = adapter.database.execute_sql
            adapter.database.execute_sql = lambda sql, params=None, seen=seen, original=original: (  # type: ignore[method-assign]  # a spy
                seen.append(sql) or original(sql, params)
            )
            assert work.step(adapter)
            assert work.done.sessions == 20
        asked.append(len([sql for sql in seen if sql.startswith("SELECT")]))
    assert asked[0] == asked[1] < 10
