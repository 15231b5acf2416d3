"""Shutdown: ends all parts in order, each within its own time limit.

It runs in a thread of its own, because any other could wait for something that never answers: a
display, a bus, a server, a keyring, a disk. What has not ended in time ends with the process.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

# Seconds since the end was requested. The whole end must take at most 5 s.
STEPS_S = 4.0
PROCESS_S = 4.2
# Enforced by the system, if not even this module's thread gets its turn.
KILLED_S = 4.6
# How long the main thread may take to return when all steps are over.
MAIN_THREAD_S = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to end.

    Attributes:
        name: Its name, for the log.
        work: Ends it; receives the seconds that it may take.
        most_s: The maximum of these seconds.
    """

    name: str
    work: Callable[[float], object]
    most_s: float


class Shutdown:
    """Ends the process when asked, within `PROCESS_S` seconds."""

    def __init__(self, stages: Callable[[], Sequence[Sequence[Step]]]) -> None:
        """Take what returns the stages: one runs after the other, the steps of each all at once."""
        self._stages = stages
        self._asked: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._over = threading.Event()
        self._main_is_back = threading.Event()
        self.exit_code = 0
        """The exit code of the process if it does not end by itself."""

    def start(self) -> None:
        """Get ready to be asked."""
        threading.Thread(target=self._run, name="ending", daemon=True).start()

    def ask(self) -> None:
        """Start the end; from any thread and from signal handlers, any number of times."""
        self._asked.put(None)

    def wait(self) -> None:
        """Wait until all steps are over; for the main thread, which then ends the process."""
        self._main_is_back.set()
        self._over.wait(PROCESS_S)

    def _run(self) -> None:
        self._asked.get()
        begun = time.monotonic()
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, KILLED_S)
        late = [name for stage in self._stages() for name in _end(stage, begun + STEPS_S)]
        if late:
            # The log may be on the very disk that hangs.
            said = "ending without waiting any longer for: %s"
            _start("end-log", lambda: log.warning(said, ", ".join(late)))
        self._over.set()
        left_s = max(0.0, begun + PROCESS_S - time.monotonic())
        if self._main_is_back.wait(min(MAIN_THREAD_S, left_s)):
            # The interpreter waits for threads and libraries of others before it ends.
            time.sleep(max(0.0, begun + PROCESS_S - time.monotonic()))
        os._exit(self.exit_code)


def _end(stage: Sequence[Step], until: float) -> list[str]:
    """Run the steps of a stage, each within its limit; return those not done in time."""
    begun = []
    for step in stage:
        now = time.monotonic()
        seconds = max(0.0, min(step.most_s, until - now))
        begun.append((step, now + seconds, _start(f"end-{step.name}", _StepWork(step, seconds))))
    late = []
    for step, ends_at, thread in begun:
        thread.join(max(0.0, ends_at - time.monotonic()))
        if thread.is_alive():
            late.append(step.name)
    return late


@dataclass(frozen=True, slots=True)
class _StepWork:
    """A running step."""

    step: Step
    seconds: float

    def __call__(self) -> None:
        try:
            self.step.work(self.seconds)
        # The others still get their turn.
        except Exception:
            log.exception("%s could not be ended", self.step.name)


def _start(name: str, work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
