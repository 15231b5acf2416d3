"""How the app lives and ends: signals, pauses, and displays that come and go."""

import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from installer.demo.x_protocol import XConnection
from reprospective_tray.config.keys import Config, Notifications
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.desktop import programs
from reprospective_tray.monitor.desktop_monitor import MonitorState
from reprospective_tray.runtime.application import Application
from reprospective_tray.runtime.state import program_state
from tests.bystander import at_most, is_near
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows, now_ms
from tests.support import PATIENCE_S, User, wait_until

SECONDS = 10.0
HEARTBEAT_MS = 1_000
# What a moment's work may take.
EXACT_MS = 300
QUICK_HEARTBEAT = "monitor: {heartbeat: 1}"

MakeApp = Callable[..., AppUnderTest]


def await_mode(app: AppUnderTest, mode: str) -> dict[str, object]:
    wait_until(lambda: app.ask("status")["mode"] == mode, SECONDS, f"the mode {mode}")
    return app.ask("status")


@pytest.mark.parametrize("arguments", [(), ("--no-tray",)], ids=["tray", "no-tray"])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_ends_the_open_session_at_once_and_the_program_well(
    make_app: MakeApp,
    desktop: VirtualDesktop,
    windows: Windows,
    name: str,
    arguments: tuple[str, ...],
) -> None:
    app = make_app(desktop, *arguments).start()
    windows.open("Editor", "until the signal")
    app.wait_for_row("window_title = 'until the signal' and open = 1")
    if not arguments:
        wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
    # The heartbeat of ten seconds has no part in what is written now.
    with at_most(3):
        sent_at = now_ms()
        assert app.stop(signal.Signals[name]) == 0
    last = app.rows()[-1]
    assert (last["window_title"], last["open"]) == ("until the signal", 0)
    ended_in_time = sent_at <= last["ended_at"] and is_near(last["ended_at"], sent_at, EXACT_MS)
    assert ended_in_time, f"{sent_at}: {[tuple(row) for row in app.rows()]}\n{app.output()}"


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.1, 0.2])
def test_a_signal_while_the_icon_is_being_made_ends_the_program_all_the_same(
    make_app: MakeApp, desktop: VirtualDesktop, after_s: float
) -> None:
    app = make_app(desktop).launch()
    wait_until(app.answers, SECONDS, "the channel, which is there before the icon")
    time.sleep(after_s)  # a person's moment: nothing marks it
    assert app.stop() == 0
    assert app.rows("open = 1") == []


def test_a_pause_survives_a_restart_and_ends_by_resume(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows
) -> None:
    app = make_app(desktop, "--no-tray").start()
    window = windows.open("Editor", "before")
    app.wait_for_row("window_title = 'before'")
    app.cli("pause")
    assert app.stop() == 0
    app.start()
    status = app.ask("status")
    assert (status["paused"], status["paused_until"], status["mode"]) == (True, None, "paused")
    window.set_title("while paused")
    resumed_at = window.set_title("after")
    app.cli("resume")
    assert app.wait_for_row("window_title = 'after'")["started_at"] >= resumed_at
    assert app.rows("window_title = 'while paused'") == []
    app.stop()
    app.start()
    assert app.ask("status")["paused"] is False


def test_a_pause_for_two_seconds_ends_by_itself(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows
) -> None:
    app = make_app(desktop, "--no-tray").start()
    windows.open("Editor", "before and after")
    app.wait_for_row("window_title = 'before and after'")
    asked_at = now_ms()
    app.cli("pause", "--for", "2s")
    paused_at = now_ms()
    status = app.ask("status")
    assert (status["paused"], status["mode"]) == (True, "paused")
    assert status["paused_until"] is not None
    wait_until(lambda: not app.rows("open = 1"), SECONDS, "the end of the session")
    row = app.wait_for_row("open = 1")
    assert asked_at + 2_000 <= row["started_at"]
    assert is_near(max(row["started_at"], paused_at + 2_000), paused_at + 2_000, EXACT_MS)
    assert app.ask("status")["paused"] is False
    assert app.rows(f"ended_at > {paused_at} and started_at < {asked_at + 2_000}") == []


def test_when_the_display_dies_the_next_start_closes_the_session_at_its_last_heartbeat(
    make_app: MakeApp, own_desktop: VirtualDesktop, user: User
) -> None:
    user.write_config(QUICK_HEARTBEAT)
    app = make_app(own_desktop).start()
    windows = open_window(own_desktop, "to the end")
    app.wait_for_row("window_title = 'to the end' and ended_at > started_at")
    wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
    died_at = now_ms()
    own_desktop.stop_x()
    windows.connection.display.socket.close()
    assert app.process is not None
    app.process.wait(PATIENCE_S)
    left = app.rows()[-1]
    lost_from = died_at - HEARTBEAT_MS
    assert is_near(min(left["ended_at"], lost_from), lost_from, EXACT_MS)
    again = make_app(own_desktop, "--no-tray").start()
    assert again.rows("open = 1") == []
    assert again.rows()[-1]["ended_at"] == left["ended_at"]


