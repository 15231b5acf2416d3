"""The app as a process of its own, asked and observed from outside."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import Any, Self

from installer import processes, unprivileged
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.runtime.state import program_state
from reprospective_tray.runtime.state.program_state import ProgramState
from tests.support import OLD_IMPORTER, PATIENCE_S, User, wait_until

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 15.0
STOP_SECONDS = 10.0


class AppUnderTest:
    """One person's app on one desktop; a ``with`` block ends it and checks that nothing is left."""

    def __init__(self, user: User, desktop_env: Mapping[str, str], *arguments: str) -> None:
        """Say whose app it is, and where; `program` may be another that runs it.

        A `prefix` that lets it run as another user is given by who makes it.

        Args:
            user: Whose home it uses.
            desktop_env: Where it shows: DISPLAY, the session bus.
            arguments: For ``run``, such as ``--no-tray``.
        """
        self.user = user
        self.arguments = arguments
        self.prefix: Sequence[str] = ()
        self.program: tuple[str | Path, ...] = ("-m", "reprospective_tray")
        self._mark = f"REPROSPECTIVE_APP_UNDER_TEST={user.folder.name}"
        name, _, value = self._mark.partition("=")
        self.env = {
            **desktop_env,
            **user.env,
            name: value,
            "PYTHONWARNINGS": f"default,{OLD_IMPORTER}",
        }
        self.database = user.database
        self.process: subprocess.Popen[bytes] | None = None
        self.is_first_start = False
        """Whether it may find out by itself that it never ran, and greet in a window."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about_the_error: object) -> None:
        """Stop it if it still runs; nothing that it started may outlive it."""
        running = self.process is not None and self.process.poll() is None
        try:
            if running:
                self.stop()
            left = processes.marked(self._mark)
            assert not left, f"the app has left processes behind: {left}\n{self.output()}"
        finally:
            if self.process is not None:
                processes.end([self.process])
            processes.end_marked(self._mark)

    def launch(self) -> Self:
        """Start the process and return at once."""
        if not self.is_first_start:
            self.start_before()
        command = [*self.prefix, sys.executable, *self.program, "--verbose", "run", *self.arguments]
        with self._output_file.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return self

    def start_before(self) -> None:
        """Leave the state of an earlier start, where there is none."""
        with unprivileged.acting() if self.prefix else nullcontext():
            if not self.user.paths.state_file.exists():
                with suppress(
                    ReprospectiveError
                ):  # where nothing can be written, nobody is greeted
                    program_state.save(self.user.paths, ProgramState(first_start_at=1))

    def start(self) -> Self:
        """Start the process and return as soon as it answers ``status``."""
        self.launch()
        wait_until(lambda: self._has_ended() or self.answers(), READY_SECONDS, "the app's answer")
        assert not self._has_ended(), f"the app did not start:\n{self.output()}"
        return self

    def answers(self) -> bool:
        """Say whether the instance answers on its control channel."""
        try:
            return bool(self.ask("status"))
        except ReprospectiveError:
            return False

    def ask(self, command: str, **arguments: Any) -> dict[str, object]:
        """Ask the instance over its control channel, without the cost of a process."""
        from reprospective_tray.ipc import client

        with unprivileged.acting() if self.prefix else nullcontext():
            return client.request(self.user.paths, command, **arguments)

    def cli(
        self, *arguments: str, check: bool = True, text: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command of the program as the same person; `text` goes to its standard input."""
        done = subprocess.run(
            [*self.prefix, sys.executable, "-m", "reprospective_tray", *arguments],
            cwd=ROOT,
            env=self.env,
            input=text or "",
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert not check or done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
        return done

    def rows(self, where: str = "1") -> list[sqlite3.Row]:
        """Return the sessions on disk in order, as any other process would read them."""
        if not self.database.exists():
            return []
        uri = f"{self.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            known = "select count(*) from sqlite_master where name = 'desktop_activity_sessions'"
            if connection.execute(known).fetchone()[0] == 0:
                return []
            query = f"select * from desktop_activity_sessions where {where} order by started_at, id"  # noqa: S608  the condition is the test's own
            return connection.execute(query).fetchall()

    def wait_for_row(self, where: str, seconds: float = READY_SECONDS) -> sqlite3.Row:
        """Return the last session that a condition holds for, as soon as there is one."""
        wait_until(lambda: self.rows(where), seconds, f"a session where {where}")
        return self.rows(where)[-1]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        try:
            wait_until(self._has_ended, STOP_SECONDS, "its end")
        except TimeoutError:
            raise AssertionError(f"{number.name} did not end the app:\n{self.output()}") from None
        return self.process.wait()

    def kill(self) -> None:
        """End it as a crash would, at this instant."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def output(self) -> str:
        """Return what the process has printed, and its log."""
        files = (self._output_file, self.user.paths.log_file)
        return "\n".join(f.read_text("utf-8", "replace") for f in files if f.exists())

    @property
    def _output_file(self) -> Path:
        return self.user.folder / "app-output.txt"

    def _has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None
