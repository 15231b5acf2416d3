"""Recording straight into a PostgreSQL: nothing is lost, and observing never waits.

How it can fail: what was recorded while the server was away is lost or stored twice, a silent
server holds up who observes or the end, another computer's open session is closed, a row that
cannot be stored blocks all others.
"""

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from reprospective_tray.store.model.sessions import Put, Rewind, StepBack
from reprospective_tray.store.postgres import maintenance
from reprospective_tray.store.recording import background_recorder
from reprospective_tray.store.recording.background_recorder import BackgroundRecorder
from tests.server.contract import adapter_for
from tests.server.servers import DURABLE, Database, new_server
from tests.support import wait_until
from tests.unit.recording import T0, session

# What a call may take of who observes; the rest is for a busy machine.
LONGEST_CALL_S = 0.25
ROWS = """
    SELECT application_name, reprospective.to_ms(started_at) - %s,
        reprospective.to_ms(ended_at) - %s, open
    FROM reprospective.desktop_activity_sessions WHERE deleted = 0 ORDER BY started_at
"""


class Desk:
    """A computer that records into `database`."""

    def __init__(self, database: Database, data, name="desk", **deadlines) -> None:
        self.database = database
        self.data = data
        settings = {"connect_deadline_s": 2.0, "deadline_s": 2.0} | deadlines
        self._make = lambda: adapter_for(
            self.database, data, database.superuser, database.password, **settings
        )
        self.recorder = BackgroundRecorder(self._make, name)
        self.longest = 0.0

    def record(self, *numbers: int) -> None:
        """Record a session of a second for each number, begun and ended."""
        for number in numbers:
            one = session(number * 1000, number * 1000 + 1000, f"app {number}")
            self.put(replace(one, ended_at=one.started_at, open=True), one)

    def put(self, *sessions) -> None:
        self.take(*(Put(one) for one in sessions))

    def take(self, *changes) -> None:
        for change in changes:
            begun = time.monotonic()
            self.recorder.record([change])
            self.longest = max(self.longest, time.monotonic() - begun)

    def wait_until_written(self) -> None:
        with self.recorder.exclusively():
            pass


@pytest.fixture
def desk(database, tmp_path, monkeypatch):
    monkeypatch.setattr(maintenance, "_LONGEST_RETRY_S", 0.2)
    return Desk(database, tmp_path / "data")


def rows(database: Database) -> list[tuple]:
    return database.rows(ROWS, (T0, T0))


def names(database: Database) -> list[str]:
    return [row[0] for row in rows(database)]


def numbered(*numbers: int) -> list[str]:
    return [f"app {number}" for number in numbers]


def test_what_is_recorded_is_on_the_server_and_the_end_is_clean(desk, database):
    with desk.recorder.running():
        desk.record(0)
        desk.wait_until_written()
        assert names(database) == ["app 0"]
        desk.put(session(1000, 1500, "going on", open=True))
    assert rows(database) == [("app 0", 0, 1000, 0), ("going on", 1000, 1500, 1)]
    assert not [thread for thread in threading.enumerate() if thread.name == "writer"]


@contextmanager
def own_desk(tmp_path, monkeypatch):
    """A computer and a server that may be stopped."""
    monkeypatch.setattr(maintenance, "_LONGEST_RETRY_S", 0.2)
    with new_server(settings=DURABLE) as server, server.database() as database:
        yield server, database, Desk(database, tmp_path / "data")


@pytest.mark.parametrize("how", ["fast", "immediate", "kill"])
def test_a_server_that_is_stopped_and_started_misses_nothing(
    tmp_path, monkeypatch, bystander, how, caplog
):
    caplog.set_level(logging.INFO)
    with own_desk(tmp_path, monkeypatch) as (server, database, desk):
        whole = session(50_000, 90_000, "goes on")
        with desk.recorder.running():
            desk.record(0, 1)
            desk.wait_until_written()
            desk.put(replace(whole, ended_at=T0 + 60_000, open=True))
            desk.wait_until_written()
            server.kill() if how == "kill" else server.stop(how)
            desk.put(replace(whole, ended_at=T0 + 70_000, open=True), whole)
            desk.record(*range(100, 130))
            wait_until(lambda: desk.recorder.problem, 10, "the problem is said")
            server.start()
            wait_until(lambda: not desk.recorder.problem, 20, "the queue is written")
        found = rows(database)
        expected = [*numbered(0, 1), "goes on", *numbered(*range(100, 130))]
        assert [row[0] for row in found] == expected
        assert found[2] == ("goes on", 50_000, 90_000, 0)
        assert {row[3] for row in found} == {0}
        assert bystander.allows(desk.longest, LONGEST_CALL_S)
        assert "can be written again" in caplog.text


