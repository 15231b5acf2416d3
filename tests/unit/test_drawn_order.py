"""Hebrew and Arabic in the order in which Tk draws letters: from left to right."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.summary.widgets.drawn_order import drawn_order

SHALOM = "\u05e9\u05dc\u05d5\u05dd"
TURNED = SHALOM[::-1]


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("plain", "plain"),
        ("終了コード 0 — naïve 🎉", "終了コード 0 — naïve 🎉"),
        (SHALOM, TURNED),
        (f"{SHALOM} Firefox 12", f"Firefox 12 {TURNED}"),
        (f"Firefox 12 {SHALOM}", f"Firefox 12 {TURNED}"),
        (f"({SHALOM})", f"({TURNED})"),
        ("\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", TURNED),
        # Arabic letters join: their initial, medial and final forms.
        ("\u0628\u0628\u0628", "\ufe90\ufe92\ufe91"),
        ("\u0633\u0644\u0627\u0645", "\ufee1\ufefc\ufeb3"),
    ],
)
def test_letters_stand_as_they_are_read(text, drawn):
    assert drawn_order(text) == drawn


def test_a_line_of_a_longer_text_begins_at_the_side_where_that_begins():
    assert drawn_order("abc.", SHALOM) == ".abc"
    assert drawn_order(f"1 {SHALOM}", f"abc 1 {SHALOM}") == f"1 {TURNED}"


LETTERS = st.text(
    st.sampled_from(f"ab1 ().-…—{SHALOM}\u0627\u0644\u0645\u064e\u05b8\u202e\u200f👩\u200d🎉語"),
    max_size=60,
)


@given(LETTERS | st.text(max_size=60))
def test_nothing_is_lost_but_points_and_what_steers_the_direction(text):
    line = "".join(char for char in text if unicodedata.category(char) not in {"Cc", "Zl", "Zp"})
    drawn = drawn_order(line)
    letters = sorted(char for char in line if char.isascii() and char.isalnum())
    assert sorted(char for char in drawn if char.isascii() and char.isalnum()) == letters


LOADS = """
import sys
from reprospective_tray.summary.widgets.drawn_order import drawn_order
drawn_order('naïve — 終了コード')
print('bidi' in sys.modules)
"""


def test_who_has_no_such_titles_does_not_load_what_turns_them():
    done = subprocess.run(
        [sys.executable, "-c", LOADS],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
