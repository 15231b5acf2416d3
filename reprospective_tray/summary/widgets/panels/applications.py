"""The applications as bars, which open into their titles."""

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reprospective_tray.messages import _
from reprospective_tray.summary.figures.search import Chip
from reprospective_tray.summary.view_model import Bar, TitleLine
from reprospective_tray.summary.widgets.controls import RETURN_KEYS
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

    @property
    def key(self) -> tuple[str, str | None]:
        """What it is, also once it stands elsewhere."""
        return self.bar.name, None if self.title is None else self.title.title


class Applications(ScrolledPanel):
    """Bars, longest first; a click or Return opens one into its titles.

    The arrow keys, Home, End and the page keys walk over the lines.
    """

    def __init__(self, parent: tk.Misc, look: WindowStyle, heading: str = "") -> None:
        """Make an empty list; without a `heading` it is that of the applications."""
        super().__init__(parent, look, heading or _("Applications"))
        self._bars: Sequence[Bar] = ()
        self._opened: set[str] = set()
        self._are_all_open = False
        self._marked: int | None = None
        self._lines: list[_ListRow] = []
        self._height = 0
        self._filter: Callable[[Chip], object] | None = None
        self.bind("<Motion>", self._show_cursor, add=True)
        walks: dict[str, Callable[[], int]] = {
            "<Up>": lambda: -1,
            "<Down>": lambda: 1,
            "<Prior>": lambda: -self._page(),
            "<Next>": self._page,
            "<Home>": lambda: -len(self._lines),
            "<End>": lambda: len(self._lines),
        }
        for key, steps in walks.items():
            self.bind(key, lambda _event, steps=steps: self._walk(steps()))  # type: ignore[misc]
        for key in RETURN_KEYS:
            self.bind(key, lambda _event: self._open_marked())

    @property
    def content_height(self) -> int:
        """See `ScrolledPanel`."""
        return self._height

    def filter_by(self, command: Callable[[Chip], object]) -> None:
        """Let a click on a name or bar narrow all views to it; the arrow opens it."""
        self._filter = command

    def show(self, bars: Sequence[Bar], *, opened: bool = False) -> None:
        """Show `bars`; those that were open stay so, and for a while all are where `opened`."""
        if bars != self._bars or opened != self._are_all_open:
            self._bars, self._are_all_open = bars, opened
            self._lay_out()

    def start_over(self) -> None:
        """See `ScrolledPanel`; no line is marked."""
        self._marked = None
        super().start_over()

    def _lay_out(self) -> None:
        lines: list[_ListRow] = []
        top = 0
        for bar in self._bars:
            lines.append(_ListRow(top, self.line_height, bar))
            top += self.line_height
            if self._is_open(bar):
                height = self.look.px(_TITLE_HEIGHT)
                for title in bar.titles:
                    lines.append(_ListRow(top, height, bar, title))
                    top += height
        if self._marked is not None:
            key = self._lines[self._marked].key
            numbers = {line.key: number for number, line in enumerate(lines)}
            self._marked = numbers.get(key, numbers.get((key[0], None)))
        self._lines, self._height = lines, top
        self.redraw()

    def draw_lines(self, width: int, height: int) -> None:
        """See `ScrolledPanel`."""
        look, palette = self.look, self.look.palette
        self.create_rectangle(0, 0, width, height, fill=palette.surface, width=0)
        side, gap = look.px(SIDE), look.px(_GAP)
        left = side + look.px(_ARROW)
        time_width = max((figures_width(look.body, bar.time) for bar in self._bars), default=0)
        names = max((look.width(bar.name, look.body) for bar in self._bars), default=0)
        name_width = min(names, int((width - left) * 0.34))
        bar_left, bar_right = left + name_width + gap, width - side - time_width - gap
        for number, line in enumerate(self._lines):
            if not self.offset - line.height < line.top < self.offset + self.view_height:
                continue
            middle = self.first_y - self.offset + line.top + line.height // 2
            if number == self._marked and is_focused(self):
                self._draw_mark(width, middle, line.height)
            if line.title is not None:
                room, title = width - side - time_width - gap - left, line.title.title
                if not self.text(left, middle, title, look.body, palette.dim, width=room):
                    self.cut_in(line.top, line.height, [line.bar.name, title])
                self.figures(
                    width - side, middle, line.title.time, look.body, palette.dim, side="e"
                )
                continue
            if line.bar.titles:
                arrow = _OPEN if self._is_open(line.bar) else _CLOSED
                self.text(side, middle, arrow, look.body, palette.dim)
            name = line.bar.name
            if not self.text(left, middle, name, look.body, palette.text, width=name_width):
                self.cut_in(line.top, line.height, [name])
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
        self.focus_set()
        line = self._line_at(event.y)
        if line is not None:
            self._marked = self._lines.index(line)
            self.redraw()
            if line.title is None and event.x > self.look.px(SIDE + _ARROW) and self._filter:
                self._filter(line.bar.chip)
            elif line.title is None:
                self._open_or_close(line.bar)

    def _is_open(self, bar: Bar) -> bool:
        return self._are_all_open or bar.name in self._opened

    def _open_or_close(self, bar: Bar) -> None:
        if bar.titles:
            self._opened ^= {bar.name}
            self._lay_out()

    def _show_cursor(self, event: "tk.Event[tk.Canvas]") -> None:
        line = self._line_at(event.y)
        opens = line is not None and line.title is None and line.bar.titles
        self.configure(cursor="hand2" if opens else "")

    def _page(self) -> int:
        return max(1, self.view_height // self.line_height - 1)

    def _walk(self, by: int) -> str:
        if self._lines:
            marked = self._marked
            if marked is None:
                marked = -1 if by > 0 else 0
            self._marked = min(max(0, marked + by), len(self._lines) - 1)
            line = self._lines[self._marked]
            self.tell_line(line.top, line.height)
        return "break"

    def _open_marked(self) -> None:
        if self._marked is None or self._lines[self._marked].title is not None:
            return
        bar = self._lines[self._marked].bar
        if bar.titles or self._filter is None:
            self._open_or_close(bar)
        else:
            self._filter(bar.chip)
