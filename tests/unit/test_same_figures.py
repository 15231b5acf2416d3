"""One day or week has the same figures in the window, as HTML, as text and as Markdown."""

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import DAY_MS, Put, Session, State
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.summary.figures import report as reports
from reprospective_tray.summary.figures.filtered import narrowed
from reprospective_tray.summary.figures.search import Search
from reprospective_tray.summary.formats import as_html, as_markdown, as_text
from reprospective_tray.summary.view_model import period_view
from tests.unit.report_values import CATEGORIES, DAY, ONE_DAY
from tests.unit.stored import fresh_adapter
from tests.unit.test_report_formats_html import Page
from tests.unit.test_report_formats_markdown import cells

WEEK = DayRange(DAY, DAY + timedelta(days=6))
HOUR = 3_600_000
TIME = re.compile(r"(?:(\d+) h )?(?:(\d+) m ?)?(?:(\d+) s)?$")
# What each window is categorised as, by the built-in rules.
WINDOWS = {
    ("Code", "a.py"): "Work > Coding",
    ("Code", "b.py"): "Work > Coding",
    ("Slack", "#release"): "Work > Communication",
    ("Firefox", "PostgreSQL"): "Reading & research",
    ("Steam", "a game"): "Leisure > Games",
    ("Unheard-of", "x"): "Other",
}


def seconds(text):
    """Return what a figure says; of ``<1 m`` nothing."""
    if text.startswith("<1"):
        return 0
    hours, minutes, rest = (int(part or 0) for part in TIME.match(text).groups())
    return 3600 * hours + 60 * minutes + rest


def read(made, days, search=""):
    """Return report, sessions and view of what was recorded."""
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in made])
        queries = Queries(adapter)
        report = reports.build(queries, days, categories=CATEGORIES)
        sessions = queries.sessions(days)
    report, found = narrowed(report, sessions, Search(search), CATEGORIES)
    return report, found, period_view(report, found, CATEGORIES, newest=99, among=sessions)


def recorded(lengths):
    """Return sessions of these ms, one after another in each window's turn, day after day."""
    names = list(WINDOWS)
    return [
        active(
            number, *names[number % len(names)], number % 6 * 4 * HOUR + number // 6 * DAY_MS, ms
        )
        for number, ms in enumerate(lengths)
    ]


def active(number, name, title, after, ms):
    begin = ONE_DAY.begin + after
    return Session(
        f"{number:032}", State.ACTIVE, name, title, None, begin, begin + ms, 0, open=False
    )


def lines(text, heading):
    """Return name and time of the lines of a text report below a heading."""
    _before, _heading, after = text.partition(f"\n{heading}\n")
    found = re.findall(
        r"^( *\S.*?) +[█▏▎▍▌▋▊▉]* +(\S.*)$", after.partition("\n\n")[0], re.MULTILINE
    )
    return [(name.strip(), time) for name, time in found]


def table(markdown, heading):
    part = markdown.partition(f"### {heading}\n")[2].partition("###")[0]
    columns = part.count("---:") + 1
    found = cells(part)
    return list(zip(found[::columns], found[1::columns], strict=True))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4 * HOUR), min_size=1, max_size=6))
