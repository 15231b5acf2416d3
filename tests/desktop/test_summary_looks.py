"""How the summary window looks: pictures under ``build/summary/``, and nothing cut or overlapping.

The pictures are for eyes; `summary_geometry` says what a test can say of them.
"""

import shutil
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from installer.demo.sample_data import SATURDAY
from installer.demo.sample_data import sessions as sample_sessions
from reprospective_tray.store.model.sessions import State
from reprospective_tray.summary.widgets.panels.day_strip import HEIGHT
from tests.desktop.summary_driver import ZONE, away, on_day, record, today
from tests.desktop.summary_geometry import see
from tests.unit.stored import session

LOOKS = [
    (False, "en", 1.0),
    *(
        pytest.param(*look, marks=pytest.mark.long)
        for look in ((True, "en", 1.0), (False, "ja", 1.0), (True, "ja", 1.0), (False, "en", 1.5))
    ),
    (True, "ja", 2.0),
]
CARDS = 5
LONG = "a title that goes on and on — " * 40
SCRIPTS = (
    ("Code", LONG),
    ("An application whose name is far longer than any column could ever be", "short"),
    ("متصفح الويب", "الصفحة الرئيسية — أخبار اليوم (123) - Firefox"),
    ("דפדפן", "מסמך חדש - עברית ואנגלית mixed with English"),
    ("Chat", "🎉 party 👩‍👩‍👧‍👦 family 🏳️‍🌈 flag 🇯🇵 japan"),
    ("เบราว์เซอร์", "ภาษาไทยที่มีสระและวรรณยุกต์ น้ำ ผู้ใหญ่"),
    ("Z̸̛̗a̷̢͝l̵̰̀g̶̱̈o", "e\u0301\u0327 combining " + "a" + "\u0301" * 30),
    ("ターミナル", "終了コード 0 — 日本語のとても長い題名がここに続きます。" * 4),
    ("微信", "中文标题 — 繁體中文標題"),
    ("한국어", "제목 없음 — 문서"),
    ("\u202eevil", "\u202etxt.exe\u202c after"),
    ("हिन्दी", "नमस्ते दुनिया"),
)


@pytest.fixture(scope="module")
def sample_weeks(tmp_path_factory):
    """A database of weeks."""
    sessions = [
        session(
            each["started_at"],
            each["ended_at"],
            each["application_name"],
            each["window_title"],
            state=State(each["state"]),
        )
        for each in sample_sessions(datetime.now(ZONE))
    ]
    path = tmp_path_factory.mktemp("weeks") / "weeks.db"
    record(path, *sessions)
    return path


@pytest.fixture
def weeks(summary, sample_weeks):
    """The window of somebody who has recorded for weeks; `back` leads to a whole workday."""
    summary.database.parent.mkdir(mode=0o700, parents=True)
    shutil.copy(sample_weeks, summary.database)
    back = 1
    while (today() - timedelta(days=back)).weekday() >= SATURDAY:
        back += 1
    summary.back = back
    return summary


@pytest.mark.parametrize(("dark", "language", "scale"), LOOKS)
def test_days_weeks_and_months_are_whole_in_every_look(weeks, dark, language, scale):
    weeks.open(dark=dark, language=language, scale=scale)
    name = f"{'dark' if dark else 'light'}-{language}-{round(100 * scale)}"
    weeks.wait(lambda seen: seen.box("DayStrip"), "today")
    weeks.key(*["Left"] * weeks.back)
    weeks.wait(lambda seen: "17" in seen.words("DayStrip"), "a whole day")
    see(weeks, f"{name}-day")
    weeks.key("w", "Left")
    weeks.wait(lambda seen: len(seen.words("DayBars")) > 12, "a week")
    see(weeks, f"{name}-week")
    weeks.key("m")
    weeks.wait(lambda seen: "26" in seen.words("DayBars"), "a month")
    see(weeks, f"{name}-month")


