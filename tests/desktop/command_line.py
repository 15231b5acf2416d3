"""Commands as processes of their own, and what all of them must keep to."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support import OLD_IMPORTER, User

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20.0

Done = subprocess.CompletedProcess[str]
Command = Callable[..., Done]


def environment(user: User) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    return {**kept, **user.env, "PYTHONWARNINGS": f"error,{OLD_IMPORTER}"}


def command_of(user: User) -> Command:
    """Return what runs a command as `user`, where no warning passes."""

    def run(*words: str | Path, **env: str) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "reprospective_tray", *words],
            cwd=ROOT,
            env={**environment(user), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )

    return run


def assert_good(done: Done) -> str:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def assert_refused(done: Done, code: int, *said: str) -> None:
    """A person is told in one or two lines, and what reads stdout gets nothing."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert 1 <= len(done.stderr.splitlines()) <= 2, done.stderr
    assert "Traceback" not in done.stderr
    for text in said:
        assert text in done.stderr
