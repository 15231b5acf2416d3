"""The window's figures add up, its legend has every category, and it exports what it shows."""

import re
from datetime import datetime

import pytest
from PIL import Image

from reprospective_tray.summary.figures.builtin_categories import RULES
from reprospective_tray.summary.figures.categories import OTHER_COLOUR
from tests.desktop.summary_driver import ZONE, today
from tests.desktop.summary_geometry import see
from tests.unit.stored import session
from tests.unit.test_same_figures import seconds

# One window of each built-in category, and one of none.
WINDOWS = (
    *(("Code", "harbour.sql"), ("Slack", "#harbour"), ("LibreOffice Writer", "Invoice.odt")),
    *(("LibreOffice Calc", "Hours.ods"), ("GIMP", "Logo.xcf"), ("Firefox", "PostgreSQL")),
    *(("Spotify", "Lo-fi"), ("Firefox", "Hacker News"), ("Steam", "Chess"), ("Files", "Downloads")),
)
SMALL = "820x520+60+60"


def odd_day(summary, length=1745.3):
    """Record each window in turn for a time that is no whole minute."""
    begin = datetime.fromisoformat(f"{today()}T06:00:00").replace(tzinfo=ZONE).timestamp()
    made = []
    for number, names in enumerate(WINDOWS):
        start = begin + number * length
        end = start + length * (1 - 0.0044 * number)
        moments = [datetime.fromtimestamp(each, ZONE).isoformat() for each in (start, end)]
        made.append(session(*moments, *names))
    summary.record(*made)


def legend(seen):
    """Return name and time of what stands in the legend of the day, from the left."""
    words = [word for word in seen.rows("DayStrip")[0] if "productive" not in word]
    return list(zip(words[::2], words[1::2], strict=True))


LOOKS = [
    (False, "en"),
    *(pytest.param(*look, marks=pytest.mark.long) for look in ((True, "en"), (False, "ja"))),
]


@pytest.mark.parametrize(("dark", "language"), LOOKS)
def test_the_legend_of_a_day_has_all_its_time_and_the_pointer_opens_the_rest(
    summary, dark, language
):
    odd_day(summary)
    summary.open(dark=dark, language=language, geometry=SMALL)
    seen = summary.wait_for("Downloads", widget="Sessions")
    see(summary, f"legend-day-{'dark' if dark else 'light'}-{language}")
    if language == "en":
        named = legend(seen)
        whole = seconds(seen.rows("Cards")[1][0])
        assert named[-1][0] == f"{10 - len(named) + 1} more"
        assert sum(seconds(time) for _name, time in named) == whole
        assert sum(seconds(row[-1]) for row in seen.rows("Applications")[1:]) <= whole
        place = seen.find(named[-1][0], "DayStrip").box.at(0.5)
        summary.move(place)
        words = summary.wait_for("Games", widget="Tooltip").words("Tooltip")
        rest = [line.rsplit("  ", 1) for line in words]
        assert len(rest) + len(named) - 1 == 10
        assert sum(seconds(time) for _name, time in rest) == seconds(named[-1][1])


@pytest.mark.parametrize(("dark", "language"), LOOKS)
@pytest.mark.parametrize("view", ["w", "m"])
def test_a_week_and_a_month_have_a_legend_for_every_colour(summary, view, dark, language):
    odd_day(summary)
    summary.open(dark=dark, language=language, geometry=SMALL)
    summary.wait(lambda seen: seen.box("DayStrip"), "today")
    summary.key(view)
    seen = summary.wait(
        lambda seen: len(seen.words("DayBars")) > 6 and seen.words("Sessions"), "the bars"
    )
    name = f"legend-{view}-{'dark' if dark else 'light'}-{language}"
    see(summary, name)
    box, window = seen.box("DayBars"), seen.place(seen.widgets[0])
    with Image.open(summary.picture(name)) as picture:
        area = picture.convert("RGB").crop(
            (box.left - window.left, box.top - window.top, box.right - window.left,
             box.bottom - window.top)
        )  # fmt: skip
    named = {tuple(bytes.fromhex(rule.colour[1:])) for rule in RULES}
    named.add(tuple(bytes.fromhex(OTHER_COLOUR[1:])))
    above = colours(area.crop((0, 0, area.width, 50))) & named
    below = colours(area.crop((0, 60, area.width, area.height))) & named
    assert len(above) > 1
    assert below == above


def colours(picture):
    return {colour for _count, colour in picture.getcolors(picture.width * picture.height)}


def test_a_search_narrows_what_is_seen_and_what_is_copied_and_saved(summary):
    odd_day(summary)
    summary.open()
    summary.wait_for("#harbour")
    summary.key("ctrl+f")
    summary.type("harbour")
    seen = summary.wait_for("filtered", "found")
    whole = seen.rows("Cards")[1][0]
    assert {row[-2]: row[-1] for row in seen.rows("Applications")[1:] if row[0] == "▾"} == {
        "Code": "29 m",
        "Slack": "29 m",
    }
    assert seconds(whole) == 58 * 60
    assert [name for name, _time in legend(seen)] == ["Coding", "Communication"]
    see(summary, "search")
    summary.key("ctrl+e")
    summary.wait_for("Filtered by: harbour", widget="Menu")
    summary.click("Copy as text")
    summary.wait_for("The report is on the clipboard.")
    text = summary.clipboard()
    assert "Filtered by: harbour" in text
    assert f"{whole}  of " in text
    assert "Invoice" not in text
    assert "harbour.sql" in text
    summary.key("ctrl+e")
    summary.wait_for("Web page (HTML)…")
    summary.click("Web page (HTML)…")
    summary.wait_for(".html")
    summary.key("Return")
    summary.wait_for("Saved: ")
    (page,) = (summary.user.folder / "home").glob("*.html")
    assert page.name == f"reprospective-{today()}-filtered.html"
    text = page.read_text("utf-8")
    assert "Filtered by: harbour" in text
    assert "#harbour" in text
    assert not re.search("Invoice|Lo-fi|Downloads", text)


def test_a_short_day_is_shown_in_seconds_that_add_up(summary):
    odd_day(summary, length=20.49)
    summary.open()
    seen = summary.wait_for("#harbour")
    whole = seen.rows("Cards")[1][0]
    assert re.fullmatch(r"\d m \d\d s", whole)
    rows = [row for row in seen.rows("Applications")[1:] if len(row) == 3]
    assert sum(seconds(row[-1]) for row in rows) == seconds(whole)
    assert sum(seconds(time) for _name, time in legend(seen)) == seconds(whole)
