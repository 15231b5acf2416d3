"""Starts the summary window in its own process."""

import re
import signal
import sys
import threading
from contextlib import suppress
from datetime import datetime
from typing import Any

from reprospective_tray import PRODUCT
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.summary.theme import ask_desktop
from reprospective_tray.summary.view_model import View
from reprospective_tray.summary.window import xwayland
from reprospective_tray.summary.window.dependencies import Memory, WindowDependencies
from reprospective_tray.summary.window.loading.loader import Loader
from reprospective_tray.summary.window.navigation import Position
from reprospective_tray.system.paths import shipped_file

_SIZE = (1120, 660)
_SMALLEST = (800, 500)
# How long the desktop may take to say whether it is dark, before light it is.
_DESKTOP_S = 0.5
_ICON_MS = 200


def show(means: WindowDependencies, memory: Memory) -> None:
    """Show the window until it is closed.

    SIGUSR1 brings it to the front; SIGTERM, SIGINT and SIGHUP close it as a person does, and a
    second one of them ends the process at once.

    Raises:
        ReprospectiveError: there is no display, or Python has no Tk.
    """
    raised = threading.Event()
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, lambda *_unused: raised.set())
    ended = _take_ending_signals()
    # Reading and asking the desktop go on while Tk starts.
    loader = Loader(means.sources, means.categories, means.status)
    view = View(memory.view) if memory.view in set(View) else View.DAY
    position = Position(view, datetime.now().astimezone().date())
    loader.start()
    loader.ask(position.wish)
    desktop = ask_desktop()
    root = _make_root()
    from reprospective_tray.summary.widgets.style import WindowStyle
    from reprospective_tray.summary.window.summary_window import SummaryWindow

    look = WindowStyle.of(root, desktop.wait(_DESKTOP_S))
    window = SummaryWindow(root, look, loader, means, position)
    place(root, memory.geometry, look.scale)
    root.deiconify()
    window.start(raised, ended)
    # A picture of half a thousand pixels square takes its time, and the figures come first.
    root.after(_ICON_MS, _give_icon, root)
    root.mainloop()


def _take_ending_signals() -> threading.Event:
    """Return what a signal sets that asks the process to end."""
    ended = threading.Event()

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        ended.set()

    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        # One that is ignored by who started this, as `nohup` does, stays so.
        if (number := getattr(signal, name, None)) and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)
    return ended


def _make_root() -> Any:
    try:
        import tkinter as tk
    except ImportError as error:
        raise ReprospectiveError(
            _("The window needs Tk, which is missing from this Python ({reason}).").format(
                reason=error
            ),
            _("Install it (on Debian and Ubuntu: apt install python3-tk)."),
        ) from error
    if sys.platform == "win32":
        import ctypes

        # Else Windows draws it small and blows it up.
        with suppress(AttributeError, OSError):
            ctypes.windll.shcore.SetProcessDpiAwareness(1)
    try:
        root = tk.Tk(className=PRODUCT)
    except tk.TclError as error:
        raise xwayland.lacking() or ReprospectiveError(
            _("The window cannot be opened: {reason}.").format(reason=error),
            _("Without a display, use: reprospective-tray report"),
        ) from error
    root.withdraw()
    root.title(_("Re:prospective"))
    return root


def _give_icon(root: Any) -> None:
    import tkinter as tk

    root.iconphoto(True, tk.PhotoImage(master=root, file=str(shipped_file("assets/icon.png"))))


def place(root: Any, geometry: str, scale: float = 1.0) -> None:
    """Give the window its remembered size and place, as far as they fit the screen."""
    width, height = (round(length * scale) for length in _SIZE)
    screen_width, screen_height = root.winfo_screenwidth(), root.winfo_screenheight()
    found = re.fullmatch(r"(\d+)x(\d+)\+(\d+)\+(\d+)", geometry)
    if found:
        width, height = int(found[1]), int(found[2])
    width, height = min(width, screen_width), min(height, screen_height)
    left, top = (screen_width - width) // 2, (screen_height - height) // 3
    if found and int(found[3]) + width <= screen_width and int(found[4]) + height <= screen_height:
        left, top = int(found[3]), int(found[4])
    smallest = (round(length * scale) for length in _SMALLEST)
    root.minsize(*(min(pair) for pair in zip(smallest, (width, height), strict=True)))
    root.geometry(f"{width}x{height}+{left}+{top}")
