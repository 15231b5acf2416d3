"""WindowStyle: palette, fonts and display scale, shared by all parts of the window."""

import tkinter as tk
from dataclasses import dataclass, field
from tkinter import font as tkfont

from reprospective_tray.summary.format_text import ELLIPSIS
from reprospective_tray.summary.theme import Desktop, Palette, choose_family

DIGITS = "0123456789"
_MOST_CUTS = 20_000


@dataclass(frozen=True)
class WindowStyle:
    """The palette, the fonts, and how many pixels a pixel of the design is."""

    palette: Palette
    scale: float
    small: tkfont.Font
    body: tkfont.Font
    strong: tkfont.Font
    lead: tkfont.Font
    heading: tkfont.Font
    figure: tkfont.Font
    images: dict[tuple[object, ...], tk.PhotoImage] = field(default_factory=dict)
    _cuts: dict[tuple[str, str, int], str] = field(default_factory=dict)

    @classmethod
    def of(cls, root: tk.Misc, desktop: Desktop) -> "WindowStyle":
        """Choose palette, scale and fonts for the display of `root`, before its first font."""
        scale = display_scale(root, desktop.dpi)
        fit_fonts(root, desktop.dpi)
        default = tkfont.nametofont("TkDefaultFont", root).actual("family")
        family = choose_family(set(tkfont.families(root)), default)

        def font(size: int, weight: str = "normal") -> tkfont.Font:
            # A negative size is pixels.
            pixels = -round(size * scale)
            return tkfont.Font(root, family=family, size=pixels, weight=weight)  # type: ignore[arg-type]  # one of the two it knows

        return cls(
            desktop.palette,
            scale,
            font(11),
            font(13),
            font(13, "bold"),
            font(16, "bold"),
            font(19, "bold"),
            font(22, "bold"),
        )

    def menu(self, parent: tk.Misc) -> tk.Menu:
        """Return an empty menu in the window's colours."""
        palette = self.palette
        return tk.Menu(
            parent,
            tearoff=False,
            font=self.body,
            bg=palette.surface,
            fg=palette.text,
            activebackground=palette.selected,
            activeforeground=palette.text,
            disabledforeground=palette.dim,
            selectcolor=palette.accent,
            activeborderwidth=self.px(3),
            borderwidth=1,
            # On dark ground Tk's edges glare.
            relief="raised" if palette.mode == "light" else "flat",
        )

    def cut(self, text: str, font: tkfont.Font, width: int) -> str:
        """Return `text` with an ellipsis where it is wider than `width` pixels."""
        # The same names and titles come again and again, and measuring asks Tk.
        key = text, font.name, width
        if key not in self._cuts:
            if len(self._cuts) >= _MOST_CUTS:
                self._cuts.clear()
            self._cuts[key] = cut(text, font, width)
        return self._cuts[key]

    def px(self, length: float) -> int:
        """Return a length of the design in pixels of the display."""
        return round(length * self.scale)


def cut(text: str, font: tkfont.Font, width: int) -> str:
    """Return `text` with an ellipsis where it is wider than `width` pixels."""
    # No letter is narrower than a pixel: what lies further right cannot be seen.
    low, high = 0, min(len(text), max(width, 0))
    if high == len(text) and font.measure(text) <= width:
        return text
    while low < high:
        middle = (low + high + 1) // 2
        if font.measure(text[:middle].rstrip() + ELLIPSIS) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


def display_scale(root: tk.Misc, said_dpi: float | None) -> float:
    """Return how many pixels of the display a pixel of the design is: 1 to 4, in eighths.

    `said_dpi` is what the desktop says; without it the X server's own word counts.
    """
    dpi = said_dpi or root.winfo_fpixels("1i")
    return min(4.0, max(1.0, round(dpi / 96 * 8) / 8))


def fit_fonts(root: tk.Misc, said_dpi: float | None) -> None:
    """Make fonts as large as they are asked for, in pixels; before the first font is made.

    Tk turns pixels into points by the X server's dpi, and Xft turns them back by what the desktop
    says. Where these differ, texts would be too large or too small.
    """
    if said_dpi:
        root.tk.call("tk", "scaling", said_dpi / 72)
