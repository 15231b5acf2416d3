"""The writer puts changes into the file, and the rollup stays true.

How it can fail: a closed row is opened or changed again, somebody else's open row is
closed, a step back moves rows twice or onto an earlier run's, a row is counted twice.
"""

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import peewee
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.store.ids import derived_uid, new_uid
from reprospective_tray.store.sessions import DAY_MS, Put, Rewind, StepBack
from reprospective_tray.store.writer import SessionWriter
from tests.unit.recording import (
    T0,
    assert_days_add_up,
    assert_in_order,
    rows_of,
    session,
    spans,
    store,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.db"


def chain(count: int, length: int = 1000, first: int = 0, name: str = "app"):
    """Return `count` sessions without a gap."""
    starts = range(first, first + count * length, length)
    return [session(start, start + length, f"{name} {start}") for start in starts]


def test_a_session_grows_with_its_heartbeats_and_so_does_its_revision(path):
    whole = session(0, 30_000)
    with store(path) as (_adapter, writer):
        for end in (0, 10_000, 20_000):
            writer.apply([Put(replace(whole, ended_at=T0 + end, open=True))])
        assert rows_of(path, "ended_at, open, revision, synced") == [(T0 + 20_000, 1, 3, 0)]
        writer.apply([Put(whole)])
    assert rows_of(path, "ended_at, open, revision, synced") == [(T0 + 30_000, 0, 4, 0)]
    assert_days_add_up(path)


def test_all_that_is_known_of_a_session_is_stored(path):
    with store(path) as (adapter, writer):
        one = session(5, 9, "näme", window_title="題", process_id=None, utc_offset_minutes=-210)
        writer.apply([Put(one)])
        device = adapter.device_id
    columns = (
        "uid, device_id, source_host, state, application_name, window_title, process_id,"
        " started_at, ended_at, utc_offset_minutes, open, deleted, revision, synced, synced_at"
    )
    names = (one.uid, device, "host", "active", "näme", "題")
    assert rows_of(path, columns) == [
        (*names, None, T0 + 5, T0 + 9, -210, 0, 0, 1, 0, None),
    ]


def test_a_closed_session_is_never_opened_or_changed_again(path):
    with store(path) as (_adapter, writer):
        one = session(0, 1000)
        writer.apply([Put(one)])
        writer.apply([Put(replace(one, ended_at=T0 + 5000, open=True))])
        writer.apply([Put(replace(one, ended_at=T0 + 6000))])
    assert rows_of(path, "ended_at, open, revision") == [(T0 + 1000, 0, 1)]
    assert_days_add_up(path)


def test_what_was_taken_back_stays_away(path):
    with store(path) as (_adapter, writer):
        one = session(1000, 2000)
        writer.apply([Put(replace(one, open=True)), Rewind(T0 + 500), Put(one)])
    assert rows_of(path, "deleted, open, application_name, window_title, revision", "1") == [
        (1, 0, "", "", 2)
    ]
    assert_days_add_up(path)


def test_a_rewind_cuts_the_session_over_the_moment_and_erases_what_follows(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(one) for one in chain(5)])
        writer.apply([Rewind(T0 + 2500)])
    assert [row[1:] for row in spans(path)] == [(0, 1000), (1000, 2000), (2000, 2500)]
    assert_days_add_up(path)


def test_a_rewind_at_a_border_leaves_what_ends_there(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(one) for one in chain(3)])
        writer.apply([Rewind(T0 + 1000)])
    assert rows_of(path, "ended_at, revision") == [(T0 + 1000, 1)]


def test_a_rewind_reaches_further_than_a_page_and_never_into_an_earlier_run(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(one) for one in chain(3)])
    with store(path) as (_adapter, writer):
        writer.apply([Put(one) for one in chain(250, first=3000)])
        writer.apply([Rewind(T0 + 1500)])
    assert [row[1:] for row in spans(path)] == [(0, 1000), (1000, 2000), (2000, 3000)]
    assert_days_add_up(path)


