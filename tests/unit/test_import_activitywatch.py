"""Imports from ActivityWatch into the local file: what is read, refused, kept private and kept."""

import json
import threading
import time

import pytest

from reprospective_tray.errors import ImportFileError
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.transfer.importers.activitywatch import importer as activitywatch
from reprospective_tray.store.transfer.importers.activitywatch.importer import Here
from reprospective_tray.store.transfer.importers.clock import local_offset_minutes
from reprospective_tray.store.transfer.importers.import_batch import Phase
from reprospective_tray.sync.retention import Retention
from tests.contract import days_of
from tests.unit.activitywatch import (
    T0,
    afk,
    bucket,
    event,
    export,
    rows,
    said,
    stamp,
    take,
    window,
)
from tests.unit.stored import at

MINUTE = 60_000


@pytest.fixture
def adapter(tmp_path):
    made = SqliteAdapter(tmp_path / "data" / "local.db")
    made.open()
    return made


@pytest.fixture
def held(adapter):
    """What the living rows say."""

    def rows_held(**where):
        with adapter.connection():
            return rows(adapter, **where)

    return rows_held


@pytest.fixture
def told(adapter):
    """State, title, start and end of the living rows."""

    def rows_told():
        with adapter.connection():
            return said(adapter)

    return rows_told


def test_a_window_becomes_a_closed_row_that_waits_under_a_device_of_its_host(adapter, held):
    done = take(adapter, export([window(0, 1500)]))
    assert (done.sessions, done.stored, done.private, done.other_buckets) == (1, 1, 0, ())
    (row,) = held()
    assert row["device_id"] == derived_device_id("desk") != adapter.device_id
    assert (row["source_host"], row["state"]) == ("desk", "active")
    assert (row["application_name"], row["window_title"]) == ("Code", "a.py")
    assert (row["started_at"], row["ended_at"]) == (T0, T0 + 1500)
    assert (row["open"], row["deleted"], row["synced"], row["synced_at"]) == (0, 0, 0, None)
    assert (row["utc_offset_minutes"], row["revision"], row["uid"][14]) == (540, 1500, "7")


def test_the_export_of_one_bucket_is_an_export(adapter, told):
    one = {"buckets": {"aw-watcher-afk_desk": bucket("afkstatus", [afk(0, 9)])}}
    assert take(adapter, one).stored == 1
    assert told() == [("idle", "", 0, 9)]


@pytest.mark.parametrize(
    ("timestamp", "duration", "expected"),
    [
        ("2026-03-30T09:00:00Z", 1, (0, 1000)),
        ("2026-03-30T09:00:00.5Z", 0.25, (500, 750)),
        ("2026-03-30T18:00:00.123456+09:00", 515.968, (123, 516_091)),
        ("2026-03-30T09:00:00.123456789+00:00", 0.000544, (123, 124)),
        ("2026-03-30T05:00:00.250000-04:00", 61.999999999, (250, 62_250)),
    ],
)
def test_times_are_read_as_both_servers_write_them(adapter, told, timestamp, duration, expected):
    one = {"timestamp": timestamp, "duration": duration, "data": {"app": "Code", "title": "a"}}
    take(adapter, export([one]))
    assert told() == [("active", "a", *expected)]


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({"app": None, "title": None}, ("", "")),
        ({"app": "Code"}, ("Code", "")),
        ({"title": "a.py", "url": "https://x", "$category": ["Work"]}, ("", "a.py")),
        ({}, ("", "")),
        (
            {"app": "a\0b", "title": "\ud83d x \ud83d\ude00 \\ud83d \udc00"},
            ("a\ufffdb", "\ufffd x 😀 \\ud83d \ufffd"),
        ),
    ],
)
def test_names_that_lack_are_empty_and_what_no_database_can_hold_is_cleaned(
    adapter, held, data, names
):
    assert take(adapter, export([event(0, 9, **data)])).stored == 1
    (row,) = held()
    assert (row["application_name"], row["window_title"]) == names


def test_events_that_lack_data_or_took_no_time_and_buckets_without_events_are_no_fault(
    adapter, told
):
    lacking = {"timestamp": stamp(0), "duration": 0.009}
    zero = [window(20, 30), window(25, 25), {"timestamp": stamp(27), "data": {}}]
    none = {"a": bucket("currentwindow", []) | {"events": None}, "b": {"type": "afkstatus"}}
    assert take(adapter, export([lacking, *zero], [{"timestamp": stamp(3)}], **none)).stored == 2
    assert told() == [("active", "", 0, 9), ("active", "a.py", 20, 30)]


