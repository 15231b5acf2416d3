"""What ingest() answers for entries, and what is in their table then.

How it can fail: a bad entry keeps others or sessions away; a tombstone is undone or keeps its
texts; a fork stores entries; another person's entry is read or taken over; an older sender is
answered otherwise than before.
"""

import shutil
from typing import Any
from uuid import uuid4

import psycopg2
import pytest

from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.postgres.administration.roles import initialise
from reprospective_tray.store.postgres.schema import upgrade
from tests.server.sender import (
    Sender,
    Shared,
    T,
    connected,
    pair,
    sender,
    stored,
    stored_entries,
)
from tests.server.servers import Database

NOTHING = {"stored": 0, "held": [], "superseded": [], "refused": []}
ENTRIES = "reprospective.desktop_activity_entries"
DAY = 86_400_000
YEAR_2200 = 7_258_118_400_000


def send(device: Sender, *entries: Any, rows: Any = (), **changes: Any) -> dict[str, Any]:
    """Send entries and return what is answered of them."""
    answer: dict[str, Any] = device.send(*rows, entries=entries, **changes)["entries"]
    return answer


def test_an_entry_comes_back_as_it_was_with_its_sender_as_its_owner(
    anna: Sender, shared: Shared, prepared: Database
):
    entry, other = anna.entry(), anna.entry(billable=0, note="")
    assert send(anna, entry, other) == NOTHING | {"stored": 2}
    owner = {"owner": shared.anna.name}
    assert stored_entries(prepared) == {one["uid"]: one | owner for one in (entry, other)}


def test_sessions_and_entries_of_one_batch_are_stored_together_or_not_at_all(
    anna: Sender, prepared: Database
):
    answer = anna.send(anna.row(), entries=[anna.entry()])
    assert (answer["stored"], answer["entries"]["stored"]) == (1, 1)
    with pytest.raises(psycopg2.DataError):
        anna.send(anna.row(), entries=[anna.entry()], orders=[{"uid": "x"}])
    assert (len(stored(prepared)), len(stored_entries(prepared))) == (1, 1)


def test_a_sender_without_entries_is_answered_as_before(anna: Sender):
    answer = anna.send(anna.row())
    assert (answer["stored"], answer["entries"]) == (1, None)


def test_only_a_newer_revision_is_stored_and_a_tombstone_wins_over_any(
    anna: Sender, prepared: Database
):
    entry = anna.entry(revision=5)
    send(anna, entry)
    newer = entry | {
        "revision": 6,
        "note": "newer",
        "billable": 0,
        "ended_at": entry["ended_at"] + 1,
    }
    older = entry | {"revision": 4, "note": "older"}
    assert send(anna, entry)["held"] == [0]
    assert send(anna, newer) == NOTHING | {"stored": 1}
    assert send(anna, older)["superseded"] == [{"at": 0, "row": newer}]
    assert send(anna, newer | {"note": "another"})["superseded"] == [{"at": 0, "row": newer}]
    stone = entry | {"revision": 1, "deleted": 1, "category": "", "note": ""}
    assert send(anna, stone) == NOTHING | {"stored": 1}
    (held,) = stored_entries(prepared).values()
    assert (held["deleted"], held["category"], held["note"], held["revision"]) == (1, "", "", 6)
    late = entry | {"revision": 99}
    assert send(anna, late)["superseded"][0]["row"]["deleted"] == 1
    assert send(anna, stone | {"revision": 2})["held"] == [0]


def test_a_tombstone_that_comes_with_texts_in_it_is_stored_without(
    anna: Sender, prepared: Database
):
    entry = anna.entry()
    send(anna, entry)
    send(anna, entry | {"deleted": 1, "revision": 2}, anna.entry(deleted=1))
    assert {(e["category"], e["note"]) for e in stored_entries(prepared).values()} == {("", "")}


BAD: dict[str, dict[str, Any]] = {
    "no category": {"category": ""},
    "null category": {"category": None},
    "long category": {"category": "c" * 257},
    "long note": {"note": "n" * 4097},
    "long host": {"source_host": "h" * 257},
    "empty": {"ended_at": T},
    "backwards": {"ended_at": T - 1},
    "before 1970": {"started_at": -1},
    "after 2200": {"started_at": YEAR_2200 - 1, "ended_at": YEAR_2200 + 1},
    "longer than 366 days": {"ended_at": T + 366 * DAY + 1},
    "offset": {"utc_offset_minutes": 1081},
    "billable": {"billable": 2},
    "deleted": {"deleted": 2},
    "no uuid": {"uid": "x"},
    "no number": {"started_at": "noon"},
    "huge": {"revision": 10**30},
    "NUL": {"note": "a\0b"},
}