@pytest.mark.parametrize(
    ("dark", "language", "scale"),
    [
        (False, "en", 1.0),
        pytest.param(True, "ja", 1.0, marks=pytest.mark.long),
        (False, "ja", 1.5),
    ],
)
def test_the_smallest_window_is_whole(weeks, dark, language, scale):
    size = f"{round(800 * scale)}x{round(500 * scale)}+60+60"
    weeks.open(dark=dark, language=language, scale=scale, geometry=size)
    name = f"small-{'dark' if dark else 'light'}-{language}-{round(100 * scale)}"
    weeks.wait(lambda seen: seen.box("DayStrip"), "today")
    weeks.key(*["Left"] * weeks.back)
    weeks.wait(lambda seen: "18" in seen.words("DayStrip"), "a whole day")
    see(weeks, f"{name}-day")
    weeks.key("w", "Left")
    weeks.wait(lambda seen: len(seen.words("DayBars")) > 7, "a week")
    see(weeks, f"{name}-week")
    weeks.key("m")
    seen = weeks.wait(lambda seen: "26" in seen.words("DayBars"), "a month")
    see(weeks, f"{name}-month")
    assert len(seen.words("Cards")) >= 2 * CARDS
    assert len(seen.rows("Applications")) >= 3
    assert len(seen.rows("Sessions")) >= 4


