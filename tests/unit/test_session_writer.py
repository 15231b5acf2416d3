"""The writer puts changes into the database, and the rollup stays true.

How it can fail: a closed row is opened or changed again, somebody else's open row is
closed, a step back moves rows twice or onto an earlier run's, a row is counted twice.
"""

from dataclasses import asdict, replace

import peewee
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.errors import ServerDataError
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.sessions import (
    DAY_MS,
    Put,
    Rewind,
    StepBack,
)
from reprospective_tray.store.recording.session_writer import SessionWriter
from tests.unit.recording import T0, session


def chain(count: int, length: int = 1000, first: int = 0, name: str = "app"):
    """Return `count` sessions without a gap."""
    starts = range(first, first + count * length, length)
    return [session(start, start + length, f"{name} {start}") for start in starts]


def test_a_session_grows_with_its_heartbeats_and_so_does_its_revision(place):
    whole = session(0, 30_000)
    with place.run() as (_adapter, writer):
        for end in (0, 10_000, 20_000):
            writer.apply([Put(replace(whole, ended_at=T0 + end, open=True))])
        assert place.rows("ended_at", "open", "revision") == [(T0 + 20_000, 1, 3)]
        writer.apply([Put(whole)])
    assert place.rows("ended_at", "open", "revision") == [(T0 + 30_000, 0, 4)]
    place.assert_days_add_up()


def test_all_that_is_known_of_a_session_is_stored(place):
    with place.run() as (adapter, writer):
        one = session(5, 9, "näme", window_title="題", process_id=None, utc_offset_minutes=-210)
        writer.apply([Put(one)])
        device = adapter.device_id
    columns = (
        *("uid", "device_id", "source_host", "state", "application_name", "window_title"),
        *("process_id", "started_at", "ended_at", "utc_offset_minutes"),
        *("open", "deleted", "revision"),
    )
    names = (one.uid, device, "host", "active", "näme", "題")
    assert place.rows(*columns) == [(*names, None, T0 + 5, T0 + 9, -210, 0, 0, 1)]


def test_a_closed_session_is_never_opened_or_changed_again(place):
    with place.run() as (_adapter, writer):
        one = session(0, 1000)
        writer.apply([Put(one)])
        writer.apply([Put(replace(one, ended_at=T0 + 5000, open=True))])
        writer.apply([Put(replace(one, ended_at=T0 + 6000))])
    assert place.rows("ended_at", "open", "revision") == [(T0 + 1000, 0, 1)]
    place.assert_days_add_up()


def test_what_was_taken_back_stays_away(place):
    with place.run() as (_adapter, writer):
        one = session(1000, 2000)
        writer.apply([Put(replace(one, open=True)), Rewind(T0 + 500), Put(one)])
    assert place.rows(
        "deleted", "open", "application_name", "window_title", "revision", deleted=1
    ) == [(1, 0, "", "", 2)]
    place.assert_days_add_up()


def test_a_rewind_cuts_the_session_over_the_moment_and_erases_what_follows(place):
    with place.run() as (_adapter, writer):
        writer.apply([Put(one) for one in chain(5)])
        writer.apply([Rewind(T0 + 2500)])
    assert [row[1:] for row in place.spans()] == [(0, 1000), (1000, 2000), (2000, 2500)]
    place.assert_days_add_up()


def test_a_rewind_at_a_border_leaves_what_ends_there(place):
    with place.run() as (_adapter, writer):
        writer.apply([Put(one) for one in chain(3)])
        writer.apply([Rewind(T0 + 1000)])
    assert place.rows("ended_at", "revision") == [(T0 + 1000, 1)]


def test_a_rewind_reaches_further_than_a_page_and_never_into_an_earlier_run(place):
    with place.run() as (_adapter, writer):
        writer.apply([Put(one) for one in chain(3)])
    with place.run() as (_adapter, writer):
        writer.apply([Put(one) for one in chain(250, first=3000)])
        writer.apply([Rewind(T0 + 1500)])
    assert [row[1:] for row in place.spans()] == [(0, 1000), (1000, 2000), (2000, 3000)]
    place.assert_days_add_up()


def test_a_step_back_moves_each_row_once_however_many_there_are(place):
    with place.run() as (_adapter, writer):
        writer.apply([Put(one) for one in chain(350)])
        writer.apply([StepBack(70_000, T0 + 280_000)])
    assert [row[1:] for row in place.spans()] == [
        (start - 70_000, start - 69_000) for start in range(0, 350_000, 1000)
    ]
    assert {row[0] for row in place.rows("revision")} == {2}
    place.assert_days_add_up()


def test_a_step_back_leaves_what_it_does_not_reach(place):
    with place.run() as (_adapter, writer):
        before = session(0, 1000, "before")
        writer.apply([Put(before), Put(session(100_000, 110_000, "after"))])
        writer.apply([StepBack(70_000, T0 + 40_000)])
    assert place.spans() == [("before", 0, 1000), ("after", 30_000, 40_000)]
    assert [row[0] for row in place.rows("revision")] == [1, 2]