def test_a_bad_entry_is_refused_with_its_reason_and_keeps_no_other_and_no_session_away(
    anna: Sender, prepared: Database
):
    held, old = anna.entry(), anna.entry(revision=2)
    send(anna, held, old)
    good, row = [anna.entry(), anna.entry()], anna.row()
    bad = [
        anna.entry(started_at=T) | {"ended_at": T + 1} | what
        for name, what in BAD.items()
        if name != "NUL"
    ]
    last = [held, old | {"revision": 1}]
    answer = anna.send(row, entries=[good[0], *bad, good[1], *last])
    assert answer["stored"] == 1
    entries = answer["entries"]
    assert entries["stored"] == 2
    assert [one["at"] for one in entries["refused"]] == list(range(1, len(bad) + 1))
    assert all(one["reason"] for one in entries["refused"])
    assert entries["held"] == [len(bad) + 2]
    assert [one["at"] for one in entries["superseded"]] == [len(bad) + 3]
    assert stored_entries(prepared).keys() == {e["uid"] for e in [*good, held, old]}
    assert row["uid"] in stored(prepared)


@pytest.mark.parametrize("name", [name for name, what in BAD.items() if "uid" not in what])
def test_a_person_cannot_write_past_the_bounds_by_hand_either(anna: Sender, name: str):
    entry = anna.entry(started_at=T) | {"ended_at": T + 1} | BAD[name]
    columns = ", ".join(entry)
    values = ", ".join(
        f"reprospective.from_ms(%({key})s)" if key.endswith("_at") else f"%({key})s"
        for key in entry
    )
    with pytest.raises((Exception,)) as raised:
        anna.ask(f"INSERT INTO {ENTRIES} ({columns}) VALUES ({values})", entry)  # noqa: S608  our own
    assert type(raised.value).__name__ != "InsufficientPrivilege"


def test_the_largest_entry_is_stored(anna: Sender, prepared: Database):
    entry = anna.entry(
        category="\U0001f600" * 256,
        note="\U0001f600" * 4096,
        source_host="h" * 256,
        started_at=YEAR_2200 - 366 * DAY,
        ended_at=YEAR_2200,
    )
    assert send(anna, entry) == NOTHING | {"stored": 1}
    assert entry.items() <= stored_entries(prepared)[entry["uid"]].items()


def test_the_same_uid_twice_in_a_batch_ends_in_the_newer_one(anna: Sender, prepared: Database):
    entry = anna.entry()
    newer = entry | {"revision": 2, "note": "newer"}
    answer = send(anna, entry, newer, entry, newer)
    assert (answer["stored"], answer["held"]) == (2, [3])
    assert [one["at"] for one in answer["superseded"]] == [2]
    assert stored_entries(prepared)[entry["uid"]]["note"] == "newer"


def test_an_entry_needs_only_what_has_no_default_and_other_keys_are_ignored(
    anna: Sender, prepared: Database
):
    entry = anna.entry(mood="sunny")
    for key in ("note", "billable", "revision", "deleted"):
        del entry[key]
    assert send(anna, entry) == NOTHING | {"stored": 1}
    (held,) = stored_entries(prepared).values()
    assert (held["note"], held["billable"], held["revision"], held["deleted"]) == ("", 1, 1, 0)
    assert send(anna, entry)["held"] == [0]


def test_restored_takes_entries_and_a_fork_takes_none(anna: Sender, prepared: Database):
    anna.send(anna.row())
    anna.acknowledged = pair(7)
    answer = anna.send(entries=[anna.entry()])
    assert (answer["verdict"], answer["entries"]["stored"]) == ("restored", 1)
    anna.acknowledged = pair(2)
    answer = anna.send(entries=[anna.entry()], pair=pair(3))
    assert (answer["verdict"], "entries" in answer) == ("fork", False)
    assert len(stored_entries(prepared)) == 1


