"""What the desktop says of the person becomes sessions and gaps at its own times.

How it can fail: locked time loses a millisecond to what is before or after it; idle time reaches
back over a lock or a sleep; a film counts as idle, or the hours after it as the film; a lock that
nothing follows stops recording for ever; a day does not add up.
"""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.monitor.presence_state import LOCK_GRACE_MS
from reprospective_tray.monitor.sessionizer import SETTLE_MS
from reprospective_tray.store.model.sessions import Put, State
from tests.unit.recording import T0, Desk, assert_days_add_up, assert_in_order, rows_of, store
from tests.unit.simulated_day import HOUR, MINUTE, STATES, Day

LOCKED, IDLE = "locked", "idle"
# A clock that is waited for, one that is followed, and one that leaves a gap.
STEPS = (-20_000, -200, 500, 90_000)


def closed(desk: Desk) -> list[tuple[str, int, int]]:
    """Return (name or state, start, end) of what has ended, without what was taken back."""
    last = {c.session.uid: c.session for c in desk.changes if isinstance(c, Put)}
    return sorted(
        (
            (s.application_name or str(s.state), s.started_at - T0, s.ended_at - T0)
            for s in last.values()
            if not s.open
        ),
        key=lambda item: item[1],
    )


def test_locked_time_is_its_own_session_from_the_lock_to_the_unlock():
    desk = Desk()
    desk.see("a")
    desk.run(10_123)
    desk.say(locked=True)
    desk.run(20_001)
    desk.say(locked=False)
    desk.run(5_000)
    desk.stop()
    assert closed(desk) == [("a", 0, 10_123), (LOCKED, 10_123, 30_124), ("a", 30_124, 35_124)]


def test_locked_time_is_on_the_disk_at_once():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    states = [c.session.state for c in desk.say(locked=True) if isinstance(c, Put)]
    assert states == [State.ACTIVE, State.LOCKED]


def test_the_lockers_own_window_is_no_session_and_no_gap():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see("locker")
    desk.skip(SETTLE_MS - 1)
    desk.say(locked=True)
    desk.run(1000)
    desk.stop()
    assert closed(desk) == [("a", 0, 1049), (LOCKED, 1049, 2049)]


def test_a_window_that_must_leave_no_trace_leaves_none_before_a_lock():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.see(None)
    desk.skip(SETTLE_MS - 1)
    desk.say(locked=True)
    desk.run(1000)
    desk.stop()
    assert closed(desk) == [("a", 0, 1000), (LOCKED, 1049, 2049)]


def test_a_lock_right_after_an_unlock_leaves_no_gap():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.say(locked=True)
    desk.run(1000)
    desk.say(locked=False)
    desk.skip(20)
    desk.say(locked=True)
    desk.run(1000)
    desk.stop()
    assert closed(desk) == [
        ("a", 0, 1000),
        (LOCKED, 1000, 2000),
        ("a", 2000, 2020),
        (LOCKED, 2020, 3020),
    ]


def test_locked_time_stays_locked_time_without_input():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.say(locked=True)
    desk.run(2 * HOUR, present=False)
    desk.input()
    desk.say(locked=False)
    desk.run(1000)
    desk.stop()
    assert closed(desk) == [
        ("a", 0, 1000),
        (LOCKED, 1000, 2 * HOUR + 1000),
        ("a", 2 * HOUR + 1000, 2 * HOUR + 2000),
    ]


def test_a_lock_ends_idle_time_that_had_begun():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.input()
    desk.run(200_000, present=False)
    desk.say(locked=True)
    desk.run(1000, present=False)
    desk.stop()
    assert closed(desk) == [("a", 0, 1000), (IDLE, 1000, 201_000), (LOCKED, 201_000, 202_000)]


def test_a_late_lock_finds_idle_time_that_nobody_had_looked_for():
    desk = Desk(heartbeat_ms=300_000)
    desk.see("a")
    desk.run(1000)
    desk.input()
    desk.skip(200_000)
    desk.say(locked=True)
    desk.run(1000, present=False)
    desk.stop()
    assert closed(desk) == [("a", 0, 1000), (IDLE, 1000, 201_000), (LOCKED, 201_000, 202_000)]


def test_an_unlock_without_the_person_is_idle_time_from_the_unlock():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.say(locked=True)
    desk.run(HOUR, present=False)
    desk.say(locked=False)
    desk.run(MINUTE, present=False)
    desk.stop()
    assert closed(desk)[1:] == [
        (LOCKED, 1000, HOUR + 1000),
        (IDLE, HOUR + 1000, HOUR + MINUTE + 1000),
    ]


