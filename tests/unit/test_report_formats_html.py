"""The report as a page: nothing comes from outside, and no name becomes markup.

How it looks and behaves in a browser is tested in `tests.browser`.
"""

import re
from collections import defaultdict
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from reprospective_tray.messages import language
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import State, clean
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.summary import theme
from reprospective_tray.summary.figures.report import Origin
from reprospective_tray.summary.format_text import application_label, duration, title_label
from reprospective_tray.summary.formats import as_html
from reprospective_tray.summary.formats.html_builder import document, element
from tests.unit.report_values import (
    CATEGORIES,
    DAY,
    MINUTE,
    a_day,
    a_report,
    application,
    empty,
    long_range,
    named,
)
from tests.unit.stored import at

NAMES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["<script>", "</style>", '"><b onclick=x>', "&lt;", "=cmd|", "a\nb", "\u202e"]),
).map(clean)
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section"),
    *("div", "h1", "h2", "p", "dl", "dt", "dd", "ul", "li", "details", "summary", "span", "i"),
    *("bdi", "svg", "defs", "pattern", "rect"),
    *("table", "thead", "tbody", "tfoot", "tr", "th", "td"),
}
STYLE = as_html._STYLE.read_text("utf-8")


class Page(HTMLParser):
    """What a page has: its tags, attributes and style, and the texts in elements by class."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.style = [], [], ""
        self.texts = defaultdict(list)
        self._open = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.attributes += attributes
        if tag != "meta":
            names = {tag, *(found.get("class") or "").split()}
            self._open.append((tag, names, []))

    def handle_endtag(self, tag):
        opened, names, texts = self._open.pop()
        assert opened == tag
        for name in names:
            self.texts[name].append("".join(texts))

    def handle_data(self, text):
        if self._open and self._open[-1][0] == "style":
            self.style += text
        for _tag, _names, texts in self._open:
            texts.append(text)


def stored(start, end, name="Code", title="a.py", **more):
    host, state = more.get("host", "desk"), more.get("state", State.ACTIVE)
    times = at(f"2026-11-23T{start}:00+09:00"), at(f"2026-11-23T{end}:00+09:00")
    return StoredSession(
        f"{start}{host}", "d", host, 1, state, name, title, *times, 540, False, False, 1
    )


def page_of(report, sessions=(), **options):
    return Page(as_html.render(report, sessions, CATEGORIES, **options))


def test_a_day_has_its_figures_as_text():
    page = page_of(a_report(), [stored("09:00", "09:30")])
    assert page.texts["h1"] == ["Monday, 23 November 2026"]
    assert page.texts["figure"] == [
        *("8 h 08 m", "1 h 04 m", "08:33 \N{EN DASH} 18:24", "1 h 12 m", "214")
    ]
    assert page.texts["note"][0].endswith("22 m vs last Monday at this time")
    assert page.texts["row"] == ["Code6 h 37 m", "Firefox1 h 31 m"]
    assert page.texts["titles"] == [
        "sessionizer.py5 h 20 ma|b_c.py1 h 17 m",
        "PostgreSQL 181 h 31 m",
    ]
    assert "Work > Coding6 h 37 m81 %" in page.texts["tr"]
    assert "09:00\N{EN DASH}09:3030 mCodea.py" in page.texts["tr"]


def test_a_page_asks_for_nothing_and_has_no_script():
    page = page_of(a_report(), [stored("09:00", "09:30")])
    assert set(page.tags) <= TAGS
    names = {name for name, _value in page.attributes}
    assert not names & {"src", "href", "srcset", "action", "data"}
    assert not [name for name in names if name.startswith("on")]
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes
    assert not re.search(r"@import|url\(|</|://", page.style)


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=4), NAMES)
def test_no_name_becomes_markup(names, host):
    sessions = [
        stored(f"{9 + number:02}:00", f"{9 + number:02}:01", *pair, host=f"{host}{number}")
        for number, pair in enumerate(names)
    ]
    report = replace(named(names), hosts=(host, "desk"), origin=Origin(("x",), ("y",), host))
    page = page_of(report, sessions)
    assert set(page.tags) <= TAGS
    assert not [name for name, _value in page.attributes if name.startswith("on")]
    assert page.texts["row"] == [f"{application_label(name)}1 m 00 s" for name, _title in names]
    assert page.texts["titles"] == [f"{title_label(title)}1 m 00 s" for _name, title in names]
    assert page.texts["title"][1:][-len(names) :] == [title_label(pair[1]) for pair in names[::-1]]


def test_titles_beyond_the_most_shown_are_added_up():
    many = application("Code", 36, *((f"t{number:02}", 3) for number in range(12)))
    report = a_report(applications=(many,))
    assert page_of(report).texts["li"][-1] == "2 more6 m"
    assert "t11" in "".join(page_of(report, titles=12).texts["li"])
    assert page_of(report, titles=0).texts["titles"] == []


def test_a_day_on_several_computers_has_a_lane_for_each():
    both = [stored("09:00", "10:00", host="desk"), stored("09:30", "10:00", host="<b>laptop")]
    page = page_of(a_report(hosts=("desk", "<b>laptop")), both)
    assert page.tags.count("svg") == 2
    assert page.texts["lane-name"] == ["<b>laptop", "desk"]


def test_the_timeline_says_what_was_when_and_leaves_gaps_empty():
    made = [
        stored("09:00", "09:30", "Code", "a.py"),
        stored("09:30", "09:31", "Code", "b.py"),
        stored("10:00", "10:30", state=State.IDLE),
    ]
    page = page_of(a_report(), made)
    assert page.texts["rect"][2:] == [
        (
            "Work > Coding\n09:00 \N{EN DASH} 09:31 · 31 m\n"
            "Code \N{EM DASH} a.py\nCode \N{EM DASH} b.py"
        ),
        "Idle\n10:00 \N{EN DASH} 10:30 · 30 m",
    ]
    places = [value for name, value in page.attributes if name == "x"]
    assert places == ["0.000%", "50.000%"]


def test_a_long_range_has_months_and_says_why_there_are_no_titles():
    page = page_of(long_range(a_day("2026-01-31", 60), a_day("2026-03-01", 90)))
    assert page.texts["below"] == ["Jan\n2026", "Feb", "Mar"]
    assert "March 20261 h 30 m11 h 30 m" in page.texts["tr"]
    assert len(page.texts["figure"]) == 5
    assert "up to 31 days" in page.texts["footer"][0]


def test_several_days_have_bars_hours_and_a_table():
    week = DayRange(DAY, DAY.replace(day=29))
    page = page_of(a_report(range=week, days=(a_day("2026-11-23", 488), a_day("2026-11-24", 60))))
    assert page.texts["above"] == ["8 h 08 m", "1 h 00 m", "", "", "", "", ""]
    assert "Tue, 24 Nov1 h 00 m08:33 \N{EN DASH} 18:24" in page.texts["tr"]
    assert page.texts["heard"].count(duration(59 * MINUTE)) == 1
    assert "Sessions" not in page.texts["h2"]


def test_nothing_recorded_is_said_in_a_sentence():
    page = page_of(empty())
    assert page.texts["empty"] == ["Nothing was recorded on this day."]
    assert page.texts["card"] == page.texts["empty"]


def test_a_day_whose_sessions_are_elsewhere_has_no_empty_timeline():
    page = page_of(a_report(origin=Origin(absent_days=("2026-11-23",), problem="no server.")))
    assert "svg" not in page.tags
    assert "no server." in page.texts["footer"][0]


def test_the_page_says_its_language():
    assert ("lang", language()) in page_of(empty()).attributes


def test_text_after_an_element_stays_in_its_place():
    made = element("p.a.b", "1", element("b", "2"), "<3", None, ["4"], aria_label='"')
    assert document(made).splitlines()[1] == (
        '<p aria-label="&quot;" class="a b">1<b>2</b>&lt;34</p>'
    )


def test_the_style_sheet_uses_only_colours_that_are_there():
    known = {field.name.replace("_", "-") for field in fields(theme.Palette)}
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) <= known | {
        "cards",
        "time",
        "share",
        "depth",
    }
