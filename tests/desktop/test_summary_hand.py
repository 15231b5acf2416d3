"""The summary window in a person's hands: keys, search, lists and the timeline."""

from datetime import timedelta

import pytest

from reprospective_tray.summary.format_text import long_date
from tests.desktop.summary_driver import away, on_day, today

EN = "\N{EN DASH}"
DAYS = (
    on_day(1, "09:00", "10:00", "Firefox", "the day before"),
    on_day(0, "08:00", "09:10", "Code", "sessionizer.py"),
    on_day(0, "09:10", "09:50", "ターミナル", "pytest — 終了コード 0"),
    away(0, "09:50", "10:20"),
    on_day(0, "10:20", "11:00", "Code", "README.md"),
    on_day(0, "11:15", "11:40", "Slack", "#release"),
)


@pytest.fixture
def opened(summary):
    summary.record(*DAYS)
    summary.open()
    summary.wait_for("#release")
    return summary


def names(seen, column):
    return [row[column] for row in seen.rows("Sessions")[2:]]


def heading(summary, back):
    return summary.wait_for(long_date(today() - timedelta(days=back)), widget="Label")


def test_keys_turn_the_days_and_the_views(opened):
    opened.key("Left")
    heading(opened, 1)
    opened.wait_for("the day before")
    opened.key("Left")
    opened.wait_for("Nothing was recorded on this day.")
    opened.key("Right", "Right", "Right")
    heading(opened, 0)
    opened.key("Left", "Left")
    heading(opened, 2)
    opened.key("t")
    heading(opened, 0)
    opened.key("w")
    opened.wait_for("Daily average", "Hours of the week")
    opened.key("m")
    opened.wait_for(f"{today():%B %Y}", widget="Label")
    opened.key("d")
    heading(opened, 0)
    opened.wait_for("#release")


def test_what_is_clicked_on_narrows_all_views_until_its_chip_is_taken_away(opened):
    opened.click("Code", "Applications")
    opened.wait_for("filtered", "of 2 h 55 m")
    seen = opened.wait_for("Code", widget="SearchBox")
    assert {*names(seen, 2)} == {"Code"}
    assert seen.words("DayStrip").count("Coding") == 1
    opened.key("w")
    opened.wait_for("Daily average", "filtered")
    opened.key("d")
    opened.wait_for("Longest stretch")
    opened.search("readme")
    opened.wait(lambda seen: names(seen, 3) == ["README.md"], "the one session")
    opened.key("Escape")
    opened.wait_for("#release")
    seen = opened.wait(lambda seen: not seen.find("filtered"), "all of it")
    assert not seen.words("SearchBox")
    opened.click("Slack", "Applications")
    opened.wait_for("Slack", widget="SearchBox")
    # The line to type into moves behind the chip.
    opened.wait(
        lambda seen: seen.box("Entry").left >= seen.find("✕", "SearchBox").box.right, "the chip"
    )
    opened.click("Slack", "SearchBox")
    opened.wait(lambda seen: not seen.words("SearchBox") and not seen.find("filtered"), "all")


def test_a_year_has_its_months_and_days_and_each_opens(opened):
    opened.key("y")
    opened.wait_for("Days of the year", "Busiest month")
    opened.wait_for("Dec", widget="DayBars")
    opened.wait(
        lambda seen: seen.box("CategoryList") and not seen.box("Sessions"), "the categories"
    )
    opened.key("Left")
    opened.wait_for(str(today().year - 1), "Nothing was recorded", widget="Label")
    opened.key("t")
    opened.wait_for("Busiest month")
    month = opened.wait_for(f"{today():%b}", widget="DayBars").find(f"{today():%b}", "DayBars")
    left, top = month.box.at(0.5)
    opened.click_at((left, top - 30))
    opened.wait_for(f"{today():%B %Y}", widget="Label")
    opened.wait(lambda seen: seen.box("Sessions"), "the sessions of the month")


