"""The sessionizer turns what is seen, and when, into sessions that are true.

How it can fail: a moment between two windows becomes a session, or a short window has
none; a change lies where it was noticed instead of where it began; idle time begins when
it is noticed; a spinning title fills the file; sleep, pauses and clock steps count as work;
two rows claim the same time. `test_any_run.py` looks for what nobody thought of.
"""

from itertools import pairwise

from reprospective_tray.monitor.sessionizer import SETTLE_MS, UNREST_MS
from reprospective_tray.store.model.sessions import Put, Rewind, State
from tests.unit.recording import (
    T0,
    Desk,
    assert_days_add_up,
    assert_in_order,
    session,
    spans,
    store,
)

MINUTE = 60_000
HOUR = 3_600_000


def begun(desk: Desk) -> list[tuple]:
    """Return the (name, title, start) of each session, in the order of their beginning."""
    first = {c.session.uid: c.session for c in reversed(desk.changes) if isinstance(c, Put)}
    found = [(s.application_name, s.window_title, s.started_at - T0) for s in first.values()]
    return sorted(found, key=lambda item: item[2])


def test_a_window_has_its_session_from_the_moment_it_came_to_the_front():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see("b")
    desk.run(100)
    desk.see("c")
    desk.run(300)
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("b", 1000, 1100), ("c", 1100, 1400)]


def test_a_window_settles_without_a_tick_in_between():
    desk = Desk()
    for name in "abcd":
        desk.see(name)
        desk.skip(SETTLE_MS)
    desk.stop()
    assert desk.closed == [("a", 0, 50), ("b", 50, 100), ("c", 100, 150), ("d", 150, 200)]


def test_a_moment_without_a_window_belongs_to_what_follows():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see(None)
    desk.run(SETTLE_MS - 10)
    desk.see("b")
    desk.run(1000)
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("b", 1000, 2040)]


def test_short_moments_in_a_row_are_no_sessions_either():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    for name in (None, "b", "c"):
        desk.see(name)
        desk.run(30)
    desk.see("d")
    desk.run(1000)
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("d", 1000, 2090)]


def test_a_moment_away_from_a_window_does_not_split_its_session():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see("b")
    desk.run(SETTLE_MS - 1)
    desk.see("a")
    desk.run(1000)
    desk.stop()
    assert desk.closed == [("a", 0, 2049)]


def test_no_window_for_longer_is_a_gap():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see(None)
    desk.run(5000)
    desk.see("a")
    desk.run(1000)
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("a", 6000, 7000)]


def test_a_desktop_that_never_settles_is_recorded_all_the_same():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    for number in range(200):
        desk.see("b", f"page {number}")
        desk.run(20)
    desk.stop()
    named = [name for name, _start, _end in desk.closed]
    assert named[0] == "a"
    assert set(named[1:]) == {"b"}
    assert desk.closed[1][1] == 1000
    assert 5000 - UNREST_MS <= desk.closed[-1][2] <= 5000


def test_the_title_stored_is_the_first_one_seen_as_it_was():
    desk = Desk()
    for count in range(20):
        desk.see("mail", f"({count}) Inbox \N{BRAILLE PATTERN DOTS-14}")
        desk.run(100)
    desk.stop()
    assert begun(desk) == [("mail", "(0) Inbox \N{BRAILLE PATTERN DOTS-14}", 0)]


def test_the_same_title_of_another_application_is_another_session():
    desk = Desk()
    desk.see("a", "x")
    desk.run(100)
    desk.see("b", "x")
    desk.run(100)
    desk.stop()
    assert desk.closed == [("a", 0, 100), ("b", 100, 200)]


def test_idle_time_is_dated_back_to_the_last_input():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.tick()
    desk.run(200_000, present=False)
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("", 1000, 201_000)]
    states = [c.session.state for c in desk.changes if isinstance(c, Put) and not c.session.open]
    assert states == [State.ACTIVE, State.IDLE]


