"""What asks before forgetting: a window of its own process that says what would go.

Cancel is the default. The running instance does the work; the window never waits for it.
"""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.tray.windows.small_window import SmallWindow
from reprospective_tray.tray.windows.style import PADDING, length

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


class ForgetWindow(SmallWindow):
    """The window; of the main thread alone."""

    def __init__(self, question: ForgetQuestion) -> None:
        """Build the window with nothing known yet.

        Raises:
            ReprospectiveError: there is no display, or Python came without Tk.
        """
        super().__init__(_("Forget"))
        self._question = question
        self._answers: queue.SimpleQueue[tuple[Callable[[_Answer], None], _Answer]] = (
            queue.SimpleQueue()
        )
        self._is_forgetting = self._closes_when_done = False
        ttk, frame = self._ttk, self._frame
        head = _("Delete everything recorded since {time}?").format(time=_wall(question.since))
        self._first = ttk.Label(frame, text=head, style="First.TLabel", wraplength=length(WIDTH))
        self._first.pack(anchor="w")
        self._second = ttk.Label(
            frame, text=_("Checking …"), style="Muted.TLabel", wraplength=length(WIDTH)
        )
        self._second.pack(anchor="w", pady=(length(8), length(PADDING)))
        if question.note:
            note = ttk.Label(
                frame, text=question.note, style="Muted.TLabel", wraplength=length(WIDTH)
            )
            note.pack(anchor="w", pady=(0, length(PADDING)))
        ttk.Frame(frame, width=length(WIDTH), height=0).pack()
        row = self._button_row()
        self._cancel = self._push_button(row, _("Cancel"), self.close, "Accent.TButton")
        self._cancel.pack(side="right")
        self._forget = self._push_button(row, _("Delete"), self._agreed)
        self._forget.state(["disabled"])
        self._forget.pack(side="right", padx=(0, length(8)))
        self._cancel.focus_set()

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
            self._second.configure(text=_("Deleting … The window closes when it is done."))
            return
        self.root.destroy()

    def _say_error(self, sentence: str) -> None:
        self._second.configure(text=sentence)

    def _looked(self, answer: _Answer) -> None:
        if answer.problem or not answer.lines:
            self._over(answer.problem or _("Nothing was recorded in this time."))
            return
        last = _("This can't be undone.")
        if self._question.sends:
            last = _("This can't be undone. It is also deleted from the server with the next sync.")
        self._second.configure(text="\n".join([*answer.lines, last]))
        self._forget.state(["!disabled"])

    def _agreed(self) -> None:
        self._forget.state(["disabled"])
        self._second.configure(text=_("Deleting …"))
        self._is_forgetting = True
        self._ask(self._question.forget, self._done, is_waited_for=True)

    def _done(self, answer: _Answer) -> None:
        self._is_forgetting = False
        if self._closes_when_done and not answer.problem:
            self.close()
            return
        if not answer.problem:
            self._first.configure(text=_("Deleted."))
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
                answer = _Answer([], _("Internal error. See the log for details."))
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
    ForgetWindow(question).run()
