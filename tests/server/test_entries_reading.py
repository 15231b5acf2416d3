"""Entries read from the server: one's own, of all computers, none of them over another.

How it can fail: two computers' entries count a time twice, a reader's report mixes persons, a
server of before entries fails a report.
"""

import shutil
from datetime import date
from pathlib import Path

import pytest

from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.postgres.adapter import PostgresqlAdapter
from reprospective_tray.store.postgres.schema import upgrade
from reprospective_tray.store.query.entries import EntryQueries
from tests.server.contract import adapter_for
from tests.server.entries import HOUR, T0
from tests.server.sender import Sender, Shared, connected
from tests.server.servers import Database, Person


@pytest.fixture
def reader(prepared: Database, shared: Shared, tmp_path: Path) -> PostgresqlAdapter:
    """Anna, who looks back at the server's rows."""
    return adapter_for(prepared, tmp_path, shared.anna.name, shared.anna.password, read_only=True)


def read(adapter: PostgresqlAdapter, start: int = 0, end: int = 2**42) -> tuple[Entry, ...]:
    with adapter.reading():
        return EntryQueries(adapter).between(start, end)


def times(entries: tuple[Entry, ...]) -> list[tuple[int, int, str]]:
    return [(e.started_at - T0, e.ended_at - T0, e.category) for e in entries]


def test_an_entry_comes_back_as_it_was_said_and_deleted_ones_do_not(
    anna: Sender, reader: PostgresqlAdapter
):
    sent = anna.entry(uid=new_uid(1), started_at=T0, ended_at=T0 + HOUR, billable=0, note="語")
    gone = anna.entry(deleted=1, category="", note="")
    anna.send(entries=[sent, gone])
    assert read(reader) == (
        Entry(sent["uid"], T0, T0 + HOUR, 60, sent["category"], "語", billable=False),
    )
    with reader.reading():
        queries = EntryQueries(reader)
        assert len(queries.on(DayRange(date(2026, 9, 21), date(2026, 9, 21)))) == 1
        assert queries.closed_days(DayRange(date(1, 1, 1), date(9999, 12, 31))) == ()


def test_of_two_computers_entries_the_one_made_later_has_the_time(
    anna: Sender, reader: PostgresqlAdapter
):
    other = "00000000-0000-0000-0000-000000000001"
    anna.send(
        entries=[
            anna.entry(uid=new_uid(1), started_at=T0, ended_at=T0 + 4 * HOUR, category="early"),
            anna.entry(
                uid=new_uid(2),
                device_id=other,
                started_at=T0 + HOUR,
                ended_at=T0 + 2 * HOUR,
                category="late",
            ),
        ]
    )
    assert times(read(reader)) == [
        (0, HOUR, "early"),
        (HOUR, 2 * HOUR, "late"),
        (2 * HOUR, 4 * HOUR, "early"),
    ]
    # Of a range only what overlaps it.
    assert times(read(reader, T0 + HOUR, T0 + 2 * HOUR)) == [(HOUR, 2 * HOUR, "late")]


def test_nobody_counts_anothers_entries_as_their_own_not_even_a_reader(
    anna: Sender, ben: Sender, prepared: Database, shared: Shared, reader: PostgresqlAdapter
):
    when = {"started_at": T0, "ended_at": T0 + HOUR}
    anna.send(entries=[anna.entry(uid=new_uid(1), category="hers", **when)])
    ben.send(entries=[ben.entry(uid=new_uid(2), category="his", **when)])
    prepared.rows(f"GRANT reprospective_reader TO {shared.anna.name}")
    try:
        assert anna.ask("SELECT count(*) FROM reprospective.desktop_activity_entries") == [(2,)]
        assert times(read(reader)) == [(0, HOUR, "hers")]
    finally:
        prepared.rows(f"REVOKE reprospective_reader FROM {shared.anna.name}")


def test_every_day_that_can_be_named_can_be_asked_for(reader: PostgresqlAdapter):
    days = DayRange(date(1, 1, 2), date(9999, 12, 30))
    with reader.reading():
        assert EntryQueries(reader).on(days) == ()


def test_a_server_of_before_entries_has_none(database: Database, make_person, tmp_path: Path):
    role: Person = make_person()
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO {role.name}")
    for script in upgrade.scripts()[:3]:
        shutil.copy(script.path, tmp_path)
    with connected(database, role) as connection:
        upgrade.ensure(connection, tmp_path)
    assert read(adapter_for(database, tmp_path, role.name, role.password, read_only=True)) == ()
