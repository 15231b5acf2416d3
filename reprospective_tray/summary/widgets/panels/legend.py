"""The legend above a chart: categories with their time, and what of it was productive."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from reprospective_tray.summary import sentences
from reprospective_tray.summary.format_text import figure_text
from reprospective_tray.summary.rounding import together
from reprospective_tray.summary.view_model import LegendEntry
from reprospective_tray.summary.widgets.surface import Surface, figures_width

LINE_HEIGHT = 20
_DOT = 9
_GAP = 18
_LONGEST_NAME = 180


class DrawnLegend(Struct, frozen=True):
    """What a legend shows.

    Attributes:
        lines: How many lines it takes.
        named: The entries that stand in it by name.
        rest: The others, which stand there as one.
        rest_box: Where that is: left, top, right, bottom in pixels.
    """

    lines: int = 1
    named: tuple[LegendEntry, ...] = ()
    rest: tuple[LegendEntry, ...] = ()
    rest_box: tuple[int, int, int, int] = (0, 0, 0, 0)

    def rest_at(self, x: int, y: int) -> list[str]:
        """Return what to show while the pointer is there: the rest, line by line, or nothing."""
        left, top, right, bottom = self.rest_box
        if not (left <= x < right and top <= y < bottom):
            return []
        return [f"{entry.label}  {entry.time}" for entry in self.rest]


def draw_legend(  # noqa: PLR0913  each is named at the call
    surface: Surface,
    middle: int,
    entries: Sequence[LegendEntry],
    note: str,
    *,
    side: int,
    most_lines: int = 1,
    rest_colour: str = "",
) -> DrawnLegend:
    """Draw `entries`, as one rest where there is no room for all, and `note` where it fits as well.

    Args:
        surface: On what.
        middle: The y of the first line.
        entries: Longest first; none is left out.
        note: At the right end of the line.
        side: The room at both sides. All lengths are pixels.
        most_lines: How many lines it may take.
        rest_colour: The colour of the rest in the chart; empty where it has the colours of its own.
    """
    look, palette = surface.look, surface.look.palette
    dot, gap = look.px(_DOT + 8), look.px(_GAP)
    right = surface.winfo_width() - side
    names = [look.cut(entry.label, look.body, look.px(_LONGEST_NAME)) for entry in entries]

    def width(name: str, time: str, mark: int = dot) -> int:
        name_width = look.body.measure(f"{name} ") + look.px(2)
        return mark + name_width + figures_width(look.body, time)

    def rest_of(count: int) -> tuple[str, str]:
        time = figure_text(together(entry.figure for entry in entries[count:]))
        return sentences.others(len(entries) - count), time

    rest_mark = dot if rest_colour else 0
    widths = [width(name, entry.time) for name, entry in zip(names, entries, strict=True)]
    count, places = lay_out(
        widths, right - side, gap, most_lines, lambda count: width(*rest_of(count), rest_mark)
    )
    note_width = look.small.measure(note)
    is_alone = count == len(entries) and not any(line for line, _x in places)
    if note and is_alone and sum(widths) + len(widths) * gap + note_width <= right - side:
        surface.text(right, middle, note, look.small, palette.dim, side="e")
    drawn = [
        (name, entry.time, entry.colour)
        for name, entry in zip(names[:count], entries, strict=False)
    ]
    if count < len(entries):
        drawn.append((*rest_of(count), rest_colour))
    rest_box = (0, 0, 0, 0)
    for (name, time, colour), (line, x) in zip(drawn, places, strict=True):
        left, y = side + x, middle + line * look.px(LINE_HEIGHT)
        end = left + width(name, time, dot if colour else 0)
        rest_box = left, y - look.px(LINE_HEIGHT) // 2, end, y + look.px(LINE_HEIGHT) // 2
        if colour:
            surface.dot(left, y, look.px(_DOT), colour)
            left += dot
        surface.text(left, y, name, look.body, palette.text if colour else palette.dim)
        surface.figures(end - figures_width(look.body, time), y, time, look.body, palette.dim)
    lines = places[-1][0] + 1 if places else 1
    return DrawnLegend(lines, tuple(entries[:count]), tuple(entries[count:]), rest_box)


def lay_out(
    widths: Sequence[int], room: int, gap: int, most_lines: int, rest_width: Callable[[int], int]
) -> tuple[int, list[tuple[int, int]]]:
    """Return how many entries are named, and the line and x of each and at last of the rest.

    Args:
        widths: Of the entries.
        room: The width of a line.
        gap: Between two entries.
        most_lines: How many lines there are.
        rest_width: Returns how wide the rest is behind so many entries.
    """
    for count in range(len(widths), -1, -1):
        shown = [*widths[:count]]
        if count < len(widths):
            shown.append(rest_width(count))
        places, line, x = [], 0, 0
        for width in shown:
            if x and x + width > room:
                line, x = line + 1, 0
            places.append((line, x))
            x += width + gap
        if line < most_lines and (not count or max(shown) <= room):
            return count, places
    return 0, []
