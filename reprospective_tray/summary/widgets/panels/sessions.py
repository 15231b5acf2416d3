"""The list of sessions: sorted by any column, to be selected, copied and deleted."""

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reprospective_tray.messages import _
from reprospective_tray.store.model.sessions import State
from reprospective_tray.summary.session_list import SessionLine, SessionList
from reprospective_tray.summary.widgets.scrolling import SIDE, ScrolledPanel
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import figures_width, is_focused

_GAP = 12
_DOT = 8
_SHIFT, _CONTROL = 0x1, 0x4
_ARROWS = " \N{DOWNWARDS ARROW}", " \N{UPWARDS ARROW}"


@dataclass(frozen=True, slots=True)
class _ColumnEdges:
    """Where the columns begin and end, in pixels."""

    when: int
    time_right: int
    dot: int
    name: int
    name_width: int
    title: int
    title_width: int


class Sessions(ScrolledPanel):
    """Sessions, newest first until a column's name is clicked."""

    top_extra = 20

    def __init__(
        self,
        parent: tk.Misc,
        look: WindowStyle,
        *,
        delete: Callable[[Sequence[SessionLine]], object],
        copy: Callable[[Sequence[SessionLine]], object],
    ) -> None:
        """Take what to do with the lines that are selected."""
        super().__init__(parent, look, _("Sessions"))
        self.configure(takefocus=1)
        self._given: SessionList | None = None
        self._shown: SessionList | None = None
        self._sorted_by, self._is_descending = "when", True
        self._selected: set[int] = set()
        self._at: int | None = None
        self._anchor = 0
        self._widths: tuple[int, int, int] | None = None
        self._headings: list[tuple[int, int, str]] = []
        bindings: dict[str, Callable[[Any], object]] = {
            "<Up>": lambda event: self._move(-1, event),
            "<Down>": lambda event: self._move(1, event),
            "<Prior>": lambda event: self._move(-self._page(), event),
            "<Next>": lambda event: self._move(self._page(), event),
            "<Home>": lambda event: self._move(-self._count, event),
            "<End>": lambda event: self._move(self._count, event),
            "<Delete>": lambda _event: delete(self.selected()),
            "<Control-c>": lambda _event: copy(self.selected()),
            "<Control-a>": lambda _event: self._select_all(),
            "<FocusIn>": lambda _event: self.redraw(),
            "<FocusOut>": lambda _event: self.redraw(),
        }
        for sequence, action in bindings.items():
            self.bind(sequence, action, add=True)
        self.bind("<Button-3>", lambda event: self._menu(event, delete, copy))

    @property
    def content_height(self) -> int:
        """See `ScrolledPanel`."""
        return self._count * self.line_height

    @property
    def _count(self) -> int:
        return len(self._shown) if self._shown is not None else 0

    def show(self, sessions: SessionList, note: str) -> None:
        """Show `sessions`; what was selected stays so where it is still there."""
        self.say(note)
        if sessions == self._given:
            return
        shown = self._shown
        kept = {shown.key(number) for number in self._selected} if shown is not None else set()
        self._given = sessions
        self._widths = None
        self._sort()
        assert self._shown is not None
        numbers = range(len(self._shown)) if kept else ()
        self._selected = {number for number in numbers if self._shown.key(number) in kept}
        self._at = min(self._selected, default=None)

    def selected(self) -> list[SessionLine]:
        """Return the lines that are selected, from top to bottom."""
        assert self._shown is not None
        return [self._shown[number] for number in sorted(self._selected)]

    def sort_by(self, column: str) -> None:
        """Sort by ``when``, ``time``, ``name`` or ``title``; a second time the other way round."""
        turned = column == self._sorted_by
        self._is_descending = not self._is_descending if turned else column in {"when", "time"}
        self._sorted_by = column
        self._selected, self._at = set(), None
        self._sort()
        self.scroll_to(0)

    def _sort(self) -> None:
        if self._given is not None:
            self._shown = self._given.sorted_by(self._sorted_by, descending=self._is_descending)
        self.redraw()

    def _columns(self, width: int) -> _ColumnEdges:
        look = self.look
        if self._widths is None:
            lines = self._given.widest() if self._given is not None else []
            self._widths = (
                max((figures_width(look.body, line.when) for line in lines), default=0),
                max((figures_width(look.body, line.time) for line in lines), default=0),
                max((look.body.measure(line.name) for line in lines), default=0),
            )
        when, time, names = self._widths
        when = max(when, figures_width(look.body, "00:00\N{EN DASH}00:00"))
        time = max(time, look.small.measure(_("Time") + _ARROWS[0]))
        names = max(names, look.small.measure(_("Application") + _ARROWS[0]))
        side, gap = look.px(SIDE), look.px(_GAP)
        time_right = side + when + gap + time
        dot = time_right + gap
        name = dot + look.px(_DOT) + gap // 2
        rest = max(width - side - name, look.px(60))
        name_width = min(names, rest * 2 // 5)
        title = name + name_width + gap
        return _ColumnEdges(
            side, time_right, dot, name, name_width, title, max(0, width - side - title)
        )

    def draw_lines(self, width: int, height: int) -> None:
        """See `ScrolledPanel`."""
        look, palette = self.look, self.look.palette
        self.create_rectangle(0, 0, width, height, fill=palette.surface, width=0)
        columns = self._columns(width)
        first = self.offset // self.line_height
        last = (self.offset + self.view_height) // self.line_height + 1
        has_focus = is_focused(self)
        for number in range(first, min(last, self._count)):
            assert self._shown is not None
            top = self.first_y - self.offset + number * self.line_height
            middle = top + self.line_height // 2
            if number in self._selected:
                self.rounded(
                    *(look.px(6), top + 1, width - look.px(10), top + self.line_height - 1),
                    radius=look.px(5),
                    fill=palette.selected if has_focus else palette.track,
                    ground=palette.surface,
                )
            elif number:
                edge = columns.when, width - look.px(SIDE)
                self.create_rectangle(
                    edge[0], top, edge[1], top + look.px(1), fill=palette.track, width=0
                )
            self._draw_line(self._shown[number], columns, middle)

    def _draw_line(self, line: SessionLine, columns: _ColumnEdges, middle: int) -> None:
        look, palette = self.look, self.look.palette
        active = line.state is State.ACTIVE
        colour = palette.text if active else palette.dim
        self.figures(columns.when, middle, line.when, look.body, colour)
        self.figures(columns.time_right, middle, line.time, look.body, colour, side="e")
        self.dot(columns.dot, middle, look.px(_DOT), line.colour or palette.thumb)
        self.text(columns.name, middle, line.name, look.body, colour, width=columns.name_width)
        self.text(
            columns.title, middle, line.title, look.body, palette.dim, width=columns.title_width
        )

    def draw_top(self, width: int) -> None:
        """See `ScrolledPanel`: the names of the columns, to click."""
        look, palette = self.look, self.look.palette
        columns = self._columns(width)
        middle = look.px(46)
        self._headings = []
        for column, label, x, side, room in (
            ("when", _("When"), columns.when, "w", columns.time_right - columns.when),
            ("time", _("Time"), columns.time_right, "e", columns.time_right - columns.when),
            ("name", _("Application"), columns.name, "w", columns.name_width),
            ("title", _("Title"), columns.title, "w", columns.title_width),
        ):
            arrow = ""
            if column == self._sorted_by:
                arrow = _ARROWS[0] if self._is_descending else _ARROWS[1]
            text = look.cut(label, look.small, room - look.small.measure(arrow)) + arrow
            extent = look.small.measure(text)
            left = x - extent if side == "e" else x
            self.text(left, middle, text, look.small, palette.dim)
            self._headings.append((left - look.px(4), left + extent + look.px(4), column))

    def pressed(self, event: "tk.Event[tk.Canvas]") -> None:
        """See `ScrolledPanel`."""
        self.focus_set()
        if event.y < self.first_y:
            if event.y > self.look.px(34):
                for left, right, column in self._headings:
                    if left <= event.x <= right:
                        self.sort_by(column)
                        return
            return
        number = (event.y - self.first_y + self.offset) // self.line_height
        if number < self._count:
            self._choose(number, int(event.state))

    def _choose(self, number: int, keys: int) -> None:
        if keys & _SHIFT:
            low, high = sorted((self._anchor, number))
            self._selected = set(range(low, high + 1))
        elif keys & _CONTROL:
            self._selected ^= {number}
            self._anchor = number
        else:
            self._selected = {number}
            self._anchor = number
        self._at = number
        self.bring_into_view(number * self.line_height, self.line_height)
        self.redraw()

    def _move(self, by: int, event: "tk.Event[tk.Canvas]") -> str:
        if self._count:
            at = -1 if self._at is None and by > 0 else self._at or 0
            self._choose(min(max(0, at + by), self._count - 1), int(event.state) & _SHIFT)
        return "break"

    def _page(self) -> int:
        return max(1, self.view_height // self.line_height - 1)

    def _select_all(self) -> str:
        self._selected = set(range(self._count))
        self.redraw()
        return "break"

    def _menu(
        self,
        event: "tk.Event[tk.Canvas]",
        delete: Callable[[Sequence[SessionLine]], object],
        copy: Callable[[Sequence[SessionLine]], object],
    ) -> None:
        """Offer by the right button what the keys do."""
        number = (event.y - self.first_y + self.offset) // self.line_height
        if event.y < self.first_y or number >= self._count:
            return
        self.focus_set()
        if number not in self._selected:
            self._choose(number, 0)
        menu = self.look.menu(self)
        menu.add_command(
            label=_("Copy as text"), accelerator=_("Ctrl+C"), command=lambda: copy(self.selected())
        )
        menu.add_command(
            label=_("Delete"), accelerator=_("Del"), command=lambda: delete(self.selected())
        )
        menu.tk_popup(event.x_root, event.y_root)