def test_a_batch_of_entries_sent_again_stores_nothing_twice(anna: Sender, prepared: Database):
    batch = anna.batch(entries=[anna.entry(), anna.entry()])
    first, second = anna.ingest(batch), anna.ingest(batch)
    assert (first["entries"]["stored"], second["entries"]["held"]) == (2, [0, 1])
    assert len(stored_entries(prepared)) == 2


def test_a_uid_of_another_owner_is_refused_tells_nothing_and_stays_theirs(
    anna: Sender, ben: Sender, prepared: Database
):
    hers = anna.entry(note="her secret")
    send(anna, hers)
    before = stored_entries(prepared)[hers["uid"]]
    mine = ben.entry()
    for forged in (hers, hers | {"deleted": 1}, hers | {"revision": 9, "note": "forged"}):
        answer = send(ben, mine, forged)
        assert answer["refused"] == [{"at": 1, "reason": "its uid belongs to another owner"}]
        assert not answer["superseded"]
    with sender(prepared) as superuser:
        assert [one["at"] for one in send(superuser, hers | {"revision": 9})["refused"]] == [0]
    assert stored_entries(prepared)[hers["uid"]] == before


def test_a_batch_whose_entries_are_no_list_stores_nothing(anna: Sender, prepared: Database):
    with pytest.raises(psycopg2.DataError):
        anna.send(anna.row(), entries="x")
    assert not stored(prepared)


# --- range orders ---


def order(device: Sender, since: int, until: int, **changes: Any) -> dict[str, Any]:
    return {
        "uid": new_uid(10),
        "device_ids": [device.device_id],
        "started_at": since,
        "ended_at": until,
        "application_name": None,
        **changes,
    }


def living(database: Database) -> list[tuple[int, int]]:
    entries = stored_entries(database).values()
    return sorted((e["started_at"] - T, e["ended_at"] - T) for e in entries if not e["deleted"])


def test_an_order_cuts_entries_at_both_borders_and_leaves_no_text(anna: Sender, prepared: Database):
    spans = [(0, 10), (10, 30), (30, 40), (40, 60), (60, 70), (5, 65)]
    sent = [
        anna.entry(uid=new_uid(5), started_at=T + began, ended_at=T + ended)
        for began, ended in spans
    ]
    send(anna, *sent)
    cut = order(anna, T + 20, T + 50)
    for _again in range(2):
        assert anna.send(orders=[cut])["orders"] == [cut["uid"]]
        assert living(prepared) == [(0, 10), (5, 20), (10, 20), (50, 60), (50, 65), (60, 70)]
    stones = [e for e in stored_entries(prepared).values() if e["deleted"]]
    assert {(e["category"], e["note"], e["revision"]) for e in stones} == {("", "", 2)}
    assert {e["uid"][:14] for e in stored_entries(prepared).values()} == {sent[0]["uid"][:14]}


def test_an_order_touches_no_later_entry_and_none_of_another_device_or_person(
    anna: Sender, ben: Sender, prepared: Database
):
    later = anna.entry(uid=new_uid(11))
    other = anna.entry(uid=new_uid(5), device_id=str(uuid4()))
    send(anna, later, other)
    send(ben, ben.entry(uid=new_uid(5), device_id=anna.device_id))
    anna.send(orders=[order(anna, 0, 2**42)])
    assert len(living(prepared)) == 3


def test_an_order_for_one_application_leaves_entries(anna: Sender, prepared: Database):
    send(anna, anna.entry(uid=new_uid(5)))
    anna.send(orders=[order(anna, 0, 2**42, application_name="Editor")])
    assert len(living(prepared)) == 1


@pytest.mark.parametrize("by", ["server init", "the first pass"])
def test_an_upgrade_from_the_schema_without_entries_keeps_all_and_takes_them(
    database: Database, tmp_path: Any, by: str
):
    for script in upgrade.scripts()[:3]:
        shutil.copy(script.path, tmp_path)
    with connected(database) as connection, sender(database) as device:
        upgrade.ensure(connection, tmp_path)
        row, entry = device.row(), device.entry()
        answer = device.send(row, entries=[entry])
        assert (answer["schema"], answer["stored"], "entries" in answer) == (3, 1, False)
        before = stored(database)
        if by == "server init":
            assert initialise(connection).version == upgrade.scripts()[-1].number
        else:
            assert upgrade.ensure(connection) == upgrade.scripts()[-1].number
        assert stored(database) == before
        assert send(device, entry, rows=[device.row()]) == NOTHING | {"stored": 1}
