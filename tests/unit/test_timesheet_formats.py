"""The time sheet in its formats: the same figures in each, and nothing in it steers what reads it.

How it can fail: minutes shown do not add up; a note breaks a line, a cell, a table or a calendar;
a figure is missing from one format; what is uncategorised or closed is not said.
"""

import csv
import io
import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray import clean_text
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import clean
from reprospective_tray.summary.figures.report import Origin
from reprospective_tray.summary.format_text import columns
from reprospective_tray.summary.timesheet.formats import (
    as_csv,
    as_html,
    as_ics,
    as_json,
    as_markdown,
    as_text,
    import_shapes,
)
from reprospective_tray.summary.timesheet.rounding import Rounding
from reprospective_tray.summary.timesheet.sheet import build
from reprospective_tray.summary.timesheet.shown import show
from tests.unit.sheet_values import (
    CATEGORIES,
    MINUTE,
    MONDAY,
    entries,
    entry,
    groups,
    monday_and_tuesday,
    roundings,
    work,
)
from tests.unit.stored import FIRST_DAY, stored, timelines

DAYS = DayRange(FIRST_DAY, FIRST_DAY)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ANNA = import_shapes.Person("Anna Maria Example", "anna@example.com")
NOTES = st.one_of(
    st.text(max_size=120),
    st.sampled_from(["=cmd|' /C calc'!A0", "a;b,c\\n\r\nEND:VEVENT", "|x|", "<b>", "潮" * 90]),
).map(clean)
DASH = "\N{EN DASH}"
TEXT = """\
Time sheet
23 ~ 24 November 2026 · rounded up per day to 15 m
A. Example

What                            Measured  Manual     Total   Rounded  80 EUR / h

Mon, 23 Nov (closed)
Customers > Harbour             2 h 12 m       ~  2 h 12 m  2 h 15 m      180.00
Leisure (not billable)              30 m       ~      30 m      30 m           ~
Total                           2 h 42 m       ~  2 h 42 m  2 h 45 m      180.00
Uncategorised                        8 m

Tue, 24 Nov (closed)
Customers > Harbour             1 h 56 m    45 m  2 h 41 m  2 h 45 m      220.00
  12:10 ~ 12:55 Meeting with           ~    45 m
  the harbour office
  Code                          1 h 56 m       ~
Uncategorised                        6 m

All
Total                           4 h 38 m    45 m  5 h 23 m  5 h 30 m      400.00
Uncategorised                       14 m

14 m of active time is uncategorised and not in the rows.

All 2 days are closed.
"""


def cells(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def events(text):
    """Read a calendar as RFC 5545 has it: unfold, then names and values of each event."""
    assert text.endswith("\r\n")
    lines = text.removesuffix("\r\n").split("\r\n")
    assert all(len(line.encode()) <= 75 and "\n" not in line for line in lines)
    unfolded = re.sub("\r\n ", "", "\r\n".join(lines)).split("\r\n")
    assert unfolded[0], unfolded[-1] == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    found = []
    for line in unfolded:
        name, _colon, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found and name != "END":
            assert name not in found[-1]
            found[-1][name] = value
    return found


def unescaped(value):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)


def test_the_text_of_a_sheet():
    assert as_text.render(monday_and_tuesday(), "A. Example") == TEXT.replace("~", DASH)


def test_the_object_of_a_sheet():
    found = as_json.as_object(monday_and_tuesday())
    assert found["rows"][-1] == {
        "day": "2026-11-24",
        "category": "Customers > Harbour",
        "seconds": 9660.0,
        "tracked_seconds": 6960.0,
        "manual_seconds": 2700.0,
        "rounded_seconds": 9900.0,
        "billable": True,
        "amount": 220.0,
        "notes": ["Meeting with the harbour office"],
    }
    assert {key: value for key, value in found.items() if key != "rows"} == {
        "from": "2026-11-23",
        "to": "2026-11-24",
        "round": "15m:up",
        "per": "day",
        "rate": 80.0,
        "currency": "EUR",
        "uncategorised_seconds": 840.0,
        "total_seconds": 20220.0,
        "closed_days": ["2026-11-23", "2026-11-24"],
    }


