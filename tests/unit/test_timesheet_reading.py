"""What a sheet is made of, read from a file: also of days whose sessions retention has taken.

How it can fail: a day that retention has taken counts less, or twice; a sheet at the border of its
range takes or leaves time of an entry by another clock; a closed day is not known.
"""

from datetime import date

import pytest

from reprospective_tray.store.entries.entry_writer import EntryWriter
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import DAY_MS, Put
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.summary.figures.sources import Scope, Sources
from reprospective_tray.summary.timesheet.reading import read_sheet
from reprospective_tray.summary.timesheet.sheet import GROUPS
from tests.unit.sheet_values import CATEGORIES, MINUTE, MONDAY, entry
from tests.unit.stored import at, session
from tests.unit.test_archived_days import prune

SUNDAY = DayRange(date(2026, 11, 22), date(2026, 11, 22))


@pytest.fixture
def place(tmp_path):
    """A file with three hours of work, an entry over the second and half an hour more."""
    path = tmp_path / "data" / "local.db"
    adapter = SqliteAdapter(path)
    adapter.open()
    with adapter.connection():
        made = [
            session("2026-11-23T09:00:00+09:00", "2026-11-23T10:00:00+09:00", title="harbour"),
            session("2026-11-23T10:00:00+09:00", "2026-11-23T11:00:00+09:00"),
            session("2026-11-23T11:30:00+09:00", "2026-11-23T12:30:00+09:00", "Files"),
        ]
        SessionWriter(adapter, "desk").apply([Put(each) for each in made])
    yield adapter, Sources(lambda: SqliteAdapter(path, read_only=True))
    adapter.close()


def read(sources, days=MONDAY):
    return read_sheet(sources, Scope(), days, CATEGORIES, group=GROUPS[0])


def test_a_day_that_retention_has_taken_loses_nothing_and_is_named(place):
    adapter, sources = place
    with adapter.connection():
        EntryWriter(adapter).add(entry("10:00", "11:15"))
    whole = read(sources)
    assert whole.total_ms == (180 + 15) * MINUTE
    with adapter.connection():
        prune(adapter, at("2026-11-23T10:30:00+09:00") + DAY_MS)
        active = Queries(adapter).states(MONDAY).active_ms
    sheet = read(sources)
    assert sheet.origin.absent_days == ("2026-11-23",)
    manual = sum(part.manual_ms for part in sheet.parts)
    assert sheet.total_ms == active + manual
    assert sheet.uncategorised_ms == 60 * MINUTE
    assert sum(part.tracked_ms for part in sheet.parts) == 120 * MINUTE


def test_closed_days_are_those_of_the_file(place):
    adapter, sources = place
    with adapter.connection():
        EntryWriter(adapter).close_day("2026-11-23")
    assert read(sources).closed_days == ("2026-11-23",)
    assert read(sources, SUNDAY).closed_days == ()


def test_an_entry_by_another_clock_knows_what_was_recorded_under_it(place):
    adapter, sources = place
    # Sunday evening in Honolulu, while it was Monday on the clock of the sessions.
    late = entry("09:30", "11:15", uid="01a20b88-1f40-7c20-b6ab-548e4fa6926b")
    honolulu = type(late)(late.uid, late.started_at, late.ended_at, -600, late.category)
    with adapter.connection():
        EntryWriter(adapter).add(honolulu)
    sunday, monday = read(sources, SUNDAY), read(sources)
    assert [(p.tracked_ms, p.manual_ms) for p in sunday.parts] == [(0, 15 * MINUTE)]
    assert sum(part.manual_ms for part in monday.parts) == 0
    assert sum(part.tracked_ms for part in monday.parts) == 120 * MINUTE