def test_not_afk_adds_nothing_and_afk_cuts_in_whatever_order_the_events_come(adapter, told):
    windows = [window(0, 50), window(50, 90, title="b.py")]
    away = [afk(0, 30, "not-afk"), afk(30, 60), afk(60, 80, "not-afk"), afk(85, 99)]
    take(adapter, export(windows[::-1], away[::-1]))
    expected = [
        ("active", "a.py", 0, 30),
        ("idle", "", 30, 60),
        ("active", "b.py", 60, 85),
        ("idle", "", 85, 99),
    ]
    assert told() == expected
    assert take(adapter, export(windows, away)).stored == 0
    assert told() == expected


def test_buckets_of_one_host_are_united_and_hosts_stay_apart(adapter, held):
    content = export(
        [window(0, 10)],
        [afk(5, 7)],
        renamed=bucket("currentwindow", [window(10, 20), window(30, 40)]),
        elsewhere=bucket("currentwindow", [window(0, 20, title="別の机")], "机"),
        nameless=bucket("afkstatus", [afk(0, 9)], None),
    )
    assert take(adapter, content).stored == 6
    assert [(row["started_at"] - T0, row["ended_at"] - T0) for row in held(source_host="desk")] == [
        *((0, 5), (5, 7), (7, 20), (30, 40))
    ]
    (other,) = held(source_host="机")
    assert (other["ended_at"] - T0, other["device_id"]) == (20, derived_device_id("机"))
    assert [row["state"] for row in held(source_host="here")] == ["idle"]
    assert take(adapter, content).stored == 0


def test_other_buckets_are_left_out_and_said_even_where_nothing_in_them_could_be_read(adapter):
    others = {
        "aw-watcher-web": bucket("web.tab.current", [{"no": "event"}]),
        "aw-watcher-vim": bucket("app.editor.activity", [window(0, 9)]),
        "odd": bucket("\x1b[2J", []),
        "typeless": {"events": []},
    }
    done = take(adapter, export([window(0, 9)], **others))
    assert (done.stored, sorted(done.other_buckets)) == (
        1,
        ["'\\x1b[2J'", "app.editor.activity", "typeless", "web.tab.current"],
    )


def without(key):
    return {name: value for name, value in window(0, 9).items() if name != key}


def now(ms):
    return time.time_ns() // 1_000_000 - T0 + ms


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (without("timestamp"), "timestamp"),
        (window(0, 9) | {"timestamp": "yesterday"}, "not an ISO 8601 time"),
        (window(0, 9) | {"timestamp": "2026-03-30T09:00:00"}, "no offset"),
        (window(0, 9) | {"timestamp": "1969-12-31T23:59:59.999Z"}, "1970"),
        (window(0, 9) | {"timestamp": 12}, "timestamp"),
        (window(9, 0), "negative: -0.009"),
        (window(0, 9) | {"duration": 1e300}, "a year"),
        (window(0, 9) | {"duration": "long"}, "duration"),
        (window(0, 9) | {"data": []}, "data"),
        (window(0, 9, app=7), "app"),
        (window(now(0), now(25 * 60 * MINUTE)), "ends in the future"),
        ([], "object"),
        (None, "object"),
    ],
)
@pytest.mark.parametrize("kind", ["currentwindow", "afkstatus"])
def test_a_bad_event_is_named_by_bucket_and_number_and_all_others_are_taken(
    adapter, held, bad, reason, kind
):
    names = {"app": "Code", "title": "a.py", "status": "afk"}
    good = [event(10, 20, **names), bad, event(30, 40, **names)]
    content = export([window(0, 9)], **{"my bucket": bucket(kind, good)})
    with pytest.raises(ImportFileError, match=reason) as caught:
        take(adapter, content, strict=True)
    first, line = str(caught.value).splitlines()
    assert "1 bad event or bucket. Nothing was imported" in first
    assert line.startswith("  bucket my bucket, event 2: ")
    assert caught.value.remedy
    assert held() == []
    done = take(adapter, content)
    assert (done.stored, done.events.read, done.events.bad) == (3, 3, 1)
    assert done.events.bad_places == (line,)
    assert [row["started_at"] - T0 for row in held()] == [0, 10, 30]


def test_an_event_of_another_computer_whose_clock_is_a_little_ahead_is_taken(adapter):
    assert take(adapter, export([window(now(0), now(23 * 60 * MINUTE))])).stored == 1