def test_idle_time_is_noticed_when_it_begins_to_be_one():
    desk = Desk()
    desk.see("a")
    desk.tick()
    desk.run(179_999, present=False)
    assert desk.sessionizer.state is not State.IDLE
    desk.run(2, present=False)
    assert desk.sessionizer.state is State.IDLE


def test_the_person_who_comes_back_is_recorded_from_the_first_input():
    desk = Desk()
    desk.see("a")
    desk.tick()
    desk.run(300_000, present=False)
    desk.input()
    desk.skip(700)  # the poll that notices
    desk.tick()
    desk.run(1000)
    desk.stop()
    assert desk.closed == [("", 0, 300_000), ("a", 300_000, 301_700)]


def test_the_window_left_behind_is_no_session_when_the_return_opens_another():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.run(300_000, present=False)
    desk.input()
    desk.tick()
    desk.skip(10)
    desk.see("b")
    desk.run(1000)
    desk.stop()
    back = desk.closed[1][2]
    assert desk.closed[2:] == [("b", back, back + 1010)]


def test_rows_recorded_after_the_last_input_are_taken_back(tmp_path):
    with store(tmp_path / "x.db") as (_adapter, writer):
        desk = Desk(writer)
        desk.see("a")
        desk.run(1000)
        desk.input()
        for number in range(19):  # a player's titles, and nobody there
            desk.skip(10_000)
            desk.see("player", f"song {number}")
        desk.tick()
        desk.stop()
    last_input = 1000
    assert spans(tmp_path / "x.db") == [("a", 0, last_input), ("", last_input, 191_000)]
    assert_days_add_up(tmp_path / "x.db")


def test_a_window_that_came_before_the_last_input_has_its_session_when_a_late_tick_says_idle():
    desk = Desk(idle_after_ms=3000)
    desk.see("a")
    desk.run(1000)
    desk.see("b")
    desk.skip(100)
    desk.input()
    desk.skip(5000)
    desk.tick()
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("b", 1000, 1100), ("", 1100, 6100)]


def test_a_program_started_while_nobody_is_there_begins_with_idle_time():
    desk = Desk()
    desk.last_input -= 600_000
    desk.tick()
    desk.see("a")
    desk.run(5000, present=False)
    desk.stop()
    assert desk.closed == [("", 0, 5000)]


def test_without_idle_time_of_the_desktop_everything_is_active():
    desk = Desk()
    desk.see("a")
    for _tick in range(60):
        desk.skip(10_000)
        desk.tick(knows_input=False)
    desk.stop()
    assert desk.closed == [("a", 0, 600_000)]


def test_a_stop_while_a_change_settles_ends_the_session_where_the_change_began():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see("b")
    desk.skip(SETTLE_MS - 1)
    desk.stop()
    assert desk.closed == [("a", 0, 1000)]


def test_a_stop_takes_what_has_settled_unseen():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see("b")
    desk.skip(SETTLE_MS)
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("b", 1000, 1050)]


def test_a_pause_is_a_gap_that_idle_time_does_not_fill():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.stop()
    desk.skip(HOUR)
    desk.tick()
    desk.see("a")
    desk.run(1000, present=False)
    desk.input()
    desk.tick()
    desk.run(1000)
    desk.stop()
    back = 1000 + HOUR
    assert desk.closed == [("a", 0, 1000), ("", back, back + 1000), ("a", back + 1000, back + 2000)]


def test_the_open_session_is_written_every_heartbeat():
    desk = Desk()
    desk.see("a")
    desk.run(60_001)
    puts = [c.session for c in desk.changes if isinstance(c, Put)]
    ends = [put.ended_at - T0 for put in puts]
    assert ends[0] == SETTLE_MS  # known to have lasted, once it counts
    assert all(after - before <= 10_000 for before, after in pairwise(ends))
    assert ends[-1] >= 50_001
    assert len(ends) <= 8
    assert len({put.uid for put in puts}) == 1


def test_a_heartbeat_never_says_more_than_was_seen():
    desk = Desk()
    desk.see("a")
    desk.run(10_040)
    desk.see("b")
    desk.skip(20)
    desk.tick()
    assert desk.sessionizer.open_session.ended_at == T0 + 10_040


