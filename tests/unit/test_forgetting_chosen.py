"""Sessions that somebody chose go, each of them whole, and nothing else does.

How it can fail: one too many goes, or is cut; a day keeps what went; a uid that is none of here
raises, or hides others; the second time counts again.
"""

from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.store.forget import erase
from reprospective_tray.store.forget.erase import ChosenSessions, Forgetting, forget
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import DAY_MS, Put, State
from tests.unit.recording import T0, session

STRANGERS = ["", "x", "\0", "%", "' OR 1=1", "ä" * 36, new_uid(T0).upper(), new_uid(T0)]


def forget_in(place, *uids):
    with place.open() as adapter:
        return forget(adapter, ChosenSessions(uids))


def fill(place, *sessions):
    with place.run() as (_adapter, writer):
        writer.apply([Put(each) for each in sessions])


def test_the_chosen_go_whole_and_the_days_follow(place):
    over_midnight = session(0, DAY_MS, "long", utc_offset_minutes=540)
    others = session(DAY_MS, DAY_MS + 10), session(DAY_MS + 20, DAY_MS + 30)
    fill(place, over_midnight, *others, last := session(DAY_MS + 30, DAY_MS + 40))
    done = forget_in(place, over_midnight.uid, last.uid)
    assert (done.sessions, done.clipped, done.ms) == (2, 0, DAY_MS + 10)
    assert (done.missing, done.ordered, done.totals, done.scrubbed) == (0, False, 0, True)
    assert place.spans() == [("app", DAY_MS, DAY_MS + 10), ("app", DAY_MS + 20, DAY_MS + 30)]
    gone = place.rows("uid", "application_name", "window_title", "process_id", "open", deleted=1)
    assert gone == [(each.uid, "", "", None, 0) for each in (over_midnight, last)]
    place.assert_days_add_up()


def test_the_second_time_nothing_is_left_to_do(place):
    fill(place, one := session(0, 10), session(10, 20))
    assert forget_in(place, one.uid).sessions == 1
    before = place.rows("uid", "revision", deleted=1)
    done = forget_in(place, one.uid)
    assert (done.sessions, done.missing, done.ms) == (0, 1, 0)
    assert place.rows("uid", "revision", deleted=1) == before
    assert place.spans() == [("app", 10, 20)]


def test_what_is_unknown_here_does_no_harm_and_is_counted(place, monkeypatch):
    monkeypatch.setattr(erase, "_ROWS_A_STEP", 2)
    fill(place, one := session(0, 10), session(10, 20))
    done = forget_in(place, *STRANGERS, one.uid, *STRANGERS)
    assert (done.sessions, done.missing) == (1, len(STRANGERS))
    assert place.spans() == [("app", 10, 20)]


def test_no_session_at_all_is_as_good_as_any_number(place):
    fill(place, session(0, 10))
    done = forget_in(place)
    assert (done.sessions, done.missing) == (0, 0)


def test_a_session_that_is_named_twice_is_one(place):
    fill(place, one := session(0, 10))
    done = forget_in(place, one.uid, one.uid)
    assert (done.sessions, done.missing, done.ms) == (1, 0, 10)


@pytest.mark.parametrize("state", [State.IDLE, State.LOCKED])
def test_time_without_a_window_can_be_chosen(place, state):
    away = session(10, 20, "", state=state, window_title="")
    fill(place, session(0, 10), away, session(20, 30))
    assert forget_in(place, away.uid).sessions == 1
    assert place.spans() == [("app", 0, 10), ("app", 20, 30)]
    place.assert_days_add_up()


def test_an_open_session_goes_with_what_it_has_become_until_now(place):
    going_on = session(10, 10, "secret", open=True)
    with place.run() as (adapter, writer):
        writer.apply([Put(session(0, 10)), Put(going_on)])
        assert not ChosenSessions([new_uid(T0)]).holds_open_one(adapter)
        assert ChosenSessions(["x", going_on.uid]).holds_open_one(adapter)
        done = forget(adapter, ChosenSessions([going_on.uid]))
        assert not ChosenSessions([going_on.uid]).holds_open_one(adapter)
        # What is written of it later comes too late, and counts nothing.
        writer.apply([Put(session(10, 90, "secret", uid=going_on.uid))])
    assert done.sessions == 1
    assert place.spans() == [("app", 0, 10)]
    place.assert_days_add_up()


def test_many_go_in_steps_between_which_others_can_write(place, monkeypatch):
    monkeypatch.setattr(erase, "_ROWS_A_STEP", 10)
    chosen = [session(n * 10, n * 10 + 10) for n in range(25)]
    fill(place, *chosen)
    with place.run() as (adapter, writer):
        work, steps = Forgetting(ChosenSessions(each.uid for each in chosen)), 0
        while work.step(adapter):
            steps += 1
            start = DAY_MS + steps * 10
            writer.apply([Put(session(start, start + 10, "new"))])
        assert (steps, work.done.sessions) == (3, 25)
    assert {name for name, _start, _end in place.spans()} == {"new"}
    place.assert_days_add_up()


LENGTHS = st.integers(0, 30).map(lambda hours: hours * DAY_MS // 24)


@settings(deadline=None, max_examples=40)
@given(
    lengths=st.lists(st.tuples(LENGTHS, st.sampled_from("ab")), min_size=1, max_size=9),
    choices=st.lists(st.sets(st.integers(0, 8)), min_size=1, max_size=3),
)
def test_the_days_are_what_the_sessions_that_stay_add_up_to(new_place, lengths, choices):
    with ExitStack() as stack:
        place = stack.enter_context(new_place())
        end, made = 0, []
        # Of two that begin or end in one moment either's offset would do: then they share one.
        all_last = all(length for length, _name in lengths)
        for length, name in lengths:
            offset = length % 7 * 60 if all_last else 0
            made.append(session(end, end + length, name, utc_offset_minutes=offset))
            end += length
        fill(place, *made)
        for choice in choices:
            chosen = {made[number].uid for number in choice if number < len(made)}
            done = forget_in(place, *chosen)
            assert done.sessions + done.missing == len(chosen)
            place.assert_days_add_up()
