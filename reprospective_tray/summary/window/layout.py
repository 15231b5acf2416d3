"""What the summary shows in the room that it has. Pure."""

from msgspec import Struct

# In pixels of the design: the window is this wide or high where it shows more, or less.
_WIDE, _TALL, _LOW = 1500, 880, 560
_CHARTS, _TALL_CHARTS, _LOW_CHARTS = 208, 300, 150


class Layout(Struct, frozen=True):
    """The parts of the window that depend on its size.

    Attributes:
        has_categories: Whether the categories stand beside the applications.
        has_notes: Whether cards have their third line.
        is_tall: Whether the timeline has a lane for each category.
        charts_height: Of the charts of a week or month, in pixels of the design.
    """

    has_categories: bool
    has_notes: bool
    is_tall: bool
    charts_height: int


def layout_for(width: float, height: float) -> Layout:
    """Return the layout of a window of this size, in pixels of the design."""
    is_low, is_tall = height < _LOW, height >= _TALL
    charts = _LOW_CHARTS if is_low else _TALL_CHARTS if is_tall else _CHARTS
    return Layout(width >= _WIDE, not is_low, is_tall, charts)
