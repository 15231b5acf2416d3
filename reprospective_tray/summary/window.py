"""The summary window, a process of its own: a day's figures, applications and sessions."""

import re
import signal
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.paths import shipped_file
from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.summary.loader import Loaded, Loader, Status
from reprospective_tray.summary.text import long_date
from reprospective_tray.summary.view_model import DayView, empty_sentence, status_line

REFRESH_MS = 3000
_POLL_MS = 100
_SIZE = (980, 640)
_SMALLEST = (680, 420)
_EDGE = 18


def show(
    adapter_factory: Callable[[], DatabaseAdapter],
    status: Callable[[], Status | None],
    *,
    geometry: str = "",
    remember: Callable[[str], None] | None = None,
) -> None:
    """Show the window until it is closed; SIGUSR1 brings it to the front.

    Args:
        adapter_factory: Makes a read-only adapter; called in a thread, at each refresh.
        status: Returns the running instance's status, or None; called in the same thread.
        geometry: Tk's size and place, as `remember` was given it.
        remember: Takes the geometry when the window closes.

    Raises:
        ReprospectiveError: there is no display, or Python has no Tk.
    """
    raised = threading.Event()
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, lambda *_unused: raised.set())
    try:
        import tkinter as tk

        import ttkbootstrap
    except ImportError as error:
        raise ReprospectiveError(
            _("The window needs Tk, which this Python does not have ({reason}).").format(
                reason=error
            ),
            _("Install it (on Debian and Ubuntu: apt install python3-tk)."),
        ) from error
    from reprospective_tray.summary.theme import system_palette

    palette = system_palette()
    try:
        root = ttkbootstrap.Window(
            title=_("Re:prospective"),
            themename=palette.base,
            className="Reprospective-tray",
            iconphoto=str(shipped_file("assets/icon.png")),
        )
    except tk.TclError as error:
        raise ReprospectiveError(
            _("The window cannot be opened: {reason}.").format(reason=error),
            _("Without a display, use: reprospective-tray report"),
        ) from error
    root.withdraw()
    window = SummaryWindow(root, palette, Loader(adapter_factory, status), remember)
    place(root, geometry)
    root.deiconify()
    window.start()
    window.raise_up_when(raised)
    root.mainloop()


def place(root: Any, geometry: str) -> None:
    """Give the window its remembered size and place, as far as they fit the screen."""
    width, height = _SIZE
    screen_width, screen_height = root.winfo_screenwidth(), root.winfo_screenheight()
    found = re.fullmatch(r"(\d+)x(\d+)\+(\d+)\+(\d+)", geometry)
    if found:
        width, height = int(found[1]), int(found[2])
    width, height = min(width, screen_width), min(height, screen_height)
    left, top = (screen_width - width) // 2, (screen_height - height) // 3
    if found and int(found[3]) + width <= screen_width and int(found[4]) + height <= screen_height:
        left, top = int(found[3]), int(found[4])
    root.minsize(*(min(pair) for pair in zip(_SMALLEST, (width, height), strict=True)))
    root.geometry(f"{width}x{height}+{left}+{top}")


