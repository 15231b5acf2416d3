"""What stays of a forgotten session on the server: its times, and neither names nor its process."""

import shutil

import pytest

from reprospective_tray.store.postgres.administration.roles import initialise
from reprospective_tray.store.postgres.schema import upgrade
from tests.server.sender import T, connected, sender, stored
from tests.server.servers import Database

pytestmark = pytest.mark.trust


def left(database: Database) -> list[tuple[object, ...]]:
    """Return what each tombstone has of a session."""
    return [
        (row["application_name"], row["window_title"], row["process_id"])
        for row in stored(database).values()
        if row["deleted"]
    ]


def test_a_tombstone_that_comes_with_something_in_it_is_stored_without(prepared, anna):
    row = anna.row()
    anna.send(row)
    # As an older version sends them: with the process, or a client that means no good: with all.
    anna.send(row | {"deleted": 1, "revision": 2, "application_name": "", "window_title": ""})
    anna.send(anna.row(deleted=1))
    assert left(prepared) == [("", "", None)] * 2


def test_a_tombstone_that_comes_again_as_it_was_is_held_and_not_superseded(anna):
    row = anna.row(deleted=1)
    anna.send(row)
    answer = anna.send(row)
    assert (answer["held"], answer["superseded"]) == ([0], [])


def test_what_is_forgotten_by_range_keeps_nothing_and_what_stays_of_it_keeps_all(prepared, anna):
    row = anna.row(started_at=T, ended_at=T + 60_000)
    order = {
        "uid": row["uid"],
        "device_ids": [anna.device_id],
        "started_at": T + 10_000,
        "ended_at": T + 20_000,
    }
    anna.send(row)
    anna.send(orders=[order])
    assert left(prepared) == [("", "", None)]
    living = [each for each in stored(prepared).values() if not each["deleted"]]
    assert {each["process_id"] for each in living} == {7}
    assert {each["window_title"] for each in living} == {row["window_title"]}


def test_a_person_cannot_write_something_into_one_by_hand(prepared, anna):
    row = anna.row()
    anna.send(row)
    anna.ask("UPDATE reprospective.desktop_activity_sessions SET deleted = 1")
    assert left(prepared) == [("", "", None)]
    anna.ask(
        "UPDATE reprospective.desktop_activity_sessions"
        " SET window_title = 'x', process_id = 1, application_name = 'y'"
    )
    assert left(prepared) == [("", "", None)]


def test_those_of_an_older_schema_lose_it_with_the_upgrade(database, tmp_path):
    first, *_later = upgrade.scripts()
    shutil.copy(first.path, tmp_path)
    with connected(database) as connection, upgrade.exclusive(connection):
        upgrade.bring_up_to_date(connection, upgrade.look(connection), tmp_path)
    with sender(database) as device:
        device.send(device.row(deleted=1), device.row())
        assert left(database) != [("", "", None)]
    with connected(database) as connection:
        initialise(connection)
    assert left(database) == [("", "", None)]
    assert [row["process_id"] for row in stored(database).values() if not row["deleted"]] == [7]
