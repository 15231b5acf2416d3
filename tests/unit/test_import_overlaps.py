"""Time that is recorded already: no import doubles it, before and after retention took its rows."""

import io
import json
import sqlite3
import threading
from itertools import pairwise

import pytest

from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.transfer.export import write_jsonl
from reprospective_tray.store.transfer.importers.activitywatch.importer import Here
from reprospective_tray.store.transfer.importers.import_batch import ImportOptions
from reprospective_tray.store.transfer.importers.jsonl.importer import import_jsonl
from reprospective_tray.sync.retention import Retention
from reprospective_tray.system.clock import now_ms
from tests.contract import days_of
from tests.unit.activitywatch import T0, afk, bucket, export, stamp, take, window
from tests.unit.stored import at, session

pytestmark = pytest.mark.trust

DESK = Here("desk", lambda _ms: 540)
MINUTE = 60_000


@pytest.fixture
def adapter(tmp_path):
    made = SqliteAdapter(tmp_path / "data" / "local.db")
    made.open()
    return made


def recorded(start, end, name="Code", **more):
    """Return a session of this computer; times are ms after T0."""
    return session(stamp(start), stamp(end), name, **more)


def record(adapter, *sessions, host="desk"):
    with adapter.connection():
        SessionWriter(adapter, host).apply([Put(each) for each in sessions])


def retain(adapter):
    """Let retention take everything, as if it were on the server for long."""
    with adapter.connection():
        adapter.models.Session.update(synced=1, synced_at=1).where(
            adapter.models.Session.deleted == 0
        ).execute()
        return Retention(adapter).run(7, at("2027-01-01T00:00:00Z"), threading.Event())


def total_ms(adapter):
    """Return the ms of all days, whatever the state."""
    with adapter.connection():
        return sum(figures[0] for figures in days_of(adapter).values())


def times(adapter):
    """Return start and end of the living rows, in ms after T0."""
    with adapter.connection():
        table = adapter.models.Session
        found = table.select(table.started_at, table.ended_at).where(table.deleted == 0)
        return [(start - T0, end - T0) for start, end in found.order_by(table.started_at).tuples()]


def assert_nothing_overlaps(adapter):
    assert all(before[1] <= after[0] for before, after in pairwise(times(adapter)))


@pytest.mark.parametrize("retained", [False, True])
@pytest.mark.parametrize("here", [DESK, Here("renamed", DESK.offset_minutes)])
def test_what_this_computer_recorded_beside_activitywatch_counts_once(adapter, retained, here):
    record(adapter, recorded(0, 20_000))
    if retained:
        assert retain(adapter) == 1
    done = take(adapter, export([window(0, 12_000), window(12_000, 21_000, "Mail")]), here=here)
    assert total_ms(adapter) == 21_000
    assert (done.stored, done.overlaps.sessions, done.overlaps.ms) == (1, 2, 20_000)
    first, second = done.overlaps.lines
    assert first == "  desk: 2026-03-30T09:00:00.000Z to 2026-03-30T09:00:12.000Z"
    assert second == "  desk: 2026-03-30T09:00:12.000Z to 2026-03-30T09:00:20.000Z"
    repeat = take(adapter, export([window(0, 12_000), window(12_000, 21_000, "Mail")]), here=here)
    assert (repeat.stored, total_ms(adapter)) == (0, 21_000)


def test_this_computer_stands_by_its_present_name_for_what_it_recorded_under_another(adapter):
    record(adapter, recorded(0, 20_000), host="before")
    take(adapter, export([window(0, 21_000)]), here=DESK)
    assert total_ms(adapter) == 21_000
    take(adapter, export(there=bucket("currentwindow", [window(0, 9_000)], "elsewhere")), here=DESK)
    assert total_ms(adapter) == 30_000


def test_what_is_being_recorded_gets_its_time_until_now(adapter):
    now = now_ms() - T0
    record(adapter, recorded(now - 60_000, now - 8_000, open=True))
    take(adapter, export([window(now - 90_000, now)]), here=DESK)
    assert times(adapter) == [(now - 90_000, now - 60_000), (now - 60_000, now - 8_000)]


def test_gaps_are_filled_where_retention_took_what_was_around_them(adapter):
    record(adapter, recorded(0, 10 * MINUTE), recorded(20 * MINUTE, 30 * MINUTE))
    retain(adapter)
    done = take(
        adapter,
        export([window(-5 * MINUTE, 40 * MINUTE)], [afk(12 * MINUTE, 22 * MINUTE)]),
        here=DESK,
    )
    assert times(adapter) == [
        (start * MINUTE, end * MINUTE) for start, end in [(-5, 0), (10, 12), (12, 20), (30, 40)]
    ]
    assert total_ms(adapter) == 45 * MINUTE
    assert done.overlaps.ms == 20 * MINUTE


def test_an_export_of_a_history_that_has_grown_and_was_cut_counts_once_after_retention(adapter):
    take(adapter, export([window(0, 20 * MINUTE)]))
    retain(adapter)
    later = export(
        [window(0, 20 * MINUTE), window(30 * MINUTE, 40 * MINUTE)],
        [afk(8 * MINUTE, 30 * MINUTE)],
    )
    take(adapter, later)
    assert total_ms(adapter) == 40 * MINUTE
    retain(adapter)
    assert take(adapter, later).overlaps.ms > 0
    assert total_ms(adapter) == 40 * MINUTE


