"""The local file is deleted, copied or rolled back; names are the same; clocks are wrong."""

import time

from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import DAY_MS
from tests.server.faults_computer import Computer, row_of_another_device, server_rows
from tests.server.faults_hub import Hub
from tests.server.history import Rows
from tests.unit.recording import T0

YEAR_2099 = 4_070_908_800_000


def living_ms(rows: Rows) -> int:
    return sum(row.end - row.start for row in rows.values() if not row.deleted)


def test_a_new_file_after_one_was_deleted_is_another_device_and_doubles_nothing(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(30, 1)
    desk.sync()
    lost = hub.server_rows()
    for file in desk.folder.iterdir():
        file.unlink()
    anew = hub.computer()
    anew.record(30, 2)
    assert anew.sync().fitted
    hub.assert_keeps(anew, lost=lost)
    assert len({row.device for row in hub.server_rows().values()}) == 2


def test_a_file_copied_to_another_host_while_it_records_lives_on_both(hub: Hub) -> None:
    desk = hub.computer()
    with desk.recording(1) as recorder:
        recorder.some(20)
        if not recorder.current:
            recorder.open()
        recorder.beat()
        shared = recorder.current
        desk.sync(recorder)
        laptop = desk.copy_to(desk.folder.with_name("laptop"), host="laptop")
        recorder.beat()
        recorder.some(10)
        desk.sync(recorder)
        laptop.record(20, 2)  # closes there what went on here
        assert not laptop.sync().fitted
        recorder.some(10)
        assert desk.sync(recorder).fitted
    desk.sync()
    laptop.sync()
    hub.assert_keeps(desk, laptop)
    assert desk.device_id != laptop.device_id
    assert shared.uid in hub.server_rows()


def test_of_a_copied_session_that_goes_on_on_both_only_the_beginning_is_there_twice(
    hub: Hub,
) -> None:
    desk = hub.computer()
    with desk.recording(1) as here:
        here.open("shared")
        here.beat()
        desk.sync(here)
        shared = here.current
        laptop = desk.copy_to(desk.folder.with_name("laptop"))
        # The copy is noticed while the session is open: a run that goes on, as after a snapshot.
        laptop.sync()
        here.beat()
        assert not desk.sync(here).fitted
        assert here.current.uid != shared.uid
        here.close()
        desk.sync(here)
    assert not laptop.sync().superseded
    rows = hub.server_rows()
    assert set(rows) == {shared.uid, *desk.settled().rows}
    beginning = shared.ended_at - shared.started_at
    assert living_ms(rows) == living_ms(desk.settled().rows) + beginning


def test_of_a_session_that_two_copies_ended_in_one_revision_the_longer_one_stays(hub: Hub) -> None:
    desk = hub.computer()
    with desk.recording(1) as here:
        here.open("shared")
        here.beat()
        desk.sync(here)
        laptop = desk.copy_to(desk.folder.with_name("laptop"))
        laptop.record(0)  # ends there where it was last seen
        here.close()  # and later here
        laptop.sync()
        desk.sync(here)
    hub.assert_keeps(desk)


def test_a_file_rolled_back_to_an_older_copy_becomes_another_device(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(20, 1)
    desk.sync()
    older = desk.copy_to(desk.folder.with_name("older"))
    desk.record(20, 2)
    desk.sync()
    lost = hub.server_rows()
    device_id = older.device_id
    older.record(20, 3)
    assert not older.sync(batch=5).fitted
    assert older.device_id != device_id
    older.record(20, 4)
    assert older.sync(batch=5).fitted
    hub.assert_keeps(older, lost=lost)


def test_a_file_rolled_back_with_nothing_newer_on_the_server_stays_the_device_it_was(
    hub: Hub,
) -> None:
    desk = hub.computer()
    desk.record(20, 1)
    desk.sync()
    older = desk.copy_to(desk.folder.with_name("older"))
    desk.record(20, 2)
    older.record(20, 3)
    assert older.sync().fitted
    assert older.device_id == desk.device_id
    hub.assert_keeps(older)


def test_a_file_copied_with_an_answer_still_awaited_loses_nothing(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(20, 1)
    desk.sync()
    desk.record(10, 2)

    def copied_under_way():
        connection = desk.connect()
        rows = connection.rows

        def copy_first(*args):
            copies.append(desk.copy_to(desk.folder.with_name("laptop")))
            return rows(*args)

        connection.rows = copy_first
        return connection

    copies: list[Computer] = []
    desk.sync(via=copied_under_way)
    laptop = copies[0]
    laptop.record(10, 3)
    laptop.sync()
    desk.record(10, 4)
    desk.sync()
    laptop.sync()
    desk.sync()
    wanted = desk.settled().rows.keys() | laptop.settled().rows.keys()
    assert wanted <= server_rows(hub.everything).keys()
    assert desk.device_id != laptop.device_id


def test_two_hosts_of_one_name_stay_apart(hub: Hub) -> None:
    one, other = hub.computer("one", host="pc"), hub.computer("other", host="pc")
    for number in range(3):
        one.record(20, number)
        other.record(20, number)  # the very same sessions, but for their uids
        one.sync(batch=7)
        other.sync(batch=7)
    hub.assert_keeps(one, other)
    assert {row.host for row in hub.server_rows().values()} == {"pc"}


def test_rows_that_a_clock_set_back_has_moved_arrive_where_they_are_now(hub: Hub) -> None:
    desk = hub.computer()
    with desk.recording(1) as recorder:
        for number in range(6):
            recorder.some(4)
            if not recorder.current:
                recorder.open()
            recorder.pass_time(300_000)
            recorder.switch()
            desk.sync(recorder)
            before = hub.server_rows()
            recorder.step_back(90_000 + number)
            desk.sync(recorder)
            moved = [
                uid for uid, row in hub.server_rows().items() if row.start != before[uid].start
            ]
            assert moved
    hub.assert_keeps(desk)


def test_a_clock_that_is_years_ahead_lets_retention_delete_nothing(hub: Hub) -> None:
    desk = hub.computer()
    with desk.recording(1) as recorder:
        recorder.clock = YEAR_2099
        recorder.some(20)
    desk.sync(retention=1)
    assert desk.sync(retention=1).deleted == 0
    hub.assert_keeps(desk)


def test_what_was_just_imported_is_not_old_however_old_it_is(hub: Hub) -> None:
    desk = hub.computer()
    starts = range(T0, T0 + 50_000, 1000)
    rows = {new_uid(start): row_of_another_device(start) for start in starts}
    desk.import_rows(rows)
    assert desk.sync(retention=1).deleted == 0
    hub.assert_keeps(desk)
    two_days_ago = time.time_ns() // 1_000_000 - 2 * DAY_MS
    desk.local("UPDATE desktop_activity_sessions SET synced_at = ?", two_days_ago)
    desk.local("DELETE FROM desktop_activity_meta WHERE key = 'retention.due'")
    assert desk.sync(retention=1).deleted == 50
    assert len(hub.server_rows()) == 50


def test_what_another_computer_changed_replaces_the_row_and_its_days_here(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(40, 1)
    desk.sync()
    copy = desk.copy_to(desk.folder.with_name("copy"))
    query = "SELECT uid FROM desktop_activity_sessions WHERE deleted = 0 AND open = 0"
    for uid, *_rest in desk.local(query)[:6]:
        hub.rows(
            "UPDATE reprospective.desktop_activity_sessions SET revision = revision + 3,"
            " ended_at = ended_at + interval '1.007 s', window_title = 'later' WHERE uid = %s",
            uid,
        )
    copy.local("UPDATE desktop_activity_sessions SET synced = 0")
    assert copy.sync().superseded == 6
    copy.assert_is(hub.server_rows())
    assert (
        len(copy.local("SELECT 1 FROM desktop_activity_sessions WHERE window_title = 'later'")) == 6
    )
