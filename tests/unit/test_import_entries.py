"""What `export` writes of entries, `import` takes, and a repeat changes nothing.

How it can fail: an old file without entries is refused, a line of another kind is taken for a
session, an imported entry overlaps one that is there or counts again at the next import, a deleted
or forgotten one comes back, a closed day is changed, a text that was cleaned is refused.
"""

import io
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.errors import EntryError, ImportFileError
from reprospective_tray.store.entries.entry_writer import EntryWriter, OnOverlap
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.query.entries import EntryQueries
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.query.stored_entries import stored_entries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.transfer.export import iso_utc, write_jsonl
from reprospective_tray.store.transfer.importers.snapshot import import_snapshot
from tests.unit.recording import T0, session
from tests.unit.stored import OFFSETS, fresh_adapter
from tests.unit.test_entry_writer import HOUR, entry, spans
from tests.unit.test_import_round_trip import load


@pytest.fixture
def adapter():
    with fresh_adapter() as made:
        yield made


@pytest.fixture
def other():
    with fresh_adapter() as made:
        yield made


def exported(adapter, *within):
    stream = io.StringIO()
    sessions = Queries(adapter).stream(*within)
    write_jsonl(sessions, stream, stored_entries(adapter, *within))
    return stream.getvalue()


def rows(adapter):
    """Return all that a living row says."""
    table = adapter.models.Entry
    kept = (table.uid, table.device_id, table.source_host, table.started_at, table.ended_at)
    kept += (table.utc_offset_minutes, table.category, table.note, table.billable, table.revision)
    return list(table.select(*kept).where(table.deleted == 0).order_by(table.uid).tuples())


def line(start, end, category="Harbour", **more):
    """Return a line; times are ms after T0."""
    times = {"started_at": iso_utc(T0 + start), "ended_at": iso_utc(T0 + end)}
    said = {"kind": "entry", "category": category, "source_host": "desk", **times}
    return json.dumps(said | {"utc_offset_minutes": 0} | more)


TEXT = st.text(max_size=30)
MADE = st.tuples(
    st.integers(0, 400), st.integers(1, 60), st.sampled_from(OFFSETS), TEXT, TEXT, st.booleans()
)


@settings(max_examples=25, deadline=None)
@given(st.lists(MADE, max_size=8), st.integers(0, 400))
def test_what_export_writes_import_takes_always(made, middle):
    with fresh_adapter() as adapter, fresh_adapter() as fresh:
        SessionWriter(adapter, "host").apply([Put(session(n, n + 7, f"{n}")) for n in (0, 9, 30)])
        writer = EntryWriter(adapter)
        for start, length, offset, category, note, billable in made:
            said = Entry(new_uid(T0), T0 + start, T0 + start + length, offset, category, note)
            try:
                writer.add(replace(said, billable=billable), on_overlap=OnOverlap.CUT)
            except EntryError:
                assert not all(part.strip() for part in category.split(">"))
        forget(adapter, TimeRange(T0 + middle, T0 + middle + 20))
        text = exported(adapter)
        before = rows(adapter)
        done = load(fresh, text, strict=True)
        assert (done.entries, done.entries_stored) == (len(before), len(before))
        assert rows(fresh) == before
        assert exported(fresh).count("\n") == text.count("\n")
        for held in (adapter, fresh):
            again = load(held, text, strict=True)
            assert (again.entries_stored, again.entries_overlapping) == (0, 0)
            assert rows(held) == before


def test_lines_are_in_order_of_start_and_sessions_are_written_as_before(adapter):
    SessionWriter(adapter, "host").apply([Put(session(n, n + 5)) for n in (0, 10)])
    alone = exported(adapter).splitlines()
    EntryWriter(adapter).add(entry(5, 8, note="tides"), entry(10, 20, "b"))
    lines = exported(adapter).splitlines()
    assert [lines[0], lines[2]] == alone
    assert [json.loads(each).get("kind") for each in lines] == [None, "entry", None, "entry"]
    assert [
        json.loads(each)["category"]
        for each in exported(adapter, T0 + 9, T0 + 11).splitlines()
        if "kind" in each
    ] == ["b"]


