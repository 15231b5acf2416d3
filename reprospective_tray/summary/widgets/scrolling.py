"""ScrolledPanel: a surface with a heading and a list of lines, of which those in view are drawn."""

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Any

from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface, is_focused

SIDE = 14
_TOP = 40
_BOTTOM = 10
_WHEEL_LINES = 3
_BAR = 5
_SHORTEST_THUMB = 24
_TOLD_FROM, _TOLD_ABOVE = 24, 14


class ScrolledPanel(Surface):
    """A panel that scrolls over `content_height` pixels; wheel, drag and keys move it.

    What is cut in a line is shown whole while the pointer is over it, or once keys have come to it.
    """

    top_extra = 0

    def __init__(self, parent: tk.Misc, look: WindowStyle, heading: str) -> None:
        """Make an empty panel."""
        super().__init__(parent, look, width=1, height=1)
        self._heading = heading
        self._note = ""
        self._offset = 0
        self._dragged_from: tuple[int, int] | None = None
        self._cut_lines: list[tuple[int, int, Sequence[str]]] = []
        self._told_line: tuple[int, int] | None = None
        self._point: Callable[[int, int, Sequence[str]], object] = lambda _x, _y, _texts: None
        self._leave: Callable[[], object] = lambda: None
        self.take_focus()
        # X11 reports the wheel as buttons.
        self.bind("<Button-4>", lambda _event: self.scroll(-_WHEEL_LINES * self.line_height))
        self.bind("<Button-5>", lambda _event: self.scroll(_WHEEL_LINES * self.line_height))
        self.bind("<MouseWheel>", self._turn)
        self.bind("<ButtonPress-1>", self._press)
        self.bind("<B1-Motion>", self._drag)
        self.bind("<ButtonRelease-1>", self._let_go)
        self.bind("<Motion>", self._hover, add=True)
        for gone in ("<Leave>", "<FocusOut>"):
            self.bind(gone, lambda _event: self._leave(), add=True)

    def tell_by(
        self, point: Callable[[int, int, Sequence[str]], object], leave: Callable[[], object]
    ) -> None:
        """Take what shows texts at a place of the screen, and what hides them."""
        self._point, self._leave = point, leave

    @property
    def line_height(self) -> int:
        """The height of a line, in pixels."""
        return self.look.px(29)

    @property
    def content_height(self) -> int:
        """The height of all lines, in pixels."""
        return 0

    @property
    def first_y(self) -> int:
        """Where the list begins on the canvas."""
        return self.look.px(_TOP + self.top_extra)

    @property
    def view_height(self) -> int:
        """How much of the list is in view, in pixels: whole lines, so that none is cut."""
        room = self.winfo_height() - self.first_y - self.look.px(_BOTTOM)
        return max(1, room // self.line_height * self.line_height or room)

    @property
    def offset(self) -> int:
        """How much of the list is above what is in view, in pixels."""
        return self._offset

    def say(self, note: str) -> None:
        """Show a `note` at the right of the heading."""
        if note != self._note:
            self._note = note
            self.redraw()

    def scroll(self, by: int) -> None:
        """Move the list by so many pixels, as far as it goes."""
        self.scroll_to(self._offset + by)

    def scroll_to(self, offset: int) -> None:
        """Bring what is `offset` pixels down the list to the top, as far as it goes."""
        last = max(0, self.content_height - self.view_height)
        offset = min(max(0, offset), last)
        if offset != self._offset:
            self._offset = offset
            self._leave()
            self.redraw()

    def start_over(self) -> None:
        """Begin at the top: something else will be shown."""
        self.scroll_to(0)

    def bring_into_view(self, top: int, height: int) -> None:
        """Scroll as little as shows a line at `top` pixels down the list."""
        if top < self._offset:
            self.scroll_to(top)
        elif top + height > self._offset + self.view_height:
            self.scroll_to(top + height - self.view_height)

    def cut_in(self, top: int, height: int, texts: Sequence[str]) -> None:
        """Note while drawing that `texts` are cut in the line at `top` pixels down the list."""
        self._cut_lines.append((top, top + height, texts))

    def tell_line(self, top: int, height: int) -> None:
        """Bring a line into view, and show below it what is cut in it."""
        self.bring_into_view(top, height)
        self._told_line = top, height
        self.redraw()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        self._offset = min(self._offset, max(0, self.content_height - self.view_height))
        self._cut_lines = []
        self.draw_lines(width, height)
        # What is scrolled out of the list lies below its frame.
        self.create_rectangle(0, 0, width, self.first_y, fill=palette.surface, width=0)
        below = self.first_y + self.view_height
        self.create_rectangle(0, below, width, height, fill=palette.surface, width=0)
        self._draw_frame(width, height)
        side = look.px(SIDE)
        middle = look.px(21)
        note_width = look.small.measure(self._note)
        self.text(
            side, middle, self._heading, look.strong, palette.text,
            width=width - 3 * side - note_width,
        )  # fmt: skip
        self.text(width - side, middle, self._note, look.small, palette.dim, side="e")
        self.draw_top(width)
        self._draw_thumb(width)
        if self._told_line is not None:
            (top, line_height), self._told_line = self._told_line, None
            below = self.first_y - self._offset + top + line_height - look.px(_TOLD_ABOVE)
            self._tell(look.px(_TOLD_FROM), below, top)

    def draw_lines(self, width: int, height: int) -> None:
        """Draw what is in view of the list."""

    def draw_top(self, width: int) -> None:
        """Draw what stands between heading and list."""

    def pressed(self, event: "tk.Event[tk.Canvas]") -> None:
        """Take a click on the list."""

    def _draw_frame(self, width: int, height: int) -> None:
        self.outline(
            *(0, 0, width, height),
            radius=self.look.px(8),
            line=self.look.palette.border,
            focused=is_focused(self),
        )

    def _hover(self, event: "tk.Event[tk.Canvas]") -> None:
        at = event.y - self.first_y + self._offset
        self._tell(event.x, event.y, at if event.y >= self.first_y else -1)

    def _tell(self, x: int, y: int, at: int) -> None:
        """Show at a place of the canvas what is cut `at` pixels down the list, or nothing."""
        cut = (texts for top, bottom, texts in self._cut_lines if top <= at < bottom)
        if texts := next(cut, None):
            self._point(self.winfo_rootx() + x, self.winfo_rooty() + y, texts)
        else:
            self._leave()

    def _thumb(self) -> tuple[int, int] | None:
        """Return top and bottom of the scroll bar's thumb; None where all is in view."""
        content, view = self.content_height, self.view_height
        if content <= view:
            return None
        length = max(self.look.px(_SHORTEST_THUMB), view * view // content)
        top = self.first_y + (view - length) * self._offset // (content - view)
        return top, top + length

    def _draw_thumb(self, width: int) -> None:
        if thumb := self._thumb():
            look = self.look
            right = width - look.px(3)
            self.rounded(
                *(right - look.px(_BAR), thumb[0], right, thumb[1]),
                radius=look.px(2.5),
                fill=look.palette.thumb,
                ground=look.palette.surface,
            )

    def _turn(self, event: "tk.Event[tk.Canvas]") -> None:
        self.scroll((-_WHEEL_LINES if event.delta > 0 else _WHEEL_LINES) * self.line_height)

    def _press(self, event: Any) -> None:
        thumb = self._thumb()
        if thumb and event.x >= self.winfo_width() - self.look.px(_BAR + 8):
            if not thumb[0] <= event.y <= thumb[1]:
                self.scroll(self.view_height if event.y > thumb[1] else -self.view_height)
            self._dragged_from = event.y, self._offset
            return
        self.pressed(event)

    def _drag(self, event: Any) -> None:
        thumb = self._thumb()
        if self._dragged_from is None or thumb is None:
            return
        began, offset = self._dragged_from
        room = self.view_height - (thumb[1] - thumb[0])
        if room > 0:
            hidden = self.content_height - self.view_height
            self.scroll_to(offset + (event.y - began) * hidden // room)

    def _let_go(self, _event: Any) -> None:
        self._dragged_from = None
