"""Every text of the summary window can be read on what it really stands on: by its pixels."""

from collections import Counter

import pytest

from reprospective_tray.store.model.sessions import State
from reprospective_tray.summary import theme
from tests.contrast import contrast
from tests.desktop.summary_driver import away, on_day
from tests.desktop.summary_seen import Box

DAYS = (
    on_day(7, "09:00", "12:00", "Firefox", "a week before"),
    on_day(8, "09:00", "09:10", "Firefox", "and the day before that"),
    on_day(0, "08:00", "09:10", "Code", "sessionizer.py"),
    away(0, "09:10", "09:30"),
    away(0, "09:30", "09:40", State.LOCKED),
    on_day(0, "09:40", "10:00", "Slack", "#release"),
)
OVER = ("KeyList", "Calendar", "Tooltip")


@pytest.mark.parametrize("dark", [True, pytest.param(False, marks=pytest.mark.long)])
def test_every_text_can_be_read_on_what_it_stands_on(summary, dark):
    palette = theme.DARK if dark else theme.LIGHT
    summary.record(*sorted(DAYS, key=lambda each: each.started_at))
    summary.open(dark=dark)
    summary.wait_for("#release")
    assert_readable(summary, palette, f"day-{dark}")
    summary.click("Code", "Applications")
    summary.wait_for("sessionizer.py", widget="Applications")
    summary.wait_for("Code", widget="SearchBox")
    summary.key("Down")
    assert_readable(summary, palette, f"titles-{dark}")
    summary.key("Escape")
    summary.wait_for("#release", widget="Sessions")
    summary.click("#release", "Sessions")
    summary.key("ctrl+a")
    assert_readable(summary, palette, f"sessions-{dark}")
    summary.key("Tab")
    assert_readable(summary, palette, f"sessions-left-{dark}")
    summary.key("question")
    summary.wait(lambda seen: seen.words("KeyList"), "the keys")
    assert_readable(summary, palette, f"keys-{dark}")
    summary.key("Escape")
    summary.wait(lambda seen: not seen.words("KeyList"), "the keys to go")
    summary.click_at(summary.seen.texts("Label")[0].box.at(0.5))
    seen = summary.wait(lambda seen: seen.words("Calendar"), "the calendar")
    assert_readable(summary, palette, f"calendar-{dark}")
    today = next(each for each in seen.texts("Calendar") if each.text == "Today")
    summary.move(today.box.at(0.5))
    assert_readable(summary, palette, f"calendar-today-{dark}")
    summary.key("Escape")
    summary.wait(lambda seen: not seen.words("Calendar"), "the calendar to go")
    summary.key("w")
    summary.wait_for("Hours of the week")
    summary.search("slack")
    summary.wait(lambda seen: seen.find("▾", "Applications"), "what was found")
    assert_readable(summary, palette, f"week-{dark}")


def assert_readable(summary, palette, name):
    """The words that are in sight stand out by 4.5; what cannot be pressed at all by 3."""
    summary.picture(f"contrast-{name}")
    seen = summary.seen
    above = [seen.box(widget) for widget in OVER]
    over = [box for box in above if box is not None]
    texts = [
        text
        for text in seen.texts()
        if text.widget in OVER or not any(meets(text.box, box) for box in over)
    ]
    # The picture is what is measured, and not an empty one.
    assert len(texts) > 20
    pale = []
    for text, rgb in zip(texts, summary.pixels(*(text.box for text in texts)), strict=True):
        ground = most_common(rgb)
        least = 3.0 if text.colour == palette.disabled else 4.5
        if (found := contrast(text.colour, ground)) < least:
            pale.append((text, ground, round(found, 2)))
    assert not pale


def most_common(rgb):
    pixels = Counter(rgb[n : n + 3] for n in range(0, len(rgb), 3))
    return "#" + pixels.most_common(1)[0][0].hex()


def meets(one: Box, other: Box):
    return (
        one.left < other.right
        and other.left < one.right
        and one.top < other.bottom
        and other.top < one.bottom
    )
