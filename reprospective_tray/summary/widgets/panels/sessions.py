"""The list of sessions: sorted by any column, to be selected, copied and deleted."""

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Any

from reprospective_tray.messages import _
from reprospective_tray.store.model.sessions import State
from reprospective_tray.summary.session_list import SessionLine, SessionList
from reprospective_tray.summary.widgets.panels.session_columns import (
    ARROWS,
    DOT,
    NAME,
    TIME,
    TITLE,
    WHEN,
    ColumnEdges,
    SessionColumns,
)
from reprospective_tray.summary.widgets.scrolling import SIDE, ScrolledPanel
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Side, figures_width, is_focused

_HEAD = 34
_SHIFT, _CONTROL = 0x1, 0x4


class Sessions(ScrolledPanel):
    """Sessions, newest first until a column's name is clicked.

    The borders between the names are dragged; a double click fits the column to the left of one.
    """

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
        self._given: SessionList | None = None
        self._shown: SessionList | None = None
        self._sorted_by, self._is_descending = WHEN, True
        self._selected: set[int] = set()
        self._at: int | None = None
        self._anchor = 0
        self._columns = SessionColumns(look)
        self._is_fitted = False
        self._dragged_column, self._grabbed_at = "", 0
        self._is_over_head = False
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
        }
        for sequence, action in bindings.items():
            self.bind(sequence, action, add=True)
        self.bind("<Motion>", self._point_at_head, add=True)
        self.bind("<Leave>", self._point_at_head, add=True)
        self.bind("<B1-Motion>", self._drag_border, add=True)
        self.bind("<ButtonRelease-1>", self._let_border_go, add=True)
        self.bind("<Double-Button-1>", self._press_again)
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
        self._is_fitted = False
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
        self._is_descending = not self._is_descending if turned else column in {WHEN, TIME}
        self._sorted_by = column
        self._selected, self._at = set(), None
        self._sort()
        self.scroll_to(0)

    def _sort(self) -> None:
        if self._given is not None:
            self._shown = self._given.sorted_by(self._sorted_by, descending=self._is_descending)
        self.redraw()

    def _edges(self, width: int) -> ColumnEdges:
        if not self._is_fitted:
            self._columns.fit_to(self._given)
            self._is_fitted = True
        return self._columns.edges(width)

    def draw_lines(self, width: int, height: int) -> None:
        """See `ScrolledPanel`."""
        look, palette = self.look, self.look.palette
        self.create_rectangle(0, 0, width, height, fill=palette.surface, width=0)
        columns = self._edges(width)
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
            if not self._draw_line(self._shown[number], columns, middle):
                line = self._shown[number]
                texts = [line.name, line.title, f"{line.when} · {line.time}"]
                top = number * self.line_height
                self.cut_in(top, self.line_height, [text for text in texts if text])

    def _draw_line(self, line: SessionLine, columns: ColumnEdges, middle: int) -> bool:
        """Draw a line; return whether all of it is to be seen."""
        look, palette = self.look, self.look.palette
        active = line.state is State.ACTIVE
        colour = palette.text if active else palette.dim
        self.dot(columns.dot, middle, look.px(DOT), line.colour or palette.thumb)
        when, time = columns.when_width, columns.time_width
        time_right = columns.time + time, middle
        name, title = columns.name_width, columns.title_width
        font = look.body
        return all(
            (
                self._draw_figures((columns.when, middle), line.when, colour, when, "w"),
                self._draw_figures(time_right, line.time, colour, time, "e"),
                self.text(columns.name, middle, line.name, font, colour, width=name),
                self.text(columns.title, middle, line.title, font, palette.dim, width=title),
            )
        )

    def _draw_figures(
        self, place: tuple[int, int], text: str, colour: str, width: int, side: Side
    ) -> bool:
        """Write figures, cut where they are wider than `width`; return whether they are whole."""
        font = self.look.body
        if figures_width(font, text) > width:
            return self.text(*place, text, font, colour, width=width, side=side)
        self.figures(*place, text, font, colour, side=side)
        return True

    def draw_top(self, width: int) -> None:
        """See `ScrolledPanel`: the names of the columns, to click, and their borders, to drag."""
        look, palette = self.look, self.look.palette
        columns = self._edges(width)
        middle = look.px(46)
        self._headings = []
        if self._is_over_head or self._dragged_column:
            for x in self._columns.borders(width).values():
                half = look.px(7)
                self.create_rectangle(
                    x, middle - half, x + look.px(1), middle + half, fill=palette.thumb, width=0
                )
        time_right = columns.time + columns.time_width
        for column, label, x, side, room in (
            (WHEN, _("When"), columns.when, "w", columns.when_width),
            (TIME, _("Time"), time_right, "e", columns.time_width),
            (NAME, _("Application"), columns.name, "w", columns.name_width),
            (TITLE, _("Title"), columns.title, "w", columns.title_width),
        ):
            arrow = ""
            if column == self._sorted_by:
                arrow = ARROWS[0] if self._is_descending else ARROWS[1]
            text = look.cut(label, look.small, room - look.small.measure(arrow)) + arrow
            extent = look.small.measure(text)
            left = x - extent if side == "e" else x
            self.text(left, middle, text, look.small, palette.dim)
            self._headings.append((left - look.px(4), left + extent + look.px(4), column))

    def pressed(self, event: "tk.Event[tk.Canvas]") -> None:
        """See `ScrolledPanel`."""
        self.focus_set()
        if event.y < self.first_y:
            if self._is_head(event.y):
                width = self.winfo_width()
                self._dragged_column = self._columns.border_at(event.x, width)
                if self._dragged_column:
                    self._grabbed_at = event.x - self._columns.borders(width)[self._dragged_column]
                    return
                for left, right, column in self._headings:
                    if left <= event.x <= right:
                        self.sort_by(column)
                        return
            return
        number = (event.y - self.first_y + self.offset) // self.line_height
        if number < self._count:
            self._choose(number, int(event.state))

    def _is_head(self, y: int) -> bool:
        return self.look.px(_HEAD) < y < self.first_y

    def _point_at_head(self, event: "tk.Event[tk.Canvas]") -> None:
        """Show where columns can be dragged."""
        is_over = self._is_head(event.y) and 0 <= event.x < self.winfo_width()
        border = is_over and self._columns.border_at(event.x, self.winfo_width())
        self.configure(cursor="sb_h_double_arrow" if border else "")
        if is_over != self._is_over_head:
            self._is_over_head = is_over
            self.redraw()

    def _drag_border(self, event: "tk.Event[tk.Canvas]") -> None:
        if self._dragged_column:
            x = event.x - self._grabbed_at
            self._columns.drag(self._dragged_column, x, self.winfo_width())
            self.redraw()

    def _let_border_go(self, _event: "tk.Event[tk.Canvas]") -> None:
        if self._dragged_column:
            self._dragged_column = ""
            self.redraw()

    def _press_again(self, event: "tk.Event[tk.Canvas]") -> None:
        """Fit a column by a double click on its border; elsewhere it is another click."""
        column = self._columns.border_at(event.x, self.winfo_width())
        if column and self._is_head(event.y):
            self._columns.fit(column)
            self.redraw()
        else:
            self._press(event)

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
            at = min(max(0, at + by), self._count - 1)
            self._choose(at, int(event.state) & _SHIFT)
            self.tell_line(at * self.line_height, self.line_height)
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
