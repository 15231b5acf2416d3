"""The summary window's calendar in a person's hands: keys, mouse, marks, limits and closing."""

import signal
from datetime import timedelta

import pytest

from reprospective_tray.summary.figures import month_grid
from reprospective_tray.summary.format_text import long_date
from tests.desktop.summary_driver import away, on_day, today
from tests.desktop.summary_geometry import assert_whole, inside
from tests.desktop.windows import Windows

EARLIER = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
LATER = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
LAST_YEAR = "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}"


@pytest.fixture
def opened(summary):
    """The window with its calendar open: there was activity today, 3 and 40 days ago."""
    summary.record(
        on_day(40, "09:00", "10:00", "Code", "long ago"),
        on_day(3, "09:00", "10:00", "Firefox", "the other day"),
        away(2, "09:00", "10:00"),
        on_day(0, "08:00", "09:10", "Code", "sessionizer.py"),
    )
    summary.open()
    summary.wait_for("sessionizer.py")
    open_calendar(summary)
    return summary


def open_calendar(summary, day=None):
    day = day or today()
    summary.click(long_date(day), "Label")
    return month(summary, day)


def month(summary, day):
    return summary.wait_for(f"{day:%B %Y}", widget="Calendar")


def heading(summary, day):
    summary.wait(lambda seen: not seen.box("Calendar"), "the calendar to go")
    return summary.wait_for(long_date(day), widget="Label")


def cells(seen, month_):
    """Return where each day of the calendar's month lies."""
    days = [day for week in month_grid.weeks(month_) for day in week]
    texts = [text for text in seen.texts("Calendar") if text.text.isdecimal()]
    assert [text.text for text in texts] == [str(day.day) for day in days]
    return {day: text.box for day, text in zip(days, texts, strict=True)}


def months(day, *steps):
    for step in steps:
        day = month_grid.by_months(day, step, today())
    return day


def gone(summary):
    return summary.wait(lambda seen: not seen.box("Calendar"), "the calendar to go")


@pytest.mark.parametrize(
    ("keys", "leads_to"),
    [
        (("Left", "Left"), lambda day: day - timedelta(days=2)),
        (("Up", "Left", "Right"), lambda day: day - timedelta(days=7)),
        (("Up", "Up", "Down"), lambda day: day - timedelta(days=7)),
        (("Prior",), lambda day: months(day, -1)),
        (("Prior", "Prior", "Next"), lambda day: months(day, -1, -1, 1)),
        (("shift+Prior",), lambda day: months(day, -12)),
        (("shift+Prior", "shift+Prior", "shift+Next"), lambda day: months(day, -12, -12, 12)),
        (("Up", "Home"), lambda day: month_grid.week_begin(day - timedelta(days=7))),
        (("Up", "End"), lambda day: month_grid.week_end(day - timedelta(days=7), day)),
        (("Prior", "t"), lambda day: day),
        (("Prior", "T"), lambda day: day),
        (("Right", "Down", "Next", "shift+Next", "End"), lambda day: day),
    ],
)
@pytest.mark.long
def test_keys_lead_to_a_day_which_return_picks(opened, keys, leads_to):
    opened.key(*keys, "Return")
    heading(opened, leads_to(today()))


def test_space_picks_as_well_and_the_calendar_begins_where_the_window_stands(opened):
    day = month_grid.by_months(today(), -1, today())
    opened.key("Prior", "space")
    heading(opened, day)
    open_calendar(opened, day)
    opened.key("Left", "space")
    heading(opened, day - timedelta(days=1))


def test_keys_of_the_window_do_nothing_while_the_calendar_is_open(opened):
    opened.key("Left", "w", "m", "Escape")
    gone(opened)
    seen = heading(opened, today())
    assert "Daily average" not in seen.words()
    opened.key("Left")
    heading(opened, today() - timedelta(days=1))


@pytest.mark.parametrize("back", [0, 1, 20])
def test_a_click_picks_a_day(opened, back):
    day = today() - timedelta(days=back)
    place = cells(opened.seen, today()).get(day)
    if place is None:
        opened.click(EARLIER, "Calendar")
        before = months(today(), -1)
        place = cells(month(opened, before), before)[day]
    opened.click_at(place.at(0.5))
    heading(opened, day)


