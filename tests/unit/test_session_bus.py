"""The session bus is asked within a deadline, and given up for good when it lets it pass.

How it can fail: each step of a connection has a deadline of its own, and together they last longer;
a bus that is merely not there is given up, and never looked for again.
"""

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reprospective_tray.desktop import session_bus
from reprospective_tray.system.dbus_address import NO_BUS, SESSION_ADDRESS
from tests.bystander import at_most

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has such a bus")

# `dbus.DEADLINE_S`, and less than half of it for all else.
DEADLINE_S, LATE_S = 2.0, 2.9
TO_BUS = session_bus.BUS


@pytest.fixture
def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What the session's address leads to; nobody listens there yet."""
    path = tmp_path / "bus"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        monkeypatch.setenv(SESSION_ADDRESS, f"unix:path={path}")
        yield made


def let_in(listener: socket.socket, wait_s: float) -> None:
    """Take one connection, let it in after a while, and answer to nothing that it asks."""
    answers = {b"AUTH": b"OK 0123\r\n", b"NEGO": b"AGREE_UNIX_FD\r\n"}
    with suppress(OSError), listener.accept()[0] as connection:
        while said := connection.recv(1024):
            if answer := answers.get(said.lstrip(b"\0")[:4]):
                time.sleep(wait_s)
                wait_s = 0
                connection.sendall(answer)


def test_a_bus_that_never_answers_costs_the_deadline_and_is_given_up(bound: socket.socket) -> None:
    bound.listen()
    with at_most(LATE_S):
        assert not session_bus.answers()
    assert os.environ[SESSION_ADDRESS] == NO_BUS
    assert not session_bus.is_offered()
    with at_most(DEADLINE_S / 2):
        assert session_bus.ask(TO_BUS, "ListNames") is None


def test_one_that_lets_in_late_and_then_says_nothing_costs_no_more(bound: socket.socket) -> None:
    bound.listen()
    thread = threading.Thread(target=let_in, args=(bound, DEADLINE_S * 0.75))
    thread.start()
    with at_most(LATE_S):
        assert not session_bus.is_owned("org.example")
    assert os.environ[SESSION_ADDRESS] == NO_BUS
    thread.join()


def test_one_that_too_many_wait_for_is_given_up_too(bound: socket.socket) -> None:
    bound.listen(0)
    waiting = []
    with suppress(BlockingIOError):
        while True:
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            waiting[-1].connect(bound.getsockname())
    with at_most(LATE_S):
        assert session_bus.connect() is None
    assert os.environ[SESSION_ADDRESS] == NO_BUS
    for one in waiting:
        one.close()


def test_one_that_nobody_listens_at_is_not_given_up(bound: socket.socket) -> None:
    assert bound.getsockname() in os.environ[SESSION_ADDRESS]
    assert not session_bus.answers()
    assert session_bus.is_offered()


@pytest.mark.parametrize("address", ["tcp:host=localhost,port=1", "nonsense", "unix:", "disabled:"])
def test_an_address_that_leads_nowhere_is_none(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv(SESSION_ADDRESS, address)
    assert session_bus.connect() is None
    assert os.environ[SESSION_ADDRESS] == address