def test_without_tray_recording_outlives_the_display_and_goes_on_with_the_next_one(
    make_app: MakeApp, own_desktop: VirtualDesktop
) -> None:
    app = make_app(own_desktop, "--no-tray").start()
    name = own_desktop.env["DISPLAY"]
    windows = open_window(own_desktop, "on the first display")
    app.wait_for_row("window_title = 'on the first display'")
    died_at = now_ms()
    own_desktop.stop_x()
    windows.connection.display.socket.close()
    wait_until(lambda: not app.rows("open = 1"), SECONDS, "the end of the session")
    ended_at = app.rows()[-1]["ended_at"]
    assert died_at <= ended_at
    assert is_near(ended_at, died_at, EXACT_MS)
    assert "display" in str(await_mode(app, "attention")["problem"])

    start_second_display(name, own_desktop)
    came_at = now_ms()
    with Windows(name) as windows:
        windows.open("Browser", "on the second display")
        row = app.wait_for_row("window_title = 'on the second display'")
        assert row["started_at"] >= came_at
        await_mode(app, "recording")
        assert app.stop() == 0


def open_window(desktop: VirtualDesktop, title: str) -> Windows:
    """Open a window over a connection that will not live to be closed."""
    windows = Windows(desktop.env["DISPLAY"])
    windows.open("Editor", title)
    return windows


def start_second_display(name: str, desktop: VirtualDesktop) -> None:
    """Start an X server as display `name`, and a window manager that is ready."""
    desktop.start(["Xvfb", name, "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"])
    wait_until(lambda: accepts_connections(name), SECONDS, "the second display")
    ready = desktop.folder / "ready"
    desktop.start(["openbox", "--sm-disable", "--startup", f"touch {ready}"])
    wait_until(ready.exists, SECONDS, "its window manager")


def accepts_connections(name: str) -> bool:
    with suppress(OSError), XConnection(int(name[1:])):
        return True
    return False


@pytest.mark.parametrize("arguments", [(), ("--no-tray",)], ids=["tray", "no-tray"])
def test_without_a_display_it_runs_says_so_and_ends_well(
    make_app: MakeApp, desktop: VirtualDesktop, arguments: tuple[str, ...]
) -> None:
    app = make_app(desktop, *arguments)
    del app.env["DISPLAY"]
    app.start()
    status = await_mode(app, "attention")
    assert status["problem"] == "No window can be seen: there is no display."
    if not arguments:
        said = "There is no tray icon: this session has no display."
        wait_until(lambda: said in app.output(), SECONDS, said)
    assert app.stop() == 0
    assert app.rows() == []


def test_a_pause_that_ended_by_itself_is_not_remembered(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    app = make_app(desktop, "--no-tray").start()
    app.cli("pause", "--for", "1s")
    assert program_state.load(user.paths).paused
    wait_until(
        lambda: not program_state.load(user.paths).paused, SECONDS, "the end of the pause on disk"
    )
    app.cli("pause", "--for", "1s")
    assert app.stop() == 0
    time.sleep(1.1)  # a pause ends by the clock alone, while nothing runs
    app.start()
    wait_until(
        lambda: not program_state.load(user.paths).paused, SECONDS, "the end of the second pause"
    )


def test_what_keeps_sessions_from_being_stored_is_notified_once(
    monkeypatch: pytest.MonkeyPatch, user: User
) -> None:
    for storage, wanted in ((True, ["disk full", "disk full"]), (False, [])):
        notifications = Notifications(storage=storage)
        app = Application(LoadedConfig(Config(notifications=notifications), None), user.paths)
        said: list[str] = []
        monkeypatch.setattr(app, "_notify", said.append)
        for problem in ("", "disk full", "disk full", "still full", "", "disk full"):
            app._on_change(MonitorState(problem=problem))
        assert said == wanted


def test_second_starts_at_once_open_one_window(monkeypatch: pytest.MonkeyPatch, user: User) -> None:
    app = Application(LoadedConfig(Config(), None), user.paths)
    started: list[list[str]] = []

    class Window:
        def poll(self) -> None:
            return None

        def send_signal(self, _number: int) -> None:
            pass

    def start(command: list[str]) -> Window:
        time.sleep(0.1)  # what starting a process takes
        started.append(command)
        return Window()

    monkeypatch.setattr(programs, "start", start)
    threads = [
        threading.Thread(target=app._actions.answer, args=("show", {})) for _number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 1


def test_what_a_window_prints_is_for_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    code = "import sys; print('chatter'); print('trouble', file=sys.stderr)"
    assert programs.start([sys.executable, "-c", code]).wait(SECONDS) == 0
    assert capfd.readouterr() == ("", "trouble\n")
