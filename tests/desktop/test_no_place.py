"""Commands while the running instance has no place for another: it runs, and they say so."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from reprospective_tray.ipc import endpoint
from reprospective_tray.ipc import server as ipc_server
from reprospective_tray.ipc.instance_lock import InstanceLock
from reprospective_tray.ipc.server import ControlServer
from tests.desktop.command_line import assert_good, assert_refused, command_of
from tests.desktop.sessions import write_sessions
from tests.support import User

pytestmark = pytest.mark.trust

RANGE = ("--from", "2026-03-02T09:15Z", "--to", "2026-03-02T12:00Z")


@pytest.fixture
def full(user: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[User]:
    """A person whose running instance answers as many silent connections as it can."""
    monkeypatch.setattr(ipc_server, "REQUEST_SECONDS", 60.0)
    write_sessions(user, command_of(user), datetime(2026, 3, 2, 9, tzinfo=UTC))
    lock = InstanceLock(user.paths)
    lock.acquire()
    server = ControlServer(user.paths, lambda _command, _arguments: {})
    server.start()
    there = endpoint.find(user.paths)
    assert there is not None
    with ExitStack() as stack:
        for _number in range(ipc_server.MAX_CONNECTIONS):
            stack.enter_context(there.connect(5))
        yield user
    server.stop()
    lock.release()


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("status", "--json"),
        ("pause",),
        ("resume",),
        ("forget", *RANGE, "--yes"),
        ("run",),
    ],
    ids=" ".join,
)
def test_a_command_says_that_it_runs_and_does_nothing_by_itself(
    full: User, words: tuple[str, ...]
) -> None:
    command = command_of(full)
    before = assert_good(command("export"))
    assert_refused(command(*words), 1, "The program is running", "Try again in a moment.")
    assert assert_good(command("export")) == before
