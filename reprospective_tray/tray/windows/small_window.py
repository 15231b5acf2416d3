"""SmallWindow: what the small windows of the tray have in common, and how they fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprospective_tray import PRODUCT
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.summary.theme import fit_fonts, said_dpi, system_palette
from reprospective_tray.summary.window import xwayland
from reprospective_tray.summary.window.callback_errors import CallbackErrors
from reprospective_tray.system.paths import shipped_file
from reprospective_tray.tray.windows.style import PADDING, apply_style, length

if TYPE_CHECKING:
    from collections.abc import Callable


class SmallWindow:
    """A window of a process of its own, which Escape closes; of the main thread alone."""

    def __init__(self, about: str = "") -> None:
        """Open it, titled for the program and what it is about, with a `_frame` for the rest.

        Raises:
            ReprospectiveError: there is no display, or Python came without Tk.
        """
        self._tk, self._ttk = _import_tk()
        self._palette = system_palette()
        try:
            self.root = self._tk.Tk(className=PRODUCT)
        except self._tk.TclError as error:
            raise xwayland.lacking() or ReprospectiveError(
                _("The window cannot be shown: {reason}.").format(reason=error),
                _("Start it inside a desktop session."),
            ) from error
        self.root.title(f"{PRODUCT}: {about}" if about else PRODUCT)
        # Tk forgets a picture and a font that Python lets go.
        self._mark = self._tk.PhotoImage(file=shipped_file("assets/icon.png"))
        self.root.iconphoto(True, self._mark)
        self.root.configure(background=self._palette.surface)
        self.root.resizable(width=False, height=False)
        fit_fonts(self.root, said_dpi())
        self._font = apply_style(self.root, self._ttk, self._palette)
        self._frame = self._ttk.Frame(self.root, padding=length(PADDING))
        self._frame.pack(fill="both", expand=True)
        self.root.bind("<Escape>", lambda _event: self.close())
        self.root.protocol("WM_DELETE_WINDOW", self.close)
        CallbackErrors(self.root, self._say_error)

    def close(self) -> None:
        """Close the window."""
        self.root.destroy()

    def _say_error(self, sentence: str) -> None:
        """Show what went wrong in the window itself."""
        raise NotImplementedError(sentence)

    def _push_button(
        self, parent: Any, text: str, command: Callable[[], None], style: str = "TButton"
    ) -> Any:
        """Return a button that Return pushes, too."""
        button = self._ttk.Button(parent, text=text, style=style, command=command)
        button.bind("<Return>", lambda _event: button.invoke())
        return button

    def _button_row(self) -> Any:
        """Return a row for buttons with their texts in the middle, below all that there is."""
        self._ttk.Style(self.root).configure("TButton", anchor="center")
        row = self._ttk.Frame(self._frame)
        row.pack(fill="x")
        return row


def _import_tk() -> tuple[Any, Any]:
    try:
        import tkinter as tk
        from tkinter import ttk
    except ImportError as error:
        raise ReprospectiveError(
            _("The window cannot be shown because this Python has no Tk."),
            _("Install it (on Debian and Ubuntu: python3-tk)."),
        ) from error
    return tk, ttk