def test_the_first_twenty_bad_events_are_shown_and_the_others_counted_or_all(adapter):
    bad = [window(9, 0)] * 15, [afk(9, 0)] * 10
    with pytest.raises(ImportFileError) as caught:  # nothing in it is good
        take(adapter, export(*bad))
    one_good = export([*bad[0], window(0, 9)], bad[1])
    assert take(adapter, one_good).events.bad_places == tuple(str(caught.value).splitlines()[1:])
    assert len(take(adapter, one_good, show_all=True).events.bad_places) == 25
    lines = str(caught.value).splitlines()
    assert "25 bad events or buckets" in lines[0]
    assert lines[15].startswith("  bucket aw-watcher-window_desk, event 15:")
    assert lines[20].startswith("  bucket aw-watcher-afk_desk, event 5:")
    assert lines[21:] == ["  and 5 more"]


@pytest.mark.parametrize(
    "bad",
    [bucket("currentwindow", []) | {"events": 7}, 7, bucket("afkstatus", [], "x") | {"type": 1}],
)
def test_a_bad_bucket_is_named_and_the_others_are_taken(adapter, bad):
    content = export([window(0, 9)], **{"\x1b[2Jbad": bad})
    with pytest.raises(ImportFileError, match=r"\n  bucket '\\x1b\[2Jbad': "):
        take(adapter, content, strict=True)
    done = take(adapter, content)
    assert (done.stored, done.events.bad) == (1, 1)
    assert done.events.bad_places[0].startswith("  bucket '\\x1b[2Jbad': ")


