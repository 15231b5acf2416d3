"""What the server has in a later version comes back, and recording goes on all the same."""

from dataclasses import replace

from tests.server.shipper import SESSIONS, instants
from tests.unit.recording import T0, assert_days_add_up, session

LATER = """UPDATE reprospective.desktop_activity_sessions
    SET revision = 9, ended_at = reprospective.from_ms(%s)"""
FORGOTTEN = """UPDATE reprospective.desktop_activity_sessions
    SET revision = 9, deleted = 1, open = 0, application_name = '', window_title = ''"""


def test_a_closed_row_is_replaced_and_its_day_follows(shipper, central):
    first = session(0, 5000, open=True)
    shipper.record(first)
    shipper.sync()
    central.database.rows(LATER, [T0 + 9000])
    shipper.record(replace(first, ended_at=T0 + 6000, open=False))
    assert shipper.sync().superseded == 1
    assert shipper.rows("ended_at, revision, synced") == [(T0 + 9000, 9, 1)]
    assert_days_add_up(shipper.path)


def test_the_session_that_is_going_on_is_not_stopped_by_a_later_version(shipper, central):
    going_on = session(0, 5000, open=True)
    shipper.record(going_on)
    shipper.sync()
    central.database.rows(LATER, [T0 + 9000])
    shipper.record(replace(going_on, ended_at=T0 + 6000))
    shipper.sync()
    shipper.record(replace(going_on, ended_at=T0 + 7000))
    shipper.sync()
    assert shipper.rows("open, ended_at, synced") == [(1, T0 + 7000, 1)]
    assert [found[:3] for found in instants(central.database)] == [(going_on.uid, T0, T0 + 7000)]


def test_an_open_session_that_was_forgotten_elsewhere_is_forgotten_here(shipper, central):
    going_on = session(0, 5000, open=True)
    shipper.record(going_on)
    shipper.sync()
    central.database.rows(FORGOTTEN)
    shipper.record(replace(going_on, ended_at=T0 + 6000))
    shipper.sync()
    assert shipper.rows("open, deleted, window_title, synced") == [(0, 1, "", 1)]
    assert instants(central.database) == []
    assert_days_add_up(shipper.path)


def test_numbers_that_are_none_hold_up_no_other_row(shipper, central):
    rows = [session(n * 1000, n * 1000 + 900) for n in range(5)]
    shipper.record(*rows)
    shipper.execute(f"UPDATE {SESSIONS} SET revision = 1e300 WHERE id = 2")  # noqa: S608
    shipper.execute(f"UPDATE {SESSIONS} SET process_id = x'00ff' WHERE id = 4")  # noqa: S608
    shipper.sync()
    assert len(instants(central.database)) >= 4
