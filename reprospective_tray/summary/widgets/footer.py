"""The foot of the window: what the program does, how far everything is sent, how fresh it is."""

import tkinter as tk
from datetime import datetime

from reprospective_tray.messages import _
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface

HEIGHT = 18
_DOT = 8


class Footer(Surface):
    """One line of small words."""

    def __init__(self, parent: tk.Misc, look: WindowStyle) -> None:
        """Make it empty."""
        super().__init__(parent, look, height=look.px(HEIGHT))
        self._words: tuple[str, ...] = ()
        self._is_recording = False
        self._updated = ""

    def show(self, said: tuple[bool, tuple[str, ...]], now: datetime) -> None:
        """Show whether it records, what is `said` of that and of sending, and that it is fresh."""
        self._is_recording, self._words = said
        self._updated = _("Updated {time}").format(time=f"{now:%H:%M:%S}")
        self.redraw()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        middle, x = height // 2, 0
        right = width - look.small.measure(self._updated)
        if self._words:
            size = look.px(_DOT)
            self.rounded(
                *(0, middle - size // 2, size, middle - size // 2 + size),
                radius=size // 2,
                fill=palette.more if self._is_recording else palette.thumb,
            )
            x = size + look.px(6)
        for text in self._words:
            room = right - x - look.px(12)
            self.text(x, middle, text, look.small, palette.dim, width=room)
            x += look.small.measure(text) + look.px(16)
        self.text(width, middle, self._updated, look.small, palette.dim, side="e")