def test_idle_time_never_reaches_back_into_locked_time():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.input()
    desk.run(100_000, present=False)
    desk.say(locked=True)
    desk.run(50_000, present=False)
    desk.say(locked=False)
    desk.run(100_000, present=False)
    desk.stop()
    # 180 s without input are over at 181 s; the unlock was at 151 s.
    assert closed(desk) == [
        ("a", 0, 101_000),
        (LOCKED, 101_000, 151_000),
        (IDLE, 151_000, 251_000),
    ]


def test_sleep_is_a_gap_between_its_two_signals():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.say(away=True)
    assert closed(desk) == [("a", 0, 1000)]
    desk.run(300)
    desk.see("b")
    desk.run(HOUR)
    desk.say(away=False)
    desk.run(1000)
    desk.stop()
    assert closed(desk) == [("a", 0, 1000), ("b", HOUR + 1300, HOUR + 2300)]


def test_a_sleep_that_the_clocks_show_as_well_is_one_gap():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.say(away=True)
    desk.skip(HOUR)
    desk.tick()
    desk.skip(30)
    desk.input()
    desk.say(away=False)
    desk.run(1000)
    desk.stop()
    assert closed(desk) == [("a", 0, 1000), ("a", HOUR + 1030, HOUR + 2030)]


def test_idle_time_never_reaches_back_over_a_sleep():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.input()
    desk.skip(14_000)
    desk.say(away=True)
    desk.run(14_000, present=False)
    desk.say(away=False)
    desk.run(170_000, present=False)
    desk.stop()
    assert closed(desk) == [("a", 0, 15_000), (IDLE, 29_000, 199_000)]


def test_a_sleep_behind_the_lock_leaves_locked_time_on_both_sides():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.say(locked=True)
    desk.run(1000)
    desk.say(away=True)
    desk.skip(HOUR)
    desk.say(away=False)
    desk.run(1000)
    desk.stop()
    assert closed(desk)[1:] == [(LOCKED, 1000, 2000), (LOCKED, HOUR + 2000, HOUR + 3000)]


def test_time_without_input_is_active_while_something_holds_off_idle_time():
    desk = Desk()
    desk.see("film")
    desk.run(1000)
    desk.say(inhibited=True)
    desk.run(2 * HOUR, present=False)
    desk.input()
    desk.run(1000)
    desk.stop()
    assert closed(desk) == [("film", 0, 2 * HOUR + 2000)]


def test_idle_time_begins_where_the_inhibition_ended():
    desk = Desk()
    desk.see("film")
    desk.run(1000)
    desk.say(inhibited=True)
    desk.run(2 * HOUR, present=False)
    desk.say(inhibited=False)
    end = 2 * HOUR + 1000
    desk.run(179_999, present=False)
    assert desk.sessionizer.state is State.ACTIVE
    desk.run(2, present=False)
    assert desk.sessionizer.state is State.IDLE
    desk.stop()
    assert closed(desk) == [("film", 0, end), (IDLE, end, end + 180_001)]


def test_idle_time_begins_at_an_input_later_than_the_end_of_the_inhibition():
    desk = Desk()
    desk.see("film")
    desk.say(inhibited=True)
    desk.run(HOUR, present=False)
    desk.say(inhibited=False)
    desk.run(1000, present=False)
    desk.input()
    desk.run(200_000, present=False)
    desk.stop()
    assert closed(desk) == [("film", 0, HOUR + 1000), (IDLE, HOUR + 1000, HOUR + 201_000)]


def test_an_inhibitor_that_comes_in_idle_time_ends_it():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.input()
    desk.run(300_000, present=False)
    desk.say(inhibited=True)
    desk.run(300_000, present=False)
    desk.stop()
    assert closed(desk) == [("a", 0, 1000), (IDLE, 1000, 301_000), ("a", 301_000, 601_000)]


def test_an_application_that_is_never_idle_holds_off_idle_time_while_it_is_in_front():
    desk = Desk(never_idle=lambda name: name == "call")
    desk.see("call")
    desk.run(1000)
    desk.input()
    desk.run(HOUR, present=False)
    desk.see("a", window_id=2)
    desk.run(200_000, present=False)
    desk.stop()
    # What came to the front by itself then is nobody's.
    assert closed(desk) == [("call", 0, HOUR + 1000), (IDLE, HOUR + 1000, HOUR + 201_000)]


def test_the_next_tick_is_no_busy_loop_while_idle_time_is_held_off():
    desk = Desk()
    desk.see("film")
    desk.run(1000)
    desk.say(inhibited=True)
    desk.run(HOUR, present=False)
    assert desk.sessionizer.due_in_ms(desk.at) > 5_000