def test_buttons_turn_the_days(opened):
    opened.click("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}")
    heading(opened, 1)
    opened.click("\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}")
    heading(opened, 0)
    opened.click("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}")
    heading(opened, 1)
    opened.click("Today")
    heading(opened, 0)


def test_what_is_typed_into_the_search_is_searched_for_and_moves_nothing_else(opened):
    opened.search("wtmd")
    seen = opened.wait_for("0 s found")
    assert seen.words("Entry") == ["wtmd"]
    opened.key("Left", "Right", "Left", "BackSpace", "BackSpace", "BackSpace", "Delete")
    opened.type("code readme")
    seen = opened.wait_for("40 m found")
    assert names(seen, -1) == ["README.md"]
    assert seen.rows("Applications")[1:] == [["▾", "Code", "40 m"], ["README.md", "40 m"]]
    assert heading(opened, 0).find("README.md", "Sessions")
    opened.key("Escape")
    seen = opened.wait_for("#release")
    assert seen.words("Entry") == []
    opened.key("Left")
    heading(opened, 1)
    assert opened.close()["view"] == "day"


@pytest.mark.trust
def test_escape_never_closes_the_window(opened):
    opened.key("Escape", "Escape", "Escape", "Left")
    heading(opened, 1)


def test_applications_open_into_their_titles_by_a_click(opened):
    before = opened.seen
    assert not before.find("README.md", "Applications")
    opened.click("Code", "Applications")
    seen = opened.wait_for("README.md", widget="Applications")
    assert seen.rows("Applications")[1:4] == [
        ["▾", "Code", "1 h 50 m"],
        ["sessionizer.py", "1 h 10 m"],
        ["README.md", "40 m"],
    ]
    opened.click("Code", "Applications")
    opened.wait_without("README.md", "Applications")


def test_applications_open_into_their_titles_by_the_keyboard(opened):
    focus = opened.seen.focus
    while "applications" not in focus:
        opened.key("Tab")
        focus = opened.wait(lambda seen, at=focus: seen.focus != at, "Tab to move on").focus
    opened.key("Down", "Down", "Return")
    seen = opened.wait_for("pytest — 終了コード 0", widget="Applications")
    assert not seen.find("README.md", "Applications")
    opened.key("Up", "space")
    opened.wait_for("README.md", widget="Applications")
    opened.key("Return")
    opened.wait_without("README.md", "Applications")


def test_a_click_on_a_column_sorts_by_it_and_a_second_one_the_other_way_round(opened):
    begins = [f"11:15{EN}11:40", f"10:20{EN}11:00", f"09:50{EN}10:20", f"09:10{EN}09:50"]
    assert names(opened.seen, 0)[:4] == begins
    for heading_, column, first, last in (
        ("When", 0, f"08:00{EN}09:10", f"11:15{EN}11:40"),
        ("Time", 1, "1 h 10 m", "25 m"),
        ("Application", 2, "Idle", "ターミナル"),
        ("Title", -1, "Idle", "sessionizer.py"),
    ):
        opened.click(heading_, "Sessions")
        arrow = "↓" if heading_ == "Time" else "↑"
        seen = opened.wait_for(f"{heading_} {arrow}", widget="Sessions")
        assert (names(seen, column)[0], names(seen, column)[-1]) == (first, last), heading_
        opened.click(heading_, "Sessions")
        seen = opened.wait_for(f"{heading_} {'↑' if arrow == '↓' else '↓'}", widget="Sessions")
        assert (names(seen, column)[0], names(seen, column)[-1]) == (last, first), heading_


def test_sessions_chosen_with_shift_and_control_arrive_on_the_clipboard_oldest_first(opened):
    opened.click("#release", "Sessions")
    opened.click("README.md", "Sessions", held="shift")
    opened.click("sessionizer.py", "Sessions", held="ctrl")
    opened.key("ctrl+c")
    opened.wait_for("3 sessions copied.")
    assert opened.clipboard().splitlines() == [
        f"08:00{EN}09:10\t1 h 10 m\tCode\tsessionizer.py",
        f"10:20{EN}11:00\t40 m\tCode\tREADME.md",
        f"11:15{EN}11:40\t25 m\tSlack\t#release",
    ]
    opened.key("Home", "shift+Down", "ctrl+c")
    opened.wait_for("2 sessions copied.")
    opened.key("ctrl+a", "ctrl+c")
    opened.wait_for("5 sessions copied.")


