"""The categories as bars, where the window has room for them beside the applications."""

import tkinter as tk

from reprospective_tray.messages import _
from reprospective_tray.summary.widgets.panels.applications import Applications
from reprospective_tray.summary.widgets.style import WindowStyle


class CategoryList(Applications):
    """Bars of categories, longest first; none opens."""

    def __init__(self, parent: tk.Misc, look: WindowStyle) -> None:
        """Make an empty list."""
        super().__init__(parent, look, _("Categories"))
