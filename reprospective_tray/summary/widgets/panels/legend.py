"""The legend above a chart: categories with their time, and what of it was productive."""

from collections.abc import Sequence

from reprospective_tray.summary.view_model import LegendEntry
from reprospective_tray.summary.widgets.surface import Surface, figures_width

_DOT = 9
_GAP = 18


def draw_legend(
    surface: Surface, middle: int, entries: Sequence[LegendEntry], note: str, *, side: int
) -> None:
    """Draw as many `entries` as there is room for, and `note` at the right where they leave some.

    All lengths are pixels.
    """
    look, palette = surface.look, surface.look.palette
    right = surface.winfo_width() - side
    needed = sum(
        look.body.measure(f"{each.label} ") + figures_width(look.body, each.time)
        for each in entries
    )
    needed += len(entries) * look.px(_DOT + 10 + _GAP)
    note_width = look.small.measure(note)
    if note and side + needed + note_width <= right:
        surface.text(right, middle, note, look.small, palette.dim, side="e")
        right -= note_width + look.px(_GAP)
    x = side
    for entry in entries:
        label = look.cut(entry.label, look.body, look.px(180))
        name_width = look.px(_DOT + 8) + look.body.measure(f"{label} ") + look.px(2)
        time_width = figures_width(look.body, entry.time)
        if x + name_width + time_width > right:
            return
        surface.dot(x, middle, look.px(_DOT), entry.colour)
        surface.text(x + look.px(_DOT + 8), middle, label, look.body, palette.text)
        surface.figures(x + name_width, middle, entry.time, look.body, palette.dim)
        x += name_width + time_width + look.px(_GAP)
