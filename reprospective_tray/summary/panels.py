"""The parts of the summary window: figures, bars of applications, the list of sessions."""

import tkinter as tk
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from tkinter import font as tkfont
from tkinter import ttk

from reprospective_tray.store.sessions import State
from reprospective_tray.summary.text import ELLIPSIS
from reprospective_tray.summary.theme import Palette, choose_family
from reprospective_tray.summary.view_model import Bar, Card, SessionLine

PAD = 14
_BAR_HEIGHT = 10
_LINE_EXTRA = 14


@dataclass(frozen=True)
class Look:
    """The palette and the fonts that all parts share."""

    palette: Palette
    small: tkfont.Font
    body: tkfont.Font
    strong: tkfont.Font
    heading: tkfont.Font
    figure: tkfont.Font

    @classmethod
    def of(cls, root: tk.Misc, palette: Palette) -> "Look":
        """Choose fonts on the display of `root`."""
        default = tkfont.nametofont("TkDefaultFont", root).actual("family")
        family = choose_family(set(tkfont.families(root)), default)

        def font(size: int, weight: str = "normal") -> tkfont.Font:
            return tkfont.Font(root, family=family, size=size, weight=weight)  # type: ignore[arg-type]  # one of the two it knows

        return cls(palette, font(9), font(10), font(10, "bold"), font(15, "bold"), font(18, "bold"))

    def label(self, parent: tk.Misc, font: tkfont.Font, *, dim: bool = False) -> tk.Label:
        """Return a label on its parent's ground."""
        colour = self.palette.dim if dim else self.palette.text
        ground = parent.cget("bg")
        return tk.Label(parent, font=font, fg=colour, bg=ground, anchor="w", padx=0, borderwidth=0)

    def panel(self, parent: tk.Misc) -> tk.Frame:
        """Return a surface with a hair line around it."""
        line, surface = self.palette.border, self.palette.surface
        return tk.Frame(parent, bg=surface, highlightthickness=1, highlightbackground=line)


def cut(text: str, font: tkfont.Font, width: int) -> str:
    """Return `text` with an ellipsis where it is wider than `width` pixels."""
    if font.measure(text) <= width:
        return text
    # No letter is narrower than a pixel: what lies further right cannot be seen.
    low, high = 0, min(len(text), max(width, 0))
    while low < high:
        middle = (low + high + 1) // 2
        if font.measure(text[:middle].rstrip() + ELLIPSIS) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


class CardRow(tk.Frame):
    """The day's figures, side by side."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        """Make an empty row."""
        super().__init__(parent, bg=look.palette.ground)
        self._look = look
        self._labels: list[tuple[tk.Label, tk.Label, tk.Label]] = []

    def show(self, cards: Sequence[Card]) -> None:
        """Show `cards`; their number stays the same."""
        if not self._labels:
            self._labels = [self._make(index) for index in range(len(cards))]
        for labels, card in zip(self._labels, cards, strict=True):
            for label, text in zip(labels, (card.label, card.figure, card.note), strict=True):
                label.configure(text=text)

    def _make(self, index: int) -> tuple[tk.Label, tk.Label, tk.Label]:
        look = self._look
        panel = look.panel(self)
        # The gaps are columns of their own, so that all cards are equally wide.
        panel.grid(row=0, column=2 * index, sticky="nsew")
        self.columnconfigure(2 * index, weight=1, uniform="card")
        if index:
            self.columnconfigure(2 * index - 1, minsize=PAD)
        labels = (
            look.label(panel, look.small, dim=True),
            look.label(panel, look.figure),
            look.label(panel, look.small, dim=True),
        )
        for row, label in enumerate(labels):
            label.grid(row=row, sticky="w", padx=PAD, pady=(10, 0) if row == 0 else 0)
        panel.rowconfigure(len(labels), minsize=8)
        return labels


class ListPanel(tk.Frame):
    """A surface with a heading, a note at its right, and room for a list that scrolls."""

    def __init__(self, parent: tk.Misc, look: Look, heading: str) -> None:
        """Make the frame of the list."""
        line, surface = look.palette.border, look.palette.surface
        super().__init__(parent, bg=surface, highlightthickness=1, highlightbackground=line)
        self.look = look
        top = tk.Frame(self, bg=surface)
        top.grid(row=0, column=0, columnspan=2, sticky="ew", padx=PAD, pady=(12, 8))
        top.columnconfigure(0, weight=1)
        title = look.label(top, look.strong)
        title.configure(text=heading)
        title.grid(row=0, column=0, sticky="w")
        self.note = look.label(top, look.small, dim=True)
        self.note.grid(row=0, column=1, sticky="e")
        self.scrollbar = ttk.Scrollbar(self, orient="vertical")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)

    def place_list(self, widget: tk.Widget) -> None:
        """Put the list below the heading; the scroll bar shows only where it scrolls."""
        widget.grid(row=1, column=0, sticky="nsew", padx=(PAD, PAD), pady=(0, 10))

    def scrolled(self, first: float, last: float) -> None:
        """Follow the list's view, as a ``yscrollcommand``."""
        self.scrollbar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            self.scrollbar.grid_remove()
        else:
            self.scrollbar.grid(row=1, column=1, sticky="ns", pady=(0, 10))


