"""One history of ActivityWatch, imported again and as it grows: on either database."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.transfer.importers.activitywatch import importer as activitywatch
from tests.contract import counted, days_of
from tests.unit.activitywatch import T0, Here, afk, bucket, export, rows, said, take, window
from tests.unit.stored import row, session

OFFSETS = Here("here", lambda ms: 540 if ms < T0 + 60 else 600)


@pytest.fixture(autouse=True, scope="module", params=[1, 3])
def batch(request):
    """Rows are written so many at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(activitywatch, "_CHUNK", request.param)
        yield


def assert_sound(adapter):
    """Nothing overlaps or runs backwards on one device, and days are what the rows add up to."""
    found = rows(adapter)
    assert all(row["started_at"] < row["ended_at"] for row in found)
    for before, after in pairwise(found):
        if before["device_id"] == after["device_id"]:
            assert before["ended_at"] <= after["started_at"], (before, after)
    assert days_of(adapter) == counted(found)


def everything(adapter):
    return list(adapter.models.Session.select().order_by(adapter.models.Session.uid).dicts())


def covered(adapter):
    return {ms for _state, _title, start, end in said(adapter) for ms in range(start, end)}


def test_a_session_that_was_still_growing_is_replaced_by_its_longer_version(fresh_adapter):
    with fresh_adapter() as adapter:
        take(adapter, export([window(0, 10), window(10, 15, title="b.py")], [afk(20, 25)]))
        (first, growing, away) = rows(adapter)
        later = [window(0, 10), window(10, 18, title="b.py"), window(50, 60)]
        assert take(adapter, export(later, [afk(20, 40)])).stored == 3
        assert said(adapter) == [
            ("active", "a.py", 0, 10),
            ("active", "b.py", 10, 18),
            ("idle", "", 20, 40),
            ("active", "a.py", 50, 60),
        ]
        found = rows(adapter)
        assert found[0] == first
        assert [each["uid"] for each in found[1:3]] == [growing["uid"], away["uid"]]
        assert all(
            new["revision"] > old["revision"]
            for old, new in zip((growing, away), found[1:3], strict=True)
        )
        # The earlier file once more takes nothing back.
        again = export([window(0, 10), window(10, 15, title="b.py")], [afk(20, 25)])
        assert take(adapter, again).stored == 0
        assert rows(adapter) == found
        assert_sound(adapter)


def test_one_that_turns_out_to_be_cut_is_replaced_by_its_shorter_version(fresh_adapter):
    with fresh_adapter() as adapter:
        take(adapter, export([window(0, 100)]))
        whole = export([window(0, 120)], [afk(70, 90)])
        assert take(adapter, whole).stored == 3
        expected = [("active", "a.py", 0, 70), ("idle", "", 70, 90), ("active", "a.py", 90, 120)]
        assert said(adapter) == expected
        for content in (export([window(0, 100)]), whole):
            assert take(adapter, content).stored == 0
        assert said(adapter) == expected
        assert_sound(adapter)


def test_what_is_held_stays_where_a_later_export_says_something_else_of_that_time(fresh_adapter):
    with fresh_adapter() as adapter:
        # Exported while the person is away: the window's watcher is a little ahead.
        take(adapter, export([window(0, 84)], [afk(50, 80)]))
        later = export([window(0, 200)], [afk(50, 160)])
        take(adapter, later)
        expected = [
            ("active", "a.py", 0, 50),
            ("idle", "", 50, 80),
            ("active", "a.py", 80, 84),
            ("idle", "", 84, 160),
            ("active", "a.py", 160, 200),
        ]
        assert said(adapter) == expected
        assert take(adapter, later).stored == 0
        assert take(adapter, export([window(0, 200)], [afk(50, 170)])).stored == 0
        assert said(adapter) == expected
        assert_sound(adapter)


def test_what_one_host_holds_is_no_obstacle_to_another_and_each_gives_way_to_its_own(fresh_adapter):
    with fresh_adapter() as adapter:

        def of_both(end, away):
            there = bucket("currentwindow", [window(0, end)], "b")
            more = {"there": there, "there, too": bucket("afkstatus", [afk(50, away)], "b")}
            return export([window(0, 10)], **more)

        take(adapter, of_both(84, 80))
        take(adapter, of_both(200, 160))
        assert_sound(adapter)
        assert [len(rows(adapter, source_host=host)) for host in ("desk", "b")] == [1, 5]


