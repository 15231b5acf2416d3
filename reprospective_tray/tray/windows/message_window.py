"""A window that says what is wrong with the settings: who clicked sees no other output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprospective_tray import PRODUCT
from reprospective_tray.desktop import programs
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.summary.theme import system_palette
from reprospective_tray.summary.window.callback_errors import CallbackErrors
from reprospective_tray.system.paths import shipped_file
from reprospective_tray.tray.windows.style import (
    PADDING,
    apply_style,
    import_tk,
    not_shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WIDTH = 440


class MessageWindow:
    """The window; of the main thread alone."""

    def __init__(
        self, tkinter: Any, ttk: Any, head: str, error: ReprospectiveError, settings: Path | None
    ) -> None:
        """Build it to say `head`, the error and its remedy, and to open the file `settings`."""
        palette = system_palette()
        self.root = tkinter.Tk(className="Reprospective-tray")
        title = _("Settings")
        self.root.title(f"{PRODUCT}: {title}")
        self._mark = tkinter.PhotoImage(file=shipped_file("assets/icon.png"))
        self.root.iconphoto(True, self._mark)
        self.root.configure(background=palette.surface)
        self.root.resizable(width=False, height=False)
        self._font = apply_style(self.root, ttk, palette)  # Tk forgets one that Python lets go
        ttk.Style(self.root).configure("TButton", anchor="center")
        frame = ttk.Frame(self.root, padding=PADDING)
        frame.pack(fill="both", expand=True)
        ttk.Label(frame, text=head, style="First.TLabel", wraplength=WIDTH).pack(anchor="w")
        self._text = ttk.Label(frame, text=_sentences(error), wraplength=WIDTH)
        self._text.pack(anchor="w", pady=(8, PADDING))
        row = ttk.Frame(frame)
        row.pack(fill="x")
        close = self._button(ttk, row, _("Close"), self.root.destroy, "Accent.TButton")
        close.pack(side="right")
        close.focus_set()
        if settings is not None:
            self._settings = settings
            label = _("Open settings")
            self._button(ttk, row, label, self._open, "TButton").pack(side="right", padx=(0, 8))
        self.root.bind("<Escape>", lambda _event: self.root.destroy())
        CallbackErrors(self.root, lambda sentence: self._text.configure(text=sentence))

    def _button(
        self, ttk: Any, row: Any, text: str, command: Callable[[], None], style: str
    ) -> Any:
        button = ttk.Button(row, text=text, style=style, command=command)
        button.bind("<Return>", lambda _event: button.invoke())
        return button

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
    tkinter, ttk = import_tk()
    try:
        window = MessageWindow(tkinter, ttk, head, error, settings)
    except tkinter.TclError as reason:
        raise not_shown(reason) from reason
    window.root.mainloop()