def test_buttons_and_the_wheel_turn_months_and_years(opened):
    before = month_grid.by_months(today(), -1, today())
    opened.click(EARLIER, "Calendar")
    month(opened, before)
    opened.click(LATER, "Calendar")
    month(opened, today())
    opened.click(LAST_YEAR, "Calendar")
    month(opened, month_grid.by_months(today(), -12, today()))
    opened.click("Today", "Calendar")
    seen = month(opened, today())
    middle = seen.box("Calendar").at(0.5)
    opened.click_at(middle, button=4)
    month(opened, before)
    opened.click_at(middle, button=5, times=3)
    month(opened, today())
    opened.key("Escape")
    heading(opened, today())


def test_days_after_today_cannot_be_picked(opened):
    later = [box for day, box in cells(opened.seen, today()).items() if day > today()]
    for box in (later[0], later[-1]):
        opened.click_at(box.at(0.5))
    opened.click(LATER, "Calendar")
    assert month(opened, today()).box("Calendar")
    opened.key("Escape")
    heading(opened, today())


def test_days_with_activity_are_marked_and_others_are_not(opened):
    recorded = {today() - timedelta(days=back) for back in (0, 3, 40)}
    for keys, month_ in (("t",), today()), (("Prior",), months(today(), -1)):
        opened.key(*keys)
        shown = month_grid.grid_range(month_)
        days = sorted(str(day) for day in recorded if shown.holds(str(day)))
        opened.wait(lambda seen, days=days: seen.marks == days, f"{days} to be marked")


def test_a_second_click_on_the_heading_closes_it_and_a_third_opens_it(opened):
    opened.click(long_date(today()), "Label")
    gone(opened)
    open_calendar(opened)
    opened.key("Escape")
    heading(opened, today())


def test_a_click_beside_it_closes_it_and_does_nothing_else(opened):
    opened.click("Week")
    seen = gone(opened)
    assert seen.find(long_date(today()), "Label")
    opened.click("Week")
    opened.wait_for("Daily average")


@pytest.mark.parametrize("key", ["ctrl+f", "ctrl+e", "Tab", "shift+Tab"])
def test_it_closes_when_the_focus_goes_elsewhere(opened, key):
    opened.key(key)
    gone(opened)
    opened.key("Escape", "Escape")
    opened.wait(lambda seen: not seen.words("Menu"), "the menu to go")


def test_another_window_that_takes_the_focus_closes_it(opened):
    with Windows(opened.desktop.env["DISPLAY"]) as windows:
        windows.open("another", "window")
        gone(opened)


def test_the_keyboard_goes_back_to_the_heading_that_opened_it(opened):
    opened.key("Escape")
    gone(opened)
    while "label" not in (focus := opened.seen.focus):
        opened.key("Tab")
        opened.wait(lambda seen, at=focus: seen.focus != at, "Tab to move on")
    opened.key("Return")
    month(opened, today())
    opened.key("Left", "Escape")
    assert "label" in heading(opened, today()).focus
    opened.key("space")
    month(opened, today())
    opened.key("Left", "Return")
    heading(opened, today() - timedelta(days=1))


def test_the_window_closes_with_its_calendar_open(opened):
    assert opened.close()["view"] == "day"


@pytest.mark.trust
def test_a_signal_ends_the_window_with_its_calendar_open(opened):
    opened.process.send_signal(signal.SIGTERM)
    assert opened.wait_for_the_end()["view"] == "day"


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_in_the_smallest_window_it_lies_within(summary, scale):
    summary.record(on_day(0, "08:00", "09:10", "Code", "sessionizer.py"))
    summary.open(scale=scale, geometry=f"{round(820 * scale)}x{round(520 * scale)}+10+10")
    seen = summary.wait(lambda seen: seen.words("Sessions"), "today")
    summary.click_at(seen.texts("Label")[0].box.at(0.5))
    seen = month(summary, today())
    assert_whole(seen)
    assert inside(seen.box("Calendar"), seen.place(seen.widgets[0]))
    summary.key("Escape")
    gone(summary)


def test_in_japanese_it_names_month_and_weekdays_as_the_japanese_do(summary):
    summary.record(on_day(0, "08:00", "09:10", "Code", "sessionizer.py"))
    summary.open(language="ja")
    seen = summary.wait(lambda seen: seen.words("Sessions"), "today")
    summary.click_at(seen.texts("Label")[0].box.at(0.5))
    name = f"{today().year}年{today().month}月"
    seen = summary.wait_for(name, widget="Calendar")
    words = seen.words("Calendar")
    assert name in words
    assert words[words.index("月") : words.index("月") + 7] == list("月火水木金土日")
    assert "今日" in words