def test_a_step_back_moves_each_row_once_however_many_there_are(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(one) for one in chain(350)])
        writer.apply([StepBack(70_000, T0 + 280_000)])
    assert [row[1:] for row in spans(path)] == [
        (start - 70_000, start - 69_000) for start in range(0, 350_000, 1000)
    ]
    assert {row[0] for row in rows_of(path, "revision")} == {2}
    assert_days_add_up(path)


def test_a_step_back_leaves_what_it_does_not_reach(path):
    with store(path) as (_adapter, writer):
        before = session(0, 1000, "before")
        writer.apply([Put(before), Put(session(100_000, 110_000, "after"))])
        writer.apply([StepBack(70_000, T0 + 40_000)])
    assert spans(path) == [("before", 0, 1000), ("after", 30_000, 40_000)]
    assert [row[0] for row in rows_of(path, "revision")] == [1, 2]


def test_a_step_back_clips_at_an_earlier_run_and_erases_what_has_no_room(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 50_000, "earlier"))])
    with store(path) as (_adapter, writer):
        writer.apply([Put(one) for one in chain(4, 10_000, 80_000)])
        writer.apply([StepBack(65_000, T0 + 55_000)])
        assert writer.occupied(T0 + 55_000) == []
        assert writer.occupied(T0 + 20_000) == [(T0, T0 + 50_000)]
    assert spans(path) == [("earlier", 0, 50_000), ("app 110000", 50_000, 55_000)]
    assert_days_add_up(path)


def test_two_steps_back_move_the_same_rows_twice(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(one) for one in chain(3, 10_000)])
        writer.apply([StepBack(61_000, T0 - 31_000), StepBack(100_000, T0 - 131_000)])
    assert [row[1:] for row in spans(path)] == [
        (start - 161_000, start - 151_000) for start in (0, 10_000, 20_000)
    ]
    assert {row[0] for row in rows_of(path, "revision")} == {3}


def test_rows_that_were_taken_over_in_this_run_count_as_an_earlier_runs(path):
    with store(path) as (adapter, writer):
        writer.apply([Put(session(100_000, 110_000, "new"))])
        old = SessionWriter(adapter, "host")
        old.apply([Put(session(0, 40_000, "old"))])  # has a higher id, as salvaged rows have
        writer.apply([Rewind(T0 + 105_000)])
        assert spans(path)[-1] == ("new", 100_000, 105_000)
        writer.apply([StepBack(70_000, T0 + 35_000)])
    assert spans(path) == [("old", 0, 40_000)]


def test_the_times_of_earlier_runs_are_told_and_those_of_this_run_are_not(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 10)), Put(session(20, 30)), Put(session(40, 50))])
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(60, 70))])
        assert writer.occupied(T0 + 25) == [(T0 + 20, T0 + 30), (T0 + 40, T0 + 50)]
        assert writer.occupied(T0 + 50) == []


def test_recovery_closes_what_this_device_left_open_at_its_last_heartbeat(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 7000, open=True))])
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(
            "INSERT INTO desktop_activity_sessions (uid, device_id, source_host, state,"
            " application_name, window_title, started_at, ended_at, utc_offset_minutes,"
            " open, deleted, revision, synced)"
            " VALUES ('other', 'another', 'h', 'active', 'theirs', '', 1, 2, 0, 1, 0, 1, 0)"
        )
    with store(path) as (_adapter, _writer):
        pass
    found = rows_of(path, "application_name, ended_at, open, revision")
    assert found == [("theirs", 2, 1, 1), ("app", T0 + 7000, 0, 2)]
    assert_days_add_up(path)


def test_recovery_erases_what_was_left_open_before_its_first_heartbeat(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 7000)), Put(session(7000, 7000, "empty", open=True))])
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(8000, 9000, "next"))])
    assert spans(path) == [("app", 0, 7000), ("next", 8000, 9000)]
    erased = rows_of(path, "application_name, open, revision, synced", "deleted = 1")
    assert erased == [("", 0, 2, 0)]
    assert_days_add_up(path)


def test_an_open_session_whose_end_was_lost_does_not_block_the_next(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 7000, "first", open=True))])
        writer.apply([Put(session(9000, 9500, "second", open=True))])
    found = rows_of(path, "application_name, ended_at, open")
    assert found == [("first", T0 + 7000, 0), ("second", T0 + 9500, 1)]
    assert_days_add_up(path)


