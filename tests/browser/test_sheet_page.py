"""The time sheet as a page: it is handed in on paper, so it has to print as it looks.

How it can fail: a week takes two pages, a column leaves the page, a figure differs from the JSON, a
note becomes markup, who cannot see it does not hear which column a figure is in.
"""

import os
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from reprospective_tray import messages
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.summary.figures.comparison import week_of
from reprospective_tray.summary.format_text import duration
from reprospective_tray.summary.timesheet.formats.as_html import render
from reprospective_tray.summary.timesheet.formats.as_json import as_object
from reprospective_tray.summary.timesheet.rounding import Rounding
from reprospective_tray.summary.timesheet.sheet import Rate, TimeSheet, build
from tests.browser.samples import CATEGORIES, DAY, HOSTILE, _work
from tests.browser.test_report_page import ROWS, pdf_text
from tests.unit.stored import at, stored

WEEK = week_of(DAY)
MADE = datetime(2026, 11, 29, 18, 24)  # noqa: DTZ001  by the clock on the wall
DASH = "\N{EN DASH}"
HARBOUR = "Customers > Harbour"
OUTSIDE = """
const page = document.documentElement, right = document.body.getBoundingClientRect().right;
return [...document.querySelectorAll("th, td, p, h1")]
    .filter(part => part.scrollWidth > part.clientWidth + 1 && part.clientWidth
        || part.getBoundingClientRect().right > Math.max(right, page.clientWidth))
    .map(part => part.textContent);
"""
WIDTH = "return document.documentElement.scrollWidth"


def entry(
    day: int, start: str, end: str, note: str, category: str = "Customers > Harbour"
) -> Entry:
    times = (at(f"2026-11-{day}T{text}:00+09:00") for text in (start, end))
    return Entry(f"{day}-{start}", *times, 540, category, note, start < "20")


@cache
def week() -> TimeSheet:
    """Return the sample week with some entries, rounded and priced."""
    entries = [
        entry(23, "14:00", "15:30", "Tide tables, 潮見表"),
        entry(24, "12:10", "12:55", "Meeting with the harbour office"),
        entry(25, "19:00", "19:45", ""),
        entry(26, "22:00", "23:30", "On call"),
    ]
    return build(
        WEEK,
        [stored(each) for each in _work(WEEK, 7)],
        entries,
        CATEGORIES,
        rounding=Rounding(15, up=True, per="day"),
        rate=Rate(Decimal(80), "EUR"),
        closed_days=("2026-11-23",),
    )


@pytest.fixture
def open_sheet(browser, tmp_path):
    """Return what opens a sheet; pictures are left where REPORT_PICTURES says."""

    def open_it(sheet: TimeSheet, width: int = 1000, scheme: str = "light"):
        page = tmp_path / "sheet.html"
        page.write_text(render(sheet, "A. Example", now=MADE), "utf-8")
        browser.show(width, 800, scheme=scheme)
        browser.open(page)
        if folder := os.environ.get("REPORT_PICTURES"):
            name = f"sheet-{messages.language()}-{width}-{scheme}.png"
            (Path(folder) / name).write_bytes(browser.picture())
        return browser

    return open_it


@pytest.mark.parametrize(("width", "scheme"), [(1000, "dark")])
def test_a_sheet_fits_asks_for_nothing_and_says_nothing(open_sheet, width, scheme):
    page = open_sheet(week(), width, scheme)
    assert page.run(OUTSIDE) == []
    assert [each for each in page.requests() if not each.endswith("/sheet.html")] == []
    assert page.logs("browser") == []


def test_on_a_telephone_the_tables_scroll_and_not_the_page(open_sheet):
    assert open_sheet(week(), 390).run(WIDTH) == 390


def test_a_week_is_printed_on_one_page_with_all_of_it(open_sheet, tmp_path):
    text = pdf_text(open_sheet(week(), 1000, "dark").pdf(), tmp_path)
    assert text.count("\f") == 1
    for words in ("A. Example", "23 \N{EN DASH} 29 November 2026", "Date, signature", "Approved"):
        assert words in text
    for each in week().rows:
        assert duration(each.rounded_ms) in text or not each.rounded_ms
    assert f"{week().amount:,}" in text
    assert "closed" in text
    assert "uncategorised" in text


@pytest.mark.usefixtures("japanese")
def test_a_week_in_japanese_is_one_page_too(open_sheet, tmp_path):
    page = open_sheet(week())
    assert page.run("return document.documentElement.lang") == "ja"
    assert page.run(OUTSIDE) == []
    text = pdf_text(page.pdf(), tmp_path)
    assert text.count("\f") == 1
    assert "作業時間表" in text


def test_the_figures_of_the_page_are_those_of_the_json(open_sheet):
    page, facts = open_sheet(week()), as_object(week())
    rows = page.run(ROWS, "tbody tr:not(.part):not(.rest):not(.sum):not(.total)", "td")
    assert [row[3:] for row in rows] == [
        [
            duration(round(each["rounded_seconds"] * 1000))
            if each["rounded_seconds"]
            else "\u2013",
            f"{each['amount']:,.2f}" if each["amount"] else "\u2013",
        ]
        for each in facts["rows"]
    ]


def test_who_cannot_see_the_page_hears_day_and_column_of_a_figure(open_sheet):
    tree = open_sheet(week()).devtools("Accessibility.getFullAXTree")["nodes"]
    roles = [(n["role"]["value"], n.get("name", {}).get("value")) for n in tree if "role" in n]
    tables = [name for role, name in roles if role == "table"]
    assert len(tables) == 6
    assert tables[0].startswith("Mon, 23 Nov")
    heads = [name for role, name in roles if role == "columnheader"]
    assert heads == ["What", "Measured", "Manual", "Total", "Rounded", "80 EUR / h"] * 6
    assert sum(role == "rowheader" for role, _name in roles) > len(week().rows)


def test_no_note_becomes_markup(open_sheet):
    notes = [note for note in HOSTILE if note]
    entries = [
        entry(23, f"{8 + n:02}:00", f"{8 + n:02}:30", note, note[:100])
        for n, note in enumerate(notes)
    ]
    page = open_sheet(build(WEEK, [], entries, CATEGORIES))
    assert page.run("return document.querySelectorAll('script, img, h1').length") == 1
    assert page.run("return document.title").startswith("Time sheet")
    assert page.run(OUTSIDE) == []
