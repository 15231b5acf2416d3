"""Which days retention has taken something of, whatever was recorded, imported and forgotten.

How it can fail: a day is named that is whole, or is not named though details of it are gone; a
session over midnight is counted on one day alone; it costs something where nothing was taken.
"""

import threading
from datetime import date, timedelta

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.day_split import pieces
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import DAY_MS, Put
from reprospective_tray.store.query.archived_days import runs
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.sync.retention import Retention
from tests.unit.stored import FIRST_DAY, fresh_adapter, row, session, timelines, up_to

ALL_DAYS = DayRange(FIRST_DAY - timedelta(days=2), FIRST_DAY + timedelta(days=60))
SENT = ((0, 1), (1, 2), (1, 3))  # all of them, every second, two of three


def fill(adapter, timeline, imported, forgotten):
    SessionWriter(adapter, "desk").apply([Put(each) for each in timeline])
    elsewhere = derived_device_id("other")
    make_row_writer(adapter).write([row(each, elsewhere, "other") for each in imported])
    begin = timeline[0].started_at
    for after, length in forgotten:
        forget(adapter, TimeRange(begin + after, begin + after + length + 1))


def prune(adapter: SqliteAdapter, before: int, sent: tuple[int, int] = SENT[0]) -> set[str]:
    """Let what ended before `before` be taken, as far as it was sent; return the days it was on."""
    session = adapter.models.Session
    rest, modulus = sent
    session.update(synced=1, synced_at=session.ended_at).where(
        session.open == 0, session.id % modulus >= rest
    ).execute()
    there = {each.uid: each for each in session.select().where(session.deleted == 0)}
    FileMeta(adapter).put(MetaKey.RETENTION_DUE, None)
    Retention(adapter).run(7, before + 7 * DAY_MS, threading.Event())
    gone = {each.uid for each in adapter.models.Taken.select()} & set(there)
    return {
        piece.day
        for each in (there[uid] for uid in gone)
        for piece in pieces(each.started_at, each.ended_at, each.utc_offset_minutes)
    }


def totals_and_details(queries, day):
    """Return what the rollup and the sessions say of a day, which is the same if it is whole."""
    days = DayRange(date.fromisoformat(day), date.fromisoformat(day))
    by_application: dict[str, int] = {}
    for title in queries.day_titles(days):
        name = title.application_name
        by_application[name] = by_application.get(name, 0) + title.ms
    details = by_application, sum(hour.active_ms for hour in queries.hours(days))
    applications = {each.application_name: each.ms for each in queries.application_days(days)}
    return (applications, queries.active_ms(days.first)), details


FORGOTTEN = st.lists(st.tuples(up_to(60), up_to(20)), max_size=2)
PRUNE = st.tuples(up_to(90), st.sampled_from(SENT))


@settings(max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(timelines(), timelines(open_last=False), FORGOTTEN, PRUNE, FORGOTTEN)
def test_the_days_of_what_was_taken_are_named_and_all_others_are_whole(
    timeline, imported, forgotten, pruned, forgotten_later
):
    with fresh_adapter() as adapter:
        adapter.database.execute_sql("PRAGMA synchronous = OFF")
        fill(adapter, timeline, imported, forgotten)
        queries = Queries(adapter)
        assert queries.missing_days(ALL_DAYS) == ()
        after, sent = pruned
        taken_of = prune(adapter, timeline[0].started_at + after, sent)
        missing = queries.missing_days(ALL_DAYS)
        assert missing == tuple(sorted(taken_of))
        fill(adapter, timeline[:1], [], forgotten_later)
        missing = queries.missing_days(ALL_DAYS)
        assert set(missing) <= taken_of
        for number in range(0, ALL_DAYS.count, 7):
            first = ALL_DAYS.first + timedelta(days=number)
            week = DayRange(first, first + timedelta(days=6))
            assert queries.missing_days(week) == tuple(day for day in missing if week.holds(day))
        for name in {each.day for each in queries.days(ALL_DAYS)} - set(missing):
            totals, details = totals_and_details(queries, name)
            assert totals == details


def test_a_session_over_midnight_is_missing_on_both_days():
    with fresh_adapter() as adapter:
        night = session("2026-03-29T23:00:00Z", "2026-03-30T02:00:00Z")
        day = session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z")
        fill(adapter, [night, day], [], [])
        assert prune(adapter, day.started_at) == {"2026-03-29", "2026-03-30"}
        assert Queries(adapter).missing_days(ALL_DAYS) == ("2026-03-29", "2026-03-30")


def test_where_nothing_was_taken_one_look_at_the_file_says_so():
    with fresh_adapter() as adapter:
        fill(adapter, [session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z")], [], [])
        seen = []
        original = adapter.database.execute_sql
        adapter.database.execute_sql = lambda *query: seen.append(query) or original(*query)  # type: ignore[method-assign]  # a spy
        assert Queries(adapter).missing_days(ALL_DAYS) == ()
        assert len(seen) == 1


def test_what_came_back_is_not_missing():
    with fresh_adapter() as adapter:
        one = session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z")
        fill(adapter, [one], [], [])
        prune(adapter, one.ended_at + 1)
        assert Queries(adapter).missing_days(ALL_DAYS) == ("2026-03-30",)
        taken = adapter.models.Taken.get()
        again = row(one, adapter.device_id, "desk", revision=taken.revision)
        make_row_writer(adapter).write([again])
        assert Queries(adapter).missing_days(ALL_DAYS) == ()


def test_days_that_follow_one_another_are_one_run():
    days = ("2026-02-27", "2026-02-28", "2026-03-01", "2026-03-03")
    assert [(str(run.first), str(run.last)) for run in runs(days)] == [
        ("2026-02-27", "2026-03-01"),
        ("2026-03-03", "2026-03-03"),
    ]