class BarsPanel(ListPanel):
    """Applications with a bar and a time each."""

    def __init__(self, parent: tk.Misc, look: Look, heading: str) -> None:
        """Make an empty list."""
        super().__init__(parent, look, heading)
        self._bars: Sequence[Bar] = ()
        self._canvas = tk.Canvas(
            self,
            bg=look.palette.surface,
            highlightthickness=0,
            width=1,
            height=1,
            yscrollcommand=self.scrolled,
        )
        self.scrollbar.configure(command=self._canvas.yview)
        self.place_list(self._canvas)
        self._canvas.bind("<Configure>", lambda _event: self._draw())
        # X11 reports the wheel as buttons.
        self._canvas.bind("<Button-4>", lambda _event: self._scroll(-2))
        self._canvas.bind("<Button-5>", lambda _event: self._scroll(2))
        self._canvas.bind("<MouseWheel>", self._turn_wheel)

    def show(self, bars: Sequence[Bar]) -> None:
        """Show `bars`, repainting only when they differ."""
        if bars != self._bars:
            self._bars = bars
            self._draw()

    def _turn_wheel(self, event: "tk.Event[tk.Canvas]") -> None:
        self._scroll(-1 if event.delta > 0 else 1)

    def _scroll(self, units: int) -> None:
        if self._canvas.yview() != (0.0, 1.0):
            self._canvas.yview_scroll(units, "units")

    def _draw(self) -> None:
        canvas, look, palette = self._canvas, self.look, self.look.palette
        canvas.delete("all")
        width = canvas.winfo_width()
        line = look.body.metrics("linespace") + _LINE_EXTRA
        time_width = max((look.body.measure(bar.time) for bar in self._bars), default=0)
        names = max((look.body.measure(bar.name) for bar in self._bars), default=0)
        name_width = min(names, int(width * 0.4))
        left, right = name_width + PAD, width - time_width - PAD
        for index, bar in enumerate(self._bars):
            middle = index * line + line // 2
            top, bottom = middle - _BAR_HEIGHT // 2, middle + _BAR_HEIGHT // 2
            name = cut(bar.name, look.body, name_width)
            canvas.create_text(0, middle, text=name, anchor="w", font=look.body, fill=palette.text)
            canvas.create_text(
                width, middle, text=bar.time, anchor="e", font=look.body, fill=palette.text
            )
            if right > left:
                end = left + max(2, round((right - left) * bar.share))
                canvas.create_rectangle(left, top, right, bottom, fill=palette.track, width=0)
                canvas.create_rectangle(left, top, end, bottom, fill=palette.accent, width=0)
        canvas.configure(
            scrollregion=(0, 0, width, max(1, len(self._bars) * line)), yscrollincrement=line
        )


class SessionsPanel(ListPanel):
    """The sessions of the day, newest first."""

    COLUMNS = ("when", "time", "gap", "name", "title")

    def __init__(self, parent: tk.Misc, look: Look, heading: str) -> None:
        """Make an empty list."""
        super().__init__(parent, look, heading)
        self._lines: Sequence[SessionLine] = ()
        self._tree = ttk.Treeview(
            self,
            columns=self.COLUMNS,
            show="",
            selectmode="browse",
            style="Sessions.Treeview",
            yscrollcommand=self.scrolled,
        )
        self.scrollbar.configure(command=self._tree.yview)
        for column in self.COLUMNS:
            self._tree.column(column, stretch=column == "title", minwidth=10, width=10)
        self._tree.column("time", anchor="e")
        self._tree.tag_configure("away", foreground=look.palette.dim)
        self.place_list(self._tree)
        self._tree.bind("<Configure>", lambda _event: self._fill())

    def show(self, lines: Sequence[SessionLine], note: str) -> None:
        """Show `lines`; those that did not change are not touched, and the view stays."""
        self.note.configure(text=note)
        if lines != self._lines:
            self._lines = lines
            self._fill()

    def _fill(self) -> None:
        tree, font = self._tree, self.look.body
        when = max(map(font.measure, ("00:00 \N{EN DASH} 00:00", "24:00 \N{EN DASH} 24:00"))) + PAD
        time = max(map(font.measure, {line.time for line in self._lines}), default=0) + PAD
        rest = max(60, tree.winfo_width() - when - time - PAD)
        widest = max(map(font.measure, {line.name for line in self._lines}), default=0) + 2 * PAD
        name = min(widest, rest * 2 // 5)
        widths = (when, time, PAD, name, rest - name)
        for column, width in zip(self.COLUMNS, widths, strict=True):
            tree.column(column, width=width)
        # The same names and titles come again and again, and measuring asks Tk.
        short = lru_cache(maxsize=None)(lambda text, room: cut(text, font, room))
        present = tree.get_children()
        for index, line in enumerate(self._lines):
            texts = (
                line.when,
                line.time,
                "",
                short(line.name, name - PAD),
                short(line.title, rest - name - PAD),
            )
            tags = () if line.state is State.ACTIVE else ("away",)
            if index >= len(present):
                tree.insert("", "end", values=texts, tags=tags)
            elif tree.item(present[index], "values") != texts:
                tree.item(present[index], values=texts, tags=tags)
        if len(present) > len(self._lines):
            tree.delete(*present[len(self._lines) :])
