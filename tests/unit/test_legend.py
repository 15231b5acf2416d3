"""The legend's places: no category is left out, whatever room there is."""

from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.summary.widgets.panels.legend import lay_out

REST = 60


def laid_out(widths, room, lines=1):
    return lay_out(widths, room, 10, lines, lambda _count: REST)


def test_all_have_a_place_where_there_is_room():
    assert laid_out([100, 80, 60], 260) == (3, [(0, 0), (0, 110), (0, 200)])


def test_the_rest_is_one_where_there_is_none():
    assert laid_out([100, 80, 60, 70], 260) == (2, [(0, 0), (0, 110), (0, 200)])
    assert laid_out([100, 80, 70], 260) == (2, [(0, 0), (0, 110), (0, 200)])


def test_a_second_line_is_used_before_anything_becomes_a_rest():
    assert laid_out([100, 80, 60, 70], 260, 2) == (4, [(0, 0), (0, 110), (0, 200), (1, 0)])


def test_even_in_no_room_at_all_the_rest_stands_there():
    assert laid_out([100, 80], 20) == (0, [(0, 0)])
    assert laid_out([], 20) == (0, [])


@given(st.lists(st.integers(1, 300), max_size=30), st.integers(REST, 900), st.integers(1, 3))
def test_whatever_is_not_named_is_in_the_rest_and_nothing_leaves_its_lines(widths, room, lines):
    named, places = laid_out(widths, room, lines)
    shown = widths[:named] + [REST] * (named < len(widths))
    assert len(shown) == len(places)
    for width, (line, x) in zip(shown, places, strict=True):
        assert 0 <= line < lines
        assert x + width <= room
    for (line, x), width, after in zip(places, shown, places[1:], strict=False):
        assert after == (line, x + width + 10) or after == (line + 1, 0)
