"""The summary window by its keys alone: what has the focus, where it goes, and what it says."""

from itertools import pairwise

import pytest

from reprospective_tray.store.model.sessions import State
from reprospective_tray.summary import theme
from tests.desktop.summary_driver import away, on_day
from tests.desktop.summary_geometry import see

EN = "\N{EN DASH}"
LATER = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
LONG = "a title that is far too long for its column, and for any other one as well " * 3
DAYS = (
    on_day(1, "09:00", "10:00", "Firefox", "the day before"),
    on_day(0, "08:00", "09:10", "Code", "sessionizer.py"),
    on_day(0, "09:10", "09:50", "Firefox", LONG.strip()),
    away(0, "09:50", "10:20"),
    on_day(0, "10:20", "11:00", "Code", "README.md"),
    away(0, "11:00", "11:15", State.LOCKED),
    on_day(0, "11:15", "11:40", "Slack", "#release"),
)


@pytest.fixture
def opened(summary):
    summary.record(*DAYS)
    summary.open()
    summary.wait_for("#release")
    return summary


def tab_to(summary, part):
    """Press Tab until `part` has the keyboard."""
    seen = summary.seen
    for _stop in range(20):
        if part in seen.focus:
            return seen
        before = seen.focus
        summary.key("Tab")
        seen = summary.wait(lambda seen, before=before: seen.focus != before, "Tab to move on")
    raise AssertionError(f"Tab never came to {part}")


def tip(summary, *texts):
    return summary.wait_for(*texts, widget="Tooltip").words("Tooltip")


def test_the_timeline_is_walked_by_keys(opened):
    tab_to(opened, "daystrip")
    opened.key("Right")
    assert tip(opened, "sessionizer.py")[0] == "Code"
    opened.key("Right", "Right")
    assert tip(opened, "Idle") == ["Idle", f"09:50 {EN} 10:20 · 30 m"]
    opened.key("Left")
    assert tip(opened, "Firefox")[0] == "Firefox"
    opened.key("End")
    tip(opened, "#release")
    opened.key("Prior")
    tip(opened, "Idle")
    opened.key("Home")
    tip(opened, "sessionizer.py")
    opened.key("Next")
    tip(opened, "Firefox")
    see(opened, "keys-timeline")
    opened.key("Tab")
    opened.wait(lambda seen: not seen.words("Tooltip"), "the words to go with the keyboard")


def test_the_timeline_is_zoomed_by_keys_about_the_marked_block(opened):
    whole = opened.seen.zoom
    opened.key("plus")
    seen = opened.wait(lambda seen: seen.zoom != whole, "the zoom")
    middle = sum(whole) / 2
    assert sum(seen.zoom) / 2 == pytest.approx(middle)
    opened.key("minus")
    opened.wait(lambda seen: seen.zoom == whole, "the whole day")
    tab_to(opened, "daystrip")
    opened.key("End", *["plus"] * 14)
    shortest = pytest.approx(900_000)
    seen = opened.wait(lambda seen: seen.zoom[1] - seen.zoom[0] == shortest, "a quarter of an hour")
    middle_of_block = 11 * 60 + 15 + 25 / 2
    assert sum(seen.zoom) / 2 / 60_000 % (24 * 60) == pytest.approx(middle_of_block)
    opened.key("Home")
    opened.wait(lambda seen: (seen.zoom[0] / 3_600_000) % 24 < 9, "the first block")
    opened.key("0")
    opened.wait(lambda seen: seen.zoom == whole, "the whole day")


def test_what_is_typed_into_the_search_zooms_nothing(opened):
    whole = opened.seen.zoom
    opened.search("+-0?")
    seen = opened.wait_for("0 s found")
    assert seen.words("Entry") == ["+-0?"]
    assert seen.zoom == whole
    assert not seen.words("KeyList")


def test_applications_and_their_titles_are_walked_by_keys(opened):
    tab_to(opened, "applications")
    opened.key("Down", "Down", "Return")
    opened.wait_for("a title that is", widget="Applications")
    opened.key("Down")
    words = tip(opened, "Firefox", "as well")
    assert " ".join(words[1:]) == LONG.strip()
    see(opened, "keys-applications")
    opened.key("End", "Home", "Return")
    opened.wait_for("README.md", widget="Applications")
    opened.key("Return")
    opened.wait_without("README.md", "Applications")
    opened.key("End")
    assert opened.close()["view"] == "day"


