"""A window that says what is wrong with the settings: who clicked sees no other output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprospective_tray.desktop import programs
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.tray.windows.small_window import SmallWindow
from reprospective_tray.tray.windows.style import PADDING, length

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 440


class MessageWindow(SmallWindow):
    """The window; of the main thread alone."""

    def __init__(self, head: str, error: ReprospectiveError, settings: Path | None) -> None:
        """Build it to say `head`, the error and its remedy, and to open the file `settings`.

        Raises:
            ReprospectiveError: there is no display, or Python came without Tk.
        """
        super().__init__(_("Settings"))
        ttk, frame = self._ttk, self._frame
        ttk.Label(frame, text=head, style="First.TLabel", wraplength=length(WIDTH)).pack(anchor="w")
        self._text = ttk.Label(frame, text=_sentences(error), wraplength=length(WIDTH))
        self._text.pack(anchor="w", pady=(length(8), length(PADDING)))
        row = self._button_row()
        close = self._push_button(row, _("Close"), self.close, "Accent.TButton")
        close.pack(side="right")
        close.focus_set()
        if settings is not None:
            self._settings = settings
            opening = self._push_button(row, _("Open settings"), self._open)
            opening.pack(side="right", padx=(0, length(8)))

    def _say_error(self, sentence: str) -> None:
        self._text.configure(text=sentence)

    def _open(self) -> None:
        try:
            programs.open_with_desktop(self._settings)
        except ReprospectiveError as error:
            self._text.configure(text=_sentences(error))


def _sentences(error: ReprospectiveError) -> str:
    return f"{error}\n{error.remedy}".strip()


def show(head: str, error: ReprospectiveError, settings: Path | None) -> None:
    """Say what follows from an error, and it; return when the window is closed.

    Raises:
        ReprospectiveError: there is no display, or Python came without Tk.
    """
    MessageWindow(head, error, settings).root.mainloop()