def test_a_session_may_say_its_kind_and_a_title_may_say_it_too(adapter):
    said = {
        "state": "active",
        "application_name": "app",
        "window_title": '"kind": "entry"',
        "started_at": iso_utc(T0),
        "ended_at": iso_utc(T0 + 1),
    }
    text = json.dumps(said) + "\n" + json.dumps(said | {"kind": "session", "ended_at": iso_utc(T0)})
    assert load(adapter, text).sessions == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (line(0, 9, kind="context"), "neither session nor entry: 'context'"),
        (line(0, 0), "ended_at is not after started_at"),
        (line(0, 9, category=" > "), "empty part"),
        (line(0, 9, category="x" * 257), "257 characters"),
        (line(0, 9, note="x" * 4097), "4097 characters"),
        (line(0, 9, uid="x"), "uid is not a UUID"),
        (line(0, 9, billable="yes"), "billable"),
        (line(0, 9, revision=0), "revision"),
        ('{"kind": "entry"}', "category"),
        ('{"kind": 5}', "kind"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_taken(adapter, text, said):
    with pytest.raises(ImportFileError) as caught:
        load(adapter, f"{line(20, 30)}\n{text}")
    assert "line 2: " in str(caught.value)
    assert said in str(caught.value)
    assert rows(adapter) == []


def test_what_is_missing_is_made_of_the_line_and_is_the_same_again(adapter):
    text = line(0, 9, note="\ud800 tides") + "\n" + line(9, 12)
    assert load(adapter, text).entries_stored == 2
    before = rows(adapter)
    assert [each[7] for each in before] == ["\N{REPLACEMENT CHARACTER} tides", ""]
    assert load(adapter, text).entries_stored == 0
    assert rows(adapter) == before


def test_entries_that_are_there_keep_their_time_and_a_repeat_adds_nothing(adapter):
    EntryWriter(adapter).add(entry(0, 10, "a"), entry(30, 40, "b"))
    text = line(5, 50, "new")
    done = load(adapter, text)
    assert (done.entries_stored, done.entries_overlapping) == (1, 1)
    wanted = [("a", 0, 10), ("new", 10, 30), ("b", 30, 40), ("new", 40, 50)]
    assert spans(adapter) == wanted
    before = rows(adapter)
    done = load(adapter, text)
    assert (done.entries_stored, rows(adapter)) == (0, before)
    done = load(adapter, line(1, 9, "inside"))
    assert (done.entries_stored, done.entries_overlapping) == (0, 1)


def test_a_newer_revision_changes_an_entry_and_an_older_one_does_not(adapter):
    made = entry(0, 10)
    EntryWriter(adapter).add(made, entry(20, 30, "b"))
    assert load(adapter, line(5, 25, "new", uid=made.uid, revision=3)).entries_stored == 1
    assert spans(adapter) == [("new", 5, 20), ("b", 20, 30)]
    for revision in (2, 3):
        assert load(adapter, line(0, 9, "old", uid=made.uid, revision=revision)).entries_stored == 0
    assert spans(adapter) == [("new", 5, 20), ("b", 20, 30)]


def test_a_deleted_and_a_forgotten_entry_stay_away_whatever_the_revision(adapter):
    deleted, forgotten, cut = entry(0, 10), entry(20, 30), entry(40, 60)
    writer = EntryWriter(adapter)
    writer.add(deleted, forgotten, cut)
    table = adapter.models.Entry
    table.update(revision=9).execute()
    text = exported(adapter)
    table.update(revision=1).execute()
    writer.delete(deleted.uid)
    forget(adapter, TimeRange(T0 + 20, T0 + 50))
    before = spans(adapter)
    assert before == [("Harbour", 50, 60)]
    assert load(adapter, text).entries_stored == 0
    assert spans(adapter) == before


def test_a_closed_day_refuses_what_would_change_it_and_takes_what_is_there(adapter):
    made = entry(0, 10)
    writer = EntryWriter(adapter)
    writer.add(made)
    text = exported(adapter)
    writer.close_day("2023-11-14")
    assert load(adapter, text).entries_stored == 0
    moved = line(48 * HOUR, 49 * HOUR, uid=made.uid, revision=2)
    for new in (line(10, 20), line(0, 9, uid=made.uid, revision=2), moved):
        with pytest.raises(ImportFileError, match="line 2: 2023-11-14 is closed"):
            load(adapter, f"{text.strip()}\n{new}")
    assert load(adapter, line(48 * HOUR, 49 * HOUR)).entries_stored == 1


def test_strict_refuses_entries_that_overlap_each_other(adapter):
    text = line(0, 10) + "\n" + line(5, 15)
    with pytest.raises(ImportFileError, match="line 2: it overlaps line 1"):
        load(adapter, text, strict=True)
    assert load(adapter, text).entries_overlapping == 1
    assert spans(adapter) == [("Harbour", 0, 10), ("Harbour", 10, 15)]


def take_snapshot(file, adapter):
    with ThreadPoolExecutor(1) as thread:
        work = thread.submit(
            import_snapshot, file, adapter, privacy=lambda *a: a, progress=lambda *_: None
        )
        return work.result()


def test_a_snapshot_has_entries_and_gives_them_back(adapter, other, tmp_path):
    EntryWriter(adapter).add(entry(0, 10, note="tides", billable=False), entry(20, 30))
    gone = entry(40, 50)
    EntryWriter(adapter).add(gone)
    EntryWriter(adapter).delete(gone.uid)
    EntryWriter(adapter).close_day("2023-11-14")
    file = tmp_path / "copy.db"
    adapter.snapshot(file)
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("SELECT day FROM desktop_activity_closed_days").fetchall() == [
            ("2023-11-14",)
        ]
    done = take_snapshot(file, other)
    assert (done.entries, done.entries_stored) == (2, 2)
    assert rows(other) == rows(adapter)
    assert EntryQueries(other).between(0, 2 * T0) == EntryQueries(adapter).between(0, 2 * T0)
    assert take_snapshot(file, other).entries_stored == 0
    with closing(sqlite3.connect(file)) as older:
        older.execute("DROP TABLE desktop_activity_entries")
    assert take_snapshot(file, other).entries == 0
