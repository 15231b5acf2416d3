"""The control window on a real desktop, over a real control channel."""

import queue
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from installer.processes import wait_until
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.ipc.instance_lock import InstanceLock
from reprospective_tray.ipc.server import ControlServer
from tests.desktop.windows import now_ms
from tests.support import User

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 10.0
TITLE = "Re:prospective"


class Instance:
    """Stands for the running instance: answers, and writes down what it is asked for."""

    def __init__(self, user: User) -> None:
        self.status: dict[str, object] = {
            "mode": "recording",
            "application_name": "Code",
            "problem": "",
            "today_active_seconds": 29_280,
            "paused_until": None,
        }
        self.asked: queue.SimpleQueue[tuple[str, dict[str, object]]] = queue.SimpleQueue()
        self.questions: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._lock = InstanceLock(user.paths)
        self._server = ControlServer(user.paths, self._answer)

    def __enter__(self) -> Self:
        self._lock.acquire()
        self._server.start()
        return self

    def __exit__(self, *_about: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.stop()
        self._lock.release()

    def _answer(self, command: str, arguments: dict[str, object]) -> dict[str, object]:
        if command == "status":
            self.questions.put(None)
            return self.status
        self.asked.put((command, arguments))
        if command == "open_settings":
            raise ReprospectiveError("No editor was found.", "Install one.")
        if command == "pause":
            self.status = {**self.status, "mode": "paused"}
        return {}

    def next(self) -> tuple[str, dict[str, object]]:
        return self.asked.get(timeout=SECONDS)


@pytest.fixture
def instance(user: User) -> Iterator[Instance]:
    with Instance(user) as made:
        yield made


@pytest.fixture
def window(desktop: VirtualDesktop, user: User) -> Iterator["subprocess.Popen[bytes]"]:
    """The window's process, shown and in front."""
    process = desktop.start(
        [sys.executable, "-m", "reprospective_tray", "control-window"],
        cwd=ROOT,
        env=user.env,
        stderr=subprocess.PIPE,
    )
    try:
        wait_until(lambda: shown(desktop) or process.poll() is not None, SECONDS, "the window")
        yield process
    finally:
        process.kill()
        process.communicate()


def shown(desktop: VirtualDesktop) -> str:
    try:
        return desktop.xdotool("search", "--onlyvisible", "--name", TITLE)
    except subprocess.CalledProcessError:
        return ""


def press(desktop: VirtualDesktop, *keys: str) -> None:
    """Type into the window once it has drawn what it knows."""
    desktop.settled_screenshot(desktop.folder / "settled.png")
    desktop.xdotool("windowfocus", "--sync", shown(desktop).splitlines()[-1], "key", *keys)


@pytest.mark.usefixtures("window")
def test_its_buttons_ask_the_running_instance(instance, desktop):
    instance.questions.get(timeout=SECONDS)
    press(desktop, "Return")
    assert instance.next() == ("open_summary", {})
    press(desktop, "Tab", "Down", "Down", "Return")
    command, arguments = instance.next()
    assert command == "pause"
    assert isinstance(arguments["until"], int)
    press(desktop, "Tab", "Return")
    assert instance.next() == ("resume", {})
    press(desktop, "Tab", "Down", "Down", "Return")
    command, arguments = instance.next()
    assert command == "pause"
    assert 0 < arguments["until"] - now_ms() <= 900_000
    press(desktop, "Tab", "Down", "Down", "Down", "Return")
    before = now_ms()
    command, arguments = instance.next()
    assert command == "ask_to_forget"
    assert before - 3_600_000 - 5_000 < arguments["since"] <= now_ms() - 3_600_000


SYNC = {"enabled": True, "waiting": 3, "refused": 0, "last_success_at": None, "last_error": None}


@pytest.mark.usefixtures("window")
def test_it_offers_to_send_now_unless_a_pass_runs(instance, desktop):
    instance.status = {**instance.status, "sync": SYNC}
    instance.questions.get(timeout=SECONDS)
    instance.questions.get(timeout=SECONDS)
    press(desktop, "Tab", "Tab", "Return")
    assert instance.next() == ("sync", {})
    running = {"is_shown": True, "sent": 12_345, "total": 80_000}
    instance.status = {**instance.status, "pass": running}
    for _answer in range(2):
        while not instance.questions.empty():
            instance.questions.get()
        instance.questions.get(timeout=SECONDS)
    # What says how far the pass is cannot be clicked or reached: Forget and Open settings follow.
    press(desktop, "Tab", "Tab", "Tab", "Return")
    assert instance.next() == ("open_settings", {})


@pytest.mark.usefixtures("window")
@pytest.mark.long
def test_it_switches_starting_at_login(instance, desktop):
    for on in (False, True):
        instance.status = {**instance.status, "starts_at_login": on}
        for _answer in range(2):
            while not instance.questions.empty():
                instance.questions.get()
            instance.questions.get(timeout=SECONDS)
        press(desktop, "Tab", "Tab", "Tab", "Return")
        assert instance.next() == ("start_at_login", {"on": not on})


def test_a_refusal_does_not_end_it(instance, window, desktop):
    instance.questions.get(timeout=SECONDS)
    press(desktop, "Tab", "Tab", "Tab", "Return")
    assert instance.next() == ("open_settings", {})
    instance.questions.get(timeout=SECONDS)
    assert window.poll() is None


def test_quit_ends_the_program_and_the_window(instance, window, desktop):
    instance.questions.get(timeout=SECONDS)
    press(desktop, "Tab", "Tab", "Tab", "Tab", "Tab", "Return")
    assert instance.next() == ("quit", {})
    assert window.wait(SECONDS) == 0


def test_escape_closes_it_and_nothing_else(instance, window, desktop):
    instance.questions.get(timeout=SECONDS)
    press(desktop, "Escape")
    assert window.wait(SECONDS) == 0
    assert instance.asked.empty()
    assert window.stderr.read() == b""


def test_it_lives_on_when_the_program_is_not_running(window, desktop):
    press(desktop, "Escape")
    assert window.wait(SECONDS) == 0
    assert window.stderr.read() == b""


def test_without_a_display_it_says_so(user):
    done = subprocess.run(
        [sys.executable, "-m", "reprospective_tray", "control-window"],
        cwd=ROOT,
        env={**user.env, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert "The window cannot be shown" in done.stderr
    assert "Traceback" not in done.stderr
