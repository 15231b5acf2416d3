"""The window of the very first start: three lines, and whether to start at login."""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.tray.windows.small_window import SmallWindow
from reprospective_tray.tray.windows.style import PADDING, length

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

WIDTH = 430
GAP = 8
LOOK_MS = 50


@dataclass(frozen=True, slots=True)
class FirstStartContent:
    """What the window says and does.

    Attributes:
        lines: What is recorded, where it stays, how to pause.
        starts_at_login: Returns whether the next login starts the program; None where nothing can
            make it so. May take its time.
        switch: Turns that on or off. May take its time.
        seen: Called once, when the window can be seen.
    """

    lines: tuple[str, str, str]
    starts_at_login: Callable[[], bool | None]
    switch: Callable[[bool], None]
    seen: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Standing:
    """Whether the next login starts the program, and what is in the way of it."""

    starts_at_login: bool | None
    problem: str = ""


class FirstStartWindow(SmallWindow):
    """The window; of the main thread alone."""

    def __init__(self, content: FirstStartContent) -> None:
        """Build it.

        Raises:
            ReprospectiveError: there is no display, or Python came without Tk.
        """
        super().__init__()
        self._content = content
        self._answers: queue.SimpleQueue[_Standing] = queue.SimpleQueue()
        self._is_seen = False
        tk, ttk, frame = self._tk, self._ttk, self._frame
        for line, style in zip(content.lines, ("First.TLabel", "TLabel", "TLabel"), strict=True):
            label = ttk.Label(frame, text=line, style=style, wraplength=length(WIDTH))
            label.pack(anchor="w", pady=(0, length(GAP)))
        self._problem = ttk.Label(frame, style="Muted.TLabel", wraplength=length(WIDTH))
        ttk.Frame(frame, width=length(WIDTH), height=length(PADDING - GAP)).pack()
        self._row = self._button_row()
        ok = self._push_button(self._row, _("OK"), self.close, "Accent.TButton")
        ok.pack(side="right")
        ok.focus_set()
        self._is_on = tk.BooleanVar(self.root, value=False)
        self._box = ttk.Checkbutton(
            self._row, text=_("Start at login"), variable=self._is_on, command=self._switch
        )
        self.root.bind("<Map>", self._mapped, add=True)

    def run(self) -> None:
        """Show the window until it is closed."""
        self._ask(self._content.starts_at_login)
        self._hear()
        self.root.mainloop()

    def _mapped(self, event: Any) -> None:
        if event.widget is self.root and not self._is_seen:
            self._is_seen = True
            # Behind the drawing that the same event brings about.
            self.root.after_idle(self._note_seen)

    def _note_seen(self) -> None:
        try:
            self._content.seen()
        except ReprospectiveError as error:
            log.warning("%s %s", error, error.remedy)  # it is shown once more at the next start

    def _switch(self) -> None:
        on = bool(self._is_on.get())

        def switch() -> bool | None:
            self._content.switch(on)
            return self._content.starts_at_login()

        self._box.state(["disabled"])
        self._ask(switch)

    def _ask(self, work: Callable[[], bool | None]) -> None:
        def run() -> None:
            try:
                answer = _Standing(work())
            except ReprospectiveError as error:
                answer = _Standing(None, f"{error} {error.remedy}".strip())
            # The top of a thread: the box must not stay as it is without a word.
            except Exception:
                log.exception("starting at login could not be switched")
                answer = _Standing(None, _("Internal error. See the log for details."))
            self._answers.put(answer)

        threading.Thread(target=run, name="start-at-login", daemon=True).start()

    def _hear(self) -> None:
        # First of all, so that an error below does not end the hearing.
        self.root.after(LOOK_MS, self._hear)
        while not self._answers.empty():
            self._take(self._answers.get())

    def _take(self, answer: _Standing) -> None:
        if answer.problem:
            self._say_error(answer.problem)
            self._is_on.set(not self._is_on.get())  # as before the click
        elif answer.starts_at_login is not None:
            self._problem.pack_forget()
            self._is_on.set(answer.starts_at_login)
            self._box.pack(side="left")
        self._box.state(["!disabled"])

    def _say_error(self, sentence: str) -> None:
        self._problem.configure(text=sentence)
        self._problem.pack(anchor="w", pady=(length(GAP), 0))


def show(content: FirstStartContent) -> None:
    """Show the window until it is closed.

    Raises:
        ReprospectiveError: there is no display, or Python came without Tk.
    """
    FirstStartWindow(content).run()
