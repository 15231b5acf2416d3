"""That tracking is still paused is said once a day, when somebody is there, and not before."""

import threading
import time
from datetime import datetime, timedelta

import pytest

from reprospective_tray.runtime.state import pause_reminder, program_state
from reprospective_tray.runtime.state.pause_reminder import PauseReminder, is_due, sentence
from reprospective_tray.runtime.state.program_state import ProgramState

NOON = datetime(2026, 11, 25, 12).astimezone()


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@pytest.mark.parametrize(
    ("paused_ago", "told_on", "until", "due"),
    [
        (timedelta(hours=1), "", None, False),
        (timedelta(hours=12, minutes=-1), "", None, False),
        (timedelta(hours=12, minutes=1), "", None, True),
        (timedelta(days=5), "", None, True),
        (timedelta(days=5), "2026-11-24", None, True),
        (timedelta(days=5), "2026-11-25", None, False),
        (timedelta(days=5), "", timedelta(hours=1), True),
        (timedelta(days=5), "", timedelta(hours=-1), False),
    ],
)
def test_it_is_due_on_another_day_than_the_pause_began_and_once_a_day(
    paused_ago, told_on, until, due
):
    remembered = ProgramState(
        paused=True,
        paused_at=ms(NOON - paused_ago),
        paused_until=None if until is None else ms(NOON + until),
        told_paused_on=told_on,
    )
    assert is_due(remembered, ms(NOON)) is due


def test_who_is_not_paused_hears_nothing():
    assert not is_due(ProgramState(paused_at=0), ms(NOON))
    # A pause of an older version, whose beginning nobody knows.
    assert not is_due(ProgramState(paused=True), ms(NOON))


def test_it_is_said_when_the_person_is_back_and_once(user, monkeypatch):
    monkeypatch.setattr(pause_reminder, "LOOK_S", 0.0)
    there = []
    paused_at = round(time.time() * 1000) - 2 * 86_400_000
    program_state.save(user.paths, ProgramState(paused=True, paused_at=paused_at))
    reminder = PauseReminder(user.paths, lambda: True, lambda: bool(there))
    assert reminder.look() == ""
    there.append(1)
    assert reminder.look() == sentence(paused_at)
    assert reminder.look() == ""
    assert program_state.load(user.paths).paused


def test_nothing_is_read_more_often_than_once_a_minute(user):
    looks = []
    paused_at = round(time.time() * 1000) - 2 * 86_400_000
    program_state.save(user.paths, ProgramState(paused=True, paused_at=paused_at))
    reminder = PauseReminder(user.paths, lambda: True, lambda: bool(looks.append(1)))
    for _look in range(5):
        reminder.look()
    assert looks == [1]


@pytest.mark.trust
def test_a_display_that_does_not_answer_holds_up_nothing_and_is_asked_once(user, monkeypatch):
    monkeypatch.setattr(pause_reminder, "LOOK_S", 0.0)
    monkeypatch.setattr(pause_reminder, "ANSWER_S", 0.01)
    asked, answer = [], threading.Event()
    paused_at = round(time.time() * 1000) - 2 * 86_400_000
    program_state.save(user.paths, ProgramState(paused=True, paused_at=paused_at))

    def is_there():
        asked.append(threading.current_thread())
        return answer.wait()

    reminder = PauseReminder(user.paths, lambda: True, is_there)
    assert [reminder.look() for _look in range(3)] == ["", "", ""]
    assert len(asked) == 1
    answer.set()
    asked[0].join()
    monkeypatch.setattr(pause_reminder, "ANSWER_S", 10.0)
    assert reminder.look() == sentence(paused_at)
    assert len(asked) == 2


@pytest.mark.trust
def test_a_display_that_fails_is_no_reason_to_end(user, monkeypatch, caplog):
    monkeypatch.setattr(pause_reminder, "LOOK_S", 0.0)
    paused_at = round(time.time() * 1000) - 2 * 86_400_000
    program_state.save(user.paths, ProgramState(paused=True, paused_at=paused_at))
    assert PauseReminder(user.paths, lambda: True, lambda: 1 / 0).look() == ""
    assert "could not be determined" in caplog.text