def test_changes_are_applied_all_or_none(path):
    with store(path) as (_adapter, writer):
        bad = session(10, 5)
        with pytest.raises(peewee.IntegrityError):
            writer.apply([Put(session(0, 1)), Put(bad)])
    assert rows_of(path) == []


def test_a_session_over_midnight_counts_on_both_days_as_lived(path):
    start = T0 - T0 % DAY_MS + DAY_MS - 9 * 3_600_000 - 1000  # 23:59:59 in Tokyo
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(start - T0, start - T0 + 3000, utc_offset_minutes=540))])
    assert_days_add_up(path)
    with closing(sqlite3.connect(path)) as reader:
        days = reader.execute("SELECT day, ms, sessions FROM desktop_activity_days").fetchall()
    assert days == [("2023-11-14", 1000, 1), ("2023-11-15", 2000, 1)]


def test_ids_are_never_used_again(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1))])
    with closing(sqlite3.connect(path)) as other, other:
        (last,) = other.execute("SELECT max(id) FROM desktop_activity_sessions").fetchone()
        other.execute("DELETE FROM desktop_activity_sessions")
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(5, 6))])
    assert rows_of(path, "id") == [(last + 1,)]


def test_a_uid_is_there_once(path):
    with store(path) as (_adapter, writer):
        one = session(0, 1)
        writer.apply([Put(one)])
    with closing(sqlite3.connect(path)) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute(
            "INSERT INTO desktop_activity_sessions SELECT NULL, uid, device_id, source_host, state,"
            " application_name, window_title, process_id, started_at, ended_at,"
            " utc_offset_minutes, open, deleted, revision, synced, synced_at"
            " FROM desktop_activity_sessions"
        )


def test_uids_are_version_7_and_in_order_of_time():
    uids = [new_uid(T0 + ms) for ms in range(100)]
    assert uids == sorted(uids)
    assert len(set(uids)) == 100
    assert {uid[14] for uid in uids} == {"7"}
    assert derived_uid(T0, "a", "b") == derived_uid(T0, "a", "b") != derived_uid(T0, "ab", "")
    assert derived_uid(T0, "a", "b")[:13] == new_uid(T0)[:13]


# Lengths and pauses around the borders of days, as one run after the other records them.
PART = st.tuples(
    st.sampled_from((1, 999, 60_000, DAY_MS // 2, DAY_MS, 2 * DAY_MS + 5)),
    st.sampled_from((0, 0, 1, 50_000, DAY_MS)),
    st.sampled_from((-600, 0, 540)),
    st.sampled_from("ab"),
)
CHANGE = st.one_of(
    PART,
    st.tuples(st.just("rewind"), st.integers(0, 3 * DAY_MS)),
    st.tuples(st.just("back"), st.integers(60_001, 2 * DAY_MS)),
    st.just(("start",)),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(CHANGE, max_size=14))
def test_the_rollup_is_the_sum_of_closed_living_rows_whatever_happened(changes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.db"
        with store(path) as (adapter, first_writer):
            adapter.database.execute_sql("PRAGMA synchronous = OFF")
            writer = first_writer
            now, run_start = 0, 0
            for change in changes:
                match change:
                    case ("start",):
                        writer = SessionWriter(adapter, "host")
                        run_start = now
                    case ("rewind", back):
                        now = max(now - back, run_start)
                        writer.apply([Rewind(T0 + now)])
                    case ("back", step):
                        now -= step
                        writer.apply([StepBack(step, T0 + now)])
                        earlier = writer.occupied(0)
                        run_start = max([end - T0 for _start, end in earlier], default=now)
                        now = max(now, run_start)
                        run_start = now
                    case (length, gap, offset, name):
                        whole = session(now, now + length, name, utc_offset_minutes=offset)
                        writer.apply([Put(replace(whole, open=True))])
                        writer.apply([Put(whole)])
                        now += length + gap
                assert_days_add_up(path)
            assert_in_order(path)
