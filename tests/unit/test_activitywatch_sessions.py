"""From ActivityWatch's events to sessions: pure, by values."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.store.transfer.importers.activitywatch.file import (
    AwayEvent,
    HostEvents,
    WindowEvent,
)
from reprospective_tray.store.transfer.importers.activitywatch.sessions import (
    LONGEST_STRETCH_MS,
    Tally,
    is_cut,
    revision_of,
    stretches,
)

A, B = ("Code", "a.py"), ("Mail", "Inbox")
AWAY = ("", "")


def convert(windows, away=(), offset=lambda _ms: 0):
    """Return (names, start, end, cut) of what these (start, end, names) and times away become."""
    events = HostEvents(
        [WindowEvent(start, end, *names) for start, end, names in windows],
        [AwayEvent(*each) for each in away],
    )
    return [
        ((each.application_name, each.window_title), each.started_at, each.ended_at, each.cut)
        for each in stretches(events, offset)
    ]


@pytest.mark.parametrize(
    ("windows", "away", "expected"),
    [
        pytest.param([(0, 9, A)], [], [(A, 0, 9, False)], id="no word of afk: active"),
        pytest.param(
            [(20, 30, B), (0, 10, A)], [], [(A, 0, 10, False), (B, 20, 30, False)], id="a gap stays"
        ),
        pytest.param(
            [(0, 10, A), (4, 20, B)], [], [(A, 0, 4, True), (B, 4, 20, False)], id="the later wins"
        ),
        pytest.param(
            [(0, 99, A), (4, 9, B)],
            [],
            [(A, 0, 4, True), (B, 4, 9, False), (A, 9, 99, False)],
            id="the one behind goes on",
        ),
        pytest.param(
            [(0, 99, A), (4, 50, B), (6, 9, A)],
            [],
            [
                (A, 0, 4, True),
                (B, 4, 6, True),
                (A, 6, 9, False),
                (B, 9, 50, False),
                (A, 50, 99, False),
            ],
            id="so do several, from the nearest on",
        ),
        pytest.param(
            [(0, 5, A), (0, 9, B)], [], [(B, 0, 9, False)], id="of two at once the longer"
        ),
        pytest.param(
            [(5, 9, A), (0, 5, A)], [], [(A, 0, 9, False)], id="touching of the same names: one"
        ),
        pytest.param(
            [(0, 5, A), (6, 9, A)], [], [(A, 0, 5, False), (A, 6, 9, False)], id="1 ms between: two"
        ),
        pytest.param(
            [(0, 9, A)],
            [(3, 5)],
            [(A, 0, 3, True), (AWAY, 3, 5, False), (A, 5, 9, False)],
            id="afk takes precedence",
        ),
        pytest.param(
            [(0, 4, A), (4, 8, B)], [(2, 9)], [(A, 0, 2, True), (AWAY, 2, 9, False)], id="over both"
        ),
        pytest.param(
            [(0, 20, A)],
            [(8, 10), (2, 4), (3, 6), (6, 7)],
            [
                (A, 0, 2, True),
                (AWAY, 2, 7, False),
                (A, 7, 8, True),
                (AWAY, 8, 10, False),
                (A, 10, 20, False),
            ],
            id="times away are united",
        ),
        pytest.param([], [(2, 4)], [(AWAY, 2, 4, False)], id="afk alone"),
        pytest.param([], [], [], id="nothing"),
    ],
)
def test_events_become_sessions_without_overlap(windows, away, expected):
    assert convert(windows, away) == expected


MOMENTS = st.integers(0, 40)
WINDOWS = st.lists(
    st.tuples(MOMENTS, st.integers(1, 15), st.sampled_from([A, B, AWAY])).map(
        lambda drawn: (drawn[0], drawn[0] + drawn[1], drawn[2])
    ),
    max_size=8,
)
TIMES_AWAY = st.lists(
    st.tuples(MOMENTS, st.integers(1, 15)).map(lambda drawn: (drawn[0], sum(drawn))), max_size=4
)


def what_was(moment, windows, away):
    """Return what the person did in one ms, told by looking at all events."""
    if any(start <= moment < end for start, end in away):
        return "idle", AWAY
    there = [(start, end, names) for start, end, names in windows if start <= moment < end]
    return ("active", max(there)[2]) if there else None


@given(WINDOWS, TIMES_AWAY, st.randoms())
def test_each_millisecond_is_what_looking_at_all_events_says(windows, away, shuffler):
    expected = []
    told = [(what_was(moment, windows, away), moment) for moment in range(60)]
    for what, group in groupby(told, key=lambda each: each[0]):
        moments = [moment for _what, moment in group]
        if what:
            expected.append((*what, moments[0], moments[-1] + 1))
    shuffler.shuffle(windows)
    shuffler.shuffle(away)
    events = HostEvents(
        [WindowEvent(start, end, *names) for start, end, names in windows],
        [AwayEvent(*each) for each in away],
    )
    assert [
        (each.state, (each.application_name, each.window_title), each.started_at, each.ended_at)
        for each in stretches(events, lambda _ms: 0)
    ] == expected


def test_a_session_is_split_in_the_ms_in_which_the_wall_clock_changes():
    def offset(ms):
        return 60 if ms < 1000 else 120 if ms < 5003 else 60

    events = HostEvents([WindowEvent(900, 9000, *A), WindowEvent(9000, 9999, *B)], [])
    assert [
        (each.started_at, each.ended_at, each.utc_offset_minutes)
        for each in stretches(events, offset)
    ] == [(900, 9000, 60), (9000, 9999, 60)]  # it changed, and was the same again
    events = HostEvents([WindowEvent(900, 4000, *A)], [AwayEvent(4999, 5004)])
    assert [
        (each.started_at, each.ended_at, each.utc_offset_minutes)
        for each in stretches(events, offset)
    ] == [(900, 1000, 60), (1000, 4000, 120), (4999, 5003, 120), (5003, 5004, 60)]


def test_what_lasts_longer_than_a_revision_can_tell_is_split_and_cut_at_its_very_end_alone():
    end = 2 * LONGEST_STRETCH_MS + 5
    found = convert([(0, end + 9, A)], [(end, end + 9)])
    assert found == [
        (A, 0, LONGEST_STRETCH_MS, False),
        (A, LONGEST_STRETCH_MS, 2 * LONGEST_STRETCH_MS, False),
        (A, 2 * LONGEST_STRETCH_MS, end, True),
        (AWAY, end, end + 9, False),
    ]


@given(st.integers(1, LONGEST_STRETCH_MS), st.integers(1, LONGEST_STRETCH_MS))
def test_the_later_known_version_of_a_stretch_has_the_larger_revision(shorter, longer):
    shorter, longer = sorted((shorter, longer))
    growing = revision_of(shorter, cut=False), revision_of(longer, cut=False)
    cut = revision_of(longer, cut=True), revision_of(shorter, cut=True)
    assert list(growing + cut) == sorted(growing + cut)
    assert growing[1] < cut[0]
    # A tombstone of it has a larger one, and PostgreSQL's integer has room for that, too.
    assert cut[1] + 1_000_000 < 2**31
    assert [is_cut(each) for each in (*growing, *cut)] == [False, False, True, True]
    assert (shorter == longer) == (growing[0] == growing[1]) == (cut[0] == cut[1])


@pytest.mark.trust
def test_a_second_inside_an_hour_costs_the_hour_a_second():
    minute = 60_000
    found = convert([(0, 60 * minute, A), (10 * minute, 10 * minute + 1000, B)])
    lengths = {names: 0 for names, *_rest in found}
    for names, start, end, _cut in found:
        lengths[names] += end - start
    assert lengths == {A: 60 * minute - 1000, B: 1000}


@pytest.mark.trust
@pytest.mark.parametrize(
    ("windows", "away", "merged", "clipped", "hidden"),
    [
        ([(0, 5, A), (5, 9, A), (9, 12, A), (12, 13, B)], [], 2, 0, 0),
        ([(0, 5, A), (6, 9, A)], [(20, 30), (25, 40), (40, 50)], 2, 0, 0),
        ([(0, 99, A), (4, 9, B), (4, 9, A)], [], 0, 1, 1),
        ([(0, 9, A), (20, 30, B)], [(5, 9), (18, 40)], 0, 1, 1),
        ([(0, 20, A)], [(3, 5), (8, 9)], 0, 1, 0),
    ],
)
def test_it_is_counted_what_became_of_events(windows, away, merged, clipped, hidden):
    events = HostEvents(
        [WindowEvent(start, end, *names) for start, end, names in windows],
        [AwayEvent(*each) for each in away],
    )
    tally = Tally()
    list(stretches(events, lambda _ms: 0, tally))
    assert tally == Tally(merged, clipped, hidden)


@pytest.mark.trust
@given(WINDOWS, TIMES_AWAY)
def test_what_is_neither_hidden_nor_clipped_is_there_to_its_last_ms(windows, away):
    events = HostEvents(
        [WindowEvent(start, end, *names) for start, end, names in windows],
        [AwayEvent(*each) for each in away],
    )
    tally = Tally()
    found = list(stretches(events, lambda _ms: 0, tally))
    there = {ms for each in found for ms in range(each.started_at, each.ended_at)}
    said = {ms for start, end, *_names in [*windows, *away] for ms in range(start, end)}
    assert there == said
    assert tally.clipped + tally.hidden <= len(windows)
