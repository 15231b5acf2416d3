"""Titles that databases choke on, and rows that another program spoilt: the others arrive."""

import threading
import unicodedata

import pytest

from reprospective_tray.store.model.bounds import LONGEST_TITLE, shortened
from reprospective_tray.store.model.sessions import clean
from tests.server.faults_computer import Computer
from tests.server.faults_hub import Hub
from tests.server.history import assert_same

SESSIONS = "desktop_activity_sessions"
MEGABYTE = 1 << 20
SECRET = "the title that nobody may read"  # noqa: S105  no password
EVERY_PLANE = [
    "".join(
        chr(code)
        for code in range(plane << 16, (plane + 1) << 16, 7)
        if unicodedata.category(chr(code)) != "Cs" and code
    )
    for plane in range(17)
]


def stored(title: str) -> str:
    """Return the title as anything stores it: cleaned and bounded."""
    return shortened(clean(title), LONGEST_TITLE)


def record_titles(desk: Computer, titles: list[str]) -> None:
    """Record them as the monitor does."""
    with desk.recording(1) as recorder:
        for title in titles:
            recorder.pass_time()
            recorder.open(stored(title))
            recorder.close()


@pytest.mark.parametrize(
    "titles",
    [
        ["a\0b", "\0", "\0" * 100],
        ["a\ud800b", "\udc00", "\ud83d", "\ude00\ud83d", "\ud83d\ude00"],
        ["x" * MEGABYTE, "\N{GRINNING FACE}" * (MEGABYTE // 4), '"\\' * (MEGABYTE // 2)],
        EVERY_PLANE,
        ["\ufffe\uffff", "\u202e\u2066", "e\u0301\u0327", "\r\n\x85\u2028", "\x01\x1b[31m\x7f"],
        ["\\u0000", "\\ud800", "\\x00", "E'\\000'", "$$;", "%s%%", "'); DROP TABLE x; --", "{}"],
    ],
    ids=["NUL", "surrogates", "1 MB", "every plane", "odd ones", "escapes"],
)
def test_what_any_program_may_call_its_window_arrives_unchanged(
    hub: Hub, titles: list[str]
) -> None:
    desk = hub.computer()
    record_titles(desk, titles)
    assert desk.sync().refused == 0
    hub.assert_keeps(desk)
    rows = hub.server_rows().values()
    assert sorted(row.title for row in rows) == sorted(stored(title) for title in titles)


SPOILT = {
    "NUL": "window_title = window_title || char(0) || 'b'",
    "NUL in the name": "application_name = char(0)",
    "a device that is no UUID": "device_id = 'nope'",
    "a uid that is no UUID": "uid = 'nope ' || id",
    "a time that no clock shows": "ended_at = 1 << 62",
    "a time that is text": "ended_at = 'noon'",
    "a process beyond any number": "process_id = 1 << 40",
    "a blob with a NUL": "source_host = x'00ff'",
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_row_that_another_program_spoilt_is_set_aside_and_the_others_arrive(
    hub: Hub, how: str
) -> None:
    desk = hub.computer()
    record_titles(desk, [f"{SECRET} {number}" for number in range(9)])
    ids = desk.local(f"SELECT id FROM {SESSIONS} ORDER BY id")  # noqa: S608
    desk.local("DROP TRIGGER bounds_update")  # another program may do even that
    for at in (3, 4, 8):
        desk.local(f"UPDATE {SESSIONS} SET {SPOILT[how]} WHERE id = ?", *ids[at])  # noqa: S608
    passed = desk.sync(batch=6)
    assert (passed.sent, passed.refused) == (6, 3)
    reasons = [reason for (reason,) in desk.local("SELECT reason FROM desktop_activity_refused")]
    assert len(reasons) == 3
    assert all(reason and SECRET not in reason for reason in reasons)
    assert len(hub.server_rows()) == 6
    assert desk.sync(batch=6).refused == 0  # not tried for ever
    desk.record(5, 2)
    desk.sync()
    assert len(hub.server_rows()) == 6 + len(desk.settled().rows) - 9


def test_rows_that_were_set_aside_arrive_once_they_are_mended_and_offered_again(hub: Hub) -> None:
    desk = hub.computer()
    record_titles(desk, [f"title {number}" for number in range(40)])
    good = {row.title: uid for uid, row in desk.local_rows().items()}
    bad = [f"title {number}" for number in (0, 13, 14, 22, 39)]

    def set_title(of: str, title: str) -> None:
        desk.local(f"UPDATE {SESSIONS} SET window_title = ? WHERE uid = ?", title, good[of])  # noqa: S608

    for title in bad:
        set_title(title, f"{title}\0")
    manager = desk.manager(batch=16)
    assert manager.run(threading.Event()).refused == 5
    for title in bad[:2]:
        set_title(title, title)
    assert manager.retry_refused() == 5
    assert manager.run(threading.Event()).refused == 3
    for title in bad:
        set_title(title, title)
    assert manager.retry_refused() == 3
    assert manager.run(threading.Event()).refused == 0
    manager.close()
    hub.assert_keeps(desk)


def test_a_row_that_changes_after_it_was_set_aside_is_sent_by_itself(hub: Hub) -> None:
    desk = hub.computer()
    with desk.recording(1) as recorder:
        recorder.open("a")
        desk.local(f"UPDATE {SESSIONS} SET window_title = char(0)")  # noqa: S608
        assert desk.sync(recorder).refused == 1
        desk.local(f"UPDATE {SESSIONS} SET window_title = 'a'")  # noqa: S608
        recorder.beat()
        assert desk.sync(recorder).refused == 0
    rows = hub.server_rows()
    assert_same(desk.settled().rows, rows)


@pytest.mark.parametrize("kind", ["TEXT", "BLOB"])
def test_bytes_that_are_no_text_arrive_as_what_stands_for_them(hub: Hub, kind: str) -> None:
    desk = hub.computer()
    record_titles(desk, [f"title {number}" for number in range(5)])
    spoil = f"UPDATE {SESSIONS} SET window_title = CAST(x'41ff42eda080' AS {kind})"  # noqa: S608
    desk.local(f"{spoil} WHERE window_title = 'title 3'")
    passed = desk.sync()
    assert (passed.sent, passed.refused) == (5, 0)
    found = sorted(row.title for row in hub.server_rows().values())
    assert found[0].startswith("A\N{REPLACEMENT CHARACTER}B\N{REPLACEMENT CHARACTER}")


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_batches_of_any_size_carry_the_same(hub: Hub, batch: int) -> None:
    desk = hub.computer()
    desk.record(200, 1)
    desk.sync(batch=batch)
    hub.assert_keeps(desk)


def sizes_of_calls(desk: Computer, **how) -> list[int]:
    """Make a pass and return how many bytes each of its calls had."""
    sizes = []

    def measured():
        connection = desk.connect()
        rows = connection.rows

        def measure(sql, args=None, deadline_s=None):
            sizes.append(len(args[0].encode()))
            return rows(sql, args, deadline_s)

        connection.rows = measure
        return connection

    desk.sync(via=measured, **how)
    return sizes


def test_a_batch_of_long_titles_ends_before_it_is_many_megabytes(hub: Hub) -> None:
    desk = hub.computer()
    record_titles(desk, ["x" * MEGABYTE] * 12 + ["short"] * 30)
    sizes = sizes_of_calls(desk)
    assert max(sizes) < 4 * MEGABYTE
    assert len(sizes) < 12
    hub.assert_keeps(desk)
