"""The palettes by numbers: WCAG 2.1, AA, of each text on what it is written on."""

import pytest

from reprospective_tray.summary import theme
from tests.contrast import contrast

# The grounds that each is written on, in the window, in the report and in the tray's windows.
TEXTS = {
    "text": ("ground", "surface", "track", "selected"),
    "dim": ("ground", "surface", "track", "selected"),
    "accent": ("surface",),
    "more": ("ground", "surface"),
    "less": ("ground", "surface"),
    "on_accent": ("accent",),
}


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK])
@pytest.mark.parametrize(
    ("text", "ground"), [(text, ground) for text in TEXTS for ground in TEXTS[text]]
)
def test_a_text_can_be_read_on_its_ground(palette, text, ground):
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK])
@pytest.mark.parametrize("ground", ["ground", "surface"])
def test_what_cannot_be_pressed_and_the_ring_of_the_focus_are_seen(palette, ground):
    """WCAG 2.1 asks for nothing and for 3."""
    assert contrast(palette.disabled, getattr(palette, ground)) >= 3
    assert contrast(palette.accent, getattr(palette, ground)) >= 3
