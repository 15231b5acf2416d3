"""A time sheet is the same from the file and from the server, and after retention.

How it can fail: sessions or entries of the server are left out, counted twice or not cut; a day
whose sessions have left this computer loses the time under its entries.
"""

import pytest
from msgspec.structs import replace

from reprospective_tray.store.entries.entry_writer import EntryWriter
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import DAY_MS, Put
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.summary.figures.report import Origin
from reprospective_tray.summary.figures.sources import SERVER, Scope, Sources
from reprospective_tray.summary.timesheet.reading import read_sheet
from reprospective_tray.summary.timesheet.sheet import GROUPS
from tests.server.central import central_on
from tests.server.test_details import Desk
from tests.unit.sheet_values import CATEGORIES, MINUTE, TWO_DAYS, entry
from tests.unit.stored import at, session
from tests.unit.test_archived_days import prune

MONDAY = "2026-11-23T{}:00+09:00"


@pytest.fixture
def desk(postgres, tmp_path):
    """A computer with sessions and an entry, all of them on the server."""
    with central_on(postgres) as place:
        made = Desk(place, tmp_path)
        with made.file.opened() as adapter:
            writer = SessionWriter(adapter, "desk")
            for start, end, title in (
                ("09:00", "10:00", "harbour"),
                ("10:00", "11:00", "else"),
                ("23:00", "23:59", "late"),
            ):
                writer.apply([Put(session(MONDAY.format(start), MONDAY.format(end), title=title))])
            EntryWriter(adapter).add(entry("10:30", "11:30", note="call"))
            EntryWriter(adapter).close_day("2026-11-23")
        made.sync()
        made.sync()
        yield made


def sheet(desk, source="local", days: DayRange = TWO_DAYS):
    path = desk.file.path
    sources = Sources(lambda: SqliteAdapter(path, read_only=True), lambda: desk.server)
    found = read_sheet(sources, Scope(source), days, CATEGORIES, group=GROUPS[0])
    return replace(found, origin=Origin()), found.origin


def test_the_server_tells_the_same_as_the_file(desk):
    found, _origin = sheet(desk)
    assert found.total_ms == (60 + 60 + 59 + 30) * MINUTE
    assert found.closed_days == ("2026-11-23",)
    assert sheet(desk, SERVER)[0] == found


def test_what_retention_has_taken_comes_from_the_server(desk):
    before, _origin = sheet(desk)
    with desk.file.opened() as adapter:
        prune(adapter, at(MONDAY.format("12:00")) + DAY_MS)
    after, origin = sheet(desk)
    assert origin.server_days
    assert after == before
    assert after.total_ms == 209 * MINUTE