def test_a_silent_server_holds_up_neither_observing_nor_the_end(
    database, proxy, tmp_path, monkeypatch, bystander
):
    monkeypatch.setattr(background_recorder, "_LAST_S", 0.5)
    desk = Desk(database.at(proxy), tmp_path / "data", deadline_s=20.0)
    with desk.recorder.running():
        desk.record(0)
        desk.wait_until_written()
        proxy.go_silent()
        desk.record(*range(1, 20))
        assert desk.recorder.occupied(0) == []
        begun = time.monotonic()
    assert bystander.allows(time.monotonic() - begun, 6)
    assert bystander.allows(desk.longest, LONGEST_CALL_S)
    assert names(database) == ["app 0"]
    desk.database = database
    with desk.recorder.running():
        desk.wait_until_written()
    assert names(database) == numbered(*range(20))
    assert not (desk.data / "postgresql.leftover").exists()


def test_what_was_recorded_without_any_server_is_written_by_the_next_start(desk, database):
    desk.database = replace(database, port=1)
    one = session(0, 30_000, "first")
    with desk.recorder.running():
        desk.put(one, session(30_000, 60_000, "second"))
        desk.take(Rewind(T0 + 20_000))
        wait_until(lambda: desk.recorder.problem, 10, "the problem is said")
        assert database.password not in desk.recorder.problem
    left = desk.data / "postgresql.leftover"
    assert left.stat().st_mode & 0o777 == 0o600
    desk.database = database
    with desk.recorder.running():
        desk.record(100)
    assert rows(database) == [("first", 0, 20_000, 0), ("app 100", 100_000, 101_000, 0)]
    assert not left.exists()


def test_only_the_own_open_session_is_closed_at_the_next_start(desk, database, tmp_path):
    other = Desk(database, tmp_path / "other", "other")
    for one, name in ((desk, "own"), (other, "theirs")):
        with one.recorder.running():
            one.put(session(0, 5000, name, open=True))
    with desk.recorder.running():
        pass
    assert sorted((row[0], row[3]) for row in rows(database)) == [("own", 0), ("theirs", 1)]


def test_a_lost_connection_goes_on_with_the_same_run(desk, database):
    with desk.recorder.running():
        desk.put(session(0, 1000, "before", open=True))
        desk.wait_until_written()
    with desk.recorder.running():
        desk.put(session(100_000, 110_000, "one"), session(110_000, 120_000, "two"))
        desk.wait_until_written()
        database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'reprospective-tray'"
        )
        desk.take(StepBack(70_000, T0 + 50_000))
        desk.wait_until_written()
        assert desk.recorder.occupied(0) == [(T0, T0 + 1000)]
    assert rows(database) == [
        ("before", 0, 1000, 0),
        ("one", 30_000, 40_000, 0),
        ("two", 40_000, 50_000, 0),
    ]


def test_a_row_that_cannot_be_stored_does_not_block_the_others(desk, database, caplog):
    with desk.recorder.running():
        desk.record(0)
        desk.put(session(5000, 4000, "ends before it begins"))
        desk.put(session(5000, 5500, "a NUL \0 in it"))
        desk.record(6)
        desk.wait_until_written()
    assert names(database) == numbered(0, 6)
    assert caplog.text.count("cannot be stored") == 2


def test_recording_works_through_pgbouncer(desk, database, pgbouncer):
    desk.database = database.at(pgbouncer)
    with desk.recorder.running():
        desk.record(*range(30))
        desk.take(Rewind(T0 + 28_500))
        desk.wait_until_written()
        assert desk.recorder.occupied(0) == []
    assert len(names(database)) == 29


def test_this_computer_is_one_device_for_good(desk, database):
    for number in range(2):
        with desk.recorder.running():
            desk.record(number)
    (device,) = {
        row[0]
        for row in database.rows(
            "SELECT device_id::text FROM reprospective.desktop_activity_sessions"
        )
    }
    kept = desk.data / "device_id"
    assert kept.read_text().strip() == device
    assert kept.stat().st_mode & 0o777 == 0o600
    assert desk.data.stat().st_mode & 0o777 == 0o700
