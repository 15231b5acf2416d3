"""How the small windows of the tray look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprospective_tray.summary.theme import choose_family

if TYPE_CHECKING:
    from reprospective_tray.summary.theme import Palette

PADDING = 18


def length(pixels: float) -> str:
    """Return a length of the design (pixels at 96 dpi) in points of Tk, which grow with texts."""
    return f"{pixels * 0.75:g}p"


def apply_style(root: Any, ttk: Any, look: Palette) -> Any:
    """Make ttk's plainest theme calm: one accent colour, no frames around frames.

    Returns the bold font, which is to be kept as long as the window.
    """
    from tkinter import font

    base = font.nametofont("TkDefaultFont", root=root)
    family = choose_family(font.families(root), str(base.cget("family")))
    base.configure(family=family, size=max(10, abs(int(base.cget("size")))))
    bold = base.copy()
    bold.configure(weight="bold", size=int(base.cget("size")) + 2)
    style = ttk.Style(root)
    style.theme_use("clam")
    style.configure(".", background=look.surface, foreground=look.text, font=base)
    style.configure("First.TLabel", font=bold)
    style.configure("Muted.TLabel", foreground=look.dim)
    for name in ("TButton", "TMenubutton"):
        style.configure(name, relief="flat", anchor="w", padding=(length(12), length(8)))
        style.configure(name, bordercolor=look.surface, focuscolor=look.accent)
        style.configure(name, lightcolor=look.surface, darkcolor=look.surface)
        style.map(
            name,
            background=[("disabled", look.surface), ("active", look.selected)],
            foreground=[("disabled", look.dim)],
        )
    style.configure("TMenubutton", arrowcolor=look.dim)
    style.configure("TCheckbutton", focuscolor=look.accent, indicatormargin=(0, 0, length(8), 0))
    style.configure(
        "TCheckbutton", indicatorbackground=look.ground, indicatorforeground=look.accent
    )
    style.configure("TCheckbutton", upperbordercolor=look.dim, lowerbordercolor=look.dim)
    style.map(
        "TCheckbutton",
        background=[("active", look.surface)],
        foreground=[("disabled", look.dim)],
        indicatorbackground=[("selected", look.accent)],
        indicatorforeground=[("selected", look.on_accent)],
    )
    style.configure("Accent.TButton", background=look.accent, foreground=look.on_accent)
    style.configure("Accent.TButton", lightcolor=look.accent, darkcolor=look.accent)
    style.configure("Accent.TButton", bordercolor=look.accent, focuscolor=look.on_accent)
    # A little darker under the pointer: the same colour over black.
    style.map("Accent.TButton", background=[("active", _darker(root, look.accent))])
    return bold


def _darker(root: Any, colour: str) -> str:
    red, green, blue = (value * 85 // 100 // 256 for value in root.winfo_rgb(colour))
    return f"#{red:02x}{green:02x}{blue:02x}"
