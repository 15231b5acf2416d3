"""Supervisor: restarts a failed thread with exponential back-off, 1 s to 60 s.

All restarts of threads go through it, and a failed thread never ends the others.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from reprospective_tray.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

# First delay before a restart, and the upper limit of the doubling delay, in seconds.
FIRST_S = 1.0
MOST_S = 60.0
# How long a failure is reported, and how many within that time count as serious.
REMEMBERED_S = 600.0
SERIOUS = 3


class SupervisedPart(Enum):
    """The parts of the program that are restarted after a failure."""

    RECORDING = auto()
    WRITING = auto()
    SENDING = auto()
    COMMANDS = auto()
    MENU = auto()
    ICON = auto()
    HOUSEKEEPING = auto()


@dataclass(frozen=True, slots=True)
class _Death:
    part: SupervisedPart
    steady_s: float
    wall_s: float


class Supervisor:
    """Counts failures and restarts threads; all methods may be called from any thread."""

    def __init__(
        self,
        on_news: Callable[[], None] | None = None,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the callback for changes of `problem`, and a monotonic clock in seconds."""
        self._on_news = on_news
        self._steady_s = steady_s
        self._lock = threading.Lock()
        self._deaths: deque[_Death] = deque(maxlen=1000)
        self._waits: dict[SupervisedPart, float] = {}

    def died(self, part: SupervisedPart) -> float:
        """Log the exception being handled; return the delay before the restart in seconds.

        The delay doubles with each failure of a part, and starts again at 1 s after
        `REMEMBERED_S` without one.
        """
        with self._lock:
            recent = any(death.part is part for death in self._recent())
            wait_s = min(self._waits.get(part, 0.0) * 2, MOST_S) if recent else FIRST_S
            self._waits[part] = wait_s
            self._deaths.append(_Death(part, self._steady_s(), time.time()))
        # The caller is in an `except` block, which exc_info needs.
        log.error("%s failed; restarting in %g s", part.name.lower(), wait_s, exc_info=True)  # noqa: LOG014
        if self._on_news:
            try:
                self._on_news()
            # The callback only shows the failure to the user; the restart must still happen.
            except Exception:
                log.exception("a failure could not be shown")
        return wait_s

    def run(self, part: SupervisedPart, work: Callable[[], object], ended: threading.Event) -> None:
        """Run `work`, restarting it after failures, until it returns or `ended` is set."""
        while True:
            try:
                work()
            # Top of a thread: even SystemExit would silently end only this thread.
            except BaseException:  # noqa: BLE001  it is logged and work is restarted
                if ended.is_set() or ended.wait(self.died(part)):
                    return
            else:
                return

    @property
    def is_serious(self) -> bool:
        """Whether there were at least `SERIOUS` failures in the last `REMEMBERED_S`."""
        with self._lock:
            return len(self._recent()) >= SERIOUS

    @property
    def problem(self) -> str:
        """A sentence for the user about recent failures; empty if there were none."""
        with self._lock:
            recent = self._recent()
        if not recent:
            return ""
        what, at = _name(recent[-1].part), _clock(recent[-1])
        if len(recent) < SERIOUS:
            return _("{part} failed at {time} and was restarted.").format(part=what, time=at)
        return _("{count} failures since {time}. The last one: {part}.").format(
            count=len(recent), time=_clock(recent[0]), part=what
        )

    def _recent(self) -> list[_Death]:
        since = self._steady_s() - REMEMBERED_S
        return [death for death in self._deaths if death.steady_s > since]


def _clock(death: _Death) -> str:
    return time.strftime("%H:%M", time.localtime(death.wall_s))


def _name(part: SupervisedPart) -> str:
    return {
        SupervisedPart.RECORDING: _("The recorder"),
        SupervisedPart.WRITING: _("Writing to the server"),
        SupervisedPart.SENDING: _("The upload"),
        SupervisedPart.COMMANDS: _("Answering commands"),
        SupervisedPart.MENU: _("The menu"),
        SupervisedPart.ICON: _("The icon"),
        SupervisedPart.HOUSEKEEPING: _("Watching the settings"),
    }[part]