@pytest.mark.parametrize("retained", [False, True])
def test_what_was_forgotten_here_does_not_come_back_from_activitywatch(adapter, retained):
    record(adapter, recorded(0, 10 * MINUTE))
    if retained:
        retain(adapter)
    with adapter.connection():
        forget(adapter, TimeRange(T0, T0 + 10 * MINUTE))
    take(adapter, export([window(0, 10 * MINUTE)]), here=DESK)
    assert total_ms(adapter) == 0


def test_of_what_an_older_version_let_retention_take_whole_days_are_known(adapter):
    record(adapter, recorded(0, 10 * MINUTE), recorded(20 * MINUTE, 30 * MINUTE))
    retain(adapter)
    with sqlite3.connect(adapter.path) as older:
        older.execute("DROP TABLE desktop_activity_taken_times")
        older.execute("DELETE FROM schema_migration WHERE name LIKE '0004%'")
        older.execute("PRAGMA user_version = 3")
    older.close()
    adapter.open()
    done = take(adapter, export([window(-5 * MINUTE, 40 * MINUTE)]), here=DESK)
    assert times(adapter) == [(-5 * MINUTE, 0), (30 * MINUTE, 40 * MINUTE)]
    assert done.overlaps.ms == 30 * MINUTE


# --- lines of JSONL ---


def line(start, end, name="Code", **more):
    """Return a line; times are ms after T0."""
    said = {
        "state": "active",
        "application_name": name,
        "window_title": "",
        "started_at": stamp(start),
        "ended_at": stamp(end),
        "source_host": "desk",
        "utc_offset_minutes": 0,
    }
    return json.dumps(said | more)


@pytest.fixture
def load(tmp_path, adapter):
    """Import some lines."""

    def load_them(*lines, into=adapter, **options):
        file = tmp_path / "lines.jsonl"
        file.write_text("\n".join(lines))
        return import_jsonl(
            file,
            into,
            privacy=lambda *names: names,
            progress=lambda *_: None,
            options=ImportOptions(**options),
        )

    return load_them


def exported(adapter):
    stream = io.StringIO()
    with adapter.connection():
        write_jsonl(Queries(adapter).stream(), stream)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("retained", [False, True])
def test_two_files_that_overlap_on_one_device_are_taken_once_and_the_place_is_named(
    load, adapter, retained, tmp_path
):
    load(line(0, 10 * MINUTE), line(20 * MINUTE, 30 * MINUTE))
    if retained:
        retain(adapter)
    other = [
        line(-MINUTE, 0),
        line(5 * MINUTE, 25 * MINUTE, "Mail"),
        line(40 * MINUTE, 41 * MINUTE),
    ]
    done = load(*other)
    assert (done.stored, done.overlaps.sessions, done.overlaps.ms) == (3, 1, 10 * MINUTE)
    assert done.overlaps.lines == (
        "  line 2: 2026-03-30T09:05:00.000Z to 2026-03-30T09:25:00.000Z",
    )
    assert total_ms(adapter) == 32 * MINUTE
    assert_nothing_overlaps(adapter)
    assert load(*other).stored == 0
    fresh = SqliteAdapter(tmp_path / "fresh" / "local.db")
    again = load(*exported(adapter), into=fresh, strict=True)
    assert again.overlaps.sessions == 0
    assert times(fresh) == times(adapter)


def test_lines_of_one_file_that_overlap_give_way_in_their_order_of_time(load, adapter):
    lines = [line(20, 40, "b"), line(0, 30, "a"), line(10, 15, "c"), line(39, 50, "d")]
    done = load(*lines)
    assert times(adapter) == [(0, 30), (30, 40), (40, 50)]
    assert done.overlaps.sessions == 3
    assert [each.split(":")[0] for each in done.overlaps.lines] == [
        "  line 3",
        "  line 1",
        "  line 4",
    ]


def test_the_first_twenty_overlaps_are_named_or_all(load):
    lines = [line(0, 100)] + [line(number, number + 1, "b") for number in range(25)]
    done = load(*lines)
    assert (len(done.overlaps.lines), done.overlaps.lines[-1]) == (21, "  and 5 more")
    assert len(load(*lines, show_all=True).overlaps.lines) == 25


def test_lines_without_a_device_give_way_to_what_this_computer_of_their_host_recorded(
    load, adapter
):
    record(adapter, recorded(0, 20_000))
    load(line(0, 21_000))
    assert times(adapter) == [(0, 20_000), (20_000, 21_000)]


def test_what_is_held_with_a_name_that_was_cut_is_no_overlap(load, adapter):
    name = "n" * 300
    record(adapter, recorded(0, 20_000, name, title="t" * 5000))
    done = load(line(0, 20_000, name, window_title="t" * 5000))
    assert (done.stored, done.overlaps.sessions) == (0, 0)


def test_two_computers_of_one_name_that_record_at_one_time_are_both_taken(load):
    ids = [f"0195d9c2-1f00-7000-8000-00000000000{number}" for number in range(2)]
    done = load(*(line(0, 1000, device_id=each, uid=each) for each in ids))
    assert (done.stored, done.overlaps.sessions) == (2, 0)


def test_an_older_file_takes_nothing_back_and_a_newer_one_replaces(load, adapter):
    uid = "0195d9c2-1f00-7000-8000-00000000000a"
    older = [line(0, 100, uid=uid), line(150, 160, "z")]
    newer = [line(0, 70, uid=uid, revision=2), line(70, 90, "b"), line(150, 160, "z")]
    load(*older)
    assert load(*newer).overlaps.sessions == 0
    assert times(adapter) == [(0, 70), (70, 90), (150, 160)]
    assert load(*older).stored == 0
    assert times(adapter) == [(0, 70), (70, 90), (150, 160)]
