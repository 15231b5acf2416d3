"""The dialogs of the window: a calendar, and where to save. They are ttkbootstrap's."""

import tkinter as tk
from datetime import date
from pathlib import Path
from tkinter import font as tkfont

import ttkbootstrap
from ttkbootstrap.dialogs import Querybox
from ttkbootstrap.localization import MessageCatalog

from reprospective_tray.messages import _, language
from reprospective_tray.summary.theme import DARK, LIGHT
from reprospective_tray.summary.widgets.style import WindowStyle

MONDAY = 0
_FAMILY = "reprospective"


def pick_day(root: tk.Misc, look: WindowStyle, day: date, place: tuple[int, int]) -> date | None:
    """Show a calendar at `place` (pixels of the screen); return the day, None for none."""
    _dress(root, look)
    found: date | None = Querybox.get_date(
        parent=root,
        title=_("Go to a day"),
        first_weekday=MONDAY,
        start_date=day,
        position=place,
    )
    return found


def ask_file(root: tk.Misc, look: WindowStyle, name: str, kind: tuple[str, str]) -> Path | None:
    """Ask where to save a file, at first called `name`; None for nowhere.

    `kind` is what to call such files, and their pattern (``*.html``).
    """
    _dress(root, look)
    found = Querybox.get_save_filename(
        parent=root,
        title=_("Save the report"),
        initialfile=name,
        initialdir=str(Path.home()),
        defaultextension=Path(name).suffix,
        filetypes=[kind, (_("All files"), "*")],
    )
    return Path(found) if found else None


def _dress(root: tk.Misc, look: WindowStyle) -> None:
    """Give the dialogs the window's colours, fonts and scale, and leave the window as it is."""
    name = f"{_FAMILY}-{look.palette.mode}"
    leave_alone(root)
    style = ttkbootstrap.Style()
    MessageCatalog.locale(language())
    if style.theme_use() == name:
        return
    root.tk.call("tk", "scaling", look.scale * 96 / 72)
    for font in ("TkDefaultFont", "TkTextFont", "TkHeadingFont", "TkMenuFont"):
        actual = look.body.actual()
        tkfont.nametofont(font, root).configure(family=actual["family"], size=look.body["size"])
    ttkbootstrap.Theme(
        name=_FAMILY,
        primary=LIGHT.accent,
        success=LIGHT.more,
        info=LIGHT.accent,
        warning=LIGHT.less,
        danger="#d64545",
        neutral=LIGHT.dim,
        light={"background": LIGHT.surface, "foreground": LIGHT.text},
        dark={"background": DARK.surface, "foreground": DARK.text},
    ).register()
    style.theme_use(name)


def leave_alone(root: tk.Misc) -> None:
    """Mark all widgets as those that the library does not paint: they have their own colours."""
    widgets = [root]
    while widgets:
        widget = widgets.pop()
        # What `autostyle=False` says to the library's own widgets.
        widget._tb_no_autostyle = True  # type: ignore[attr-defined]  # noqa: SLF001
        widgets += widget.winfo_children()
