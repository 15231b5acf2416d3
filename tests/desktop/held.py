"""What a running program holds: memory, threads and file descriptors."""

import json
import os
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.desktop.app_under_test import AppUnderTest
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable

SECONDS = 20.0
PROGRAM = Path(__file__).with_name("measured_run.py")


@dataclass(frozen=True, slots=True)
class Held:
    """At one moment; see `measured_run` for what is counted.

    Attributes:
        blocks: Of Python's memory, in use.
        native_kib: Of the C library's memory, in use, without SQLite's.
        sqlite_kib: Of SQLite's memory, in use.
        uss_kib: Of the system's memory, by this process alone.
    """

    blocks: int
    native_kib: int
    sqlite_kib: int
    uss_kib: int
    threads: int
    descriptors: int
    kinds: Counter[str] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    files: tuple[str, ...] = field(repr=False)

    def least(self, others: "Iterable[Held]") -> "Held":
        """Return this with the least memory of it and `others`: caches make it more for a while."""
        every = [self, *others]
        return replace(
            self,
            blocks=min(each.blocks for each in every),
            native_kib=min(each.native_kib for each in every),
            sqlite_kib=min(each.sqlite_kib for each in every),
            uss_kib=min(each.uss_kib for each in every),
        )

    def more_than(self, before: "Held") -> str:
        """Say what there is more of than there was, for who looks for a leak."""
        kinds = (self.kinds - before.kinds).most_common(12)
        names = Counter(self.names) - Counter(before.names)
        files = Counter(self.files) - Counter(before.files)
        return f"{self}\n  more: {kinds} {dict(names)} {dict(files)}"


class Measured:
    """A program that is asked how much it holds."""

    def __init__(self, app: AppUnderTest) -> None:
        """Let `app`, which has not started, be one that can be asked."""
        self.app = app
        self._folder = app.user.folder
        os.mkfifo(self._folder / "ask")
        app.program = (PROGRAM, self._folder)
        app.env["PYTHONPATH"] = str(PROGRAM.parents[2])

    def held(self) -> Held:
        """Return what it holds, once nothing is being done."""
        answer = self._folder / "answer.json"
        answer.unlink(missing_ok=True)
        with (self._folder / "ask").open("w") as ask:
            ask.write("\n")
        wait_until(answer.exists, SECONDS, "the count")
        said = json.loads(answer.read_text("utf-8"))
        assert self.app.process is not None
        process = psutil.Process(self.app.process.pid)
        folder = Path(f"/proc/{process.pid}/fd")
        files = []
        for each in folder.iterdir():
            try:
                files.append(str(each.readlink()).partition(":[")[0])
            except FileNotFoundError:
                continue  # closed meanwhile
        return Held(
            blocks=said["blocks"],
            native_kib=said["native"] // 1024,
            sqlite_kib=said["sqlite"] // 1024,
            uss_kib=process.memory_full_info().uss // 1024,
            threads=process.num_threads(),
            descriptors=process.num_fds(),
            kinds=Counter(said["kinds"]),
            names=tuple(said["threads"]),
            files=tuple(files),
        )

    def settled(self, before: Held | None = None) -> Held:
        """Return what it holds once it holds no thread and descriptor more than `before`.

        Without `before`: once it holds as much as a moment before. What it still holds in the
        end is returned, too.
        """
        found = self.held()

        def is_settled() -> bool:
            nonlocal found
            last, found = found, self.held()
            to = before or last
            return (found.threads, found.descriptors) == (to.threads, to.descriptors)

        try:
            wait_until(is_settled, SECONDS, "calm")
        except TimeoutError as error:
            print(error, file=sys.stderr)
        return found
