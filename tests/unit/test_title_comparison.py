"""Titles that only count or spin are one title; a change of anything else is a new one.

How it can fail: noise that is not seen as noise makes a session a tenth of a second
(36,000 an hour); text or numbers taken for noise merge what the person sees as two.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.monitor.title_comparison import TitleRate, comparable

NOISE = ("counters", "spinners", "percentages")
SAME = [
    ("(3) Inbox", "Inbox"),
    ("Inbox (3)", "Inbox"),
    ("(3) Inbox", "Inbox (412)"),
    ("[12] x", "x"),
    ("{7} x", "x"),
    ("(1,204) x", "(1.205) x"),
    ("(1\u202f204) x", "x"),
    ("(99+) Chat", "(3) Chat"),
    ("[1/20] Build", "[2/20] Build"),
    ("\uff08\uff13\uff09受信トレイ", "受信トレイ"),
    ("\u301012\u3011通知", "通知"),
    ("\uff3b5\uff3d x", "x"),
    ("\u280b build", "\u2819 build"),
    ("\u280b build", "build"),
    ("build \u28f7", "build \u28fe"),
    ("\u25d0 wait", "\u25d3 wait"),
    ("\u2733 think", "\u273b think"),
    ("| make", "/ make"),
    ("- make", "\\ make"),
    ("45% - copy", "46% - copy"),
    ("45.5 % copy", "9 % copy"),
    ("copy 45\uff05", "copy 46\uff05"),
    ("\u280b (3) 45% x", "\u2819 (4) 46% x"),
    ("(45%) copy", "(46%) copy"),
    ("Inbox  (3)", " Inbox"),
    ("(3)", "(4)"),
    ("\u280b", ""),
]
DIFFERENT = [
    ("Chapter 3", "Chapter 4"),
    ("3 Inbox", "4 Inbox"),
    ("50 apples", "51 apples"),
    ("C# 7", "C# 8"),
    ("Report 2024", "Report 2025"),
    ("Level (3) of it", "Level (4) of it"),
    ("(3 new) Inbox", "(4 new) Inbox"),
    ("v1.45", "v1.46"),
    ("a/b", "a-b"),
    ("Inbox", "inbox"),
    ("1234% x", "1235% x"),
    ("Inbox", "Outbox"),
    ("(a) x", "(b) x"),
    ("well-known x", "wellknown x"),
    ("first line", "firstline"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_titles_that_differ_in_noise_alone_are_one(one, other):
    reduce = comparable(NOISE)
    assert reduce(one) == reduce(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_titles_that_differ_in_text_or_a_bare_number_are_two(one, other):
    reduce = comparable(NOISE)
    assert reduce(one) != reduce(other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("counters", "(3) Inbox", "(4) Inbox"),
        ("spinners", "\u280b build", "\u2819 build"),
        ("spinners", "| build", "/ build"),
        ("percentages", "45% copy", "46% copy"),
    ],
)
def test_each_kind_of_noise_counts_once_it_is_turned_off(kind, one, other):
    without = comparable([other_kind for other_kind in NOISE if other_kind != kind])
    assert without(one) != without(other)
    assert comparable([kind])(one) == comparable([kind])(other)


def test_with_nothing_ignored_only_blanks_are_made_even():
    reduce = comparable([])
    assert reduce(" (3)  \u280b 45%\t") == "(3) \u280b 45%"


def test_own_patterns_are_noise_as_well():
    reduce = comparable(NOISE, [r"\d\d:\d\d", r"\s+\*$"])
    assert reduce("call 10:41 - Ann") == reduce("call 10:42 - Ann")
    assert reduce("notes.txt *") == reduce("notes.txt")
    assert reduce("call 1 - Ann") != reduce("call 2 - Ann")


@given(st.text())
def test_blanks_alone_make_no_new_title(title):
    reduce = comparable(NOISE)
    assert reduce(f"  {title}   x\n") == reduce(f"{title} x")


@given(st.text(alphabet="ab 19", min_size=1), st.integers(0, 9999))
def test_a_counter_in_front_or_behind_changes_nothing(title, count):
    reduce = comparable(NOISE)
    assert reduce(f"({count}) {title}") == reduce(title) == reduce(f"{title} [{count}]")


def test_the_rate_of_a_window_is_counted_over_a_rolling_minute():
    rate = TitleRate(2)
    rate.count(1, 0)
    assert not rate.exceeded(1, 10)
    rate.count(1, 30_000)
    assert rate.exceeded(1, 59_999)
    assert not rate.exceeded(2, 59_999)
    assert not rate.exceeded(1, 60_000)


def test_windows_that_are_quiet_for_a_minute_are_forgotten():
    rate = TitleRate(2)
    for window in range(1000):
        rate.count(window, window * 1000)
    assert len(rate._changes) <= 61