class SummaryWindow:
    """Puts a day on the screen, and follows the keys, the buttons and the time."""

    def __init__(
        self, root: Any, palette: Any, loader: Loader, remember: Callable[[str], None] | None
    ) -> None:
        """Build the widgets in `root`; nothing is read before `start`."""
        from reprospective_tray.summary.panels import BarsPanel, CardRow, Look, SessionsPanel

        self._root = root
        self._loader = loader
        self._remember = remember
        self._today = _today()
        self._day = self._today
        self._shown: tuple[date, DayView | None, str] | None = None
        look = Look.of(root, palette)
        self._set_styles(look)
        root.configure(bg=palette.ground)
        root.columnconfigure(0, weight=1)
        root.rowconfigure(2, weight=1)
        self._build_header(look)
        self._cards = CardRow(root, look)
        self._cards.grid(row=1, sticky="ew", padx=_EDGE)
        self._body = self._frame(look)
        self._body.grid(row=2, sticky="nsew", padx=_EDGE, pady=14)
        self._body.columnconfigure(0, weight=5, uniform="panel")
        self._body.columnconfigure(1, weight=7, uniform="panel")
        self._body.rowconfigure(0, weight=1)
        self._bars = BarsPanel(self._body, look, _("Applications"))
        self._sessions = SessionsPanel(self._body, look, _("Sessions"))
        self._sentence = look.label(root, look.body, dim=True)
        self._sentence.configure(justify="center", anchor="center")
        self._sentence.bind("<Configure>", self._wrap_sentence)
        footer = self._frame(look)
        footer.grid(row=3, sticky="ew", padx=_EDGE, pady=(0, 12))
        footer.columnconfigure(0, weight=1)
        self._status = look.label(footer, look.small, dim=True)
        self._status.grid(row=0, column=0, sticky="w")
        self._updated = look.label(footer, look.small, dim=True)
        self._updated.grid(row=0, column=1, sticky="e")
        self._bind_keys()

    def start(self) -> None:
        """Begin to read, and to look for what was read."""
        self._loader.start()
        self._turn_to(self._day)
        self._poll()
        self._root.after(REFRESH_MS, self._refresh)

    def raise_up_when(self, asked: threading.Event) -> None:
        """Come to the front now if that was `asked` for, and whenever it is."""
        if asked.is_set():
            asked.clear()
            self._root.deiconify()
            self._root.lift()
            self._root.focus_force()
        self._root.after(_POLL_MS, self.raise_up_when, asked)

    def close(self) -> None:
        """Remember the place, and go."""
        if self._remember is not None:
            self._remember(self._root.geometry())
        self._root.withdraw()
        self._loader.stop()
        self._root.destroy()

    def _frame(self, look: Any) -> Any:
        import tkinter as tk

        return tk.Frame(self._root, bg=look.palette.ground)

    def _set_styles(self, look: Any) -> None:
        from tkinter import ttk

        style, palette = ttk.Style(self._root), look.palette
        style.configure(
            "Sessions.Treeview",
            background=palette.surface,
            fieldbackground=palette.surface,
            foreground=palette.text,
            font=look.body,
            rowheight=look.body.metrics("linespace") + 12,
            borderwidth=0,
            relief="flat",
        )
        # Without the field element there is no frame in the frame.
        style.layout("Sessions.Treeview", [("Treeview.treearea", {"sticky": "nswe"})])
        style.map(
            "Sessions.Treeview",
            background=[("selected", palette.selected)],
            foreground=[("selected", palette.text)],
        )

    def _build_header(self, look: Any) -> None:
        import tkinter as tk

        palette = look.palette
        header = self._frame(look)
        header.grid(row=0, sticky="ew", padx=_EDGE, pady=(16, 14))
        header.columnconfigure(3, weight=1)

        def button(column: int, text: str, command: Callable[[], None]) -> Any:
            made = tk.Button(
                header,
                text=text,
                command=command,
                font=look.body,
                bg=palette.surface,
                fg=palette.text,
                activebackground=palette.selected,
                activeforeground=palette.text,
                disabledforeground=palette.border,
                highlightbackground=palette.border,
                highlightcolor=palette.accent,
                highlightthickness=1,
                relief="flat",
                borderwidth=0,
                padx=12,
                pady=5,
            )
            made.grid(row=0, column=column, padx=(0, 8))
            return made

        button(0, "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", self._previous)
        button(1, _("Today"), self._to_today)
        self._next_button = button(2, "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", self._next)
        self._heading = look.label(header, look.heading)
        self._heading.grid(row=0, column=3, sticky="w", padx=(8, 0))

    def _bind_keys(self) -> None:
        bindings: dict[str, Callable[[], None]] = {
            "<Control-w>": self.close,
            "<Escape>": self.close,
            "<Left>": self._previous,
            "<Right>": self._next,
            "<t>": self._to_today,
            "<T>": self._to_today,
        }
        for sequence, action in bindings.items():
            self._root.bind(sequence, lambda _event, act=action: act())
        self._root.protocol("WM_DELETE_WINDOW", self.close)

    def _previous(self) -> None:
        self._turn_to(self._day - timedelta(days=1))

    def _next(self) -> None:
        if self._day < _today():
            self._turn_to(self._day + timedelta(days=1))

    def _to_today(self) -> None:
        self._turn_to(_today())

    def _turn_to(self, day: date) -> None:
        self._day = day
        self._loader.ask(day)

    def _refresh(self) -> None:
        today = _today()
        if self._day == self._today != today:
            self._day = today  # the window showed today, and goes on doing so after midnight
        self._today = today
        if self._day == today or self._shown is None:
            self._loader.ask(self._day)
        self._root.after(REFRESH_MS, self._refresh)

    def _poll(self) -> None:
        loaded = self._loader.answer()
        if loaded is not None and loaded.day == self._day:
            self._paint(loaded)
        self._root.after(_POLL_MS, self._poll)

    def _paint(self, loaded: Loaded) -> None:
        today = loaded.day == _today()
        sentence = loaded.problem
        if loaded.view is not None and not loaded.view.sessions and not loaded.view.bars:
            sentence = empty_sentence(loaded.status, today=today)
        self._heading.configure(text=long_date(loaded.day))
        self._status.configure(text=status_line(loaded.status))
        self._updated.configure(
            text=_("Updated {time}").format(time=f"{datetime.now().astimezone():%H:%M:%S}")
        )
        self._next_button.configure(state="disabled" if today else "normal")
        if self._shown == (loaded.day, loaded.view, sentence):
            return
        self._shown = (loaded.day, loaded.view, sentence)
        if loaded.view is None:
            self._cards.grid_remove()
        else:
            self._cards.grid()
            self._cards.show(loaded.view.cards)
        if sentence or loaded.view is None:
            self._body.grid_remove()
            self._sentence.configure(text=sentence)
            self._sentence.grid(row=2, sticky="nsew", padx=_EDGE)
            return
        self._sentence.grid_remove()
        self._body.grid()
        self._bars.grid(row=0, column=0, sticky="nsew", padx=(0, 14))
        self._sessions.grid(row=0, column=1, sticky="nsew")
        self._bars.show(loaded.view.bars)
        self._sessions.show(loaded.view.sessions, loaded.view.sessions_note)

    def _wrap_sentence(self, event: Any) -> None:
        self._sentence.configure(wraplength=max(200, event.width - 40))


def _today() -> date:
    return datetime.now().astimezone().date()
