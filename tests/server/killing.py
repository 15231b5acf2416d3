"""Ends a process at a chosen step of a pass, by SIGKILL, and counts how many steps there are.

A step is the moment before a statement on the local file (which is the one after the statement
before it), before and after a commit there, and before and after a call to the server. Children
come from a server of forks that has loaded everything, so that each takes some ms.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from reprospective_tray.errors import ServerError
from reprospective_tray.store.postgres.connection.connection import Connection
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.server.faults_computer import Computer, NobodyRecords

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["psycopg2", "pytest", "tests.server.killing"])
CHILD_SECONDS = 30.0


class Fuse:
    """Counts steps, and kills this process at the one that was chosen."""

    def __init__(self, burns_at: int | None) -> None:
        self.burns_at = burns_at
        self.steps = 0

    def step(self) -> None:
        if self.steps == self.burns_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.steps += 1

    def around(self, call: Callable[..., Any], *, after: bool = True) -> Callable[..., Any]:
        @wraps(call)
        def counted(*args: Any, **named: Any) -> Any:
            self.step()
            result = call(*args, **named)
            if after:
                self.step()
            return result

        return counted

    def adapter(self, computer: Computer) -> SqliteAdapter:
        made = Computer.adapter(computer)
        database: Any = made.database
        for name in ("execute_sql", "begin"):
            setattr(database, name, self.around(getattr(database, name), after=False))
        database.commit = self.around(database.commit)
        return made

    def connection(self, computer: Computer) -> Connection:
        made = Computer.connect(computer)
        made.rows = self.around(made.rows)
        return made


@dataclass(frozen=True, slots=True)
class Place:
    """What a child needs to know of a computer."""

    folder: Path
    dsn: str
    host: str

    @classmethod
    def of(cls, computer: Computer) -> "Place":
        return cls(computer.folder, computer.dsn, computer.host)

    def computer(self) -> Computer:
        return Computer(self.folder, self.dsn, self.host)


def _pass(place: Place, how: dict[str, Any], burns_at: int | None, told: Any) -> None:
    """Make one pass with a fuse; tell how many steps it had."""
    computer, fuse = place.computer(), Fuse(burns_at)
    computer.adapter = lambda: fuse.adapter(computer)
    computer.sync(NobodyRecords(computer), via=lambda: fuse.connection(computer), **how)
    told.send(fuse.steps)
    told.close()


def run_pass(computer: Computer, burns_at: int | None = None, **how: Any) -> int | None:
    """Make a pass in a process of its own; return its number of steps, None where it was killed."""
    hear, tell = _FORKS.Pipe(duplex=False)
    child = _FORKS.Process(target=_pass, args=(Place.of(computer), how, burns_at, tell))
    child.start()
    tell.close()
    try:
        child.join(CHILD_SECONDS)
        assert child.exitcode in {0, -signal.SIGKILL}
        return None if child.exitcode else int(hear.recv())
    finally:
        hear.close()
        _end(child)


def _end(child: Any) -> None:
    """Let go of a child; one that was not killed as it should have been would go on for ever."""
    child.kill()
    child.join()
    child.close()


def _record_and_sync(place: Place, seed: Any, batch: int, told: Any) -> None:
    """Record in one thread and sync in another, until somebody ends it."""
    computer = place.computer()
    with computer.recording(seed) as recorder:

        def sync() -> None:
            manager = computer.manager(recorder, batch=batch)
            while True:
                with suppress(ServerError):
                    manager.run(threading.Event())
                told.send(1)

        threading.Thread(target=sync, daemon=True).start()
        while True:
            recorder.some(1)
            # As dense as no person works, but for a machine of any speed: what is recorded before
            # the first pass ends grows with each kill, and a step of the clock moves all of it.
            time.sleep(recorder.random.random() / 100)


def kill_while_recording(computer: Computer, seed: Any, after_s: float, batch: int = 5) -> int:
    """Record and sync in a process of its own, and end it in the middle; return its passes."""
    hear, tell = _FORKS.Pipe(duplex=False)
    target, args = _record_and_sync, (Place.of(computer), seed, batch, tell)
    child = _FORKS.Process(target=target, args=args)
    child.start()
    tell.close()
    try:
        assert hear.poll(CHILD_SECONDS), "no pass has ended"
        child.join(after_s)
        child.kill()
        child.join(CHILD_SECONDS)
        assert child.exitcode == -signal.SIGKILL
        passes = 0
        with suppress(EOFError):
            while hear.poll(0):
                passes += hear.recv()
        return passes
    finally:
        hear.close()
        _end(child)
