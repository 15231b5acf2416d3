"""The menu as a small window of its own process, for trays that have none.

The same items as the tray's menu, made by the same function; the running instance does the work.
"""

from __future__ import annotations

import io
import logging
import queue
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.ipc import client
from reprospective_tray.messages import _
from reprospective_tray.system.clock import now_ms
from reprospective_tray.tray import menu
from reprospective_tray.tray.state import (
    AppState,
    Mode,
    from_status,
    sync_lines,
)
from reprospective_tray.tray.windows.small_window import SmallWindow
from reprospective_tray.tray.windows.style import PADDING, length

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.system.paths import Paths
    from reprospective_tray.tray.menu import Item, MenuAction

log = logging.getLogger(__name__)

# How often the running instance is asked, and how often the window looks for its answer.
REFRESH_SECONDS = 1.5
LOOK_MS = 100
JOIN_SECONDS = 0.5

WIDTH = 300
PICTURE_SIZE = 40
CHECK = "\N{CHECK MARK}"


@dataclass(frozen=True, slots=True)
class News:
    """What the instance answered: its state, or why there is none."""

    state: AppState | None
    problem: str = ""
    is_over: bool = False


class Talk:
    """Asks the running instance in a thread, so that the window never waits."""

    def __init__(self, paths: Paths) -> None:
        """Take whose instance; nothing is asked yet."""
        self._paths = paths
        self._clicked: queue.SimpleQueue[MenuAction | None] = queue.SimpleQueue()
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._ask, name="status", daemon=True)

    def start(self) -> None:
        """Ask from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; a question that is on its way is not waited for."""
        self._clicked.put(None)
        self._thread.join(JOIN_SECONDS)

    def do(self, action: MenuAction) -> None:
        """Let the instance do what was clicked."""
        self._clicked.put(action)

    def _ask(self) -> None:
        while True:
            self.news.put(self._status())
            try:
                action = self._clicked.get(timeout=REFRESH_SECONDS)
            except queue.Empty:
                continue
            if action is None:
                return
            try:
                arguments = menu.action_arguments(action, now_ms())
                client.request(self._paths, action.command, timeout=5.0, **arguments)
            except ReprospectiveError as error:
                self.news.put(News(None, f"{error}\n{error.remedy}".strip()))
                continue
            if action.command == "quit":
                self.news.put(News(None, is_over=True))
                return

    def _status(self) -> News:
        try:
            return News(from_status(client.request(self._paths, "status")))
        except ReprospectiveError as error:
            return News(None, f"{error}\n{error.remedy}".strip())
        except ValueError:
            return News(None, _("The running program is a different version. Start it again."))
        # The top of a thread: without it the window would show what was for ever.
        except Exception:
            log.exception("the running instance's status cannot be used")
            return News(None, _("Internal error. See the log for details."))


