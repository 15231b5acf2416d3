"""EmptyRange: what the window says where there is nothing, and a way to the last day with data."""

import tkinter as tk
from collections.abc import Callable
from datetime import date

from reprospective_tray.messages import _
from reprospective_tray.summary.format_text import weekday_and_date
from reprospective_tray.summary.widgets.controls import Button
from reprospective_tray.summary.widgets.style import WindowStyle

_SIDE = 40
_NARROWEST = 200


class EmptyRange(tk.Frame):
    """A sentence in the middle, and below it a button if a day can be offered."""

    def __init__(
        self, parent: tk.Misc, look: WindowStyle, open_day: Callable[[date], object]
    ) -> None:
        """Make it with nothing to say; `open_day` shows a day."""
        palette = look.palette
        super().__init__(parent, bg=palette.ground)
        self._open_day = open_day
        self._offered: date | None = None
        self._middle = tk.Frame(self, bg=palette.ground)
        self._middle.place(relx=0.5, rely=0.5, anchor="center")
        self._sentence = tk.Label(
            self._middle, font=look.body, fg=palette.dim, bg=palette.ground, justify="center"
        )
        self._sentence.pack()
        self.button = Button(self._middle, look, " ", self._open)
        side = look.px(_SIDE)
        self.bind(
            "<Configure>",
            lambda event: self._sentence.configure(wraplength=max(_NARROWEST, event.width - side)),
        )

    def say(self, sentence: str, offered: date | None, today: date) -> None:
        """Show `sentence`, and offer a day."""
        self._sentence.configure(text=sentence)
        self._offered = offered
        if offered is None:
            self.button.pack_forget()
        else:
            self.button.name(_("Show {day}").format(day=weekday_and_date(offered, today)))
            self.button.pack(pady=(self.button.look.px(14), 0))

    def _open(self) -> None:
        if self._offered is not None:
            self._open_day(self._offered)
