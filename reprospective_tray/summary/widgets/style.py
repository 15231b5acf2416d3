"""WindowStyle: palette, fonts and display scale, shared by all parts of the window."""

import tkinter as tk
from dataclasses import dataclass, field
from tkinter import font as tkfont

from reprospective_tray.summary.format_text import ELLIPSIS
from reprospective_tray.summary.theme import Desktop, Palette, choose_family, fit_fonts
from reprospective_tray.summary.widgets.drawn_order import drawn_order

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
    orders_letters: bool
    """Whether letters have to be put into order, as Tk does not do it itself."""
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
            root.tk.call("tk", "windowingsystem") == "x11",
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

    def drawn(self, text: str, whole: str = "") -> str:
        """Return one line as Tk must be told it to be seen as it is read; see `drawn_order`."""
        return drawn_order(text, whole) if self.orders_letters else text

    def width(self, text: str, font: tkfont.Font) -> int:
        """Return how wide `text` is drawn, in pixels."""
        return font.measure(self.drawn(text))

    def cut(self, text: str, font: tkfont.Font, width: int) -> str:
        """Return `text` with an ellipsis where it is wider than `width` pixels."""
        # The same names and titles come again and again, and measuring asks Tk.
        key = text, font.name, width
        if key not in self._cuts:
            if len(self._cuts) >= _MOST_CUTS:
                self._cuts.clear()
            self._cuts[key] = self._cut(text, font, width)
        return self._cuts[key]

    def _cut(self, text: str, font: tkfont.Font, width: int) -> str:
        if len(text) <= max(width, 0) and self.width(text, font) <= width:
            return text
        fits = self._fitting(text, font, width, ELLIPSIS)
        return text[:fits].rstrip() + ELLIPSIS

    def wrap(self, text: str, font: tkfont.Font, width: int, most: int) -> list[str]:
        """Return `text` in lines of at most `width` pixels, broken at spaces where there are some.

        There are at most so many lines; what does not fit into them is in the last one.
        """
        lines: list[str] = []
        while len(lines) < most - 1 and self.width(text, font) > width:
            fits = max(1, self._fitting(text, font, width))
            space = text.rfind(" ", 0, fits + 1)
            # A long word, or one of the languages that write without spaces.
            end = space if space > fits // 2 else fits
            lines.append(text[:end].rstrip())
            text = text[end:].lstrip()
        return [*lines, text]

    def _fitting(self, text: str, font: tkfont.Font, width: int, ending: str = "") -> int:
        """Return how many characters of `text` fit into `width` pixels, with an `ending` behind."""
        # No letter is narrower than a pixel: what lies further right cannot be seen.
        low, high = 0, min(len(text), max(width, 0))
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(text[:middle].rstrip() + ending, font) <= width:
                low = middle
            else:
                high = middle - 1
        return low

    def px(self, length: float) -> int:
        """Return a length of the design in pixels of the display."""
        return round(length * self.scale)


def display_scale(root: tk.Misc, said_dpi: float | None) -> float:
    """Return how many pixels of the display a pixel of the design is: 1 to 4, in eighths.

    `said_dpi` is what the desktop says; without it the X server's own word counts.
    """
    dpi = said_dpi or root.winfo_fpixels("1i")
    return min(4.0, max(1.0, round(dpi / 96 * 8) / 8))
