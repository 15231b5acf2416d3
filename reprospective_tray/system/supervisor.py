"""Supervisor: restarts a failed thread with exponential back-off, 1 s to 60 s.

Nobody else restarts a thread of this program, and none of them may end the others.
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

# Seconds. Beginning again comes at doubling distances, and at most this far apart.
FIRST_S = 1.0
MOST_S = 60.0
# How long a death is told of, and how many within that time are more than an accident.
REMEMBERED_S = 600.0
SERIOUS = 3


class SupervisedPart(Enum):
    """What may die and begin again."""

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
    """Keeps count of what died; everything may be called from any thread."""

    def __init__(
        self,
        on_news: Callable[[], None] | None = None,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take who is told that `problem` is another, and the clock that nobody sets."""
        self._on_news = on_news
        self._steady_s = steady_s
        self._lock = threading.Lock()
        self._deaths: deque[_Death] = deque(maxlen=1000)
        self._waits: dict[SupervisedPart, float] = {}

    def died(self, part: SupervisedPart) -> float:
        """Log the exception that is being handled; return after how many seconds to begin again.

        They double with each death, and are few again after `REMEMBERED_S` without one.
        """
        with self._lock:
            recent = any(death.part is part for death in self._recent())
            wait_s = min(self._waits.get(part, 0.0) * 2, MOST_S) if recent else FIRST_S
            self._waits[part] = wait_s
            self._deaths.append(_Death(part, self._steady_s(), time.time()))
        # The caller is handling it.
        log.error("%s failed; it begins again in %g s", part.name.lower(), wait_s, exc_info=True)  # noqa: LOG014
        if self._on_news:
            try:
                self._on_news()
            # It shows this to the person; what was to begin again still is.
            except Exception:
                log.exception("a failure could not be shown")
        return wait_s

    def run(self, part: SupervisedPart, work: Callable[[], object], ended: threading.Event) -> None:
        """Do `work` until it returns, or until it dies once `ended` is set."""
        while True:
            try:
                work()
            # The top of a thread: even SystemExit would end this one alone, without a word.
            except BaseException:  # noqa: BLE001  it is logged, and work begins again
                if ended.is_set() or ended.wait(self.died(part)):
                    return
            else:
                return

    @property
    def is_serious(self) -> bool:
        """Whether there have been so many deaths lately that somebody should look into it."""
        with self._lock:
            return len(self._recent()) >= SERIOUS

    @property
    def problem(self) -> str:
        """What died lately, a sentence; empty where nothing did."""
        with self._lock:
            recent = self._recent()
        if not recent:
            return ""
        what, at = _name(recent[-1].part), _clock(recent[-1])
        if len(recent) < SERIOUS:
            return _("{part} failed at {time} and was started again.").format(part=what, time=at)
        return _("{count} failures since {time}; the last: {part}.").format(
            count=len(recent), time=_clock(recent[0]), part=what
        )

    def _recent(self) -> list[_Death]:
        since = self._steady_s() - REMEMBERED_S
        return [death for death in self._deaths if death.steady_s > since]


def _clock(death: _Death) -> str:
    return time.strftime("%H:%M", time.localtime(death.wall_s))


def _name(part: SupervisedPart) -> str:
    return {
        SupervisedPart.RECORDING: _("Recording"),
        SupervisedPart.WRITING: _("Writing to the server"),
        SupervisedPart.SENDING: _("Sending"),
        SupervisedPart.COMMANDS: _("Answering commands"),
        SupervisedPart.MENU: _("The menu"),
        SupervisedPart.ICON: _("The icon"),
        SupervisedPart.HOUSEKEEPING: _("Looking after the settings"),
    }[part]
