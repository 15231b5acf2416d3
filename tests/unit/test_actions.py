"""What is clicked: a pause, its end and Quit wait for nothing else that was clicked before."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.monitor.desktop_monitor import MonitorState
from reprospective_tray.runtime.actions import QUIT, Actions
from reprospective_tray.runtime.state.pause import PauseMemory
from reprospective_tray.system.supervisor import Supervisor
from reprospective_tray.tray.menu import MenuAction
from tests.support import User, wait_until

pytestmark = pytest.mark.trust

SECONDS = 10.0


class Desk:
    """The actions, and parts that never return from what they are asked until `go_on` is set."""

    def __init__(self, user: User) -> None:
        self.go_on, self.begun = threading.Event(), threading.Event()
        self.state = MonitorState()
        self.said: list[str] = []
        self.ended = threading.Event()
        components: Any = SimpleNamespace(
            pause=lambda until: setattr(self, "state", MonitorState(True, until)),
            resume=lambda: setattr(self, "state", MonitorState()),
            sending=SimpleNamespace(answer=self.hang),
        )
        self.windows: Any = SimpleNamespace(open=self.hang)
        self.login: Any = SimpleNamespace(switch=self.hang)
        hearers: Any = SimpleNamespace(tell_icon=lambda: None, notify=self.said.append)
        self.memory = PauseMemory(user.paths, lambda: self.state)
        self.memory.begin()
        self.actions = Actions(
            components,
            self.memory,
            Supervisor(),
            hearers,
            windows=self.windows,
            login=self.login,
            status=dict,
            end=self.ended.set,
        )
        self.actions.start()

    def hang(self, *_arguments: object, **_options: object) -> dict[str, object]:
        self.begun.set()
        assert self.go_on.wait(10 * SECONDS)
        return {}

    def pauses_and_resumes(self) -> None:
        self.actions.put(MenuAction("pause", {"for": "until resumed"}))
        wait_until(lambda: self.state.paused, SECONDS, "the pause")
        self.actions.put(MenuAction("resume"))
        wait_until(lambda: not self.state.paused, SECONDS, "the end of the pause")
        self.actions.put(QUIT)
        assert self.ended.wait(SECONDS)
        assert not self.go_on.is_set()


@pytest.fixture
def desk(user: User) -> Iterator[Desk]:
    made = Desk(user)
    yield made
    made.go_on.set()


@pytest.mark.parametrize(
    "slow",
    [
        MenuAction("start_at_login", {"on": True}),
        MenuAction("open_summary"),
        MenuAction("open_settings"),
        MenuAction("open_log_folder"),
        MenuAction("ask_to_forget", {"range": "today"}),
        MenuAction("sync"),
    ],
    ids=lambda action: action.command,
)
def test_pause_resume_and_quit_wait_for_no_other_click(desk: Desk, slow: MenuAction) -> None:
    desk.actions.put(slow)
    assert desk.begun.wait(SECONDS)
    desk.pauses_and_resumes()


@pytest.mark.parametrize("command", ["start_at_login", "show"])
def test_pause_resume_and_quit_wait_for_nothing_that_another_process_asks(
    desk: Desk, command: str
) -> None:
    asking = threading.Thread(target=desk.actions.answer, args=(command, {}))
    asking.start()
    assert desk.begun.wait(SECONDS)
    desk.pauses_and_resumes()
    desk.actions.answer("pause", {"until": None})
    assert desk.state.paused
    desk.go_on.set()
    asking.join()


def test_a_pause_holds_while_the_disk_does_not_take_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.memory, "write", desk.hang)
    desk.pauses_and_resumes()
    assert desk.begun.is_set()


@pytest.mark.parametrize(
    ("until", "ends"),
    [(5, 5), (None, None), ("soon", None), (True, None), (-1, None), (10**30, None), (1.5, None)],
)
def test_a_pause_with_an_end_that_is_none_lasts_until_it_is_resumed(
    desk: Desk, until: object, ends: int | None
) -> None:
    desk.actions.answer("pause", {"until": until})
    assert desk.state == MonitorState(paused=True, paused_until=ends)


def test_what_cannot_be_done_is_said_and_takes_nothing_with_it(desk: Desk) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise ReprospectiveError("it cannot be done", "do something else")

    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError

    desk.login.switch, desk.windows.open = refuse, fail
    desk.actions.put(MenuAction("start_at_login", {"on": True}))
    desk.actions.put(MenuAction("open_summary"))
    wait_until(lambda: desk.said, SECONDS, "what is said")
    assert desk.said == ["it cannot be done do something else"]
    desk.pauses_and_resumes()
