"""A process beside what is tested, which shows how busy the machine is.

On a machine that does other things as well, everything takes longer. A test that bounds a time
compares it with work of the same run: the bound is in seconds of a machine that is not shared.
"""

import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

WORK_S, REST_S = 0.02, 0.08
# Its times are those of `time.monotonic` in every process.
LOOP = f"""
import struct, sys, time
while True:
    began, until = time.monotonic(), time.thread_time() + {WORK_S}
    while time.thread_time() < until:
        pass
    sys.stdout.buffer.write(struct.pack("dd", began, time.monotonic()))
    time.sleep({REST_S})
"""
_PIECE = struct.Struct("dd")


class Bystander:
    """Works for a fifth of the time; a ``with`` block starts and ends it."""

    def __enter__(self) -> Self:
        """Start it, and return once it has worked for the first time."""
        self._file = tempfile.TemporaryFile()
        command = [sys.executable, "-u", "-I", "-S", "-c", LOOP]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._file)
        while not self._pieces():
            time.sleep(REST_S / 8)
        return self

    def __exit__(self, *_about_the_error: object) -> None:
        self._process.kill()
        self._process.wait()
        self._file.close()

    def slowdown(self, began: float, ended: float) -> float:
        """Return how much longer work took between two times of `time.monotonic`; 1: no longer."""
        taken = self._taken(began, ended)
        return max(1.0, sum(taken) / len(taken) / WORK_S)

    def held_up_ms(self, began: float, ended: float) -> int:
        """Return by how much one piece of work was late at most between two times."""
        return round(1000 * max(0.0, max(self._taken(began, ended)) - WORK_S))

    def _taken(self, began: float, ended: float) -> list[float]:
        """Return how long each piece of work took, of those at the time; the last one at least."""
        # A piece that goes on now belongs to it.
        last = len(self._pieces())
        while len(pieces := self._pieces()) == last:
            time.sleep(REST_S / 8)
        return [to - at for at, to in pieces if to > began and at < ended] or [
            pieces[-1][1] - pieces[-1][0]
        ]

    def _pieces(self) -> list[tuple[float, float]]:
        assert self._process.poll() is None, "the loop has ended"
        file = self._file.fileno()
        whole = os.fstat(file).st_size // _PIECE.size * _PIECE.size
        # The place where it writes is the file's own, for both processes: nobody may move it.
        return list(_PIECE.iter_unpack(os.pread(file, whole, 0)))


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
        if took > seconds:
            slowdown = bystander.slowdown(began, began + took)
            assert took <= seconds * slowdown, (
                f"it took {took:.2f} s, and work {slowdown:.1f} times as long as usual; "
                f"{seconds:g} s are allowed"
            )
