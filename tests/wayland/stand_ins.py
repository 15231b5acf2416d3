"""Wayland sessions of which there is a bus alone, and the stand-ins for services on it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from installer.demo.private_desktop import PrivateDesktop

ROOT = Path(__file__).resolve().parents[2]


class BusSession(PrivateDesktop):
    """A session bus, and the variables of a Wayland session whose compositor nobody can reach."""

    def __init__(self) -> None:
        super().__init__(home=None, environment={"XDG_SESSION_TYPE": "wayland"})

    def screenshot(self, path: Path) -> Path:
        raise NotImplementedError(path)

    def _come_up(self) -> None:
        self._start_bus()

    def _clear_up(self) -> None:
        pass

    def _seen(self) -> bytes:
        return b""


class StandIn:
    """A process that is a service, and does what it is ordered to."""

    def __init__(self, session: PrivateDesktop, module: str, *arguments: str) -> None:
        self._session, self._command = session, [sys.executable, "-m", module, *arguments]
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about_the_error: object) -> None:
        self.process.stdin.close()
        self.process.wait(5)
        self.process.stdout.close()

    def start(self) -> None:
        """Start it, and return when it has its names."""
        self.process = self._session.start(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout.readline() == b"ready\n", self._session.log("python")

    def restart(self) -> None:
        """Kill it as a crash would, and start another."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.start()

    def order(self, **what: Any) -> Any:
        """Have it do something; return its answer when it has."""
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())
