"""Forgetting where sessions are recorded straight into the server's table."""

import pytest
from psycopg2 import sql

from reprospective_tray.store.forget.erase import ChosenSessions, forget
from reprospective_tray.store.forget.selection import TimeRange, look_ahead
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.postgres.adapter import PostgresqlAdapter
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.recording.session_writer import SessionWriter
from tests.unit.recording import T0, session

KEPT = """SELECT application_name, reprospective.to_ms(started_at) - %s,
    reprospective.to_ms(ended_at) - %s
    FROM reprospective.desktop_activity_sessions WHERE deleted = 0 ORDER BY started_at"""


@pytest.fixture
def recording(central, tmp_path):
    """Return what makes adapters of the person's computers, with three sessions of each."""

    def make(name, dsn=None):
        address = ServerAddress.from_dsn(dsn or central.dsn())
        adapter = PostgresqlAdapter(address, tmp_path / name)
        adapter.open()
        with adapter.connection():
            rows = [Put(session(n * 1000, n * 1000 + 1000, f"{name} {n}")) for n in range(3)]
            SessionWriter(adapter, name).apply(rows)
        return adapter

    return make


def test_a_range_goes_and_what_reaches_over_its_borders_is_cut(recording, central):
    adapter = recording("desk")
    with adapter.connection():
        ahead = look_ahead(adapter, T0 + 500, T0 + 2000)
        assert (ahead.sessions, ahead.clipped, ahead.ms, ahead.taken) == (2, 1, 1500, False)
        done = forget(adapter, TimeRange(T0 + 500, T0 + 2000))
    assert (done.sessions, done.clipped, done.ms) == (2, 1, 1500)
    assert central.database.rows(KEPT, [T0, T0]) == [("desk 0", 0, 500), ("desk 2", 2000, 3000)]


def test_a_session_that_goes_on_is_counted_up_to_now(recording):
    adapter = recording("desk")
    with adapter.connection():
        SessionWriter(adapter, "desk").apply([Put(session(3000, 3100, "open", open=True))])
        ahead = look_ahead(adapter, T0 + 2500, T0 + 4000, open_until=T0 + 4000)
        assert (ahead.sessions, ahead.clipped, ahead.ms) == (2, 1, 1500)


def test_one_application_alone_goes_whatever_its_case(recording, central):
    adapter = recording("desk")
    with adapter.connection():
        assert forget(adapter, TimeRange(T0, T0 + 9000, "DESK 1")).sessions == 1
    assert [name for name, *_times in central.database.rows(KEPT, [T0, T0])] == ["desk 0", "desk 2"]


def test_other_computers_and_other_persons_keep_theirs(recording, central, make_person):
    other = make_person()
    # Who may read everybody's sessions, too.
    grant = sql.SQL("GRANT reprospective_person, reprospective_reader TO {}")
    central.database.rows(grant.format(sql.Identifier(other.name)))
    recording("laptop")
    mine = recording("theirs", central.database.dsn(other.name, other.password))
    with mine.connection():
        assert forget(mine, TimeRange(T0, T0 + 9000)).sessions == 3
    left = [name for name, *_times in central.database.rows(KEPT, [T0, T0])]
    assert left == ["laptop 0", "laptop 1", "laptop 2"]


def test_a_superuser_forgets_nobody_elses(recording, central):
    recording("desk")
    root = recording("root", central.database.dsn())
    with root.connection():
        forget(root, TimeRange(T0, T0 + 9000))
    left = [name for name, *_times in central.database.rows(KEPT, [T0, T0])]
    assert left == ["desk 0", "desk 1", "desk 2"]


def test_nobody_elses_session_goes_by_its_uid(recording, central, make_person):
    """Not another computer's either: what goes on there would end unnoticed."""
    other = make_person()
    grant = sql.SQL("GRANT reprospective_person, reprospective_reader TO {}")
    central.database.rows(grant.format(sql.Identifier(other.name)))
    recording("laptop")
    recording("desk")
    mine = recording("theirs", central.database.dsn(other.name, other.password))
    everybodys = "SELECT uid::text FROM reprospective.desktop_activity_sessions"
    uids = [uid for (uid,) in central.database.rows(everybodys)]
    with mine.connection():
        done = forget(mine, ChosenSessions(uids))
    assert (done.sessions, done.missing) == (3, 6)
    left = {name[:-2] for name, *_times in central.database.rows(KEPT, [T0, T0])}
    assert left == {"laptop", "desk"}