def test_sixty_changes_of_title_a_minute_and_window_make_sessions_and_the_surplus_none():
    desk = Desk()
    for number in range(300):
        desk.see("term", f"line {number}", 7)
        desk.run(100)
    desk.see("term", "done", 7)
    desk.run(1)
    assert len(begun(desk)) == 61  # the first one is no change of title
    assert desk.sessionizer.open_session.window_title == "line 60"


def test_the_present_title_has_its_session_when_the_rate_falls():
    desk = Desk()
    for number in range(100):
        desk.see("term", f"line {number}", 7)
        desk.run(100)
    desk.run(2 * MINUTE)
    desk.stop()
    name, title, start = begun(desk)[-1]
    assert (name, title) == ("term", "line 99")
    # The first of the sixty lies a minute back when there is room again.
    assert MINUTE <= start <= MINUTE + 10_000 + 200
    assert desk.closed[-1] == ("term", start, 10_000 + 2 * MINUTE)


def test_another_window_is_not_held_to_the_rate_of_the_first():
    desk = Desk(title_changes_per_minute=3)
    for number in range(10):
        desk.see("term", f"line {number}", 7)
        desk.run(100)
    for number in range(3):
        desk.see("edit", f"file {number}", 8)
        desk.run(100)
    assert [title for name, title, _start in begun(desk) if name == "edit"] == [
        "file 0",
        "file 1",
        "file 2",
    ]


def test_a_change_of_the_utc_offset_splits_the_session():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.offset = 60
    desk.tick()
    desk.run(1000)
    desk.stop()
    parts = [c.session for c in desk.changes if isinstance(c, Put) and not c.session.open]
    assert [p.utc_offset_minutes for p in parts] == [0, 60]
    assert parts[0].ended_at == parts[1].started_at
    assert parts[1].ended_at == T0 + 2000


def test_a_change_of_the_utc_offset_while_a_window_settles_makes_no_third_session():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see("b")
    desk.skip(20)
    desk.offset = 60
    desk.tick()
    desk.run(1000)
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("b", 1000, 2020)]


def test_sleep_leaves_a_gap_that_ends_the_session_at_the_last_reading():
    desk = Desk()
    desk.see("a")
    desk.run(12_000)
    last = desk.sessionizer.open_session.ended_at - T0
    desk.skip(8 * HOUR)
    desk.input()
    desk.tick()
    desk.run(1000)
    desk.stop()
    assert desk.closed[0][0] == "a"
    assert last <= desk.closed[0][2] <= 12_000
    assert desk.closed[1:] == [("a", 12_000 + 8 * HOUR, 13_000 + 8 * HOUR)]


def test_idle_time_is_never_dated_back_beyond_a_sleep():
    desk = Desk()
    desk.see("a")
    desk.run(12_000)
    desk.skip(HOUR)
    desk.tick()
    desk.run(1000, present=False)
    desk.stop()
    assert desk.closed[-1] == ("", 12_000 + HOUR, 13_000 + HOUR)


def test_a_clock_set_back_a_little_is_waited_for():
    desk = Desk()
    desk.see("a")
    desk.run(10_000)
    desk.wall -= 59_000
    desk.run(10_000)
    desk.see("b")
    desk.run(100_000)
    desk.stop()
    assert desk.closed == [("a", 0, 20_000), ("b", 20_000, 120_000)]
    assert not any(isinstance(c, Rewind) for c in desk.changes)


def test_a_clock_set_back_far_moves_what_this_run_recorded(tmp_path):
    path = tmp_path / "x.db"
    with store(path) as (_adapter, writer):
        desk = Desk(writer)
        desk.see("a")
        desk.run(30_000)
        desk.see("b")
        desk.run(30_000)
        desk.wall -= 100_000
        desk.see("c")
        desk.run(5000)
        desk.stop()
    back = -40_000
    found = spans(path)
    assert found == [
        ("a", -100_000, back - 30_000),
        ("b", back - 30_000, back),
        ("c", back, back + 5000),
    ]
    assert_days_add_up(path)