def test_a_day_is_the_same_and_adds_up_everywhere(lengths):
    report, sessions, view = read(recorded(lengths), ONE_DAY)
    if report.is_empty or not report.states.active_ms:
        return
    whole = view.cards[0].figure
    text, markdown = as_text.render(report), as_markdown.render(report)
    page = Page(as_html.render(report, sessions, CATEGORIES))
    assert page.texts["figure"][0] == whole
    assert re.search(r"Active +(.+?)(  |$)", text, re.MULTILINE)[1] == whole
    assert markdown.split("**")[1].replace("\\", "") == whole

    bars = [(bar.name, bar.time) for bar in view.bars]
    assert sum(seconds(time) for _name, time in bars) == seconds(whole)
    shown = lines(text, "Applications")
    assert [line for line in shown if line[0] in {name for name, _time in bars}] == bars
    assert table(markdown, "Applications") == bars
    assert page.texts["row"] == [name + time for name, time in bars]

    for bar in view.bars:
        assert sum(seconds(each.time) for each in bar.titles) == seconds(bar.time)
        for each in bar.titles:
            assert (each.title, each.time) in shown
            assert f"{each.title} \N{EM DASH} {each.time}" in markdown.replace("\\", "")
            assert each.title + each.time in page.texts["li"]

    assert sum(seconds(entry.time) for entry in view.legend) == seconds(whole)
    assert sum(seconds(time) for _name, time in top(table(markdown, "Categories"))) == (
        seconds(whole)
    )
    of_paths = dict(table(markdown, "Categories"))
    for entry in view.legend:
        path = next(name for name in WINDOWS.values() if name.endswith(entry.label))
        assert of_paths[path] == entry.time
        rows = [row for row in page.texts["tr"] if row.startswith((entry.label, path))]
        assert any(entry.time in row for row in rows)
        of_text = lines(text, "Categories")
        assert (entry.label, entry.time) in of_text or (path, entry.time) in of_text


def top(rows):
    """Return the rows that no other row is the subtotal of."""
    paths = {name for name, _time in rows}
    return [row for row in rows if row[0].rpartition(" > ")[0] not in paths]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4 * HOUR), min_size=13, max_size=42))
def test_a_week_is_the_same_and_adds_up_everywhere(lengths):
    report, _sessions, view = read(recorded(lengths), WEEK)
    if not report.states.active_ms:
        return
    whole = seconds(view.cards[0].figure)
    times = [bar.time for bar in view.day_bars if bar.time]
    assert sum(map(seconds, times)) == whole
    assert [time for _day, time in lines(as_text.render(report), "Days")] == times
    assert [time for _day, time in table(as_markdown.render(report), "Days")] == times
    page = Page(as_html.render(report, [], CATEGORIES))
    assert [time for time in page.texts["above"] if time] == times
    assert re.findall(r", \d+ Nov(.+?)\d\d:", "\n".join(page.texts["tr"])) == times
    for bar, row in zip(view.day_bars, view.heat, strict=True):
        assert sum(seconds(time) for time in row.times if time) == seconds(bar.time or "0 s")


def test_the_parts_that_were_cut_off_are_there_again():
    """The three of the issue: 2 m + 2 m + 45 s were 5 m."""
    report, _sessions, view = read(recorded([140_400, 0, 140_300, 44_600]), ONE_DAY)
    assert view.cards[0].figure == "5 m 25 s"
    assert [bar.time for bar in view.bars] == ["2 m 20 s", "2 m 20 s", "45 s"]
    report, _sessions, view = read(recorded([3 * HOUR + 119_000] * 3), ONE_DAY)
    assert view.cards[0].figure == "9 h 06 m"
    assert sum(seconds(bar.time) for bar in view.bars) == 9 * 3600 + 6 * 60
    assert "6 h 04 m productive (67 %)" in as_text.render(report)


@pytest.mark.parametrize("count", [16, 40])
def test_the_rest_of_a_cut_list_is_the_time_that_is_missing(count):
    made = [
        active(n, f"a{n // 12:02}", f"t{n % 12}", n * 30_000, 25_000 + n) for n in range(12 * count)
    ]
    report, sessions, view = read(made, ONE_DAY)
    whole = seconds(view.cards[0].figure)
    text, markdown = as_text.render(report), as_markdown.render(report)
    more = re.search(rf"and {count - 15} more, (.*)$", text, re.MULTILINE)[1]
    shown = [time for name, time in lines(text, "Applications") if name.startswith("a")]
    assert len(shown) == 15
    assert sum(map(seconds, shown)) + seconds(more) == whole
    rows = table(markdown, "Applications")
    assert rows[-1] == (f"{count - 15} more", more)
    assert sum(seconds(time) for _name, time in rows) == whole
    page = Page(as_html.render(report, sessions, CATEGORIES))
    of_first = re.findall(r"(\d+ more|t\d+)(<1 m|[\d hms]+ [hms])", page.texts["titles"][0])
    assert len(of_first) == 11
    assert sum(seconds(time) for _name, time in of_first) == seconds(view.bars[0].time)
