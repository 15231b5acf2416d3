"""The applications as bars, which open into their titles."""

import tkinter as tk
from collections.abc import Sequence
from dataclasses import dataclass

from reprospective_tray.messages import _
from reprospective_tray.summary.view_model import Bar, TitleLine
from reprospective_tray.summary.widgets.scrolling import SIDE, ScrolledPanel
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import figures_width, is_focused

_TITLE_HEIGHT = 23
_ARROW = 24
_BAR_HEIGHT = 12
_GAP = 14
_CLOSED, _OPEN = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}", "\N{BLACK DOWN-POINTING SMALL TRIANGLE}"


@dataclass(frozen=True, slots=True)
class _ListRow:
    """A line of the list: an application, or one of its titles."""

    top: int
    height: int
    bar: Bar
    title: TitleLine | None = None


class Applications(ScrolledPanel):
    """Bars, longest first; a click, Return or the arrow keys open one into its titles."""

    def __init__(self, parent: tk.Misc, look: WindowStyle, heading: str = "") -> None:
        """Make an empty list; without a `heading` it is that of the applications."""
        super().__init__(parent, look, heading or _("Applications"))
        self.configure(takefocus=1)
        self._bars: Sequence[Bar] = ()
        self._opened: set[str] = set()
        self._are_all_open = False
        self._marked: int | None = None
        self._lines: list[_ListRow] = []
        self._height = 0
        self.bind("<Motion>", self._point)
        self.bind("<Up>", lambda _event: self._mark(-1))
        self.bind("<Down>", lambda _event: self._mark(1))
        for key in ("<Return>", "<space>"):
            self.bind(key, lambda _event: self._open_marked())
        for change in ("<FocusIn>", "<FocusOut>"):
            self.bind(change, lambda _event: self.redraw(), add=True)

    @property
    def content_height(self) -> int:
        """See `ScrolledPanel`."""
        return self._height

    def show(self, bars: Sequence[Bar], *, opened: bool = False) -> None:
        """Show `bars`; those that were open stay so, and for a while all are where `opened`."""
        if bars != self._bars or opened != self._are_all_open:
            self._bars, self._are_all_open = bars, opened
            self._lay_out()

    def _lay_out(self) -> None:
        lines, top = [], 0
        for bar in self._bars:
            lines.append(_ListRow(top, self.line_height, bar))
            top += self.line_height
            if self._is_open(bar):
                height = self.look.px(_TITLE_HEIGHT)
                for title in bar.titles:
                    lines.append(_ListRow(top, height, bar, title))
                    top += height
        self._lines, self._height = lines, top
        if self._marked is not None and self._marked >= len(self._bars):
            self._marked = None
        self.redraw()

    def draw_lines(self, width: int, height: int) -> None:
        """See `ScrolledPanel`."""
        look, palette = self.look, self.look.palette
        self.create_rectangle(0, 0, width, height, fill=palette.surface, width=0)
        side, gap = look.px(SIDE), look.px(_GAP)
        left = side + look.px(_ARROW)
        time_width = max((figures_width(look.body, bar.time) for bar in self._bars), default=0)
        names = max((look.body.measure(bar.name) for bar in self._bars), default=0)
        name_width = min(names, int((width - left) * 0.34))
        bar_left, bar_right = left + name_width + gap, width - side - time_width - gap
        number = -1
        for line in self._lines:
            number += line.title is None
            if not self.offset - line.height < line.top < self.offset + self.view_height:
                continue
            middle = self.first_y - self.offset + line.top + line.height // 2
            if line.title is not None:
                room = width - side - time_width - gap - left
                self.text(left, middle, line.title.title, look.body, palette.dim, width=room)
                self.figures(
                    width - side, middle, line.title.time, look.body, palette.dim, side="e"
                )
                continue
            if number == self._marked and is_focused(self):
                self._draw_mark(width, middle, line.height)
            if line.bar.titles:
                arrow = _OPEN if self._is_open(line.bar) else _CLOSED
                self.text(side, middle, arrow, look.body, palette.dim)
            self.text(left, middle, line.bar.name, look.body, palette.text, width=name_width)
            self.figures(width - side, middle, line.bar.time, look.body, palette.text, side="e")
            if bar_right - bar_left > gap:
                self._draw_bar(bar_left, bar_right, middle, line.bar)

    def _draw_bar(self, left: int, right: int, middle: int, bar: Bar) -> None:
        look, palette = self.look, self.look.palette
        half = look.px(_BAR_HEIGHT) // 2
        radius = look.px(3)
        self.rounded(
            *(left, middle - half, right, middle + half),
            radius=radius, fill=palette.track, ground=palette.surface,
        )  # fmt: skip
        end = left + max(2 * radius, round((right - left) * bar.share))
        self.rounded(
            *(left, middle - half, end, middle + half),
            radius=radius, fill=bar.colour, ground=palette.surface,
        )  # fmt: skip

    def _draw_mark(self, width: int, middle: int, height: int) -> None:
        look, palette = self.look, self.look.palette
        self.rounded(
            *(look.px(6), middle - height // 2, width - look.px(6), middle + height // 2),
            radius=look.px(5), fill=palette.selected, ground=palette.surface,
        )  # fmt: skip

    def _line_at(self, y: int) -> _ListRow | None:
        at = y - self.first_y + self.offset
        if y < self.first_y:
            return None
        return next((line for line in self._lines if line.top <= at < line.top + line.height), None)

    def pressed(self, event: "tk.Event[tk.Canvas]") -> None:
        """See `ScrolledPanel`."""
        line = self._line_at(event.y)
        if line is not None and line.title is None:
            self._open_or_close(line.bar)

    def _is_open(self, bar: Bar) -> bool:
        return self._are_all_open or bar.name in self._opened

    def _open_or_close(self, bar: Bar) -> None:
        if bar.titles:
            self._opened ^= {bar.name}
            self._lay_out()

    def _point(self, event: "tk.Event[tk.Canvas]") -> None:
        line = self._line_at(event.y)
        opens = line is not None and line.title is None and line.bar.titles
        self.configure(cursor="hand2" if opens else "")

    def _mark(self, by: int) -> str:
        if self._bars:
            marked = -1 if self._marked is None else self._marked
            self._marked = min(max(0, marked + by), len(self._bars) - 1)
            line = [line for line in self._lines if line.title is None][self._marked]
            self.bring_into_view(line.top, line.height)
            self.redraw()
        return "break"

    def _open_marked(self) -> None:
        if self._marked is not None:
            self._open_or_close(self._bars[self._marked])
