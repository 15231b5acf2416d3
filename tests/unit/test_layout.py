"""What the summary shows in the room that it has."""

import pytest

from reprospective_tray.summary.window.layout import layout_for


@pytest.mark.parametrize(
    ("size", "has_categories", "has_notes", "is_tall"),
    [
        ((800, 500), False, False, False),
        ((1120, 660), False, True, False),
        ((1366, 768), False, True, False),
        ((1920, 1000), True, True, True),
        ((2560, 700), True, True, False),
        ((900, 1400), False, True, True),
    ],
)
def test_more_room_shows_more(size, has_categories, has_notes, is_tall):
    found = layout_for(*size)
    assert (found.has_categories, found.has_notes, found.is_tall) == (
        has_categories,
        has_notes,
        is_tall,
    )


def test_charts_are_never_lower_in_a_higher_window():
    heights = [layout_for(1000, height).charts_height for height in range(400, 1500, 10)]
    assert heights == sorted(heights)