def test_buckets_that_come_one_after_the_other_never_overlap(fresh_adapter):
    with fresh_adapter() as adapter:
        take(adapter, export([], [afk(10, 20)]))
        assert take(adapter, export([window(0, 30)])).stored == 2
        assert said(adapter) == [
            ("active", "a.py", 0, 10),
            ("idle", "", 10, 20),
            ("active", "a.py", 20, 30),
        ]
        assert_sound(adapter)


def test_a_host_that_other_imports_brought_keeps_its_sessions(fresh_adapter):
    with fresh_adapter() as adapter:
        device = derived_device_id("desk")
        there = row(session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z"), device)
        make_row_writer(adapter).write([there])
        hour = 3_600_000
        take(adapter, export([window(-5, hour + 5)], [afk(20, 30)]))
        assert [(start, end) for *_names, start, end in said(adapter)] == [
            *((-5, 0), (0, hour), (hour, hour + 5))
        ]
        assert_sound(adapter)


LENGTHS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3), st.sampled_from("ab")))
TIMES_AWAY = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=6)


def history(lengths, times_away):
    """Return windows (start, end, title) and times away (start, end), each in order."""
    moment, windows, away = 0, [], []
    for length, gap, title in lengths:
        windows.append((moment, moment + length, title))
        moment += length + gap
    moment = 0
    for gap, length in times_away:
        away.append((moment + gap, moment + gap + length))
        moment += gap + length
    return windows, away


def as_seen(windows, away, moment, patience=5):
    """Return the export at `moment`: an away time is known, back-dated, after some patience."""
    return export(
        [
            window(start, min(end, moment), title=title)
            for start, end, title in windows
            if start <= moment
        ],
        [afk(start, min(end, moment)) for start, end in away if start + patience <= moment],
    )


@settings(deadline=None, max_examples=30)
@given(LENGTHS, TIMES_AWAY, st.lists(st.integers(0, 90), max_size=3), st.booleans())
def test_exports_of_a_growing_history_in_any_order_overlap_nowhere_and_lose_nothing(
    fresh_adapter, lengths, times_away, moments, in_order
):
    windows, away = history(lengths, times_away)
    whole = as_seen(windows, away, 10_000)
    with fresh_adapter() as adapter:
        take(adapter, whole, here=OFFSETS)
        assert_sound(adapter)
        directly, alone = covered(adapter), everything(adapter)
        assert take(adapter, whole, here=OFFSETS).stored == 0
        assert everything(adapter) == alone
        for moment in moments:
            # What an earlier export says of a history that is held changes nothing of it.
            take(adapter, as_seen(windows, away, moment), here=OFFSETS)
            assert everything(adapter) == alone
    with fresh_adapter() as adapter:
        for moment in sorted(moments) if in_order else moments:
            take(adapter, as_seen(windows, away, moment), here=OFFSETS)
            assert_sound(adapter)
        take(adapter, whole, here=OFFSETS)
        assert_sound(adapter)
        assert covered(adapter) == directly
        held = everything(adapter)
        assert take(adapter, whole, here=OFFSETS).stored == 0
        assert everything(adapter) == held


@settings(deadline=None, max_examples=20)
@given(LENGTHS, st.lists(st.integers(0, 90), max_size=3))
@pytest.mark.long
def test_a_history_without_times_away_ends_up_as_if_it_had_been_imported_once(
    fresh_adapter, lengths, moments
):
    windows, _away = history(lengths, [])
    whole = as_seen(windows, [], 10_000)

    def without_ids(adapter):
        kept = ("uid", "started_at", "ended_at", "window_title", "revision", "utc_offset_minutes")
        return [{name: row[name] for name in kept} for row in everything(adapter)]

    with fresh_adapter() as adapter:
        take(adapter, whole, here=OFFSETS)
        directly = without_ids(adapter)
    with fresh_adapter() as adapter:
        for moment in moments:
            take(adapter, as_seen(windows, [], moment), here=OFFSETS)
        take(adapter, whole, here=OFFSETS)
        assert without_ids(adapter) == directly