@pytest.mark.parametrize(
    ("dark", "language"), [pytest.param(False, "en", marks=pytest.mark.long), (True, "ja")]
)
def test_a_large_window_has_lanes_and_categories(weeks, dark, language):
    weeks.open(dark=dark, language=language, geometry="1880x1000+20+20")
    name = f"large-{'dark' if dark else 'light'}-{language}"
    weeks.wait(lambda seen: seen.box("DayStrip"), "today")
    weeks.key(*["Left"] * weeks.back)
    seen = weeks.wait(lambda seen: "17:00" in seen.words("DayStrip"), "a whole day")
    see(weeks, f"{name}-day")
    categories, applications = seen.box("CategoryList"), seen.box("Applications")
    assert categories.right < applications.left
    assert len(seen.rows("CategoryList")) > 3
    strip = seen.box("DayStrip")
    assert strip.bottom - strip.top > 1.5 * HEIGHT
    # The first lane below the strip is that of the longest category.
    longest = seen.words("CategoryList")[0]
    weeks.move((strip.left + (strip.right - strip.left) // 2, strip.top + 38 + 44 + 6 + 7))
    weeks.wait(lambda seen: any(longest in word for word in seen.words("Tooltip")), longest)
    weeks.key("w", "Left")
    weeks.wait(lambda seen: len(seen.words("DayBars")) > 12, "a week")
    see(weeks, f"{name}-week")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_script_and_very_long_titles_keep_their_places(summary, language):
    times = [f"{8 + n // 4:02}:{n % 4 * 15:02}" for n in range(len(SCRIPTS) + 1)]
    summary.record(
        *(on_day(0, *pair, *names) for pair, names in zip(pairwise(times), SCRIPTS, strict=True)),
        away(0, "12:00", "12:30"),
    )
    summary.open(language=language, dark=language == "ja")
    summary.wait_for("微信")
    see(summary, f"scripts-{language}")
    summary.search("e")
    summary.wait(lambda seen: "▾" in seen.words("Applications"), "what was found, opened")
    see(summary, f"scripts-{language}-search")
    summary.key("Escape")
    strip = summary.seen.box("DayStrip")
    summary.move((strip.left + 60, strip.top + 60))
    summary.wait(lambda seen: seen.words("Tooltip"), "the words under the pointer")
    see(summary, f"scripts-{language}-pointer")


@pytest.mark.parametrize(("dark", "language"), [(False, "en"), (True, "ja")])
def test_empty_days_and_what_lies_over_the_window_are_whole(summary, dark, language):
    name = f"{'dark' if dark else 'light'}-{language}"
    summary.open(dark=dark, language=language)
    summary.wait(lambda seen: len(seen.words("Label")) > 1, "the first start")
    see(summary, f"first-start-{name}")
    summary.record(on_day(40, "09:00", "10:00", "Code", "long ago"))
    summary.set_status({"running": True, "paused": True, "paused_until": None})
    first = summary.seen.words("Footer")
    summary.wait(lambda seen: seen.words("Footer")[:1] != first[:1], "the pause")
    see(summary, f"paused-{name}")
    summary.record(on_day(0, "09:00", "10:00", "Code", "now"))
    summary.wait_for("now", widget="Sessions")
    summary.click("now", "Sessions")
    summary.key("Delete")
    summary.wait(lambda seen: not seen.find("now", "Sessions"), "the offer to undo")
    see(summary, f"undo-{name}")
    summary.key("ctrl+e")
    summary.wait(lambda seen: seen.words("Menu"), "the menu")
    summary.picture(f"menu-{name}")
    summary.key("Escape")
    summary.wait(lambda seen: not seen.words("Menu"), "the menu to go")


@pytest.mark.parametrize(("dark", "language", "scale"), LOOKS)
def test_the_calendar_is_whole_in_every_look(weeks, dark, language, scale):
    weeks.open(dark=dark, language=language, scale=scale)
    seen = weeks.wait(lambda seen: seen.words("Sessions"), "today")
    weeks.click_at(seen.texts("Label")[0].box.at(0.5))
    monday, month = {"en": ("Mon", f"{today():%B %Y}"), "ja": ("月", f"{today():%Y年%-m月}")}[
        language
    ]
    seen = weeks.wait(lambda seen: month in seen.words("Calendar"), "the calendar")
    assert seen.words("Calendar").index(monday) < seen.words("Calendar").index("1")
    name = f"{'dark' if dark else 'light'}-{language}-{round(100 * scale)}"
    see(weeks, f"calendar-{name}")
    weeks.key("Prior")
    weeks.wait_without(month, "Calendar")
    see(weeks, f"calendar-{name}-before")


@pytest.mark.parametrize(("dark", "language", "scale"), LOOKS)
def test_the_file_dialog_speaks_the_language_of_the_window(summary, dark, language, scale):
    summary.record(on_day(0, "09:00", "10:00", "Code", "now"))
    summary.open(dark=dark, language=language, scale=scale)
    summary.wait(lambda seen: seen.words("Sessions"), "today")
    (summary.user.folder / "home" / "notes.html").write_text("", "utf-8")
    (summary.user.folder / "home" / "older").mkdir()
    open_dialog(summary)
    words = {"en": ("Save", "Cancel", "Folder:"), "ja": ("保存", "キャンセル", "フォルダー:")}[
        language
    ]
    seen = summary.wait(lambda seen: {*words, "notes.html"} <= {*dialog(seen)}, "the dialog")
    assert not {"OK", "Directory:", ".config"} & {*dialog(seen)}
    name = f"{'dark' if dark else 'light'}-{language}-{round(100 * scale)}"
    summary.picture(f"dialog-{name}")
    summary.key("Return")
    summary.wait(lambda seen: not dialog(seen), "the dialog to go")
    open_dialog(summary)
    summary.key("Return")
    again = {"en": "Replace", "ja": "置き換える"}[language]
    summary.wait(lambda seen: again in dialog(seen), "the question")
    summary.picture(f"dialog-{name}-replace")
    summary.key("Escape")
    summary.wait(lambda seen: again not in dialog(seen), "the question to go")
    summary.key("Escape")
    summary.wait(lambda seen: not dialog(seen), "the dialog to go")


def open_dialog(summary):
    summary.key("ctrl+e")
    summary.wait(lambda seen: seen.words("Menu"), "the menu")
    summary.key("Down", "Return")
    summary.wait(dialog, "the dialog")


def dialog(seen):
    """Return what is to be read beside the window itself."""
    beside = (
        widget for widget in seen.widgets if widget["top"] != "." and widget["name"] != "Menu"
    )
    return [text.text for widget in beside for text in seen.texts_of(widget)]
