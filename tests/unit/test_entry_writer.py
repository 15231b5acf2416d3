"""Entries are written so that none overlap, and sessions stay as they are.

How it can fail: an entry counts a time twice or loses some at a cut; a kill between two rows leaves
half of a change; a closed day is changed by way of another one; a cut writes to sessions; a deleted
text stays in the row; a part gets another age, so that it wins over what was made later.
"""

import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path

import peewee
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.errors import ClosedDayError, EntryError, EntryOverlapError
from reprospective_tray.store.entries.entry_writer import EntryWriter, OnOverlap
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import DAY_MS, Put
from reprospective_tray.store.query.entries import EntryQueries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.unit.killing import killed_at_each_line
from tests.unit.recording import T0, rows_of, session
from tests.unit.stored import FIRST_DAY, fresh_adapter

HOUR = 3_600_000
TABLE = "desktop_activity_entries"


def entry(start: int, end: int, category: str = "Harbour", **more) -> Entry:
    """Return a new entry; times are ms after T0."""
    return Entry(new_uid(T0), T0 + start, T0 + end, 0, category, **more)


def entries_of(path: Path, columns: str = "*") -> list[tuple]:
    with closing(sqlite3.connect(path)) as reader:
        query = f"SELECT {columns} FROM {TABLE} ORDER BY id"  # noqa: S608  a test's own words
        return reader.execute(query).fetchall()


@contextmanager
def opened(path: Path):
    adapter = SqliteAdapter(path)
    adapter.open()
    with adapter.connection():
        yield adapter
    adapter.close()


def spans(adapter) -> list[tuple]:
    found = EntryQueries(adapter).between(0, 2 * T0)
    return [(each.category, each.started_at - T0, each.ended_at - T0) for each in found]


@pytest.fixture
def adapter():
    with fresh_adapter() as made:
        yield made


@pytest.fixture
def writer(adapter):
    return EntryWriter(adapter)


def test_an_entry_is_stored_as_it_was_said_and_waits_for_the_server(adapter, writer):
    said = entry(0, 9, " Customers>  Harbour\n", note=" tides \n and wind ", billable=False)
    assert writer.add(said) == ()
    (found,) = EntryQueries(adapter).between(T0, T0 + 1)
    wanted = replace(said, category="Customers > Harbour", note="tides \n and wind")
    assert found == wanted
    (row,) = adapter.models.Entry.select().dicts()
    assert row["device_id"] == adapter.device_id
    assert row["source_host"]
    assert (row["revision"], row["synced"], row["deleted"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"category": " "}, "empty part"),
        ({"category": "Harbour >"}, "empty part"),
        ({"category": "x" * 257}, "257 characters; at most 256"),
        ({"note": "x" * 4097}, "4097 characters; at most 4096"),
        ({"ended_at": T0}, "does not end after"),
        ({"ended_at": T0 + 367 * DAY_MS}, "longer than a year"),
    ],
)
def test_what_is_out_of_bounds_is_refused_and_nothing_written(adapter, writer, change, said):
    with pytest.raises(EntryError, match=said):
        writer.add(replace(entry(0, 9), **change))
    assert adapter.models.Entry.select().count() == 0


@pytest.mark.parametrize("change", [{"category": ""}, {"note": "x" * 4097}, {"ended_at": T0}])
def test_the_file_itself_takes_nothing_else(adapter, writer, change):
    writer.add(entry(0, 9))
    with pytest.raises(peewee.IntegrityError):
        adapter.models.Entry.update(change).execute()


