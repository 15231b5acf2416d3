"""A search by what was clicked on: an application or a category, together with words."""

from reprospective_tray.summary.figures.search import Chip, ChipKind, Search
from reprospective_tray.summary.view_model import View
from reprospective_tray.summary.window.navigation import Position
from tests.unit.stored import session, stored
from tests.unit.test_report import DAY
from tests.unit.test_view_model import RULES

CODE = Chip(ChipKind.APPLICATION, "Code", "#0000ff")
CODING = Chip(ChipKind.CATEGORY, "Work > Coding", "#0000ff", "Coding")


def test_a_chip_of_an_application_finds_that_name_alone():
    search = Search("", (CODE,), RULES)
    assert not search.finds_all
    assert search.finds("Code", "a file")
    assert not search.finds("Code - Insiders", "a file")
    assert search.finds_application("Code")


def test_a_chip_of_a_category_finds_what_its_rules_find():
    search = Search("", (CODING,), RULES)
    assert search.finds("Code", "a file")
    assert not search.finds("Firefox", "Code")


def test_words_count_among_what_the_chips_leave():
    search = Search("read", (CODE, CODING), RULES)
    assert search.finds("Code", "README.md")
    assert not search.finds("Code", "main.py")
    assert search.text == "Code · Coding · read"


def test_idle_time_fits_no_chip():
    idle = stored(session("2026-03-30T08:00:00Z", "2026-03-30T08:09:48Z", state="idle"))
    assert Search("", ()).finds_session(idle)
    assert not Search("", (CODE,), RULES).finds_session(idle)


def test_one_chip_of_a_kind_holds_and_each_can_be_taken_away():
    here = Position(View.DAY, DAY).among(CODE).among(CODING)
    assert here.chips == (CODE, CODING)
    other = Chip(ChipKind.APPLICATION, "Slack", "#00ff00")
    assert here.among(other).chips == (CODING, other)
    assert here.without(CODE).chips == (CODING,)
    assert here.wish.chips == here.chips
    assert here.earlier().chips == here.chips
