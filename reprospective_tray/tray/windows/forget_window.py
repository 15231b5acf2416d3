"""What asks before forgetting: a window of its own process that says what would go.

Cancel is the default. The running instance does the work; the window never waits for it.
"""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reprospective_tray import PRODUCT
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.summary.theme import system_palette
from reprospective_tray.summary.window.callback_errors import CallbackErrors
from reprospective_tray.system.paths import shipped_file
from reprospective_tray.tray.windows.style import (
    PADDING,
    apply_style,
    import_tk,
    not_shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

WIDTH = 360
LOOK_MS = 50


@dataclass(frozen=True, slots=True)
class ForgetQuestion:
    """What is asked.

    Attributes:
        since: From when on everything would go, ms since the epoch.
        look: Says what would go, in sentences; none where nothing would. May take its time.
        forget: Does it, and says what went. May take its time.
        sends: Whether it goes from a server, too.
        note: What else the person should know, a sentence; or empty.
    """

    since: int
    look: Callable[[], list[str]]
    forget: Callable[[], list[str]]
    sends: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one of the two said: sentences, or what it failed of."""

    lines: list[str]
    problem: str = ""


class ForgetWindow:
    """The window; of the main thread alone."""

    def __init__(self, tkinter: Any, ttk: Any, question: ForgetQuestion) -> None:
        """Build the window with nothing known yet."""
        self._ttk, self._question = ttk, question
        self._answers: queue.SimpleQueue[tuple[Callable[[_Answer], None], _Answer]] = (
            queue.SimpleQueue()
        )
        self._is_forgetting = self._closes_when_done = False
        palette = system_palette()
        self.root = tkinter.Tk(className="Reprospective-tray")
        title = _("Forget")
        self.root.title(f"{PRODUCT}: {title}")
        self._mark = tkinter.PhotoImage(file=shipped_file("assets/icon.png"))
        self.root.iconphoto(True, self._mark)
        self.root.configure(background=palette.surface)
        self.root.resizable(width=False, height=False)
        self._font = apply_style(self.root, ttk, palette)  # Tk forgets one that Python lets go
        ttk.Style(self.root).configure("TButton", anchor="center")
        frame = ttk.Frame(self.root, padding=PADDING)
        frame.pack(fill="both", expand=True)
        head = _("Forget everything since {time}?").format(time=_wall(question.since))
        self._first = ttk.Label(frame, text=head, style="First.TLabel", wraplength=WIDTH)
        self._first.pack(anchor="w")
        self._second = ttk.Label(frame, text=_("Looking …"), style="Muted.TLabel", wraplength=WIDTH)
        self._second.pack(anchor="w", pady=(8, PADDING))
        if question.note:
            note = ttk.Label(frame, text=question.note, style="Muted.TLabel", wraplength=WIDTH)
            note.pack(anchor="w", pady=(0, PADDING))
        ttk.Frame(frame, width=WIDTH, height=0).pack()
        row = ttk.Frame(frame)
        row.pack(fill="x")
        self._cancel = self._button(row, _("Cancel"), self.close, "Accent.TButton")
        self._cancel.pack(side="right")
        self._forget = self._button(row, _("Forget"), self._agreed, "TButton")
        self._forget.state(["disabled"])
        self._forget.pack(side="right", padx=(0, 8))
        self._cancel.focus_set()
        self.root.bind("<Escape>", lambda _event: self.close())
        self.root.protocol("WM_DELETE_WINDOW", self.close)
        CallbackErrors(self.root, lambda sentence: self._second.configure(text=sentence))

    def run(self) -> None:
        """Show the window until it is closed."""
        self._ask(self._question.look, self._looked)
        self._hear()
        self.root.mainloop()

    def close(self) -> None:
        """Close the window, once what is being forgotten is; a second time at once.

        It is forgotten all the same: the end of the process waits for it.
        """
        if self._is_forgetting and not self._closes_when_done:
            self._closes_when_done = True
            self._second.configure(text=_("Forgetting … The window closes when it is done."))
            return
        self.root.destroy()

    def _button(self, row: Any, text: str, command: Callable[[], None], style: str) -> Any:
        button = self._ttk.Button(row, text=text, style=style, command=command)
        button.bind("<Return>", lambda _event: button.invoke())
        return button

    def _looked(self, answer: _Answer) -> None:
        if answer.problem or not answer.lines:
            self._over(answer.problem or _("Nothing was recorded in that time."))
            return
        last = _("It cannot be brought back.")
        if self._question.sends:
            last = _("It cannot be brought back, and goes from the server with the next sync, too.")
        self._second.configure(text="\n".join([*answer.lines, last]))
        self._forget.state(["!disabled"])

    def _agreed(self) -> None:
        self._forget.state(["disabled"])
        self._second.configure(text=_("Forgetting …"))
        self._is_forgetting = True
        self._ask(self._question.forget, self._done, is_waited_for=True)

    def _done(self, answer: _Answer) -> None:
        self._is_forgetting = False
        if self._closes_when_done and not answer.problem:
            self.close()
            return
        if not answer.problem:
            self._first.configure(text=_("Forgotten."))
        self._over(answer.problem or "\n".join(answer.lines))

    def _over(self, text: str) -> None:
        """Leave nothing to decide."""
        self._second.configure(text=text)
        self._forget.pack_forget()
        self._cancel.configure(text=_("Close"))
        self._cancel.focus_set()

    def _ask(
        self,
        work: Callable[[], list[str]],
        then: Callable[[_Answer], None],
        *,
        is_waited_for: bool = False,
    ) -> None:
        """Do `work` in a thread, which the end of the process waits for or not."""

        def run() -> None:
            try:
                answer = _Answer(work())
            except ReprospectiveError as error:
                if is_waited_for:  # the window may be gone that would say it
                    log.warning("nothing was forgotten: %s %s", error, error.remedy)
                answer = _Answer([], f"{error}\n{error.remedy}".strip())
            # The top of a thread: the person must not wait for what never comes.
            except Exception:
                log.exception("forgetting failed")
                answer = _Answer([], _("An internal error. The log says more."))
            self._answers.put((then, answer))

        threading.Thread(target=run, name="forget", daemon=not is_waited_for).start()

    def _hear(self) -> None:
        # First of all, so that an error below does not end the hearing.
        self.root.after(LOOK_MS, self._hear)
        while not self._answers.empty():
            then, answer = self._answers.get()
            then(answer)


def _wall(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000).astimezone():%H:%M}"


def show(question: ForgetQuestion) -> None:
    """Ask `question`, and return when the window is closed.

    Raises:
        ReprospectiveError: there is no display, or Python came without Tk.
    """
    tkinter, ttk = import_tk()
    try:
        window = ForgetWindow(tkinter, ttk, question)
    except tkinter.TclError as error:
        raise not_shown(error) from error
    window.run()
