"""A filtered report has what the search finds, and says so in every format that has text."""

import csv
import io
import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put, State
from reprospective_tray.store.model.totals import ApplicationDay
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.summary.figures import report as reports
from reprospective_tray.summary.figures.filtered import narrowed
from reprospective_tray.summary.figures.report import Filter, Origin
from reprospective_tray.summary.figures.search import Search
from reprospective_tray.summary.formats import as_text
from reprospective_tray.summary.formats.saving import FORMATS, file_name
from tests.unit.report_values import CATEGORIES, DAY, MINUTE, a_report
from tests.unit.stored import FIRST_DAY, fresh_adapter, timelines
from tests.unit.test_report import ONE_DAY, SESSIONS

DAYS = DayRange(FIRST_DAY, FIRST_DAY + timedelta(days=9))


def read(sessions, days):
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in sessions])
        queries = Queries(adapter)
        return reports.build(queries, days, categories=CATEGORIES), queries.sessions(days)


def harbour(*sessions, search="Harbour"):
    return narrowed(*read(sessions or SESSIONS, ONE_DAY), Search(search), CATEGORIES)


@settings(max_examples=60, deadline=None)
@given(made=timelines(), search=st.sampled_from(["code", "a", "B code", "端末", "none"]))
def test_it_is_the_report_of_a_person_who_recorded_nothing_else(made, search):
    report, sessions = read(made, DAYS)
    found, of_found = narrowed(report, sessions, Search(search), CATEGORIES)
    only = [each for each in made if each.state is State.ACTIVE and Search(search).finds(
        each.application_name, each.window_title)]  # fmt: skip
    wanted, of_wanted = read(only, DAYS)
    assert [each.uid for each in of_found] == [each.uid for each in of_wanted]
    assert found.filter == Filter(search, report.states.active_ms)
    assert replace(found, filter=None, hosts=()) == replace(wanted, hosts=(), comparison=None)


def test_without_words_it_is_the_whole_one():
    report, sessions = read(SESSIONS, ONE_DAY)
    assert narrowed(report, sessions, Search("  "), CATEGORIES) == (report, sessions)


def test_days_without_titles_are_searched_by_application_and_keep_their_edges():
    away = ApplicationDay("2026-11-23", "Code", 5 * MINUTE)
    report = a_report(
        day_titles=(),
        application_days=(away, ApplicationDay("2026-11-23", "Firefox", 3 * MINUTE)),
        origin=Origin(absent_days=("2026-11-23",), problem="no server."),
    )
    found, _sessions = narrowed(report, [], Search("code"), CATEGORIES)
    assert [(each.name, each.ms) for each in found.applications] == [("Code", 5 * MINUTE)]
    assert found.days == (replace(report.days[0], active_ms=5 * MINUTE),)


def rendered(name, search):
    report, sessions = harbour(search=search)
    if name == "text":
        return as_text.render(report)
    return FORMATS[name].render(report, sessions, CATEGORIES)


@pytest.mark.parametrize("name", ["text", "html", "markdown"])
def test_every_format_with_text_says_what_it_is_filtered_by_and_has_nothing_else(name):
    text = rendered(name, "CODE  b.py")
    assert "Filtered by: CODE b.py" in text.replace("\\", "")
    assert "b.py" in text
    assert "of 1 h 50 m" in text
    for other in ("a.py", "ターミナル", "終了コード", "Idle", "0 s idle"):
        assert other not in text


@pytest.mark.parametrize("name", ["text", "html", "markdown"])
def test_a_filter_that_finds_nothing_says_so_and_not_that_nothing_was_recorded(name):
    text = rendered(name, "nothing like it")
    assert "Filtered by: nothing like it" in text
    assert "Nothing matches the filter." in text
    assert "recorded" not in text


def test_a_table_and_an_object_have_the_rows_that_were_found_in_their_own_shape():
    rows = list(csv.reader(io.StringIO(rendered("csv", "b.py")[1:])))
    assert [row[1:3] for row in rows] == [["application", "title"], ["Code", "b.py"]]
    found = json.loads(rendered("json", "b.py"))
    assert found["filter"] == "b.py"
    assert found["active_seconds"] == 300
    assert [each["application_name"] for each in found["applications"]] == ["Code"]
    whole = json.loads(FORMATS["json"].render(*read(SESSIONS, ONE_DAY), CATEGORIES))
    assert "filter" not in whole


def test_the_name_of_the_file_says_that_it_is_not_the_whole():
    report, _sessions = harbour(search="b.py")
    assert file_name(report, FORMATS["csv"]) == "reprospective-2026-03-30-filtered.csv"
    assert file_name(a_report(), FORMATS["csv"]) == f"reprospective-{DAY}.csv"


@pytest.mark.parametrize("name", ["text", "html", "markdown"])
def test_the_words_of_a_filter_are_no_markup_and_steer_no_terminal(name):
    report, sessions = harbour(search="b.py")
    evil = replace(report, filter=Filter("<b>*x*\x1b[2J", 1))
    made = (
        as_text.render(evil) if name == "text" else FORMATS[name].render(evil, sessions, CATEGORIES)
    )
    assert "\x1b" not in made
    assert {"text": "<b>*x* [2J", "html": "&lt;b&gt;*x*", "markdown": r"\<b>\*x\*"}[name] in made
