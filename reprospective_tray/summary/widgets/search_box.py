"""The search box: words that are typed, and chips of what was clicked on."""

import tkinter as tk
from collections.abc import Callable

from reprospective_tray.summary.figures.search import Chip
from reprospective_tray.summary.widgets.controls import HEIGHT
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface, is_focused

_RADIUS = 6
_FIRST = 30
_LEAST_ENTRY = 60
_REMOVE = "\N{MULTIPLICATION X}"


class SearchBox(Surface):
    """A line to type into, which tells of a change once the typing pauses; chips stand before it.

    A click on a chip takes it away, as BackSpace does with the last one at the beginning.
    """

    PAUSE_MS = 200
    _WIDTH = 220

    def __init__(
        self,
        parent: tk.Misc,
        look: WindowStyle,
        hint: str,
        command: Callable[[str], object],
        remove: Callable[[Chip], object],
    ) -> None:
        """Show `hint` while it is empty; `remove` takes a chip away."""
        super().__init__(parent, look, height=look.px(HEIGHT), width=look.px(self._WIDTH))
        palette = look.palette
        self._hint = hint
        self._command, self._remove = command, remove
        self._chips: tuple[Chip, ...] = ()
        self._places: list[tuple[int, int, Chip]] = []  # left and right of each chip
        self._told = ""
        self._left = look.px(_FIRST)
        self._pause = ""
        self.entry = tk.Entry(
            self,
            font=look.body,
            bg=palette.surface,
            fg=palette.text,
            insertbackground=palette.text,
            selectbackground=palette.accent,
            selectforeground=palette.on_accent,
            borderwidth=0,
            highlightthickness=0,
            relief="flat",
        )
        self._hint_label = tk.Label(
            self, font=look.body, bg=palette.surface, fg=palette.dim, text=hint, padx=0, pady=0,
            cursor="xterm",
        )  # fmt: skip
        self._hint_label.bind("<Button-1>", lambda _event: self.focus_box())
        self.entry.bind("<KeyRelease>", lambda _event: self._changed())
        self.entry.bind("<Return>", lambda _event: self._tell())
        self.entry.bind("<BackSpace>", self._remove_last)
        self.bind("<ButtonRelease-1>", self._clicked)
        self.bind("<Motion>", self._point)
        for change in ("<FocusIn>", "<FocusOut>"):
            self.entry.bind(change, lambda _event: self.redraw(), add=True)

    def focus_box(self) -> None:
        """Let the keyboard write into it."""
        self.entry.focus_set()
        self.entry.selection_range(0, "end")

    def clear(self) -> bool:
        """Empty it; tell whether there was anything in it."""
        had = bool(self.entry.get())
        self.entry.delete(0, "end")
        self._changed()
        self._tell()
        return had

    def show_chips(self, chips: tuple[Chip, ...]) -> None:
        """Show what is asked for besides the words."""
        if chips != self._chips:
            self._chips = chips
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        self.rounded(
            *(0, 0, width, height),
            radius=look.px(_RADIUS),
            fill=palette.surface,
            line=palette.border,
            focused=is_focused(self.entry),
        )
        # A magnifying glass: a ring and a handle.
        x, y, size = look.px(12), height // 2 - look.px(5), look.px(7)
        thick = max(1, look.px(1.4))
        self.create_oval(x, y, x + size, y + size, outline=palette.dim, width=thick)
        self.create_line(
            *(x + size - 1, y + size - 1, x + size + look.px(4), y + size + look.px(4)),
            fill=palette.dim,
            width=thick,
        )
        left = self._draw_chips(look.px(_FIRST), width, height)
        room = width - left - look.px(10)
        self._hint_label.configure(text=look.cut(self._hint, look.body, room))
        inner = height - 2 * look.px(4)
        # Placed, and no part of the picture: it would vanish for a moment with each drawing.
        self.entry.place(
            x=left, rely=0.5, anchor="w", width=width - left - look.px(8), height=inner
        )
        self._left = left
        self._show_hint()

    def _draw_chips(self, left: int, width: int, height: int) -> int:
        """Draw the chips from `left` on; return where the text begins."""
        look, palette = self.look, self.look.palette
        self._places = []
        room = (width - left - look.px(_LEAST_ENTRY)) // max(1, len(self._chips))
        for chip in self._chips:
            mark = look.small.measure(_REMOVE) + look.px(18)
            text = look.cut(chip.text, look.small, max(0, room - mark - look.px(4)))
            right = left + look.small.measure(text) + mark
            self.rounded(
                *(left, look.px(4), right, height - look.px(4)),
                radius=look.px(_RADIUS),
                fill=palette.selected,
                ground=palette.surface,
            )
            self.text(left + look.px(7), height // 2, text, look.small, palette.text)
            at = right - look.px(7) - look.small.measure(_REMOVE)
            self.text(at, height // 2, _REMOVE, look.small, palette.dim)
            self._places.append((left, right, chip))
            left = right + look.px(4)
        return left

    def _chip_at(self, x: int) -> Chip | None:
        return next((chip for left, right, chip in self._places if left <= x < right), None)

    def _clicked(self, event: "tk.Event[tk.Canvas]") -> None:
        if chip := self._chip_at(event.x):
            self._remove(chip)

    def _point(self, event: "tk.Event[tk.Canvas]") -> None:
        self.configure(cursor="hand2" if self._chip_at(event.x) else "")

    def _remove_last(self, _event: object) -> None:
        if self._chips and not self.entry.index("insert"):
            self._remove(self._chips[-1])

    def _show_hint(self) -> None:
        if self.entry.get():
            self._hint_label.place_forget()
        else:
            self._hint_label.place(x=self._left + self.look.px(1), rely=0.5, anchor="w")
            self._hint_label.lift()

    def _changed(self) -> None:
        self._show_hint()
        if self._pause:
            self.after_cancel(self._pause)
        self._pause = self.after(self.PAUSE_MS, self._tell)

    def _tell(self) -> None:
        if self._pause:
            self.after_cancel(self._pause)
            self._pause = ""
        text = self.entry.get().strip()
        if text != self._told:
            self._told = text
            self._command(text)
