"""Titles that can be read: whole under the pointer, wide enough by dragging, from the right."""

from tests.desktop.summary_driver import away, on_day
from tests.desktop.summary_geometry import see

EN = "\N{EN DASH}"
WORDS = "a title that is far too long for its column, and for any other one as well"
LONG_NAME = "An application whose name is far longer than any column could ever be"
CJK = "終了コード 0 — 日本語のとても長い題名がここに続きます。" * 4
HEBREW = "מסמך חדש - עברית"
ARABIC = "أخبار اليوم"
DAYS = (
    on_day(0, "08:00", "09:10", "Code", "short"),
    on_day(0, "09:10", "09:50", "Code", " ".join([WORDS] * 4)),
    away(0, "09:50", "10:20"),
    on_day(0, "10:20", "11:00", LONG_NAME, CJK),
    on_day(0, "11:15", "11:40", "דפדפן", HEBREW),
    on_day(0, "11:40", "11:50", "متصفح", ARABIC),
)


def opened(summary, **chosen):
    summary.record(*DAYS)
    summary.open(**chosen)
    return summary.wait_for("short", widget="Sessions")


def over(summary, text, widget):
    """Move the pointer over a text."""
    x, y = summary.seen.find(text, widget).box.at(0.5)
    summary.move((x - 3, y), (x, y))


def test_what_is_cut_in_a_session_is_whole_under_the_pointer_and_nothing_else_is_said(summary):
    opened(summary)
    over(summary, "a title that", "Sessions")
    words = summary.wait_for(f"09:10{EN}09:50", widget="Tooltip").words("Tooltip")
    assert words[0] == "Code"
    assert " ".join(words[1:-1]) == " ".join([WORDS] * 4)
    see(summary, "titles-pointer")
    over(summary, "short", "Sessions")
    summary.wait(lambda seen: not seen.words("Tooltip"), "the words to go")
    over(summary, "終了コード", "Sessions")
    words = summary.wait_for(f"10:20{EN}11:00", widget="Tooltip").words("Tooltip")
    assert "".join(words).replace(" ", "") == f"{LONG_NAME}{CJK}10:20{EN}11:00·40m".replace(" ", "")
    see(summary, "titles-pointer-cjk")


def test_the_name_of_an_application_and_its_titles_are_whole_under_the_pointer(summary):
    opened(summary)
    over(summary, "An application", "Applications")
    words = summary.wait(lambda seen: seen.words("Tooltip"), "the name").words("Tooltip")
    assert " ".join(words) == LONG_NAME
    over(summary, "Code", "Applications")
    summary.wait(lambda seen: not seen.words("Tooltip"), "the words to go")
    summary.click("Code", "Applications")
    summary.wait_for("a title that", widget="Applications")
    over(summary, "a title that", "Applications")
    words = summary.wait(lambda seen: len(seen.words("Tooltip")) > 2, "the title").words("Tooltip")
    assert (words[0], " ".join(words[1:])) == ("Code", " ".join([WORDS] * 4))


def test_columns_are_dragged_by_their_borders_and_fitted_by_a_double_click(summary):
    seen = opened(summary, dark=True)
    before = {name: seen.find(name, "Sessions").box for name in ("Time", "Application", "Title")}
    border = before["Title"].left - 6, before["Title"].at(0.5)[1]
    summary.drag(border, (border[0] - 40, border[1]))
    title = lambda seen: seen.find("Title", "Sessions").box.left  # noqa: E731
    summary.wait(lambda seen: title(seen) == before["Title"].left - 40, "a narrower column")
    see(summary, "columns-narrow")
    assert summary.seen.words("Sessions").count("When ↓") == 1
    border = border[0] - 40, border[1]
    summary.click_at(border, times=2)
    seen = summary.wait(lambda seen: title(seen) > before["Title"].left, "a column that fits")
    assert seen.find(LONG_NAME[:30], "Sessions")
    see(summary, "columns-fitted")
    # As narrow as figures are cut, which are then whole under the pointer.
    row = before["Time"].at(0.5)[1]
    begins, ends = seen.find(f"08:00{EN}09:10", "Sessions").box, seen.find("40 m", "Sessions").box
    summary.drag((begins.right + 6, row), (begins.left + 40, row))
    seen = summary.wait(
        lambda seen: all("…" in row[0] for row in seen.rows("Sessions")[2:]), "cut figures"
    )
    assert seen.find("40 m", "Sessions").box.right < ends.right - 30
    see(summary, "columns-cut")
    over(summary, "short", "Sessions")
    summary.wait_for(f"08:00{EN}09:10 · 1 h 10 m", widget="Tooltip")


def test_titles_from_the_right_are_drawn_as_they_are_read(summary):
    seen = opened(summary, language="ja")
    assert seen.find(HEBREW[::-1], "Sessions")
    # Joined, and from the right: each letter in its form of the end, the middle or the beginning.
    assert seen.find("\ufee1\ufeee\ufef4\ufedf\ufe8d", "Sessions")
    see(summary, "titles-from-the-right")
    summary.click("דפדפן"[::-1], "Applications")
    summary.wait_for(HEBREW[::-1], widget="Applications")
    summary.click(HEBREW[::-1], "Sessions")
    summary.key("ctrl+c")
    summary.wait_for("1件のセッションをコピー")
    assert summary.clipboard().endswith(HEBREW)
