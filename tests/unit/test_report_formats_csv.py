"""The report as a table for a spreadsheet: it adds up, and nothing in it runs."""

import csv
import io
import itertools
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put, clean
from reprospective_tray.store.model.totals import ApplicationDay
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.summary.figures import report as reports
from reprospective_tray.summary.formats.as_csv import COLUMNS, render
from tests.unit.report_values import CATEGORIES, DAY, MINUTE, a_report, application, empty, named
from tests.unit.stored import fresh_adapter, session, timelines

NAMES = st.text().map(clean)
MONTH = DayRange(DAY.replace(month=3, day=20), DAY.replace(month=4, day=19))
YEAR = DayRange(DAY.replace(month=1, day=1), DAY.replace(month=12, day=31))


def rows_of(report):
    text = render(report, CATEGORIES)
    assert text.startswith("\ufeff")
    head, *rows = csv.reader(io.StringIO(text[1:], newline=""))
    assert tuple(head) == COLUMNS
    return rows


def seconds(rows):
    return sum(Decimal(row[-1]) for row in rows)


def test_a_row_is_a_title_on_a_day_with_its_category():
    assert rows_of(a_report()) == [
        ["2026-11-23", "Code", "sessionizer.py", "Work > Coding", "true", "19200.0"],
        ["2026-11-23", "Firefox", "PostgreSQL 18", "Reading & research", "", "5460.0"],
        ["2026-11-23", "Code", "a|b_c.py", "Work > Coding", "true", "4620.0"],
    ]


def test_titles_that_were_not_asked_for_are_added_up_without_a_name():
    one = a_report(applications=(application("Code", 397, ("sessionizer.py", 320)),))
    found = [row[1:3] for row in rows_of(one)]
    assert found == [["Code", "sessionizer.py"], ["Firefox", ""], ["Code", ""]]
    assert seconds(rows_of(one)) == 488 * 60


def test_days_whose_titles_were_not_read_have_their_applications():
    days = (ApplicationDay("2026-11-22", "Code", 5 * MINUTE + 1),)
    rows = rows_of(replace(a_report(), application_days=days))
    assert rows[0] == ["2026-11-22", "Code", "", "Work > Coding", "true", "300.001"]


def test_nothing_recorded_is_a_head_alone():
    assert rows_of(empty()) == []
    assert render(empty(), CATEGORIES).endswith("seconds\r\n")


@settings(max_examples=25)
@given(made=timelines())
def test_the_rows_add_up_to_the_active_time_to_the_millisecond(made):
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in made])
        for days, titles in itertools.product((MONTH, YEAR), (None, 0, 1)):
            report = reports.build(Queries(adapter), days, titles=titles, categories=CATEGORIES)
            assert seconds(rows_of(report)) * 1000 == report.states.active_ms


@given(st.lists(st.tuples(NAMES, NAMES), max_size=5, unique=True))
@example([("'=", "''=1"), ("=", "'")])
def test_every_name_comes_back_as_it_was_and_none_begins_a_formula(names):
    found = [tuple(row[1:3]) for row in rows_of(named(names))]
    assert sorted(tuple(map(unguarded, pair)) for pair in found) == sorted(names)


def unguarded(cell):
    starts = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
    assert not cell.startswith(starts)
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(starts) else cell


def test_lines_end_as_rfc_4180_has_it():
    text = render(named([("a\rb", "c\nd")]), CATEGORIES)
    assert text.endswith('2026-11-23,"a\rb","c\nd",Other,,60.0\r\n')


def test_one_title_on_two_days_is_two_rows():
    made = [session(f"2026-03-{day}T09:00:00Z", f"2026-03-{day}T10:00:00Z") for day in (28, 29)]
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in made])
        report = reports.build(Queries(adapter), MONTH, categories=CATEGORIES)
    assert [row[0] for row in rows_of(report)] == ["2026-03-28", "2026-03-29"]
