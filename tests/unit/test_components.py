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
def components(user: User, monkeypatch: pytest.MonkeyPatch) -> Components:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    hearers = Hearers(nothing, nothing, nothing, nothing, nothing)
    made = Components(
        LoadedConfig(Config(), None), user.paths, Supervisor(), hearers, threading.Event()
    )
    made.start_recording(paused=False, paused_until=None)
    return made


def change_and_meanwhile(components: Components, work: Callable[[], object]) -> None:
    """Let other settings hold, and do `work` when the old recording has just ended."""
    config = components.loaded.config
    monitor = msgspec.structs.replace(config.monitor, heartbeat=3.0)
    stop = components.monitor.stop

    def stop_and_work() -> None:
        stop()
        monkeypatch.undo()
        work()

    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(components.monitor, "stop", stop_and_work)
    components.change(LoadedConfig(msgspec.structs.replace(config, monitor=monitor), None))


def test_a_pause_that_comes_while_the_settings_change_holds(components: Components) -> None:
    before = components.monitor
    change_and_meanwhile(components, lambda: components.pause(None))
    assert components.monitor is not before
    assert components.monitor.state.paused
    components.end(10.0)


def test_nothing_begins_any_more_where_the_end_comes_while_the_settings_change(
    components: Components,
) -> None:
    before = set(threading.enumerate())
    change_and_meanwhile(components, lambda: components.end(0.0))
    assert not [thread for thread in set(threading.enumerate()) - before if thread.is_alive()]
    components.start_sending()
    assert not components.monitor._thread.is_alive()
