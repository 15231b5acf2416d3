"""Categories: which rule takes a window, in which colour, and what adds up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.config.keys import CategoryRule, CategorySettings
from reprospective_tray.messages import set_language
from reprospective_tray.summary.figures import builtin_categories as builtin
from reprospective_tray.summary.figures.categories import OTHER_COLOUR, Categories


def categories(*rules, built_in=False):
    return Categories(CategorySettings(built_in=built_in, rules=rules))


@pytest.mark.parametrize(
    ("application", "title", "name"),
    [
        ("Code", "sessionizer.py - reprospective - Visual Studio Code", builtin.CODING),
        ("code-oss", "", builtin.CODING),
        ("jetbrains-pycharm-ce", "", builtin.CODING),
        ("Gnome-terminal", "pytest", builtin.CODING),
        ("org.gnome.Ptyxis", "", builtin.CODING),
        ("ターミナル", "終了コード 0", builtin.CODING),
        ("firefox", "Harbour - Wikipedia — Mozilla Firefox", builtin.READING),
        ("Firefox", "Fix the clock · Pull Request #7 · GitHub — Mozilla Firefox", builtin.CODING),
        ("Google-chrome", "Lo-fi beats - YouTube - Google Chrome", builtin.MEDIA),
        ("msedge.exe", "Inbox (3) - Outlook", builtin.COMMUNICATION),
        ("Slack", "#release - team - Slack", builtin.COMMUNICATION),
        ("thunderbird", "Inbox", builtin.COMMUNICATION),
        ("libreoffice-writer", "letter.odt", builtin.WRITING),
        ("libreoffice-calc", "budget.ods", builtin.OFFICE),
        ("Gimp-2.10", "", builtin.DESIGN),
        ("Evince", "paper.pdf", builtin.READING),
        ("Steam", "", builtin.GAMES),
        # What only contains a name is another program.
        ("Barcode Reader", "", "Other"),
        ("Passwordless", "", "Other"),
        ("Org.gnome.Nautilus", "Downloads", "Other"),
    ],
)
def test_the_built_in_rules_know_the_usual_programs(application, title, name):
    assert categories(built_in=True).of(application, title).name == name


def test_the_first_rule_that_fits_decides_and_own_ones_come_before_built_in_ones():
    own = categories(
        CategoryRule(category="Harbour", title="harbour"),
        CategoryRule(category="Work > Review", application="firefox", title="pull request"),
        built_in=True,
    )
    assert own.of("Firefox", "Harbour pull request").name == "Harbour"
    assert own.of("firefox", "A Pull Request").name == "Work > Review"
    assert own.of("firefox", "News").name == builtin.READING


def test_without_a_title_only_rules_that_ask_for_none_fit():
    own = categories(
        CategoryRule(category="Any title", title="."),
        CategoryRule(category="By name", application="firefox"),
    )
    assert own.of("Firefox", "a").name == "Any title"
    assert own.of("Firefox", None).name == "By name"
    assert own.of("Firefox", "").name == "By name"


def test_what_no_rule_takes_is_other_and_says_nothing_of_being_productive():
    found = categories().of("Anything", "at all")
    assert (found.name, found.label, found.colour, found.productive) == (
        *("Other", "Other", OTHER_COLOUR, None),
    )


def test_a_rule_may_name_other_and_then_there_is_one_of_that_name_alone():
    plain = categories(CategoryRule(category="Other", application="a"))
    assert plain.of("a", "") == plain.of("b", "")
    assert plain.of("b", "").colour == OTHER_COLOUR
    own = categories(
        CategoryRule(category="Other", application="a", colour="#112233", productive=False)
    )
    totals = own.totals([("a", "", 5), ("b", "", 7)])
    assert [(each.category.name, each.ms) for each in totals] == [("Other", 12)]
    assert (totals[0].category.colour, totals[0].category.productive) == ("#112233", False)


def test_a_category_has_its_own_colour_or_that_of_what_it_is_a_part_of():
    own = categories(
        CategoryRule(category="Work", application="x", colour="#112233"),
        CategoryRule(category="Work > Coding > Tests", application="a"),
        CategoryRule(category="Work>Coding", application="b", colour="#AABBCC"),
        CategoryRule(category="Work > Coding", application="c"),
    )
    assert [own.of(name, "").colour for name in "xabc"] == [
        *("#112233", "#aabbcc", "#aabbcc", "#aabbcc"),
    ]


def test_a_colour_that_nobody_chose_does_not_change_with_another_rule():
    rule = CategoryRule(category="Gardening", application="a")
    alone = categories(rule).of("a", "").colour
    beside = categories(CategoryRule(category="Else", application="b"), rule).of("a", "").colour
    assert alone == beside
    assert re.fullmatch("#[0-9a-f]{6}", alone)


def test_whether_it_is_productive_stands_at_the_first_rule_that_says_so():
    own = categories(
        CategoryRule(category="Mail", application="a"),
        CategoryRule(category="Mail", application="b", productive=True),
        CategoryRule(category="Mail", application="c", productive=False),
    )
    assert [own.of(name, "").productive for name in "abc"] == [True, True, True]


def test_totals_come_longest_first_and_the_rest_last():
    own = categories(
        CategoryRule(category="Short", application="s"),
        CategoryRule(category="Long", application="l"),
    )
    parts = [("o", "", 90), ("s", "1", 5), ("l", None, 20), ("s", "2", 6), ("l", "", 0)]
    totals = own.totals(parts)
    assert [(each.category.name, each.ms) for each in totals] == [
        *(("Long", 20), ("Short", 11), ("Other", 90)),
    ]


def test_built_in_categories_speak_the_person_s_language_and_keep_their_name():
    found = categories(built_in=True).of("Code", "")
    set_language("ja")
    try:
        assert found.name == "Work > Coding"
        assert found.full_label == "仕事 > コーディング"
    finally:
        set_language("en")


@given(st.lists(st.tuples(st.text(max_size=9), st.none() | st.text(max_size=9), st.integers(0))))
def test_whatever_the_names_are_nothing_is_lost(parts):
    totals = categories(built_in=True).totals(parts)
    assert sum(each.ms for each in totals) == sum(ms for _name, _title, ms in parts)