def test_a_lock_that_was_asked_for_and_that_nothing_follows_ends_with_the_persons_input():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.say(locked=True, unconfirmed=1)
    desk.run(LOCK_GRACE_MS)  # the key that asked for it is still down
    assert desk.sessionizer.state is State.LOCKED
    assert desk.sessionizer.waits_for_input
    desk.run(MINUTE, present=False)
    assert desk.sessionizer.state is State.LOCKED
    desk.input()
    desk.skip(700)  # the look that notices
    desk.tick()
    back = 1000 + LOCK_GRACE_MS + MINUTE
    desk.run(1000)
    assert desk.sessionizer.state is State.ACTIVE
    # The next one counts again.
    desk.say(locked=True, unconfirmed=2)
    desk.run(1000)
    desk.stop()
    assert closed(desk) == [
        ("a", 0, 1000),
        (LOCKED, 1000, back),
        ("a", back, back + 1700),
        (LOCKED, back + 1700, back + 2700),
    ]


def test_a_lock_that_the_desktop_confirms_does_not_end_with_input():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.say(locked=True, unconfirmed=1)
    desk.say(locked=True, unconfirmed=0)
    desk.run(HOUR)
    desk.stop()
    assert closed(desk) == [("a", 0, 1000), (LOCKED, 1000, HOUR + 1000)]


def test_what_is_said_while_nothing_is_recorded_holds_when_it_is():
    desk = Desk()
    desk.see("a")
    desk.run(1000)
    desk.stop()
    desk.sessionizer.present(desk.at, desk.presence.__class__(locked=True))
    desk.skip(5000)
    desk.tick()
    desk.see("a")
    desk.run(1000)
    desk.stop()
    assert closed(desk) == [("a", 0, 1000), (LOCKED, 6000, 7000)]


@pytest.mark.parametrize("seed", range(3))
def test_a_day_of_locks_sleep_pauses_and_clock_changes_adds_up_to_24_hours(tmp_path, seed):
    path = tmp_path / "x.db"
    with store(path) as (_adapter, writer):
        truth = Day(Desk(writer, heartbeat_ms=MINUTE), seed, STEPS).truth
    assert_days_add_up(path)
    assert_in_order(path)
    assert lengths(path) == {state: truth[state] for state in STATES}
    recorded = sum(lengths(path).values())
    assert recorded + truth["gap"] == 24 * HOUR + truth["followed"]


@pytest.mark.parametrize("seed", range(3))
def test_between_the_sessions_of_a_day_lie_its_gaps_and_nothing_else(tmp_path, seed):
    path = tmp_path / "x.db"
    with store(path) as (_adapter, writer):
        truth = Day(Desk(writer, heartbeat_ms=MINUTE), seed).truth
    found = rows_of(path, "started_at, ended_at")
    gaps = sum(after[0] - before[1] for before, after in pairwise(found))
    assert gaps == truth["gap"]
    assert found[-1][1] - found[0][0] == 24 * HOUR
    assert sum(lengths(path).values()) + gaps == 24 * HOUR


def lengths(path: Path) -> dict[str, int]:
    """Return how long each state was recorded, in ms."""
    found = dict.fromkeys(STATES, 0)
    for state, start, end in rows_of(path, "state, started_at, ended_at"):
        found[state] += end - start
    return found


ANY_DEEDS = st.lists(
    st.tuples(
        st.sampled_from(("lock", "unlock", "sleep", "wake", "see a", "see b", "wait")),
        st.integers(SETTLE_MS, 200_000),
    ),
    max_size=40,
)


@given(deeds=ANY_DEEDS)
@settings(max_examples=200)
def test_in_any_order_locked_time_is_exact_and_sessions_and_gaps_have_no_holes(deeds):
    desk = Desk()
    desk.see("a")
    locked = away = False
    truth: list[tuple[str, int, int]] = []
    front = "a"
    for deed, ms in deeds:
        match deed:
            case "lock" | "unlock":
                locked = deed == "lock"
                desk.say(locked=locked)
            case "sleep" | "wake":
                away = deed == "sleep"
                desk.say(away=away)
            case "see a" | "see b":
                front = deed[-1]
                desk.see(front)
        begin = desk.wall - T0
        desk.run(ms)
        state = "" if away else LOCKED if locked else front
        if truth and truth[-1][0] == state and truth[-1][2] == begin:
            truth[-1] = (state, truth[-1][1], begin + ms)
        else:
            truth.append((state, begin, begin + ms))
    desk.stop()
    assert closed(desk) == [stretch for stretch in truth if stretch[0]]
