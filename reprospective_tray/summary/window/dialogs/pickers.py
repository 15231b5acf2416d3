"""The dialogs of the window: a calendar of our own, and where to save, which is Tk's."""

import tkinter as tk
from datetime import date
from pathlib import Path

from reprospective_tray.messages import _
from reprospective_tray.summary.figures.month_grid import Recorded
from reprospective_tray.summary.widgets.month.calendar import NAME, Calendar
from reprospective_tray.summary.widgets.style import WindowStyle


def pick_day(  # noqa: PLR0913  what the window knows of its days
    root: tk.Misc,
    look: WindowStyle,
    day: date,
    place: tuple[int, int],
    *,
    today: date,
    recorded: Recorded,
) -> date | None:
    """Show a calendar at `place` (pixels of the screen); return the day, None for none.

    It begins at `day` and ends with `today`; `recorded` returns which days of a range have data,
    None as long as it does not know. One that is open already is closed.
    """
    known = root.children.get(NAME)
    if isinstance(known, Calendar):
        known.close()
        return None
    return Calendar(root, look, day, today=today, recorded=recorded).ask(place)


def ask_file(root: tk.Misc, look: WindowStyle, name: str, kind: tuple[str, str]) -> Path | None:
    """Ask where to save a file, at first called `name`; None for nowhere.

    `kind` is what to call such files, and their pattern (``*.html``).
    """
    from tkinter import filedialog

    from reprospective_tray.summary.window.dialogs.dialog_style import dress

    dress(root, look)
    found = filedialog.asksaveasfilename(
        parent=root,
        title=_("Save the report"),
        initialfile=name,
        initialdir=str(Path.home()),
        defaultextension=Path(name).suffix,
        filetypes=[kind, (_("All files"), "*")],
    )
    return Path(found) if found else None
