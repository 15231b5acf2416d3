"""`stop`, and the set-up program's `quit`: they end the running program and wait for it."""

import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.commands import stop
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.ipc.instance_lock import InstanceLock
from reprospective_tray.ipc.server import ControlServer
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.command_line import Command, assert_good, assert_refused, command_of
from tests.desktop.windows import Windows, now_ms
from tests.support import User

SECONDS = 10.0

MakeApp = Callable[..., AppUnderTest]


@pytest.fixture
def command(user: User) -> Command:
    return command_of(user)


def assert_ended(app: AppUnderTest) -> None:
    """The process has gone when the command returns, not only soon after."""
    assert app.process is not None
    assert app.process.poll() == 0, app.output()


@pytest.mark.parametrize("arguments", [(), ("--no-tray",)], ids=["tray", "no-tray"])
def test_stop_returns_when_the_program_has_ended_and_its_session_with_it(
    make_app: MakeApp,
    desktop: VirtualDesktop,
    windows: Windows,
    command: Command,
    arguments: tuple[str, ...],
) -> None:
    app = make_app(desktop, *arguments).start()
    windows.open("Editor", "until it is stopped")
    app.wait_for_row("window_title = 'until it is stopped' and open = 1")
    asked_at = now_ms()
    assert assert_good(command("stop")) == "Stopped.\n"
    assert_ended(app)
    last = app.rows()[-1]
    assert (last["window_title"], last["open"]) == ("until it is stopped", 0)
    # The heartbeat of ten seconds has no part in that.
    assert asked_at <= last["ended_at"] <= now_ms()


def test_a_paused_program_is_stopped_and_is_paused_at_the_next_start(
    make_app: MakeApp, desktop: VirtualDesktop, command: Command
) -> None:
    app = make_app(desktop, "--no-tray").start()
    app.cli("pause")
    assert_good(command("stop"))
    assert_ended(app)
    app.start()
    assert app.ask("status")["paused"] is True


def test_where_nothing_runs_stop_says_so_as_pause_does(
    make_app: MakeApp, desktop: VirtualDesktop, command: Command
) -> None:
    assert_refused(command("stop"), 1, "The program is not running.")
    app = make_app(desktop, "--no-tray").start()
    app.kill()
    assert_refused(command("stop"), 1, "The program is not running.")


def test_quit_is_content_where_nothing_runs(
    make_app: MakeApp, desktop: VirtualDesktop, command: Command
) -> None:
    app = make_app(desktop, "--no-tray").start()
    assert assert_good(command("quit")) == ""
    assert_ended(app)
    assert assert_good(command("quit")) == ""


def test_another_program_can_start_as_soon_as_stop_has_returned(
    make_app: MakeApp, desktop: VirtualDesktop, command: Command
) -> None:
    app = make_app(desktop, "--no-tray")
    for _time in range(3):
        app.start()
        assert_good(command("stop"))
        assert_ended(app)
    assert app.rows("open = 1") == []


def test_a_program_that_hangs_is_said_with_its_process_in_time(
    make_app: MakeApp, desktop: VirtualDesktop, command: Command
) -> None:
    app = make_app(desktop, "--no-tray").start()
    assert app.process is not None
    app.process.send_signal(signal.SIGSTOP)
    try:
        assert_refused(command("stop"), 1, f"process {app.process.pid}", "does not answer")
    finally:
        app.process.send_signal(signal.SIGCONT)


@pytest.fixture
def held(user: User) -> Iterator[InstanceLock]:
    """The lock of a running instance, which this process holds."""
    lock = InstanceLock(user.paths)
    lock.acquire()
    yield lock
    lock.release()


@pytest.mark.usefixtures("held")
def test_one_that_does_not_end_is_said(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop, "END_SECONDS", 0.1)
    with pytest.raises(ReprospectiveError, match="cannot be asked") as caught:
        stop.end(user.paths)
    assert "end the process" in caught.value.remedy
    server = ControlServer(user.paths, lambda _command, _arguments: {})
    server.start()
    try:
        with pytest.raises(ReprospectiveError, match="does not quit"):
            stop.end(user.paths)
    finally:
        server.stop()


def test_one_that_is_still_starting_is_asked_as_soon_as_it_listens(
    user: User, held: InstanceLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    knocked = threading.Event()
    ask = stop._ask

    def quit_(command: str, _arguments: dict[str, object]) -> dict[str, object]:
        asked.append(command)
        held.release()
        return {}

    def knock(paths: object) -> object:
        try:
            return ask(paths)
        finally:
            knocked.set()

    monkeypatch.setattr(stop, "_ask", knock)
    # The process that it is found in is this one, which does not end.
    monkeypatch.setattr(stop, "EXIT_SECONDS", 0.0)
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(stop.end(user.paths)))
    thread.start()
    assert knocked.wait(SECONDS)
    server = ControlServer(user.paths, quit_)
    server.start()
    thread.join(SECONDS)
    server.stop()
    assert (results, asked) == ([True], ["quit"])


def test_one_that_is_ending_already_is_waited_for(
    user: User, held: InstanceLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = threading.Event()
    is_held = InstanceLock.is_held

    def look(lock: InstanceLock) -> bool:
        found = is_held(lock)
        if found:
            seen.set()
        return found

    monkeypatch.setattr(InstanceLock, "is_held", look)
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(stop.end(user.paths)))
    thread.start()
    assert seen.wait(SECONDS)
    assert results == []
    held.release()
    thread.join(SECONDS)
    assert results == [True]