GOOD = json.dumps(export([window(0, 9)])).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"buckets": []}',
        b'{"buckets": null}',
        GOOD[:-1],
        GOOD[: len(GOOD) // 2],
        GOOD + b"x",
        GOOD + GOOD,
        GOOD.decode().encode("utf-16"),
        b"[" * 100_000,
        b'{"buckets": {"a": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_export_or_not_all_of_it_is_refused_whole(tmp_path, content):
    fresh = SqliteAdapter(tmp_path / "fresh" / "local.db")
    with pytest.raises(ImportFileError, match="not an ActivityWatch export: ") as caught:
        take(fresh, content)
    assert "JSON" in caught.value.remedy
    assert not fresh.path.parent.exists()


def test_a_title_that_is_no_utf8_is_a_bad_event_and_a_bom_is_none(adapter):
    with pytest.raises(ImportFileError, match="event 1: "):
        take(adapter, GOOD.replace(b"a.py", b"a\xff"))
    assert take(adapter, b"\xef\xbb\xbf" + GOOD).stored == 1


def test_privacy_rules_drop_and_redact_and_a_repeat_still_changes_nothing(adapter, told):
    def privacy(name, title):
        return None if name == "KeePassXC" else (name, "" if "secret" in title else title)

    content = export(
        [window(0, 10, "KeePassXC"), window(10, 30, title="secret plan"), window(30, 40)],
        [afk(20, 22)],
    )
    done = take(adapter, content, privacy)
    assert (done.sessions, done.stored, done.private) == (5, 4, 1)
    expected = [
        ("active", "", 10, 20),
        ("idle", "", 20, 22),
        ("active", "", 22, 30),
        ("active", "a.py", 30, 40),
    ]
    assert told() == expected
    done = take(adapter, content, privacy)
    assert (done.stored, done.private) == (0, 1)
    assert told() == expected


def test_no_privacy_rule_is_asked_about_time_away(adapter):
    assert take(adapter, export([], [afk(0, 9)]), privacy=lambda *_names: None).stored == 1


def test_an_interrupted_import_is_finished_by_a_repeat(adapter, held, monkeypatch):
    monkeypatch.setattr(activitywatch, "_CHUNK", 2)
    content = export([window(number * 10, number * 10 + 9) for number in range(7)], [afk(22, 24)])

    def interrupt(phase, done, total):
        if phase is Phase.WRITING and done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(adapter, content, progress=interrupt)
    before = len(held())
    assert 0 < before < 9
    assert take(adapter, content).stored == 9 - before
    assert len(held()) == 9


def test_progress_never_goes_back_and_ends_each_phase_at_its_end(adapter, monkeypatch):
    monkeypatch.setattr(activitywatch, "_CHUNK", 2)
    seen = []
    content = export([window(0, 100)], [afk(at, at + 1) for at in range(0, 90, 9)])
    take(adapter, content, progress=lambda *step: seen.append(step))
    size = len(json.dumps(content))
    assert {total for _phase, _done, total in seen} == {size}
    for phase in Phase:
        done = [done for each, done, _total in seen if each is phase]
        assert done == sorted(done)
        assert done[-1] == size
    phases = [phase for phase, _done, _total in seen]
    assert phases == sorted(phases)  # "checking" before "writing"


def test_the_offset_is_that_of_this_computer_then_and_a_change_of_it_splits(
    adapter, held, monkeypatch
):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        # The clocks went forward on 2026-03-29 at 01:00 UTC: 32 h before T0.
        change = -32 * 60 * MINUTE
        content = export([window(change - MINUTE, change + MINUTE)])
        take(adapter, content, here=Here("here", local_offset_minutes))
        assert take(adapter, content, here=Here("here", local_offset_minutes)).stored == 0
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [
        (row["started_at"] - T0 - change, row["ended_at"] - T0 - change, row["utc_offset_minutes"])
        for row in held()
    ] == [(-MINUTE, 0, 60), (0, MINUTE, 120)]


# --- what retention took, and what was forgotten ---

WINDOWS = [window(0, 30 * MINUTE), window(40 * MINUTE, 60 * MINUTE, "Mail", "Inbox")]
AWAY = [afk(20 * MINUTE, 25 * MINUTE)]


def days(adapter):
    with adapter.connection():
        return days_of(adapter)


def retain(adapter):
    """Let retention take everything, as if it were on the server for long."""
    with adapter.connection():
        adapter.models.Session.update(synced=1, synced_at=1).execute()
        return Retention(adapter).run(7, at("2027-01-01T00:00:00Z"), threading.Event())


def test_what_retention_took_comes_back_and_is_counted_once(adapter, held):
    take(adapter, export(WINDOWS, AWAY))
    before, totals = [row["uid"] for row in held()], days(adapter)
    assert retain(adapter) == 4
    assert (held(), days(adapter)) == ([], totals)
    again = take(adapter, export(WINDOWS, AWAY))
    assert (again.stored, again.on_server) == (4, 0)
    assert [row["uid"] for row in held()] == before
    assert {row["synced"] for row in held()} == {0}
    assert days(adapter) == totals
    assert take(adapter, export(WINDOWS, AWAY)).stored == 0


def test_of_what_has_grown_since_retention_took_it_the_rest_is_taken(adapter, told):
    take(adapter, export([window(0, MINUTE)]))
    retain(adapter)
    totals = days(adapter)
    content = export([window(0, 2 * MINUTE), window(5 * MINUTE, 6 * MINUTE)])
    done = take(adapter, content)
    assert (done.stored, done.overlaps.sessions, done.overlaps.ms) == (2, 1, MINUTE)
    expected = [("active", "a.py", start * MINUTE, end * MINUTE) for start, end in [(1, 2), (5, 6)]]
    assert told() == expected
    assert {key: figures[0] - 2 * MINUTE for key, figures in days(adapter).items()} == {
        key: figures[0] for key, figures in totals.items()
    }
    assert take(adapter, content).stored == 0
    assert told() == expected


def test_what_lies_in_a_range_that_was_forgotten_after_retention_is_skipped(adapter, held):
    take(adapter, export(WINDOWS, AWAY))
    retain(adapter)
    with adapter.connection():
        assert forget(adapter, TimeRange(T0 + 5 * MINUTE, T0 + 22 * MINUTE)).ordered
    done = take(adapter, export(WINDOWS, AWAY))
    assert done.forgotten == 2
    assert not [row for row in held() if row["started_at"] < T0 + 22 * MINUTE]


def test_what_was_forgotten_here_does_not_come_back_even_where_it_has_grown_since(adapter, told):
    take(adapter, export(WINDOWS, AWAY))
    with adapter.connection():
        forget(adapter, TimeRange(T0 + 5 * MINUTE, T0 + 22 * MINUTE))
        forget(adapter, TimeRange(T0 + 50 * MINUTE, T0 + 90 * MINUTE))
    left = told()
    assert [each[2:] for each in left] == [
        (start * MINUTE, end * MINUTE) for start, end in [(0, 5), (22, 25), (25, 30), (40, 50)]
    ]
    assert take(adapter, export(WINDOWS, AWAY)).stored == 0
    assert told() == left
    grown = [WINDOWS[0], window(40 * MINUTE, 70 * MINUTE, "Mail", "Inbox")]
    assert take(adapter, export(grown, [afk(19 * MINUTE, 26 * MINUTE)])).stored == 0
    assert told() == left


def test_a_missing_file_and_a_folder_are_said(adapter, tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ImportFileError) as caught:
            activitywatch.import_activitywatch(
                path, adapter, privacy=lambda *names: names, progress=lambda *_: None
            )
        assert str(path) in str(caught.value)
