"""The longest stretch and the switches, beside what is counted by hand here.

How it can fail: a pause of a moment too much is bridged, idle time is bridged, devices are taken
for one, a midnight or a range's border is taken for a break, a switch is counted on two days.
"""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.day_split import day_name
from reprospective_tray.store.model.focus_streaks import FocusStreak, FocusStreaks
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.ranges import DayRange, lived
from reprospective_tray.store.model.sessions import (
    DAY_MS,
    MINUTE_MS,
    Put,
    State,
)
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from tests.unit.stored import FIRST_DAY, at, row, session, timelines

DAY = date(2026, 3, 30)
ONE_DAY = DayRange(DAY, DAY)


def clipped(one, days):
    """Return the part of a session within the days, None where there is none."""
    shift = one.utc_offset_minutes * MINUTE_MS
    begin, end = days.begin - shift, days.end - shift
    if one.started_at >= end or max(one.ended_at, one.started_at + 1) <= begin:
        return None
    return max(one.started_at, begin), min(one.ended_at, end)


def by_hand(timeline, days):
    """Return a device's stretches as (-ms, start, end, offset, name), and how many switches."""
    ordered = sorted(
        timeline,
        key=lambda it: (
            *(it.started_at, it.ended_at, it.utc_offset_minutes),
            *(it.state, it.application_name),
        ),
    )
    inside = [each for each in ordered if clipped(each, days)]
    chains = []
    for before, each in zip([None, *inside], inside, strict=False):
        goes_on = (
            before is not None
            and before.state is each.state is State.ACTIVE
            and before.application_name == each.application_name
            and each.started_at - before.ended_at <= 1000
        )
        if goes_on:
            chains[-1].append(each)
        elif each.state is State.ACTIVE:
            chains.append([each])
    stretches = []
    for chain in chains:
        parts = [clipped(each, days) for each in chain]
        length = sum(end - start for start, end in parts)
        offset, name = chain[0].utc_offset_minutes, chain[0].application_name
        stretches.append((-length, parts[0][0], parts[-1][1], offset, name))
    switches = 0
    for number in range(days.begin, days.end, DAY_MS):
        names = [
            each.application_name
            for each in ordered
            if each.state is State.ACTIVE
            and number <= each.started_at + each.utc_offset_minutes * MINUTE_MS < number + DAY_MS
        ]
        switches += sum(one != other for one, other in pairwise(names))
    return stretches, switches


def assert_as_by_hand(found, devices, days):
    counted = [by_hand(each, days) for each in devices]
    assert found.switches == sum(switches for _stretches, switches in counted)
    stretches = [one for each, _switches in counted for one in each if one[0]]
    if not stretches:
        assert found.longest is None
        return
    longest = found.longest
    told = (longest.started_at, longest.ended_at, longest.utc_offset_minutes)
    one = (-longest.ms, *told, longest.application_name)
    # On two devices the longest may have begun in one moment.
    assert one in stretches
    assert one[:2] == min(stretches)[:2]


# Many questions make a slow search for the smallest example: it would outlast the test.
@settings(max_examples=60, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(timelines(), timelines(open_last=False), st.integers(-2, 12), st.integers(0, 12))
def test_what_is_found_is_what_is_counted_by_hand(fresh_adapter, timeline, imported, first, count):
    begin = FIRST_DAY + timedelta(days=first)
    days = DayRange(begin, begin + timedelta(days=count))
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in timeline])
        elsewhere = derived_device_id("other")
        make_row_writer(adapter).write([row(each, elsewhere, "other") for each in imported])
        queries = Queries(adapter)
        assert_as_by_hand(queries.stretches(days), [timeline, imported], days)
        for host, device in (("desk", timeline), ("other", imported)):
            assert_as_by_hand(queries.stretches(days, host), [device], days)
        # Days that cut something.
        for each in timeline:
            day = date.fromisoformat(day_name(lived(each.ended_at, each.utc_offset_minutes)))
            one_day = DayRange(day, day)
            assert_as_by_hand(queries.stretches(one_day, "desk"), [timeline], one_day)
            before = DayRange(day - timedelta(days=1), day - timedelta(days=1))
            assert_as_by_hand(queries.stretches(before, "desk"), [timeline], before)


def found_of(fresh_adapter, *sessions):
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in sessions])
        return Queries(adapter).stretches(ONE_DAY)


def test_titles_may_change_and_the_borders_of_the_range_cut(fresh_adapter):
    found = found_of(
        fresh_adapter,
        session("2026-03-29T23:00:00+02:00", "2026-03-30T01:00:00+02:00", title="a"),
        session("2026-03-30T01:00:01+02:00", "2026-03-30T02:00:00+02:00", title="b"),
    )
    begun, ended = at("2026-03-30T00:00:00+02:00"), at("2026-03-30T02:00:00+02:00")
    assert found == FocusStreaks(FocusStreak("Code", begun, ended, 120, 2 * 3_600_000 - 1000), 0)


def test_a_moment_more_than_a_second_and_idle_time_are_breaks(fresh_adapter):
    found = found_of(
        fresh_adapter,
        session("2026-03-30T09:00:00Z", "2026-03-30T09:10:00Z"),
        session("2026-03-30T09:10:01.001Z", "2026-03-30T09:30:00Z"),
        session("2026-03-30T09:30:00Z", "2026-03-30T09:30:00.500Z", state=State.IDLE),
        session("2026-03-30T09:30:00.500Z", "2026-03-30T09:49:00Z"),
    )
    begun, ended = at("2026-03-30T09:10:01.001Z"), at("2026-03-30T09:30:00Z")
    assert found == FocusStreaks(FocusStreak("Code", begun, ended, 0, ended - begun), 0)


def test_neither_a_pause_nor_idle_time_makes_or_hides_a_switch(fresh_adapter):
    found = found_of(
        fresh_adapter,
        session("2026-03-30T09:00:00Z", "2026-03-30T09:10:00Z"),
        session("2026-03-30T09:10:00Z", "2026-03-30T10:00:00Z", state=State.IDLE),
        session("2026-03-30T10:00:00Z", "2026-03-30T10:10:00Z"),
        session("2026-03-30T12:00:00Z", "2026-03-30T12:10:00Z", "Mail"),
        session("2026-03-30T12:10:00Z", "2026-03-30T12:20:00Z", "Code"),
    )
    assert found.switches == 2


def test_of_equals_the_earlier_is_the_longest(fresh_adapter):
    found = found_of(
        fresh_adapter,
        session("2026-03-30T09:00:00Z", "2026-03-30T09:10:00Z"),
        session("2026-03-30T09:10:00Z", "2026-03-30T09:20:00Z", "Mail"),
    )
    assert found.longest.application_name == "Code"


def test_where_nobody_was_active_there_is_no_longest_stretch(fresh_adapter):
    found = found_of(
        fresh_adapter,
        session("2026-03-30T09:00:00Z", "2026-03-30T09:10:00Z", state=State.LOCKED),
        session("2026-03-30T09:10:00Z", "2026-03-30T09:10:00Z"),
    )
    assert found == FocusStreaks(None, 0)