def test_the_table_of_a_sheet_has_all_of_it():
    text = as_csv.render(monday_and_tuesday())
    assert text.startswith("\ufeff")
    head, *rows = cells(text[1:])
    assert tuple(head) == as_csv.COLUMNS
    assert rows[-3:] == [
        [
            *("2026-11-24", "Customers > Harbour", "true", "9660.0", "6960.0", "2700.0"),
            *("9900.0", "220.00", "EUR", "Meeting with the harbour office"),
        ],
        ["2026-11-23", "Other", "false", "480.0", "480.0", "0.0", "", "", "", ""],
        ["2026-11-24", "Other", "false", "360.0", "360.0", "0.0", "", "", "", ""],
    ]
    assert sum(Decimal(row[3]) for row in rows) == 20220


def test_markdown_has_a_table_for_each_day_and_the_totals():
    text = as_markdown.render(monday_and_tuesday(), "A. Example")
    assert "### Mon, 23 Nov (closed)" in text
    text = text.replace(DASH, "~")
    assert "| Customers > Harbour | 2 h 12 m | ~ | 2 h 12 m | 2 h 15 m | 180.00 |" in text
    assert "| *12:10 ~ 12:55 Meeting with the harbour office* | ~ | 45 m |  |  |  |" in text
    assert "| **Total** | 4 h 38 m | 45 m | 5 h 23 m | 5 h 30 m | 400.00 |" in text


@pytest.mark.parametrize(
    ("service", "head", "line"),
    [
        (
            "toggl",
            "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,Duration",
            (
                "Anna Maria Example,anna@example.com,Customers,Harbour,,"
                "Meeting with the harbour office,Yes,2026-11-24,12:10:00,00:45:00"
            ),
        ),
        (
            "clockify",
            (
                "Project,Client,Description,Task,Email,Tags,Billable,Start Date,Start Time,"
                "Duration (h)"
            ),
            (
                "Harbour,Customers,Meeting with the harbour office,,anna@example.com,,Yes,"
                "11/24/2026,12:10:00 PM,00:45:00"
            ),
        ),
        (
            "kimai",
            (
                "Date,From,To,Duration,Rate,User,Email,Customer,Project,Activity,Description,Exported,"
                "Tags,HourlyRate,Billable"
            ),
            (
                "2026-11-24,12:10:00,12:55:00,2700,,Anna Maria Example,anna@example.com,Customers,"
                "Harbour,Harbour,Meeting with the harbour office,0,,80,1"
            ),
        ),
        (
            "harvest",
            "Date,Client,Project,Task,Notes,Hours,First name,Last name",
            (
                "2026-11-24,Customers,Harbour,Harbour,Meeting with the harbour office,0.75,"
                "Anna Maria,Example"
            ),
        ),
    ],
)
def test_each_service_gets_its_columns(service, head, line):
    text = import_shapes.render(monday_and_tuesday(rounding=None), service, ANNA)
    found = text.split("\r\n")
    assert (found[0], len(found)) == (head, 6)
    assert line in found


@given(timelines(), entries(), st.none() | roundings)
@settings(max_examples=40)
def test_the_lines_for_a_service_add_up_to_the_sheet(made, found, rounding):
    sheet = build(DAYS, map(stored, made), found, CATEGORIES, rounding=rounding)
    _head, *lines = cells(import_shapes.render(sheet, "kimai", ANNA))
    assert sum(int(line[3]) for line in lines) == sheet.rounded_ms // 1000


def test_a_calendar_has_entries_at_their_time_and_the_rest_by_day():
    found = events(as_ics.render(monday_and_tuesday(), now=NOW))
    assert [(each.get("DTSTART"), each["SUMMARY"]) for each in found] == [
        ("20261124T031000Z", "Customers > Harbour"),
        (None, "Customers > Harbour: 2:12:00"),
        (None, "Leisure: 0:30:00"),
        (None, "Customers > Harbour: 1:56:00"),
        (None, "Uncategorised: 0:08:00"),
        (None, "Uncategorised: 0:06:00"),
    ]
    assert found[0]["DTEND"] == "20261124T035500Z"
    assert (found[1]["DTSTART;VALUE=DATE"], found[1]["DTEND;VALUE=DATE"]) == (
        "20261123",
        "20261124",
    )
    assert len({each["UID"] for each in found}) == len(found)
    assert {each["DTSTAMP"] for each in found} == {"20261129T120000Z"}