def test_the_list_scrolls_with_the_focus(summary):
    many = [f"{8 + n // 12:02}:{n % 12 * 5:02}" for n in range(61)]
    summary.record(
        *(on_day(0, *pair, f"App {n:02}", f"title {n:02}") for n, pair in enumerate(pairwise(many)))
    )
    summary.open()
    summary.wait_for("title 59", widget="Sessions")
    for part, widget, last in (
        ("applications", "Applications", "App 59"),
        ("sessions", "Sessions", "title 00"),
    ):
        tab_to(summary, part)
        assert not summary.seen.find(last, widget)
        summary.key("End")
        summary.wait_for(last, widget=widget)
        summary.key("Prior", "Prior", "Prior", "Prior", "Prior", "Prior", "Prior", "Prior")
        summary.wait_without(last, widget)
        before = summary.seen.words(widget)
        summary.key("Next", "Next")
        summary.wait(lambda seen, w=widget, b=before: seen.words(w) != b, "a page")
    # What another day shows begins at the top.
    summary.key("End")
    summary.wait_for("title 00", widget="Sessions")
    summary.key("w")
    summary.wait_for("Daily average")
    summary.wait_for("title 59", widget="Sessions")


def test_the_bars_and_hours_of_a_week_are_walked_by_keys(opened):
    opened.key("w")
    opened.wait_for("Hours of the week")
    tab_to(opened, "daybars")
    opened.key("Home", "Left")
    tip(opened, "Monday")
    opened.key("End")
    tip(opened, "Sunday")
    see(opened, "keys-week")
    tab_to(opened, "heatmap")
    opened.key("Down", "Down")
    tip(opened, f"Tue 0:00 {EN} 1:00")
    opened.key("End")
    tip(opened, f"Tue 23:00 {EN} 24:00")
    tab_to(opened, "daybars")
    opened.key("Home", "Return")
    opened.wait(lambda seen: not seen.box("HeatMap"), "the day")


@pytest.mark.parametrize(
    ("dark", "language"),
    [
        (False, "en"),
        *(pytest.param(*look, marks=pytest.mark.long) for look in ((True, "en"), (True, "ja"))),
    ],
)
def test_a_question_mark_shows_all_keys_until_it_is_closed(summary, dark, language):
    summary.record(*DAYS)
    summary.open(dark=dark, language=language)
    summary.wait_for("#release")
    focus = tab_to(summary, "applications").focus
    name = f"keys-{'dark' if dark else 'light'}-{language}"
    for closing in ("Escape", "question"):
        summary.key("question")
        seen = summary.wait(lambda seen: "Ctrl+F" in seen.words("KeyList"), "the keys")
        see(summary, name)
        assert {"Ctrl+F", "PgUp", "Del", "0", "?"} <= set(seen.words("KeyList"))
        summary.key("Left", closing)
        seen = summary.wait(lambda seen: not seen.words("KeyList"), "the keys to go")
        assert seen.focus == focus
        assert seen.find("#release")
    summary.key("question")
    seen = summary.wait(lambda seen: seen.words("KeyList"), "the keys")
    summary.click(LATER)
    seen = summary.wait(lambda seen: not seen.words("KeyList"), "the keys to go")
    assert seen.find("#release")


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.long)])
def test_whatever_has_the_keyboard_has_a_ring_around_it(summary, dark):
    palette = theme.DARK if dark else theme.LIGHT
    accent = bytes.fromhex(palette.accent[1:])
    summary.record(*DAYS)
    summary.open(dark=dark)
    summary.wait_for("#release")
    for view, parts in (
        ("d", {"Button", "Label", "Choice", "SearchBox", "DayStrip", "Applications", "Sessions"}),
        ("w", {"Button", "Label", "Choice", "SearchBox", "DayBars", "HeatMap"}),
    ):
        summary.key(view)
        summary.wait(lambda seen, last=parts: last <= names_of(seen), f"the view {view}")
        stops: dict[str, str] = {}
        while (seen := summary.seen).focus not in stops:
            if seen.focus != ".":
                name, box = holder(seen)
                stops[seen.focus] = name
                # Two pixels wide, but for its smooth corners.
                ring = 4 * (box.right - box.left + box.bottom - box.top) * 0.6
                lit = lambda _seen, box=box: count(summary.pixels(box)[0], accent)  # noqa: E731
                summary.wait(lambda seen, ring=ring, lit=lit: lit(seen) >= ring, f"a ring: {name}")
            summary.key("Tab")
            summary.wait(lambda seen, at=seen.focus: seen.focus != at, "Tab to move on")
        assert parts <= set(stops.values())
        summary.picture(f"ring-{'dark' if dark else 'light'}-{view}")
        summary.click_at(summary.seen.box("Cards").at(0.5))


def names_of(seen):
    return {widget["name"] for widget in seen.widgets}


def holder(seen):
    """Return the name and the place of what has the ring: of the search, the box around it."""
    path = seen.focus.removesuffix(".!entry")
    widget = next(each for each in seen.widgets if each["path"] == path)
    return widget["name"], seen.place(widget)


def count(rgb, colour):
    return sum(rgb[n : n + 3] == colour for n in range(0, len(rgb), 3))
