"""Other settings while the program runs: no pause gets lost, and nothing begins at the end."""

import threading
from collections.abc import Callable

import msgspec
import pytest

from reprospective_tray.config.keys import Config
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.runtime.components import Components, Hearers
from reprospective_tray.system.supervisor import Supervisor
from tests.support import User

pytestmark = pytest.mark.trust


def nothing(*_arguments: object) -> None:
    """Hear of it and do nothing."""


@pytest.fixture
def in_force(user: User, monkeypatch: pytest.MonkeyPatch) -> Components:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    hearers = Hearers(nothing, nothing, nothing, nothing, nothing)
    made = Components(
        LoadedConfig(Config(), None), user.paths, Supervisor(), hearers, threading.Event()
    )
    made.start_recording(paused=False, paused_until=None)
    return made


def change_and_meanwhile(in_force: Components, work: Callable[[], object]) -> None:
    """Let other settings hold, and do `work` when the old recording has just ended."""
    config = in_force.loaded.config
    monitor = msgspec.structs.replace(config.monitor, heartbeat=3.0)
    stop = in_force.monitor.stop

    def stop_and_work() -> None:
        stop()
        monkeypatch.undo()
        work()

    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(in_force.monitor, "stop", stop_and_work)
    in_force.change(LoadedConfig(msgspec.structs.replace(config, monitor=monitor), None))


def test_a_pause_that_comes_while_the_settings_change_holds(in_force: Components) -> None:
    before = in_force.monitor
    change_and_meanwhile(in_force, lambda: in_force.pause(None))
    assert in_force.monitor is not before
    assert in_force.monitor.state.paused
    in_force.end(10.0)


def test_nothing_begins_any_more_where_the_end_comes_while_the_settings_change(
    in_force: Components,
) -> None:
    before = set(threading.enumerate())
    change_and_meanwhile(in_force, lambda: in_force.end(0.0))
    assert not [thread for thread in set(threading.enumerate()) - before if thread.is_alive()]
    in_force.start_sending()
    assert not in_force.monitor._thread.is_alive()