def test_a_clock_set_back_far_clips_at_what_an_earlier_run_recorded(tmp_path):
    path = tmp_path / "x.db"
    with store(path) as (_adapter, writer):
        first = Desk(writer)
        first.see("earlier")
        first.run(50_000)
        first.stop()
    with store(path) as (_adapter, writer):
        desk = Desk(writer)
        desk.wall += 60_000
        desk.see("a")
        desk.run(20_000)
        desk.see("b")
        desk.run(20_000)
        desk.wall -= 65_000
        desk.see("c")
        desk.run(40_000)
        desk.stop()
    assert_in_order(path)
    assert_days_add_up(path)
    assert spans(path)[0] == ("earlier", 0, 50_000)
    # The corrected time is 35 s, which the earlier run has: recording goes on after it.
    assert spans(path)[-1] == ("c", 50_000, 75_000)


def test_a_clock_set_forward_leaves_a_gap():
    desk = Desk()
    desk.see("a")
    desk.run(10_000)
    desk.wall += HOUR
    desk.run(10_000)
    desk.stop()
    lengths = [end - start for _name, start, end in desk.closed]
    assert abs(sum(lengths) - 20_000) < 100
    assert desk.closed[0][2] <= 10_000 + 10_000
    assert desk.closed[1][1] >= HOUR


def test_what_settled_before_the_clock_was_set_forward_is_kept():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see("b")
    desk.skip(3000)
    desk.wall += HOUR
    desk.tick()
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("b", 1000, 4000)]


def test_recorded_times_of_an_earlier_run_are_never_met(tmp_path):
    path = tmp_path / "x.db"
    with store(path) as (_adapter, writer):
        # The clock was ahead then.
        ahead = [session(20_000, 30_000, "future"), session(35_000, 36_000, "future")]
        writer.apply([Put(one) for one in ahead])
    with store(path) as (_adapter, writer):
        desk = Desk(writer)
        desk.see("a")
        desk.run(60_000)
        desk.stop()
    assert spans(path) == [
        ("a", 0, 20_000),
        ("future", 20_000, 30_000),
        ("a", 30_000, 35_000),
        ("future", 35_000, 36_000),
        ("a", 36_000, 60_000),
    ]


def test_recorded_times_are_not_met_either_when_the_clock_is_set_forward_beyond_them(tmp_path):
    path = tmp_path / "x.db"
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(20_000, 30_000, "future"))])
    with store(path) as (_adapter, writer):
        desk = Desk(writer)
        desk.see("a")
        desk.run(19_000)
        desk.skip(5000)
        desk.wall += HOUR
        desk.tick()
        desk.stop()
    assert spans(path) == [("a", 0, 20_000), ("future", 20_000, 30_000)]


def test_a_sleep_over_recorded_times_leaves_a_gap_behind_them(tmp_path):
    path = tmp_path / "x.db"
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(20_000, 30_000, "future"))])
    with store(path) as (_adapter, writer):
        desk = Desk(writer)
        desk.see("a")
        desk.run(10_000)
        desk.skip(HOUR)
        desk.input()
        desk.tick()
        desk.run(1000)
        desk.stop()
    awake = 10_000 + HOUR
    assert spans(path)[1:] == [("future", 20_000, 30_000), ("a", awake, awake + 1000)]


def test_times_of_an_earlier_run_stay_free_when_the_timeline_goes_back_to_the_clock(tmp_path):
    path = tmp_path / "x.db"
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(20_000, 50_000, "future"))])
    with store(path) as (_adapter, writer):
        desk = Desk(writer)
        desk.see("a")
        desk.run(10_000)
        desk.wall -= 40_000
        desk.run(15_000)
        desk.see(None)
        desk.run(40_000)
        desk.see("b")
        desk.run(30_000)
        desk.stop()
    assert_in_order(path)
    assert ("future", 20_000, 50_000) in spans(path)


