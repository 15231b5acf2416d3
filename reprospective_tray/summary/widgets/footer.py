"""The foot of the window: what the program does, how far everything is sent, how fresh it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprospective_tray.messages import _
from reprospective_tray.summary.widgets.controls import Button
from reprospective_tray.summary.widgets.surface import Surface

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable
    from datetime import datetime

    from reprospective_tray.summary.footer_words import FooterWords
    from reprospective_tray.summary.widgets.style import WindowStyle

HEIGHT = 24
_DOT = 8
# Less room than this says nothing.
_NARROWEST = 60


class Footer(Surface):
    """One line of small words, with a button that ends a pause."""

    def __init__(self, parent: tk.Misc, look: WindowStyle, resume: Callable[[], object]) -> None:
        """Make it empty; `resume` is called by its button."""
        super().__init__(parent, look, height=look.px(HEIGHT))
        self._words: FooterWords | None = None
        self._updated = ""
        self._resume = Button(self, look, _("Resume"), resume, height=HEIGHT)

    def show(self, words: FooterWords, now: datetime) -> None:
        """Show what is said of recording and sending, and that it is fresh."""
        self._words = words
        self._updated = _("Updated {time}").format(time=f"{now:%H:%M:%S}")
        self.redraw()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        middle, words = height // 2, self._words
        right = width - look.small.measure(self._updated) - look.px(12)
        self.text(width, middle, self._updated, look.small, palette.dim, side="e")
        x = 0
        if words and words.state:
            dot = palette.more if words.is_recording else palette.thumb
            x = self._draw_dotted(words.state, x, right, (dot, palette.dim))
        if words and words.can_resume:
            self._resume.place(x=x, y=0)
            x += self._resume.winfo_reqwidth() + look.px(16)
        else:
            self._resume.place_forget()
        if words and words.reason:
            x = self._draw_dotted(words.reason, x, right, (palette.less, palette.text))
        if words and words.sync and right - x > look.px(_NARROWEST):
            self.text(x, middle, words.sync, look.small, palette.dim, width=max(0, right - x))

    def _draw_dotted(self, text: str, x: int, right: int, colours: tuple[str, str]) -> int:
        """Draw a dot and what it stands for, in two colours; return where the next words begin."""
        look, middle = self.look, self.winfo_height() // 2
        size, (dot, colour) = look.px(_DOT), colours
        self.rounded(
            *(x, middle - size // 2, x + size, middle - size // 2 + size),
            radius=size // 2,
            fill=dot,
        )
        x += size + look.px(6)
        self.text(x, middle, text, look.small, colour, width=max(0, right - x))
        return x + look.small.measure(text) + look.px(16)
