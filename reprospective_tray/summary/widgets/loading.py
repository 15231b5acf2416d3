"""LoadingBar: a line at the top that moves while something is read for longer than a moment."""

import tkinter as tk

from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface

_PATIENCE_MS = 200
_STEP_MS = 40
_SHARE = 0.25
_STEPS = 30


class LoadingBar(Surface):
    """Shows that the window is at work; it never shows for what is there at once."""

    def __init__(self, root: tk.Misc, look: WindowStyle) -> None:
        """Make it; it shows nothing as yet."""
        super().__init__(root, look, height=look.px(3))
        self._timer = ""
        self._step = 0

    def start(self) -> None:
        """Show it in a moment, unless it is stopped before."""
        if not self._timer:
            self._step = 0
            self._timer = self.after(_PATIENCE_MS, self._move)

    def stop(self) -> None:
        """Show nothing."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
            self.place_forget()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        extent = round(width * _SHARE)
        left = round((self._step % _STEPS) / _STEPS * (width + extent)) - extent
        self.create_rectangle(
            left, 0, left + extent, height, fill=self.look.palette.accent, width=0
        )

    def _move(self) -> None:
        self._timer = self.after(_STEP_MS, self._move)
        if not self.place_info():
            self.place(x=0, y=0, relwidth=1.0)
            tk.Misc.lift(self)
        self._step += 1
        self.redraw()
