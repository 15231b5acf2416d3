"""Actions: what the menu, commands and the program itself ask the running program to do."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING, TypeGuard

import msgspec

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.runtime import window_launcher
from reprospective_tray.runtime.state import program_state
from reprospective_tray.system.clock import now_ms
from reprospective_tray.system.supervisor import SupervisedPart, Supervisor
from reprospective_tray.tray.menu import MenuAction, action_arguments

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.desktop.autostart.login import StartAtLogin
    from reprospective_tray.runtime.components import Components, Hearers
    from reprospective_tray.runtime.state.pause import PauseMemory
    from reprospective_tray.runtime.window_launcher import OwnWindows

log = logging.getLogger(__name__)

QUIT = MenuAction("quit")
# The program's own message to itself, among the clicks.
PAUSE_OVER = MenuAction("pause over")
# What another process can ask for as well as a click.
_ASKED = frozenset({"pause", "resume", "start_at_login", *window_launcher.COMMANDS})


class Actions:
    """Starts one action after the other, whoever asks; none waits for another to end."""

    def __init__(  # noqa: PLR0913  what it acts on, each of which does other work
        self,
        components: Components,
        pause_memory: PauseMemory,
        supervisor: Supervisor,
        hearers: Hearers,
        *,
        windows: OwnWindows,
        login: StartAtLogin,
        status: Callable[[], dict[str, object]],
        end: Callable[[], None],
    ) -> None:
        """Take what is acted on; `status` is the answer to who asks, `end` ends the program."""
        self._components, self._supervisor, self._hearers = components, supervisor, hearers
        self._pause_memory = pause_memory
        self._windows, self._login, self._status, self._end = windows, login, status, end
        self._waiting: queue.SimpleQueue[MenuAction] = queue.SimpleQueue()
        self._ended = threading.Event()

    def put(self, action: MenuAction) -> None:
        """Have an action done soon; can be called from a signal handler."""
        if action.command == QUIT.command:
            self._end()
        else:
            self._waiting.put(action)

    def start(self) -> None:
        """Do the queued actions, in a thread of its own."""
        threading.Thread(target=self._keep_acting, name="actions", daemon=True).start()

    def answer(self, command: str, arguments: dict[str, object]) -> dict[str, object]:
        """Do what another process asks for, in that connection's thread."""
        if command == "status":
            return self._status()
        if command == "settings":
            # With the password: whoever can ask can read the file that contains it.
            return {"config": msgspec.to_builtins(self._components.loaded.config)}
        if command in {"sync", "sync_progress"}:
            return self._components.sending.answer(command, arguments)
        if command == "forget":
            return self._components.forgetting.answer(arguments)
        if command == QUIT.command:
            self._end()
        elif command in _ASKED:
            self._begin(command, arguments)
            self._finish(command, arguments)
        else:
            raise ReprospectiveError(
                _("The running program does not know the command {command}.").format(
                    command=command
                ),
                _("It may be a different version. Quit it and start it again."),
            )
        return {}

    def _keep_acting(self) -> None:
        self._supervisor.run(SupervisedPart.MENU, self._act, self._ended)

    def _act(self) -> None:
        while not self._ended.is_set():
            action = self._waiting.get()
            arguments = action_arguments(action, now_ms())
            self._begin(action.command, arguments)
            # Another program or the disk can be slow: no click waits for that.
            threading.Thread(
                target=self._finish_click,
                args=(action.command, arguments),
                name="click",
                daemon=True,
            ).start()

    def _finish_click(self, command: str, arguments: dict[str, object]) -> None:
        try:
            self._finish(command, arguments)
        except ReprospectiveError as error:
            log.warning("%s %s", error, error.remedy)
            self._hearers.notify(f"{error} {error.remedy}".strip())
        # The top of a thread.
        except BaseException:  # noqa: BLE001  it is counted and logged there
            log.warning("%s failed", command)
            self._supervisor.died(SupervisedPart.MENU)

    def _begin(self, command: str, arguments: dict[str, object]) -> None:
        """Do the quick part of it: a pause and its end apply from now on."""
        if command == "pause":
            until = arguments.get("until")
            self._pause_memory.decided()
            self._components.pause(until if _is_instant(until) else None)
            log.info("paused")
        elif command == "resume":
            self._pause_memory.decided()
            self._components.resume()

    def _finish(self, command: str, arguments: dict[str, object]) -> None:
        """Do the rest of it, however long it takes; several can be under way at once.

        Raises:
            ReprospectiveError: it cannot be done.
        """
        match command:
            case "pause" | "resume" | PAUSE_OVER.command:
                # A restart must not start to record what the person did not want recorded.
                self._pause_memory.write()
            case "start_at_login":
                self._login.switch(on=arguments.get("on") is True)
                self._hearers.tell_icon()
            case "sync":
                self._components.sending.answer(command, arguments)
            case _ if command in window_launcher.COMMANDS:
                self._windows.open(command, arguments)


def _is_instant(value: object) -> TypeGuard[int]:
    """Tell whether a pause can end at this time; if not, it lasts until the person resumes."""
    return type(value) is int and 0 <= value <= program_state.LAST_INSTANT