def test_a_step_back_clips_at_an_earlier_run_and_erases_what_has_no_room(place):
    with place.run() as (_adapter, writer):
        writer.apply([Put(session(0, 50_000, "earlier"))])
    with place.run() as (_adapter, writer):
        writer.apply([Put(one) for one in chain(4, 10_000, 80_000)])
        writer.apply([StepBack(65_000, T0 + 55_000)])
        assert writer.occupied(T0 + 55_000) == []
        assert writer.occupied(T0 + 20_000) == [(T0, T0 + 50_000)]
    assert place.spans() == [("earlier", 0, 50_000), ("app 110000", 50_000, 55_000)]
    place.assert_days_add_up()


def test_two_steps_back_move_the_same_rows_twice(place):
    with place.run() as (_adapter, writer):
        writer.apply([Put(one) for one in chain(3, 10_000)])
        writer.apply([StepBack(61_000, T0 - 31_000), StepBack(100_000, T0 - 131_000)])
    assert [row[1:] for row in place.spans()] == [
        (start - 161_000, start - 151_000) for start in (0, 10_000, 20_000)
    ]
    assert {row[0] for row in place.rows("revision")} == {3}


def test_rows_that_were_taken_over_in_this_run_count_as_an_earlier_runs(place):
    with place.run() as (adapter, writer):
        writer.apply([Put(session(100_000, 110_000, "new"))])
        old = SessionWriter(adapter, "host")
        old.apply([Put(session(0, 40_000, "old"))])  # has a higher id, as salvaged rows have
        writer.apply([Rewind(T0 + 105_000)])
        assert place.spans()[-1] == ("new", 100_000, 105_000)
        writer.apply([StepBack(70_000, T0 + 35_000)])
    assert place.spans() == [("old", 0, 40_000)]


def test_the_times_of_earlier_runs_are_told_and_those_of_this_run_are_not(place):
    with place.run() as (_adapter, writer):
        writer.apply([Put(session(0, 10)), Put(session(20, 30)), Put(session(40, 50))])
    with place.run() as (_adapter, writer):
        writer.apply([Put(session(60, 70))])
        assert writer.occupied(T0 + 25) == [(T0 + 20, T0 + 30), (T0 + 40, T0 + 50)]
        assert writer.occupied(T0 + 50) == []


def test_recovery_closes_what_this_device_left_open_at_its_last_heartbeat(place):
    with place.run() as (adapter, writer):
        writer.apply([Put(session(0, 7000, open=True))])
        theirs = session(-2, -1, "theirs", open=True)
        columns = asdict(theirs) | {"device_id": derived_device_id("other"), "source_host": "h"}
        adapter.models.Session.insert(columns).execute()
    with place.run() as (_adapter, _writer):
        pass
    found = place.rows("application_name", "ended_at", "open", "revision")
    assert found == [("theirs", T0 - 1, 1, 1), ("app", T0 + 7000, 0, 2)]
    place.assert_days_add_up()


def test_recovery_erases_what_was_left_open_before_its_first_heartbeat(place):
    with place.run() as (_adapter, writer):
        writer.apply([Put(session(0, 7000)), Put(session(7000, 7000, "empty", open=True))])
    with place.run() as (_adapter, writer):
        writer.apply([Put(session(8000, 9000, "next"))])
    assert place.spans() == [("app", 0, 7000), ("next", 8000, 9000)]
    erased = place.rows("application_name", "open", "revision", deleted=1)
    assert erased == [("", 0, 2)]
    place.assert_days_add_up()


def test_an_open_session_whose_end_was_lost_does_not_block_the_next(place):
    with place.run() as (_adapter, writer):
        writer.apply([Put(session(0, 7000, "first", open=True))])
        writer.apply([Put(session(9000, 9500, "second", open=True))])
    found = place.rows("application_name", "ended_at", "open")
    assert found == [("first", T0 + 7000, 0), ("second", T0 + 9500, 1)]
    place.assert_days_add_up()


def test_changes_are_applied_all_or_none(place):
    with place.run() as (_adapter, writer):
        bad = session(10, 5)
        with pytest.raises((peewee.IntegrityError, ServerDataError)):
            writer.apply([Put(session(0, 1)), Put(bad)])
    assert place.rows("uid") == []


def test_a_session_over_midnight_counts_on_both_days_as_lived(place):
    start = T0 - T0 % DAY_MS + DAY_MS - 9 * 3_600_000 - 1000  # 23:59:59 in Tokyo
    with place.run() as (_adapter, writer):
        writer.apply([Put(session(start - T0, start - T0 + 3000, utc_offset_minutes=540))])
    place.assert_days_add_up()
    days = {key[0]: figures[:2] for key, figures in place.days().items()}
    assert days == {"2023-11-14": (1000, 1), "2023-11-15": (2000, 1)}


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
def test_the_rollup_is_the_sum_of_closed_living_rows_whatever_happened(new_place, changes):
    with new_place() as place, place.run() as (adapter, first_writer):
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
            place.assert_days_add_up()
        place.assert_in_order()
