"""A process beside what is tested, which shows how busy the machine is.

On a machine that does other things as well, everything takes longer. A test that bounds a time
compares it with work of the same run: the bound is in seconds of a machine that is not shared.
"""

import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from installer import processes

WORK_S, REST_S = 0.02, 0.08
# Its times are those of `time.monotonic` in every process.
LOOP = f"""
import struct, sys, time
while True:
    began, until = time.monotonic(), time.thread_time() + {WORK_S}
    while time.thread_time() < until:
        pass
    sys.stdout.buffer.write(struct.pack("dd", began, time.monotonic()))
    sys.stdout.buffer.flush()
    time.sleep({REST_S})
"""
_PIECE = struct.Struct("dd")


class Bystander:
    """Works for a fifth of the time; a ``with`` block starts and ends it."""

    def __enter__(self) -> Self:
        """Start it, and return once it has worked for the first time."""
        command = [sys.executable, "-I", "-S", "-c", LOOP]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0
        )
        self._pieces: list[tuple[float, float]] = []
        self._has_worked = threading.Condition()
        self._reader = threading.Thread(target=self._read, name="bystander")
        self._reader.start()
        self._await_piece()
        self.began = time.monotonic()
        return self

    def __exit__(self, *_about_the_error: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def slowdown(self, began: float | None = None) -> float:
        """Return how much longer than alone on a machine work takes; 1: no longer.

        Args:
            began: Since when, by `time.monotonic`; since the start by default.
        """
        taken = self._taken(self.began if began is None else began)
        return max(1.0, sum(taken) / len(taken) / WORK_S)

    def allows(self, took: float, seconds: float) -> bool:
        """Say whether it `took` `seconds` at most of a machine that is not shared."""
        return took <= seconds or took <= seconds * self.slowdown()

    def _taken(self, began: float) -> list[float]:
        """Return how long each piece of work took since then, with the one that goes on."""
        self._await_piece()
        return [ended - at for at, ended in self._pieces if ended > began]

    def _await_piece(self) -> None:
        with self._has_worked:
            known = len(self._pieces)
            self._has_worked.wait_for(lambda: len(self._pieces) > known)

    def _read(self) -> None:
        assert self._process.stdout is not None
        while piece := self._process.stdout.read(_PIECE.size):
            with self._has_worked:
                self._pieces.append(_PIECE.unpack(piece))
                self._has_worked.notify_all()


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Hold that the block takes at most so many seconds of a machine that is not shared.

    Raises:
        AssertionError: it took longer.
    """
    with Bystander() as bystander:
        began = time.monotonic()
        yield
        took = time.monotonic() - began
        assert bystander.allows(took, seconds), (
            f"it took {took:.2f} s, and work {bystander.slowdown():.1f} times as long as usual; "
            f"{seconds:g} s are allowed"
        )


def is_near(moment_ms: int, wanted_ms: int, exact_ms: int) -> bool:
    """Say whether two moments are `exact_ms` apart at most, on a machine that is not shared."""
    apart = abs(moment_ms - wanted_ms)
    return apart <= exact_ms or apart <= exact_ms * processes.slowdown()