def test_a_day_adds_up_to_the_millisecond(tmp_path):
    path = tmp_path / "x.db"
    with store(path) as (_adapter, writer):
        desk = Desk(writer, heartbeat_ms=60_000)
        for number in range(24 * 20):
            desk.see(f"app {number % 7}", f"title {number % 11}", number % 7)
            desk.run(3 * MINUTE)
        desk.stop()
    found = spans(path)
    assert (found[0][1], found[-1][2]) == (0, 24 * HOUR)
    assert sum(end - start for _name, start, end in found) == 24 * HOUR
    assert all(a[2] == b[1] for a, b in pairwise(found))
    assert_days_add_up(path)


def test_a_step_back_right_after_a_start_does_not_go_into_what_an_earlier_run_recorded():
    desk = Desk()
    desk.sessionizer.occupy([(T0 - 20_000, T0 - 1000)])
    desk.see(None)
    desk.skip(100)
    desk.wall -= 10_000
    desk.see("a")
    desk.run(1000)
    desk.stop()
    assert all(start >= 0 for _name, start, _end in desk.closed)
    assert desk.closed


def test_what_ended_before_the_start_leaves_its_gap():
    desk = Desk()
    desk.sessionizer.occupy([(T0 - 20_000, T0 - 5000)])
    desk.see("a")
    desk.run(1000)
    desk.stop()
    assert desk.closed == [("a", 0, 1000)]


def test_a_cut_ends_the_open_session_and_begins_its_successor_there():
    desk = Desk()
    desk.see("a", "first title")
    desk.run(1000)
    before = desk.sessionizer.open_session
    desk.take(desk.sessionizer.cut(desk.at))
    after = desk.sessionizer.open_session
    assert (after.application_name, after.window_title, after.started_at) == (
        "a",
        "first title",
        T0 + 1000,
    )
    assert after.uid != before.uid
    desk.run(500)
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("a", 1000, 1500)]


def test_a_window_that_has_not_settled_has_its_session_from_its_beginning_when_cut():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see("b")
    desk.skip(SETTLE_MS // 2)
    desk.take(desk.sessionizer.cut(desk.at))
    desk.run(500)
    desk.stop()
    assert desk.closed == [("a", 0, 1000), ("b", 1000, 1025), ("b", 1025, 1525)]


def test_idle_time_never_reaches_back_over_a_cut(tmp_path):
    with store(tmp_path / "local.db") as (_adapter, writer):
        desk = Desk(writer)
        desk.see("a")
        desk.run(10 * MINUTE)
        desk.run(2 * MINUTE, present=False)
        desk.take(desk.sessionizer.cut(desk.at))
        desk.run(5 * MINUTE, present=False)
        desk.stop()
    assert spans(tmp_path / "local.db") == [
        ("a", 0, 12 * MINUTE),
        ("", 12 * MINUTE, 17 * MINUTE),
    ]
    assert_days_add_up(tmp_path / "local.db")


def test_a_cut_while_nothing_is_recorded_lets_no_idle_time_reach_into_the_pause():
    desk = Desk()
    assert desk.sessionizer.cut(desk.at) == []
    desk.see("a")
    desk.run(175_000, present=False)
    desk.stop()
    desk.skip(3000)
    assert desk.sessionizer.cut(desk.at) == []
    desk.skip(6000)
    desk.tick()
    desk.see("b")
    desk.run(1000, present=False)
    desk.stop()
    assert desk.closed == [("a", 0, 175_000), ("", 184_000, 185_000)]


def test_a_cut_of_idle_time_is_idle_time_on_both_sides():
    desk = Desk()
    desk.see("a")
    desk.run(MINUTE)
    desk.run(5 * MINUTE, present=False)
    assert desk.sessionizer.state is State.IDLE
    desk.take(desk.sessionizer.cut(desk.at))
    desk.run(MINUTE, present=False)
    desk.stop()
    states = [c.session.state for c in desk.changes if isinstance(c, Put) and not c.session.open]
    assert states == [State.ACTIVE, State.IDLE, State.IDLE]


def test_a_renamed_session_goes_on_under_its_new_uid():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.sessionizer.rename("another")
    desk.run(1000)
    desk.stop()
    last = desk.changes[-1].session
    assert (last.uid, last.started_at, last.ended_at) == ("another", T0, T0 + 2000)
