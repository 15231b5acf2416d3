"""The summary window, which also writes down all the texts it shows, for a test to read.

Arguments: the database, the file to write to, and the running instance's status as JSON.
"""

import json
import sys
import tkinter as tk
from pathlib import Path
from tkinter import ttk
from typing import Any

from reprospective_tray.store.adapter import SqliteAdapter
from reprospective_tray.summary import window

DUMP_MS = 50


def texts(widget: tk.Misc) -> list[str]:
    """Return what is to be read on `widget` and on what lies in it."""
    found = []
    if isinstance(widget, ttk.Treeview):
        found += [" | ".join(widget.item(row, "values")) for row in widget.get_children()]
    elif isinstance(widget, tk.Canvas):
        found += [
            widget.itemcget(item, "text")
            for item in widget.find_all()
            if widget.type(item) == "text"
        ]
    elif isinstance(widget, (tk.Label, tk.Button)):
        found.append(str(widget.cget("text")))
    for child in widget.winfo_children():
        if child.winfo_ismapped():
            found += texts(child)
    return found


class ReadableWindow(window.SummaryWindow):
    """The window, and a reader of it."""

    def start(self) -> None:
        super().start()
        self._write_down()

    def _write_down(self) -> None:
        file = Path(sys.argv[2])
        part = file.with_suffix(".part")
        part.write_text("\n".join(texts(self._root)), "utf-8")
        part.replace(file)
        self._root.after(DUMP_MS, self._write_down)


def main() -> None:
    status: dict[str, Any] | None = json.loads(sys.argv[3])
    window.SummaryWindow = ReadableWindow  # type: ignore[misc]  # its place in show()
    window.show(
        lambda: SqliteAdapter(Path(sys.argv[1]), read_only=True),
        lambda: status,
        geometry="900x600+40+30",
        remember=print,
    )


if __name__ == "__main__":
    main()