class ControlWindow(SmallWindow):
    """The window; of the main thread alone. When it closes, the program goes on."""

    def __init__(self, talk: Talk) -> None:
        """Build the window with nothing known yet.

        Raises:
            ReprospectiveError: there is no display, or Python came without Tk.
        """
        super().__init__()
        self._talk = talk
        self._pictures: dict[Mode, Any] = {}
        self._items: tuple[Item, ...] | None = None
        self._error = ""
        ttk, frame = self._ttk, self._frame
        head = ttk.Frame(frame)
        head.pack(fill="x", pady=(0, length(PADDING - 4)))
        self._picture = ttk.Label(head)
        self._picture.pack(side="left", padx=(0, length(12)), anchor="n")
        texts = ttk.Frame(head)
        texts.pack(side="left", fill="x", expand=True)
        wrap = WIDTH - PICTURE_SIZE - 12
        self._first = ttk.Label(texts, style="First.TLabel", wraplength=length(wrap))
        self._first.pack(anchor="w")
        self._second = ttk.Label(texts, style="Muted.TLabel", wraplength=length(wrap))
        self._second.pack(anchor="w")
        self._list = ttk.Frame(frame)
        self._list.pack(fill="x")
        ttk.Frame(frame, width=length(WIDTH), height=0).pack()

    def run(self) -> None:
        """Show the window until it is closed."""
        self._look()
        self.root.mainloop()

    def raise_up(self) -> None:
        """Bring the window to the front."""
        self.root.deiconify()
        self.root.lift()
        self.root.focus_force()

    def _look(self) -> None:
        """Show what the instance has answered since."""
        # First of all, so that an error below does not end the looking.
        self.root.after(LOOK_MS, self._look)
        while not self._talk.news.empty():
            news = self._talk.news.get()
            if news.is_over:
                self.close()
                return
            self._show(news)

    def _say_error(self, sentence: str) -> None:
        """Show an error until something is clicked."""
        self._error = sentence
        self._second.configure(text=sentence)

    def _show(self, news: News) -> None:
        now = now_ms()
        if news.state is None:
            first, __, problem = news.problem.partition("\n")
            more: tuple[str, ...] = (problem,)
            mode = Mode.ATTENTION
            items: tuple[Item, ...] = (menu.Item(_("Close")),)
        else:
            lines = menu.status_lines(news.state, now)
            first, __, second = lines[0].partition(" · ")
            more = (second, *sync_lines(news.state, now), news.state.problem)
            mode = news.state.mode
            items = menu.items(news.state, now)[len(lines) + 1 :]
        self._first.configure(text=first)
        self._second.configure(text="\n".join(filter(None, (*more, self._error))))
        self._picture.configure(image=self._image(mode))
        if items != self._items:
            self._items = items
            self._fill(items)

    def _fill(self, items: tuple[Item, ...]) -> None:
        """Put a button for each item."""
        for child in self._list.winfo_children():
            child.destroy()
        for item in items:
            if item == menu.SEPARATOR:
                line = self._tk.Frame(self._list, height=1, background=self._palette.border)
                line.pack(fill="x", pady=length(6))
            elif item.submenu:
                self._menubutton(item).pack(fill="x", pady=length(2))
            else:
                self._button(item).pack(fill="x", pady=length(2))

    def _button(self, item: Item) -> Any:
        style = "Accent.TButton" if item.default else "TButton"
        label = f"{item.label}  {CHECK}" if item.checked else item.label
        button = self._push_button(self._list, label, self._doing(item.action), style)
        if not item.enabled:
            button.state(["disabled"])
        if item.default:
            button.focus_set()
        return button

    def _menubutton(self, item: Item) -> Any:
        button = self._ttk.Menubutton(self._list, text=item.label, direction="below")
        choices = self._tk.Menu(
            button,
            tearoff=False,
            background=self._palette.surface,
            foreground=self._palette.text,
            activebackground=self._palette.selected,
            activeforeground=self._palette.text,
            activeborderwidth=4,
            borderwidth=1,
            font="TkDefaultFont",
            relief="solid",
        )
        for choice in item.submenu:
            choices.add_command(label=choice.label, command=self._doing(choice.action))
        button.configure(menu=choices)
        for key in ("<Return>", "<Down>"):
            button.bind(key, lambda _event: button.event_generate("<<Invoke>>"))
        return button

    def _doing(self, action: MenuAction | None) -> Callable[[], None]:
        if action is None:
            return self.close
        return lambda: self._do(action)

    def _do(self, action: MenuAction) -> None:
        self._error = ""
        self._talk.do(action)

    def _image(self, mode: Mode) -> Any:
        if mode not in self._pictures:
            from reprospective_tray.tray.picture import picture

            buffer = io.BytesIO()
            picture(mode, PICTURE_SIZE).save(buffer, "PNG")
            self._pictures[mode] = self._tk.PhotoImage(data=buffer.getvalue(), master=self.root)
        return self._pictures[mode]


def show(paths: Paths) -> None:
    """Show the window until it is closed; SIGUSR1 brings it to the front.

    Raises:
        ReprospectiveError: there is no display, or Python came without Tk.
    """
    raised = threading.Event()
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, lambda *_unused: raised.set())
    talk = Talk(paths)
    window = ControlWindow(talk)

    def look_for_signal() -> None:
        window.root.after(LOOK_MS, look_for_signal)
        if raised.is_set():
            raised.clear()
            window.raise_up()

    look_for_signal()
    talk.start()
    try:
        window.run()
    finally:
        talk.stop()
