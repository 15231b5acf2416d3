"""Which days the calendar marks: read in a thread of its own, the newest question first."""

import threading
from datetime import date

import pytest

from reprospective_tray.errors import StoreError
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put, State
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.summary.figures.sources import (
    SERVER,
    THIS_COMPUTER,
    Scope,
    Sources,
)
from reprospective_tray.summary.window.loading.recorded_days import RecordedDays
from tests.support import wait_until
from tests.unit.stored import session

SECONDS = 10.0
NOVEMBER = DayRange(date(2026, 10, 26), date(2026, 12, 6))
OCTOBER = DayRange(date(2026, 9, 28), date(2026, 11, 8))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "data" / "local.db"
    adapter = SqliteAdapter(path)
    adapter.open()
    sessions = [
        session("2026-10-25T09:00:00Z", "2026-10-25T10:00:00Z", "Code", "before"),
        session("2026-11-02T09:00:00Z", "2026-11-02T10:00:00Z", "Code", "one"),
        session("2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z", state=State.IDLE),
        session("2026-11-30T09:00:00Z", "2026-11-30T10:00:00Z", "Code", "two", open=True),
    ]
    with adapter.connection():
        SessionWriter(adapter, "desk").apply([Put(each) for each in sessions])
    adapter.close()
    return path


@pytest.fixture
def make():
    made = []

    def make(*sources):
        made.append(RecordedDays(Sources(*sources)))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def wait_for(recorded, days):
    wait_until(lambda: recorded(days) is not None, SECONDS, "the answer")
    return recorded(days)


def test_days_with_activity_are_told_and_those_of_idle_time_and_of_other_months_are_not(make, path):
    recorded = make(lambda: SqliteAdapter(path, read_only=True)).of(THIS_COMPUTER)
    assert wait_for(recorded, NOVEMBER) == {date(2026, 11, 2), date(2026, 11, 30)}
    assert wait_for(recorded, OCTOBER) == {date(2026, 10, 25), date(2026, 11, 2)}


def test_days_of_a_host_are_those_of_that_host_alone(make, path):
    days = make(lambda: SqliteAdapter(path, read_only=True))
    assert wait_for(days.of(Scope(host="desk")), NOVEMBER)
    assert wait_for(days.of(Scope(host="laptop")), NOVEMBER) == frozenset()


def test_nothing_is_read_and_no_thread_runs_before_somebody_asks(make, path):
    days = make(lambda: SqliteAdapter(path, read_only=True))
    days.of(THIS_COMPUTER)
    assert "recorded-days" not in [each.name for each in threading.enumerate()]


def test_asking_does_not_wait_and_only_the_newest_of_those_that_wait_is_read(make, path):
    held, opened = threading.Event(), []

    def adapter():
        opened.append(True)
        assert held.wait(SECONDS)
        return SqliteAdapter(path, read_only=True)

    recorded = make(adapter).of(THIS_COMPUTER)
    for days in (NOVEMBER, OCTOBER, DayRange(date(2026, 8, 31), date(2026, 10, 11)), OCTOBER):
        assert recorded(days) is None
        wait_until(lambda: opened, SECONDS, "the first to be read")
    held.set()
    assert wait_for(recorded, OCTOBER)
    assert wait_for(recorded, NOVEMBER)


def test_what_cannot_be_read_has_no_marks_and_a_calendar_opened_later_asks_anew(make, path):
    failures = []

    def adapter():
        if not failures:
            failures.append(True)
            raise StoreError("locked", "wait")
        return SqliteAdapter(path, read_only=True)

    days = make(adapter)
    assert wait_for(days.of(THIS_COMPUTER), NOVEMBER) == frozenset()
    assert wait_for(days.of(THIS_COMPUTER), NOVEMBER)


def test_a_server_that_nobody_named_has_no_marks(make, path):
    days = make(lambda: SqliteAdapter(path, read_only=True))
    assert wait_for(days.of(Scope(SERVER)), NOVEMBER) == frozenset()


def test_an_error_of_ours_is_logged_and_ends_nothing(make, caplog):
    def adapter():
        raise LookupError("qzx")

    days = make(adapter)
    assert wait_for(days.of(THIS_COMPUTER), NOVEMBER) == frozenset()
    assert "qzx" in caplog.text
    assert wait_for(days.of(THIS_COMPUTER), OCTOBER) == frozenset()
