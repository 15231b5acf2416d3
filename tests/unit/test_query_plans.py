"""How SQLite finds what it is asked for."""

from datetime import date

from reprospective_tray.store.queries import Queries
from reprospective_tray.store.ranges import DayRange
from reprospective_tray.store.sessions import Put, State
from reprospective_tray.store.writer import SessionWriter
from reprospective_tray.summary import report
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
        seen.clear()
        report.build(queries, ONE_DAY)
        queries.active_ms(DAY, own=True)
        queries.sessions(ONE_DAY)
        list(queries.stream(long.started_at + 1))
        selects = [(sql, params) for sql, params in seen if sql.startswith("SELECT")]
        plans = [
            step[3]
            for sql, params in selects
            for step in original(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
        ]
        assert len(selects) > 8
        assert not [plan for plan in plans if "SCAN" in plan and "USING" not in plan]
