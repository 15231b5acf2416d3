"""What ingest() answers, and what is in the table then."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from psycopg2 import errors

from reprospective_tray.store.postgres.schema.upgrade import scripts
from tests.server.sender import Sender, Shared, T, add_role, pair, sender, stored
from tests.server.servers import Database, Person

NOTHING = {"stored": 0, "held": [], "superseded": [], "refused": [], "orders": []}


def what(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: answer[key] for key in NOTHING}


def places(answer: dict[str, Any], key: str) -> list[int]:
    return [entry["at"] for entry in answer[key]]


def order(device: Sender, since: int, until: int, application: str | None = None, **changes: Any):
    return {
        "uid": str(uuid4()),
        "device_ids": [device.device_id],
        "started_at": since,
        "ended_at": until,
        "application_name": application,
        **changes,
    }


def spans(database: Database, *, deleted: int = 0) -> list[tuple[int, int]]:
    rows = stored(database).values()
    return sorted((r["started_at"], r["ended_at"]) for r in rows if r["deleted"] == deleted)


# --- the pair ---


def test_a_first_contact_fits(anna: Sender, prepared: Database):
    row = anna.row()
    answer = anna.send(row)
    assert (answer["verdict"], answer["schema"], answer["stored"]) == (
        "fits",
        scripts()[-1].number,
        1,
    )
    held = stored(prepared)[row["uid"]]
    assert {key: held[key] for key in row} == row
    assert held["received_at"].timestamp() * 1000 == pytest.approx(answer["clock"], abs=1)


def test_the_acknowledged_pair_fits(anna: Sender):
    anna.send(anna.row())
    assert anna.send(anna.row())["verdict"] == "fits"


def test_a_batch_sent_again_gets_the_same_verdict_and_stores_nothing_twice(
    anna: Sender, prepared: Database
):
    anna.acknowledged = pair(5)
    batch = anna.batch([anna.row(), anna.row()], [])
    first, second = anna.ingest(batch), anna.ingest(batch)
    assert (first["verdict"], second["verdict"]) == ("restored", "restored")
    assert (first["stored"], second["stored"], second["held"]) == (2, 0, [0, 1])
    assert len(stored(prepared)) == 2


def test_a_server_that_knows_an_older_pair_was_restored_and_takes_the_rows(anna: Sender):
    anna.send(anna.row())
    anna.acknowledged = pair(7)
    answer = anna.send(anna.row())
    assert (answer["verdict"], answer["stored"]) == ("restored", 1)
    assert anna.send(anna.row())["verdict"] == "fits"


def test_a_server_that_knows_no_pair_was_restored(anna: Sender):
    anna.acknowledged = pair(7)
    assert anna.send(anna.row())["verdict"] == "restored"


@pytest.mark.parametrize("counter", [1, 2, None], ids=["older", "same number", "none"])
def test_a_pair_that_the_server_has_left_behind_is_a_fork_and_nothing_of_it_is_noted(
    anna: Sender, prepared: Database, counter: int | None
):
    anna.send(anna.row())
    anna.send(anna.row())
    true_pair = anna.acknowledged
    known = prepared.rows("SELECT * FROM reprospective.devices")
    anna.acknowledged = pair(counter) if counter else None
    answer = anna.send(anna.row(), orders=[order(anna, 0, 2**42)], pair=pair(9))
    assert answer.keys() == {"schema", "clock", "verdict"}
    assert answer["verdict"] == "fork"
    assert prepared.rows("SELECT * FROM reprospective.devices") == known
    assert len(stored(prepared)) == 2
    anna.acknowledged = true_pair
    assert anna.send()["verdict"] == "fits"


def test_an_empty_batch_is_taken_and_moves_the_pair_on(anna: Sender, prepared: Database):
    assert what(anna.send()) == NOTHING
    assert what(anna.ingest(anna.batch(None, None))) == NOTHING
    assert prepared.rows("SELECT counter FROM reprospective.devices") == [(2,)]


@pytest.mark.parametrize("missing", ["schema", "device_id", "pair"])
def test_a_batch_without_its_head_fails_as_a_whole(anna: Sender, prepared: Database, missing: str):
    batch = anna.batch([anna.row()], [])
    del batch[missing]
    with pytest.raises(errors.InvalidParameterValue):
        anna.ingest(batch)
    assert not stored(prepared)


# --- what becomes of each row ---


def test_a_row_is_held_when_it_comes_again_and_stored_when_it_is_newer(
    anna: Sender, prepared: Database
):
    row, newer = anna.row(), anna.row(open=1)
    anna.send(row, newer)
    newer |= {"revision": 2, "ended_at": newer["ended_at"] + 5, "open": 0}
    answer = anna.send(row, newer)
    assert what(answer) == NOTHING | {"stored": 1, "held": [0]}
    assert stored(prepared)[newer["uid"]]["ended_at"] == newer["ended_at"]


@pytest.mark.parametrize(
    "change",
    [{"window_title": "else"}, {"started_at": T}, {"open": 1}, {"revision": 1}],
    ids=["title", "start", "open", "older"],
)
def test_other_content_without_a_newer_revision_is_superseded_by_what_is_there(
    anna: Sender, prepared: Database, change: dict[str, Any]
):
    row = anna.row(revision=2)
    anna.send(row)
    answer = anna.send(anna.row(), row | change)
    assert (answer["stored"], answer["held"], places(answer, "superseded")) == (1, [], [1])
    back = answer["superseded"][0]["row"]
    assert back == {key: row[key] for key in back}
    assert row.keys() - back.keys() == {"original_id"}
    assert stored(prepared)[row["uid"]]["window_title"] == row["window_title"]


def test_of_two_copies_of_one_revision_the_longer_session_stays(anna: Sender, prepared: Database):
    row = anna.row(open=1)
    longer = row | {"ended_at": row["ended_at"] + 10_000}
    anna.send(row)
    assert anna.send(longer)["stored"] == 1
    assert places(anna.send(row), "superseded") == [0]
    assert stored(prepared)[row["uid"]]["ended_at"] == longer["ended_at"]


def test_a_tombstone_wins_over_any_revision_and_is_never_revived(anna: Sender, prepared: Database):
    row = anna.row(revision=9)
    anna.send(row)
    stone = row | {"deleted": 1, "revision": 2, "window_title": "", "application_name": ""}
    assert anna.send(stone)["stored"] == 1
    assert anna.send(stone | {"revision": 3})["held"] == [0]
    answer = anna.send(row | {"revision": 99})
    assert answer["stored"] == 0
    assert answer["superseded"][0]["row"]["deleted"] == 1
    held = stored(prepared)[row["uid"]]
    assert (held["deleted"], held["window_title"], held["revision"]) == (1, "", 9)


def test_a_tombstone_of_a_row_that_never_came_keeps_it_out(anna: Sender, prepared: Database):
    row = anna.row()
    anna.send(row | {"deleted": 1, "window_title": ""})
    anna.send(row | {"revision": 5})
    assert stored(prepared)[row["uid"]]["deleted"] == 1


def test_a_bad_row_is_refused_with_its_reason_and_the_good_ones_are_stored(
    anna: Sender, prepared: Database
):
    good = [anna.row() for _ in range(3)]
    held, old = anna.row(), anna.row()
    anna.send(held, old)
    bad = [
        anna.row(ended_at=5),
        anna.row(state="dreaming"),
        anna.row(uid=None),
        anna.row(uid="no uuid"),
        anna.row(utc_offset_minutes=5000),
        anna.row(started_at=1.5),
        anna.row(started_at=2**62, ended_at=2**62),
        anna.row(application_name=None),
        anna.row(open=7),
        7,
        None,
        ["uid"],
    ]
    answer = anna.send(good[0], *bad, good[1], held, old | {"state": "idle"}, good[2])
    assert answer["stored"] == 3
    assert places(answer, "refused") == list(range(1, len(bad) + 1))
    assert all(refused["reason"] for refused in answer["refused"])
    assert "ended_at" in answer["refused"][0]["reason"] or "check" in answer["refused"][0]["reason"]
    assert answer["held"] == [len(bad) + 2]
    assert places(answer, "superseded") == [len(bad) + 3]
    assert {row["uid"] for row in [*good, held, old]} == stored(prepared).keys()


def test_a_row_needs_only_what_has_no_default_and_other_keys_are_ignored(
    anna: Sender, prepared: Database
):
    row = anna.row(mood="sunny", nested={"a": [1]})
    for key in ("original_id", "process_id", "open", "deleted", "revision"):
        del row[key]
    answer = anna.send(row, weather="rain")
    assert what(answer) == NOTHING | {"stored": 1}
    held = stored(prepared)[row["uid"]]
    assert (held["revision"], held["open"], held["process_id"]) == (1, 0, None)
    assert anna.send(row)["held"] == [0]


def test_the_same_uid_twice_in_a_batch_ends_in_the_newer_one(anna: Sender, prepared: Database):
    row = anna.row()
    newer = row | {"revision": 2, "window_title": "newer"}
    answer = anna.send(row, newer, row, newer)
    assert answer["stored"] == 2
    assert (places(answer, "superseded"), answer["held"]) == ([2], [3])
    assert stored(prepared)[row["uid"]]["window_title"] == "newer"


@pytest.mark.parametrize("title", ["a\0b", "a\ud800b"], ids=["NUL", "lone surrogate"])
def test_text_that_is_no_text_fails_the_call_on_its_data_and_stores_nothing(
    anna: Sender, prepared: Database, title: str
):
    with pytest.raises(psycopg2.DataError) as raised:
        anna.send(anna.row(), anna.row(window_title=title))
    assert raised.value.pgcode.startswith("22")
    assert not stored(prepared)
    assert not prepared.rows("SELECT * FROM reprospective.devices")


def test_titles_of_every_length_and_plane_come_back_as_they_were(anna: Sender, prepared: Database):
    planes = "".join(chr(plane << 16 | 0x41) for plane in range(17))
    rows = [
        anna.row(window_title="\U0001f600" * 4096),
        anna.row(window_title=planes + '"\\\n%s\x01'),
    ]
    assert anna.send(*rows)["stored"] == 2
    held = stored(prepared)
    assert [held[row["uid"]]["window_title"] for row in rows] == [r["window_title"] for r in rows]


def test_a_uid_of_another_owner_is_refused_and_stays_theirs(
    anna: Sender, ben: Sender, prepared: Database
):
    hers = anna.row()
    anna.send(hers)
    mine = ben.row()
    for forged in (hers, hers | {"deleted": 1}, hers | {"revision": 9, "window_title": "forged"}):
        answer = ben.send(mine, forged)
        assert places(answer, "refused") == [1]
        assert "owner" in answer["refused"][0]["reason"]
        assert not answer["superseded"]
    held = stored(prepared)
    assert held[hers["uid"]]["owner"] != held[mine["uid"]]["owner"]
    assert (held[hers["uid"]]["window_title"], held[hers["uid"]]["deleted"]) == (
        hers["window_title"],
        0,
    )


def test_who_stands_above_row_level_security_takes_over_no_uid_either(
    anna: Sender, prepared: Database
):
    hers = anna.row()
    anna.send(hers)
    with sender(prepared) as superuser:
        answer = superuser.send(hers | {"revision": 9}, superuser.row())
    assert (answer["stored"], places(answer, "refused")) == (1, [0])
    assert stored(prepared)[hers["uid"]]["revision"] == 1


# --- what is no row's fault ---


def test_a_table_locked_for_too_long_fails_the_call_and_stores_nothing(
    anna: Sender, prepared: Database
):
    anna.ask("SET lock_timeout = '50ms'")
    other = prepared.connect()
    try:
        other.autocommit = False
        other.cursor().execute("LOCK TABLE reprospective.desktop_activity_sessions")
        with pytest.raises(errors.LockNotAvailable):
            anna.send(anna.row(), anna.row(state="bad"))
    finally:
        other.close()
    assert not prepared.rows("SELECT * FROM reprospective.devices")
    assert anna.send(anna.row())["verdict"] == "fits"


def test_a_server_that_only_reads_fails_the_call(anna: Sender, prepared: Database):
    anna.ask("SET default_transaction_read_only = on")
    with pytest.raises(errors.ReadOnlySqlTransaction):
        anna.send(anna.row(state="bad"))
    assert not stored(prepared)


@pytest.mark.parametrize(
    "withdraw",
    [
        "REVOKE reprospective_person FROM {role}",
        "REVOKE INSERT ON reprospective.desktop_activity_sessions FROM reprospective_person",
        "REVOKE UPDATE ON reprospective.desktop_activity_sessions FROM reprospective_person",
        "REVOKE SELECT ON reprospective.desktop_activity_sessions FROM reprospective_person",
        "REVOKE EXECUTE ON FUNCTION reprospective.take_rows FROM reprospective_person",
        "REVOKE USAGE ON SCHEMA reprospective FROM reprospective_person",
        # Everything but the one thing that the policies ask for.
        """REVOKE reprospective_person FROM {role};
        GRANT USAGE ON SCHEMA reprospective TO {role};
        GRANT ALL ON ALL TABLES IN SCHEMA reprospective TO {role};
        GRANT ALL ON ALL FUNCTIONS IN SCHEMA reprospective TO {role}""",
    ],
)
def test_rights_that_are_withdrawn_fail_the_call_and_no_row_is_to_blame(
    fresh: Database, make_person: Callable[..., Person], withdraw: str
):
    role = add_role(fresh, make_person())
    with sender(fresh, role) as device:
        first = device.row()
        device.send(first)
        fresh.rows(withdraw.format(role=role.name))
        for rows in ([device.row()], [first, device.row(state="bad")]):
            with pytest.raises(errors.InsufficientPrivilege):
                device.send(*rows)
    assert stored(fresh).keys() == {first["uid"]}
    assert fresh.rows("SELECT counter FROM reprospective.devices") == [(1,)]


def test_two_batches_of_one_device_at_once_are_one_after_the_other(
    anna: Sender, prepared: Database, shared: Shared
):
    anna.send(anna.row())
    batches = [anna.batch([anna.row() for _ in range(200)], []) for _ in range(4)]
    answers: list[dict[str, Any]] = []

    def send(batch: dict[str, Any]) -> None:
        with sender(prepared, shared.anna) as connection:
            answers.append(connection.ingest(batch))

    threads = [threading.Thread(target=send, args=[batch]) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer["verdict"] for answer in answers) == ["fits", "fork", "fork", "fork"]
    assert len(stored(prepared)) == 201


# --- range orders ---


def test_an_order_cuts_at_both_borders_and_leaves_tombstones_without_texts(
    anna: Sender, prepared: Database
):
    lengths = [(0, 10), (10, 30), (30, 40), (40, 60), (60, 70), (5, 65)]
    before, over_start, inside, over_end, after, around = (
        anna.row(started_at=T + began, ended_at=T + ended) for began, ended in lengths
    )
    anna.send(before, over_start, inside, over_end, after, around)
    cut = order(anna, T + 20, T + 50)
    answer = anna.send(orders=[cut])
    assert answer["orders"] == [cut["uid"]]
    living = [(0, 10), (5, 20), (10, 20), (50, 60), (50, 65), (60, 70)]
    assert spans(prepared) == [(T + a, T + b) for a, b in living]
    held = stored(prepared)
    for met in (over_start, inside, over_end, around):
        stone = held[met["uid"]]
        assert (stone["deleted"], stone["application_name"], stone["window_title"]) == (1, "", "")
        assert stone["revision"] == 2
    assert {r["application_name"] for r in held.values() if not r["deleted"]} == {"Editor"}


def test_an_order_that_comes_again_changes_nothing_more(anna: Sender, prepared: Database):
    row = anna.row()
    anna.send(row)
    cut = order(anna, row["started_at"] + 10, row["ended_at"] - 10)
    anna.send(orders=[cut])
    once = stored(prepared)
    assert anna.send(orders=[cut])["orders"] == [cut["uid"]]
    assert stored(prepared) == once
    assert anna.send(row)["superseded"][0]["row"]["deleted"] == 1


def test_an_order_reaches_a_session_that_began_days_before(anna: Sender, prepared: Database):
    row = anna.row(state="locked", application_name="", window_title="")
    row["ended_at"] = row["started_at"] + 5 * 86_400_000
    anna.send(row)
    since = row["started_at"] + 4 * 86_400_000
    anna.send(orders=[order(anna, since, since + 1000)])
    assert spans(prepared) == [(row["started_at"], since), (since + 1000, row["ended_at"])]


def test_an_order_takes_sessions_without_length_inside_it(anna: Sender, prepared: Database):
    rows = [anna.row(started_at=T + offset, ended_at=T + offset) for offset in (-1, 0, 9, 10)]
    anna.send(*rows)
    anna.send(orders=[order(anna, T, T + 10)])
    assert spans(prepared) == [(T - 1, T - 1), (T + 10, T + 10)]


def test_an_order_touches_no_other_device_person_application_or_open_session(
    anna: Sender, ben: Sender, prepared: Database
):
    everything = {"started_at": 0, "ended_at": 2**42}
    met, other_application = anna.row(), anna.row(application_name="Mail")
    still_open = anna.row(open=1)
    other_device = anna.row(device_id=str(uuid4()))
    anna.send(met, other_application, still_open, other_device)
    bens = ben.row(device_id=anna.device_id)
    ben.send(bens)
    anna.send(orders=[order(anna, 0, 1, "Editor") | everything])
    assert {uid for uid, row in stored(prepared).items() if row["deleted"]} == {met["uid"]}


def test_an_order_whose_end_is_not_after_its_start_takes_nothing(anna: Sender, prepared: Database):
    row = anna.row()
    anna.send(row)
    middle = row["started_at"] + 10
    anna.send(orders=[order(anna, middle + 5, middle), order(anna, middle, middle)])
    assert spans(prepared) == [(row["started_at"], row["ended_at"])]


def test_an_order_follows_the_rows_of_its_batch(anna: Sender, prepared: Database):
    row = anna.row()
    answer = anna.send(row, orders=[order(anna, 0, 2**42)])
    assert (answer["stored"], spans(prepared)) == (1, [])
