"""Shutdown: ends all parts in order, each within its own limit of time.

It runs in a thread of its own, since any other may wait for what never answers: a display, a
bus, a server, a keyring, a disk. What has not ended in its time ends with the process.
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

# Seconds since the end was asked for. The promise is 5 s for the whole of it.
STEPS_S = 4.0
PROCESS_S = 4.2
# By the system, where not even this module's thread gets its turn.
KILLED_S = 4.6
# How long the main thread may take to come back when all the steps are over.
MAIN_THREAD_S = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is let go of.

    Attributes:
        name: What it is, for the log.
        work: Does it; is given the seconds that it may take.
        most_s: How many these are at most.
    """

    name: str
    work: Callable[[float], object]
    most_s: float


class Shutdown:
    """Ends the process once somebody asks for it, within `PROCESS_S` seconds."""

    def __init__(self, stages: Callable[[], Sequence[Sequence[Step]]]) -> None:
        """Take what returns the stages: one comes after the other, its steps all at once."""
        self._stages = stages
        self._asked: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._over = threading.Event()
        self._main_is_back = threading.Event()
        self.exit_code = 0
        """What the process returns where it does not end by itself."""

    def start(self) -> None:
        """Be ready to be asked."""
        threading.Thread(target=self._run, name="ending", daemon=True).start()

    def ask(self) -> None:
        """Let it begin; from any thread and from handlers of signals, as often as one likes."""
        self._asked.put(None)

    def wait(self) -> None:
        """Wait until all steps are over; for the main thread, which ends the process then."""
        self._main_is_back.set()
        self._over.wait(PROCESS_S)

    def _run(self) -> None:
        self._asked.get()
        begun = time.monotonic()
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, KILLED_S)
        late = [name for stage in self._stages() for name in _end(stage, begun + STEPS_S)]
        if late:
            # The log may lie on the very disk that hangs.
            said = "ending without waiting any longer for: %s"
            _start("end-log", lambda: log.warning(said, ", ".join(late)))
        self._over.set()
        left_s = max(0.0, begun + PROCESS_S - time.monotonic())
        if self._main_is_back.wait(min(MAIN_THREAD_S, left_s)):
            # The interpreter waits for threads and libraries of others before it ends.
            time.sleep(max(0.0, begun + PROCESS_S - time.monotonic()))
        os._exit(self.exit_code)


def _end(stage: Sequence[Step], until: float) -> list[str]:
    """Do the steps of a stage, none for longer than it may; return which were not done in time."""
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
    """A step that is under way."""

    step: Step
    seconds: float

    def __call__(self) -> None:
        try:
            self.step.work(self.seconds)
        # The others have their turn all the same.
        except Exception:
            log.exception("%s could not be ended", self.step.name)


def _start(name: str, work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