def test_the_report_is_copied_as_text_from_the_menu(opened):
    opened.click("Export")
    opened.click("Copy as text")
    opened.wait_for("The report is on the clipboard.")
    text = opened.clipboard()
    assert long_date(today()) in text
    assert "ターミナル" in text
    assert "2 h 55 m" in text


def test_the_report_is_saved_as_a_web_page_by_the_keyboard(opened):
    opened.key("ctrl+e")
    opened.wait_for("Web page (HTML)…")
    opened.key("Down", "Return")
    opened.wait(lambda seen: len({each["top"] for each in seen.widgets}) > 1, "the dialog")
    opened.wait_for(".html")
    opened.key("Return")
    opened.wait_for("Saved: ")
    (page,) = (opened.user.folder / "home").glob("*.html")
    assert str(today()) in page.name
    text = page.read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert text.rstrip().endswith("</html>")
    assert "2 h 55 m" in text


def test_the_timeline_is_zoomed_by_the_wheel_moved_by_dragging_and_whole_by_a_double_click(opened):
    strip = opened.seen.box("DayStrip")
    whole = opened.seen.zoom
    opened.click_at(strip.at(0.5), button=4, times=4)
    fourfold = pytest.approx((whole[1] - whole[0]) * 0.8**4)
    opened.wait(lambda seen: seen.zoom[1] - seen.zoom[0] == fourfold, "four turns of the wheel")
    opened.wait(lambda seen: seen.find("9:50", "DayStrip"), "less than half hours")
    before = opened.seen.zoom
    opened.drag(strip.at(0.5), strip.at(0.6))
    moved = opened.wait(lambda seen: seen.zoom[0] < before[0], "the view to move").zoom
    assert moved[1] - moved[0] == pytest.approx(before[1] - before[0])
    opened.click_at(strip.at(0.5), times=2)
    opened.wait(lambda seen: seen.zoom == whole, "the whole day")
    opened.click_at(strip.at(0.5), button=4)
    opened.wait(lambda seen: seen.zoom != whole, "the zoom")
    opened.click_at(strip.at(0.5), button=5, times=3)
    opened.wait(lambda seen: seen.zoom == whole, "the whole day")


def test_the_session_under_the_pointer_is_described(opened):
    strip = opened.seen.box("DayStrip")
    for hour, lines in (
        (8.5, ["Code", "sessionizer.py", f"08:00 {EN} 09:10 · 1 h 10 m · Work > Coding"]),
        (10, ["Idle", f"09:50 {EN} 10:20 · 30 m"]),
    ):
        x = strip.left + 14 + (hour - 8) / 4 * (strip.right - strip.left - 28)
        opened.move((round(x), strip.top + 60))
        assert opened.wait_for(lines[-1], widget="Tooltip").words("Tooltip") == lines
    opened.move((strip.left + 40, strip.top + 20))
    opened.wait(lambda seen: not seen.words("Tooltip"), "the words to go")


def test_the_time_sheet_of_the_range_is_saved_from_the_menu(opened):
    opened.key("w")
    opened.wait_for("Daily average")
    opened.key("ctrl+e")
    opened.click("Time sheet…", "Menu")
    opened.wait_for("Save", widget="")
    opened.key("Return")
    opened.wait_for("Saved:")
    (page,) = (opened.user.folder / "home").glob("time-sheet-*_*.html")
    text = page.read_text("utf-8")
    assert "Date, signature" in text
    assert "Coding" in text
    opened.click("Code", "Applications")
    opened.wait_for("filtered")
    opened.key("ctrl+e")
    seen = opened.wait_for("Filtered by", widget="Menu")
    assert not seen.find("Time sheet…", "Menu")
    opened.key("Escape")