def test_an_overlap_is_refused_with_what_is_there_and_what_can_be_done(adapter, writer):
    for hour in range(5):
        writer.add(entry(hour * HOUR, (hour + 1) * HOUR, f"Harbour {hour}"))
    with pytest.raises(EntryOverlapError) as caught:
        writer.add(entry(HOUR // 2, 5 * HOUR))
    assert "2023-11-14 22:13\N{EN DASH}23:13 Harbour 0, " in str(caught.value)
    assert "Harbour 2, 2 more." in str(caught.value)
    assert "--cut" in caught.value.remedy
    assert "--replace" in caught.value.remedy
    assert len(spans(adapter)) == 5


def test_entries_that_only_touch_do_not_overlap(adapter, writer):
    writer.add(entry(10, 20, "b"))
    writer.add(entry(0, 10, "a"))
    writer.add(entry(20, 30, "c"))
    assert spans(adapter) == [("a", 0, 10), ("b", 10, 20), ("c", 20, 30)]


def test_a_cut_in_the_middle_leaves_both_ends_and_their_age(adapter, writer):
    old = entry(0, 90, "long", note="tides", billable=False)
    writer.add(old)
    later = replace(entry(30, 60, "new"), uid=new_uid(T0 + 5000))
    assert writer.add(later, on_overlap=OnOverlap.CUT) == (old,)
    assert spans(adapter) == [("long", 0, 30), ("new", 30, 60), ("long", 60, 90)]
    first, _new, rest = EntryQueries(adapter).between(T0, T0 + 90)
    assert first == replace(old, ended_at=T0 + 30)
    assert rest == replace(old, uid=rest.uid, started_at=T0 + 60)
    assert rest.uid[:13] == old.uid[:13]
    assert entries_of(adapter.path, "revision")[0] == (2,)


def test_replacing_deletes_all_of_what_overlaps(adapter, writer):
    writer.add(entry(0, 40, "a", note="tides"))
    writer.add(entry(40, 50, "b"))
    gone = writer.add(entry(30, 45, "new"), on_overlap=OnOverlap.REPLACE)
    assert [each.category for each in gone] == ["a", "b"]
    assert spans(adapter) == [("new", 30, 45)]
    columns = "category, note, deleted, revision, synced"
    assert entries_of(adapter.path, columns)[:2] == [("", "", 1, 2, 0)] * 2


def test_a_change_is_a_new_revision_and_none_changes_nothing(adapter, writer):
    made = entry(0, 10)
    writer.add(made)
    adapter.models.Entry.update(synced=1).execute()
    writer.change(made)
    assert entries_of(adapter.path, "revision, synced") == [(1, 1)]
    writer.change(replace(made, ended_at=T0 + 20, note="tides"))
    assert spans(adapter) == [("Harbour", 0, 20)]
    assert entries_of(adapter.path, "revision, synced, note") == [(2, 0, "tides")]


def test_a_change_may_overlap_where_it_was_itself_but_not_others(adapter, writer):
    made = entry(0, 10)
    writer.add(made)
    writer.add(entry(10, 20, "b"))
    writer.change(replace(made, started_at=T0 + 5))
    with pytest.raises(EntryOverlapError):
        writer.change(replace(made, ended_at=T0 + 15))
    writer.change(replace(made, ended_at=T0 + 15), on_overlap=OnOverlap.CUT)
    assert spans(adapter) == [("Harbour", 0, 15), ("b", 15, 20)]


def test_deleting_leaves_a_tombstone_without_texts_that_nothing_changes_again(adapter, writer):
    made = entry(0, 10, note="tides")
    writer.add(made)
    assert writer.delete(made.uid) == made
    assert entries_of(adapter.path, "category, note, deleted, revision") == [("", "", 1, 2)]
    for change in (lambda: writer.delete(made.uid), lambda: writer.change(made)):
        with pytest.raises(EntryError, match="There is no entry"):
            change()
    with pytest.raises(EntryError, match="There is no entry"):
        writer.delete("elsewhere")


# T0 is 22:13:20 of 2023-11-14.
EVENING, NIGHT, MORNING = (0, HOUR), (HOUR, 3 * HOUR), (2 * HOUR, 4 * HOUR)


def test_no_change_touches_a_closed_day_and_the_error_says_how_to_open_it(adapter, writer):
    evening, night, morning = entry(*EVENING), entry(*NIGHT), entry(3 * HOUR, 4 * HOUR)
    writer.add(evening, night, morning)
    before = spans(adapter)
    assert writer.close_day("2023-11-15")
    changes = [
        lambda: writer.add(entry(5 * HOUR, 6 * HOUR)),
        lambda: writer.add(entry(0, HOUR * 3 // 2), on_overlap=OnOverlap.REPLACE),
        lambda: writer.add(entry(2 * HOUR, 5 * HOUR), on_overlap=OnOverlap.CUT),
        lambda: writer.change(replace(morning, started_at=T0 - HOUR, ended_at=T0)),
        lambda: writer.change(replace(evening, ended_at=T0 + 9 * HOUR), on_overlap=OnOverlap.CUT),
        lambda: writer.change(replace(night, note="tides")),
        lambda: writer.delete(night.uid),
    ]
    for change in changes:
        with pytest.raises(ClosedDayError, match="2023-11-15 is closed") as caught:
            change()
        assert "entry open-day 2023-11-15" in caught.value.remedy
    assert spans(adapter) == before
    # What lies on the open day alone can be changed, also where it cuts what goes on.
    writer.add(entry(HOUR // 2, HOUR * 3 // 2, "new"), on_overlap=OnOverlap.CUT)
    assert writer.open_day("2023-11-15")
    changes[0]()
    changes[-1]()
    assert [name for name, _start, _end in spans(adapter)] == ["Harbour", "new", *["Harbour"] * 2]


def test_what_a_cut_takes_from_a_closed_day_by_the_others_clock_is_refused(writer):
    tokyo = replace(entry(0, HOUR), utc_offset_minutes=540)  # the morning of the 15th
    writer.add(tokyo)
    writer.close_day("2023-11-15")
    with pytest.raises(ClosedDayError):
        writer.add(entry(0, HOUR // 2), on_overlap=OnOverlap.CUT)


def test_a_day_is_closed_and_opened_once(adapter, writer):
    days = DayRange(FIRST_DAY, FIRST_DAY.replace(year=2027))
    assert writer.close_day("2026-11-23")
    assert not writer.close_day("2026-11-23")
    assert EntryQueries(adapter).closed_days(days) == ("2026-11-23",)
    assert writer.open_day("2026-11-23")
    assert not writer.open_day("2026-11-23")
    assert EntryQueries(adapter).closed_days(days) == ()


# --- any sequence ---

SPANS = st.tuples(st.integers(0, 40), st.integers(1, 20))
STEPS = st.one_of(
    st.tuples(st.just("add"), SPANS, st.sampled_from(OnOverlap)),
    st.tuples(st.just("change"), SPANS, st.sampled_from(OnOverlap)),
    st.tuples(st.just("delete"), SPANS, st.none()),
)


def sessions_of(path: Path) -> list[tuple]:
    return rows_of(path, where="1")


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_each_moment_has_the_entry_that_was_asked_for_last_and_sessions_stay(steps):
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "host").apply([Put(session(n, n + 7, f"{n}")) for n in (0, 9, 30)])
        before = sessions_of(adapter.path)
        person = Person(EntryWriter(adapter))
        for number, (what, (start, length), on_overlap) in enumerate(steps):
            known = EntryQueries(adapter).between(0, 2 * T0)
            chosen = known[start % len(known)] if known else None
            made = entry(start, start + length, f"made {number}")
            if what == "add":
                person.put(made, None, on_overlap)
            elif chosen and what == "change":
                person.put(replace(made, uid=chosen.uid), chosen, on_overlap)
            elif chosen:
                person.delete(chosen)
            found = EntryQueries(adapter).between(0, 2 * T0)
            assert all(a.ended_at <= b.started_at for a, b in pairwise(found))
            assert {ms: each.category for each in found for ms in moments(each)} == person.wanted
        assert sessions_of(adapter.path) == before


def moments(each: Entry) -> range:
    return range(each.started_at - T0, each.ended_at - T0)


class Person:
    """One who knows for each ms what it should be for."""

    def __init__(self, writer: EntryWriter) -> None:
        self.writer = writer
        self.wanted: dict[int, str] = {}

    def delete(self, gone: Entry) -> None:
        self.writer.delete(gone.uid)
        self._drop(gone)

    def put(self, made: Entry, before: Entry | None, on_overlap: OnOverlap) -> None:
        own = set(moments(before)) if before else set()
        overlaps = not own.issuperset(ms for ms in moments(made) if ms in self.wanted)
        write = self.writer.change if before else self.writer.add
        if overlaps and on_overlap is OnOverlap.REFUSE:
            with pytest.raises(EntryOverlapError):
                write(made, on_overlap=on_overlap)
            return
        gone = write(made, on_overlap=on_overlap)
        assert bool(gone) == overlaps
        if before:
            self._drop(before)
        if on_overlap is OnOverlap.REPLACE:
            for each in gone:
                self._drop(each)
        self.wanted |= dict.fromkeys(moments(made), made.category)

    def _drop(self, gone: Entry) -> None:
        for ms in moments(gone):
            self.wanted.pop(ms)


# --- a kill at any line ---

ROWS = [entry(0, 30, "a"), entry(30, 60, "b"), entry(60, 90, "c"), entry(200, 300, "d")]


def cut_and_change(folder: Path) -> None:
    with opened(folder / "local.db") as adapter:
        writer = EntryWriter(adapter)
        writer.add(entry(10, 20, "new"), on_overlap=OnOverlap.CUT)
        writer.add(entry(40, 70, "newer"), on_overlap=OnOverlap.REPLACE)
        first, *_others = EntryQueries(adapter).between(T0 + 200, T0 + 201)
        writer.change(replace(first, started_at=T0 + 250))
        writer.delete(first.uid)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(600)
@pytest.mark.long
def test_a_kill_at_any_line_leaves_all_of_a_change_or_none(tmp_path):
    template, steps = tmp_path / "template", tmp_path / "steps"
    with opened(template / "local.db") as adapter:
        SessionWriter(adapter, "host").apply([Put(session(0, 100))])
        EntryWriter(adapter).add(*ROWS)
    sessions = sessions_of(template / "local.db")
    start = [("a", 0, 30), ("b", 30, 60), ("c", 60, 90), ("d", 200, 300)]
    cut = [("a", 0, 10), ("new", 10, 20), ("a", 20, 30), *start[1:]]
    replaced = [*cut[:3], ("newer", 40, 70), start[3]]
    whole = [start, cut, replaced, [*replaced[:4], ("d", 250, 300)], replaced[:4]]
    seen = []
    for folder in killed_at_each_line(
        "tests.unit.test_entry_writer:cut_and_change",
        template,
        steps,
        "reprospective_tray.store.entries.entry_writer",
        "reprospective_tray.store.sqlite.rows.entry_rows",
    ):
        with opened(folder / "local.db") as adapter:
            seen.append(spans(adapter))
        assert sessions_of(folder / "local.db") == sessions
    assert all(each in whole for each in seen)
    assert [each for each, _again in groupby(seen)] == whole
