"""The report as text: what it says, in order, and never wider than the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reprospective_tray.summary.figures.categories import Category, CategoryTotal
from reprospective_tray.summary.figures.report import Origin
from reprospective_tray.summary.format_text import columns, fit_path, printable, wrap
from reprospective_tray.summary.formats.as_text import has_true_colour, render
from tests.unit.report_values import (
    CODING,
    MINUTE,
    READING,
    a_day,
    a_report,
    application,
    empty,
    long_range,
    named,
)

NAMES = st.text(max_size=60)
UP = "\N{BLACK UP-POINTING TRIANGLE}"


def lines_of(report, **options):
    return render(report, **options).splitlines()


def line_with(report, start, **options):
    return next(line for line in lines_of(report, **options) if line.startswith(start))


def test_figures_stand_in_columns_with_what_is_said_of_them():
    lines = lines_of(a_report())
    assert lines[2:8] == [
        f"Active           8 h 08 m  {UP} 22 m vs last Monday at this time",
        "Idle time        1 h 04 m",
        "Locked           38 m",
        "Start \N{EN DASH} end      08:33 \N{EN DASH} 18:24",
        "Longest stretch  1 h 12 m  Code, 10:04",
        "Switches         214       26 per hour",
    ]


def test_categories_come_by_their_whole_path_with_what_was_productive():
    lines = lines_of(a_report(), width=60)
    start = lines.index("Categories")
    assert lines[start + 1].startswith("Work > Coding ")
    assert lines[start + 1].endswith("6 h 37 m")
    assert lines[start + 2].startswith("Reading & research ")
    assert lines[start + 3] == "6 h 37 m productive (81 %)"


def test_parents_of_several_categories_have_their_subtotal_above_them():
    totals = (
        CategoryTotal(CODING, 300 * MINUTE),
        CategoryTotal(Category(("Work", "Mail"), "#000000"), 97 * MINUTE),
        CategoryTotal(READING, 91 * MINUTE),
    )
    lines = lines_of(a_report(categories=totals), width=60)
    start = lines.index("Categories")
    assert [line.split("  ")[0] or line[:8] for line in lines[start + 1 : start + 5]] == [
        *("Work", "  Coding", "  Mail  ", "Reading & research")
    ]
    assert [line[-8:] for line in lines[start + 1 : start + 4]] == [
        *("6 h 37 m", "5 h 00 m", "1 h 37 m")
    ]


@pytest.mark.parametrize(
    ("path", "width", "shown"),
    [
        (("Customers", "Harbour", "Meeting"), 110, "Customers > Harbour > Meeting "),
        (("Customers", "Harbour", "Meeting"), 80, "… > Harbour > Meeting "),
        (("Customers", "Harbour", "Meeting"), 40, "… > Meeting "),
        (("Customers", "A meeting of many words"), 40, "…f many words "),
        (("顧客", "港湾の会議"), 40, "…港湾の会議 "),
    ],
)
def test_a_long_category_loses_its_head_and_keeps_its_end(path, width, shown):
    report = a_report(categories=(CategoryTotal(Category(path, "#000000"), 488 * MINUTE),))
    lines = lines_of(report, width=width)
    assert lines[lines.index("Categories") + 1].startswith(shown)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6), st.integers(4, 40))
def test_a_path_takes_exactly_its_columns_and_ends_as_it_did(parts, width):
    text = printable(" > ".join(parts))
    cut = fit_path(text, width, " > ")
    assert columns(cut) == width
    shown = cut.rstrip()
    assert text.strip().endswith(shown.removeprefix("…").lstrip())


def test_nothing_is_said_of_a_period_before_that_was_the_same_to_the_minute():
    before = replace(a_report().comparison, ms=488 * MINUTE + 29_000)
    report = a_report(comparison=before)
    assert line_with(report, "Active") == "Active           8 h 08 m"


def test_several_days_have_an_average_and_no_first_and_last():
    report = long_range(a_day("2026-11-02", 60), a_day("2026-11-03", 90))
    assert line_with(report, "Daily average") == "Daily average  1 h 15 m  over 2 days"
    assert "Start \N{EN DASH} end" not in render(report)
    assert line_with(report, "November 2026").endswith("2 h 30 m")


def test_a_month_without_activity_between_others_is_there():
    report = long_range(a_day("2026-01-31", 60), a_day("2026-03-01", 60))
    assert line_with(report, "February 2026").endswith("0 s")
    assert "April 2026" not in render(report)


def test_where_titles_come_from_is_said_where_it_is_not_here():
    report = a_report(origin=Origin(absent_days=("2026-11-23",), problem="no\x1b[2Jserver."))
    said = " ".join(lines_of(report, width=40))
    assert "only on the server: no [2Jserver." in said
    assert "server" not in render(a_report())


def test_applications_beyond_the_most_shown_are_added_up():
    report = a_report(applications=tuple(application(f"a{n:02}", 2) for n in range(17)))
    assert "and 2 more, 4 m" in lines_of(report)
    assert "a15" not in render(report)


@pytest.mark.parametrize(("titles", "shown"), [(None, 3), (0, 0), (1, 1), (9, 5)])
def test_an_application_shows_as_many_titles_as_asked_for(titles, shown):
    report = a_report(applications=(application("Code", 15, *((f"t{n}", 3) for n in range(5))),))
    found = [line for line in lines_of(report, titles=titles) if line.startswith("  t")]
    assert len(found) == shown


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=4), st.integers(40, 110))
def test_no_line_is_wider_than_the_terminal(names, width):
    origin = Origin(absent_days=("2026-11-23",), problem="理由の" * 40)
    for report in (named(names), replace(named(names), origin=origin), empty()):
        assert max(map(columns, lines_of(report, width=width))) <= width


def test_bars_have_the_colours_of_their_categories_where_the_terminal_has_any_colour():
    assert "\x1b[38;2;76;141;255m" in render(a_report(), colour=True, true_colour=True)
    assert "\x1b[38;2" not in render(a_report(), colour=True)
    assert "\x1b" not in render(a_report(), true_colour=True)
    assert has_true_colour({"COLORTERM": "truecolor"})
    assert not has_true_colour({"COLORTERM": "yes"})


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("日本語。です", 6, ["日本", "語。で", "す"]),
        ("abcdefgh ij", 4, ["abcd", "efgh", "ij"]),
        ("", 5, [""]),
    ],
)
def test_a_sentence_breaks_at_spaces_and_between_wide_characters(text, width, lines):
    assert wrap(text, width) == lines
