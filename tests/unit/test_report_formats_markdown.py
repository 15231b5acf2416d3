"""The report as Markdown: a parser reads the names as they are, whatever they have in them."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import clean
from reprospective_tray.summary.figures.report import Origin
from reprospective_tray.summary.format_text import application_label, title_label
from reprospective_tray.summary.formats.as_markdown import escaped, render
from tests.unit.report_values import a_day, a_report, application, empty, long_range, named

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKUP = st.text(st.sampled_from("\\`*_[](){}<>|~&#$=^%+-.:!'\" a1;"), max_size=12)
NAMES = st.one_of(st.text(max_size=30), MARKUP).map(clean)


def blocks(text):
    """Return (kind of the block, its text) for all text that a parser finds."""
    found, kinds = [], []
    for token in PARSER.parse(text):
        if token.type == "inline":
            found.append((kinds[-1], shown(token)))
        elif token.nesting == 1:
            kinds.append(token.tag)
        elif token.nesting == -1:
            kinds.pop()
        else:
            found.append((token.type, token.content))
    return found


def shown(token):
    assert {child.type for child in token.children} <= {"text", "strong_open", "strong_close"}
    return "".join(child.content for child in token.children)


def cells(text, kind="td"):
    return [content for tag, content in blocks(text) if tag == kind]


def test_a_day_has_heading_figures_tables_and_titles():
    text = render(a_report())
    kinds = [kind for kind, _text in blocks(text)]
    assert set(kinds) == {"h2", "h3", "p", "th", "td"}
    assert blocks(text)[0] == ("h2", "Monday, 23 November 2026")
    assert blocks(text)[1][1] == (
        "8 h 08 m active (\N{BLACK UP-POINTING TRIANGLE} 22 m vs last Monday at this time)"
        " \N{MIDDLE DOT} 08:33 \N{EN DASH} 18:24 \N{MIDDLE DOT} 1 h 04 m idle"
        " \N{MIDDLE DOT} locked 38 m \N{MIDDLE DOT} longest stretch 1 h 12 m (Code, 10:04)"
        " \N{MIDDLE DOT} 214 switches"
    )
    assert cells(text)[:6] == [
        *("Work > Coding", "6 h 37 m", "81 %"),
        *("Reading & research", "1 h 31 m", "19 %"),
    ]
    assert "sessionizer.py \N{EM DASH} 5 h 20 m" in text


def test_several_days_have_a_table_of_them_and_many_one_of_months():
    days = a_day("2026-11-02", 60), a_day("2026-11-03", 30)
    assert cells(render(long_range(*days)))[-3:] == ["November 2026", "1 h 30 m", "2"]
    week = DayRange(date(2026, 11, 2), date(2026, 11, 8))
    text = render(a_report(days=days, range=week))
    assert cells(text)[-3:] == ["Tue, 3 Nov", "30 m", "08:33 \N{EN DASH} 18:24"]


def test_applications_beyond_the_most_shown_are_one_row():
    text = render(a_report(applications=tuple(application(f"a{n:02}", 2) for n in range(17))))
    assert cells(text)[-3:] == ["2 more", "4 m", "10 %"]


def test_nothing_recorded_is_said_in_a_sentence():
    assert blocks(render(empty()))[1:] == [("p", "Nothing was recorded on this day.")]


def test_where_titles_come_from_is_said_as_it_is():
    text = render(a_report(origin=Origin(absent_days=("2026-11-23",), problem="*no* <server>")))
    assert blocks(text)[-1][1].endswith("server: *no* <server>")


@pytest.mark.parametrize("titles", [0, 1, None])
def test_an_application_shows_as_many_titles_as_asked_for(titles):
    text = render(a_report(), titles=titles)
    assert ("sessionizer.py" in text, "a|b" in text.replace("\\", "")) == (
        titles != 0,
        titles is None,
    )


@given(NAMES, NAMES)
@example("- [ ] 1. x", "1) y")
@example("![a](b)", "<b>&amp;</b>")
@example("a\\|b\\", "| --- |")
@example("# x\n\n---", "+ ==a== $x$ %%c%% ~~d~~")
def test_names_and_titles_are_read_as_they_are(name, title):
    text = render(named([(name, title)]))
    assert cells(text)[3] == application_label(name)
    assert blocks(text)[-2:] == [
        ("p", application_label(name)),
        ("p", f"{title_label(title)} \N{EM DASH} 1 m 00 s"),
    ]


def test_what_means_nothing_is_left_as_it_is():
    assert escaped("Reading & research > a.py (1 %) - v1.2 = x") == (
        "Reading & research > a.py (1 %) - v1.2 = x"
    )
