"""NoticeBar: a line across the window that says what is in the way, with a Retry."""

import tkinter as tk
from collections.abc import Callable

from reprospective_tray.messages import _
from reprospective_tray.summary.widgets.controls import Button
from reprospective_tray.summary.widgets.style import WindowStyle


class NoticeBar(tk.Frame):
    """One sentence, wrapped where it must be, and a button beside it."""

    def __init__(self, parent: tk.Misc, look: WindowStyle, retry: Callable[[], object]) -> None:
        """Take what Retry does."""
        palette = look.palette
        super().__init__(
            parent,
            bg=palette.surface,
            highlightthickness=look.px(1),
            highlightbackground=palette.less,
            padx=look.px(12),
            pady=look.px(6),
        )
        self.columnconfigure(0, weight=1)
        self._label = tk.Label(
            self, font=look.body, fg=palette.text, bg=palette.surface, anchor="w", justify="left"
        )
        self._label.grid(row=0, column=0, sticky="ew")
        self._label.bind(
            "<Configure>", lambda event: self._label.configure(wraplength=max(200, event.width))
        )
        self.button = Button(self, look, _("Retry"), retry, ground=palette.surface)

    def say(self, sentence: str, *, retry: bool) -> None:
        """Show `sentence`, and Retry where that can help."""
        self._label.configure(text=sentence)
        if retry:
            self.button.grid(row=0, column=1, padx=(self.button.look.px(12), 0))
        else:
            self.button.grid_remove()