def test_the_same_events_have_the_same_uids_each_time():
    one = entry("12:00", "12:30", uid="01a20b88-1f40-7c20-b6ab-548e4fa6926b")
    first, second = (
        events(as_ics.render(build(MONDAY, sessions, [one], CATEGORIES), now=NOW))
        for sessions in ([work("09:00", "10:00")], [work("09:00", "11:00")])
    )
    assert [each["UID"] for each in first] == [each["UID"] for each in second]
    assert first[0]["UID"] == f"{one.uid}@reprospective-tray"


@given(NOTES)
def test_no_note_breaks_a_calendar_or_a_table(note):
    sheet = build(MONDAY, [], [entry("12:00", "12:30", note=note)], CATEGORIES)
    (event,) = events(as_ics.render(sheet, now=NOW))
    shown = unescaped(event.get("DESCRIPTION", ""))
    assert "".join(shown.split()) == "".join(_printed(note).split())
    (row,) = cells(as_csv.render(sheet)[1:])[1:]
    assert not row[-1].startswith(("=", "+", "-", "@"))
    tables = [line for line in as_markdown.render(sheet, "A").split("\n") if line.startswith("|")]
    assert len(tables) == 7
    html = as_html.render(sheet, "A", now=NOW)
    assert html.count("<b>") == 0
    assert json.loads(json.dumps(as_json.as_object(sheet)))["rows"][0]["notes"] == [note] * bool(
        note
    )


def _printed(note):
    return clean_text.lines(note).replace("\r", "")


@given(timelines(), entries(), roundings, groups, st.integers(40, 120))
@settings(max_examples=60)
def test_minutes_shown_add_up_and_no_line_is_wider_than_the_terminal(
    made, found, rounding, group, width
):
    sheet = build(DAYS, map(stored, made), found, CATEGORIES, group=group, rounding=rounding)
    shown = show(sheet)
    rows = [row for section in shown.sections for row in section.rows]
    assert shown.total.tracked == sum(row.figures.tracked for row in rows)
    assert shown.total.manual == sum(row.figures.manual for row in rows)
    assert shown.total.rounded == sum(row.figures.rounded for row in rows)
    for row in rows:
        for each in (row.figures, *(line.figures for line in row.lines)):
            assert abs(each.tracked - each.exact_tracked) < MINUTE
            assert abs(each.manual - each.exact_manual) < MINUTE
        if row.lines:
            assert sum(line.figures.tracked for line in row.lines) == row.figures.tracked
            assert sum(line.figures.manual for line in row.lines) == row.figures.manual
    if width >= 80:
        lines = as_text.render(sheet, "A. Example", width=width).splitlines()
        assert max(map(columns, lines)) <= width


def test_days_whose_sessions_are_gone_are_said():
    sheet = build(
        MONDAY,
        [],
        [],
        CATEGORIES,
        origin=Origin(absent_days=("2026-11-23",), problem="no network."),
    )
    text = as_text.render(sheet, "")
    assert "Sessions of 1 day are only on the server: no network." in text
    assert as_json.as_object(sheet)["sessions_missing"] == ["2026-11-23"]


@pytest.mark.parametrize(
    ("group", "headings", "names"),
    [
        (("day", "category"), ["Mon, 23 Nov", "Tue, 24 Nov"], ["Customers > Harbour", "Leisure"]),
        (("category", "day"), ["Customers > Harbour", "Leisure"], ["Mon, 23 Nov", "Tue, 24 Nov"]),
        (("category",), [""], ["Customers > Harbour", "Leisure"]),
        (("day",), [""], ["Mon, 23 Nov", "Mon, 23 Nov"]),
    ],
)
def test_rows_are_grouped_as_asked_for(group, headings, names):
    sheet = monday_and_tuesday(group=group, closed_days=(), rounding=Rounding(6))
    shown = show(sheet)
    assert [section.heading for section in shown.sections] == headings
    assert [row.label for row in shown.sections[0].rows][:2] == names
    assert sheet.total_ms == 337 * MINUTE
