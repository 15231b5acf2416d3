"""The whole app with its tray icon: what a click does is seen in the database."""

import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from installer import processes
from installer.demo.virtual_desktop import Panel, VirtualDesktop
from tests.desktop import tray_menu
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows, now_ms
from tests.support import User, wait_until

NOTIFIER = Path(__file__).with_name("status_notifier.py")
SECONDS = 10.0
OWN_WINDOW = "^Re:prospective$"

MakeApp = Callable[..., AppUnderTest]


def assert_ended_well(app: AppUnderTest) -> None:
    assert app.process is not None
    assert app.process.wait(SECONDS) == 0, app.output()
    assert app.rows("open = 1") == []
    with closing(sqlite3.connect(app.database)) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("delete",)
    # Beside it lie its lock and the room for what a full disk keeps out, and no -wal.
    own = {f"{app.database.name}{end}" for end in ("", ".lock", ".leftover.room")}
    assert {path.name for path in app.database.parent.iterdir()} == own
    assert processes.marked(app._mark) == []


def await_none_open(app: AppUnderTest) -> int:
    wait_until(lambda: app.rows() and not app.rows("open = 1"), SECONDS, "all rows to be closed")
    return now_ms()


def assert_nothing_recorded_between(app: AppUnderTest, start: int, end: int) -> None:
    assert app.rows(f"started_at < {end} and ended_at > {start}") == []


def await_output(app: AppUnderTest, text: str) -> None:
    """Wait until the app has said something."""
    try:
        wait_until(lambda: text in app.output(), SECONDS, text)
    except TimeoutError:
        raise AssertionError(f"{text!r} was not said:\n{app.output()}") from None


def look(desktop: VirtualDesktop) -> str:
    """Return what a StatusNotifier panel is told of the icon and its menu."""
    return desktop.run(sys.executable, NOTIFIER, "look")


def child_of(app: AppUnderTest, command: str) -> int | None:
    """Return the process that runs a command for this app's person."""
    for pid in processes.marked(app._mark):
        with suppress(OSError):  # it may end meanwhile
            if command.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                return pid
    return None


@contextmanager
def window_comes_up(desktop: VirtualDesktop, app: AppUnderTest, command: str) -> Iterator[int]:
    """Wait for the window of a command's process, and close it at the end by its key."""
    wait_until(lambda: child_of(app, command), SECONDS, f"the process of {command}")
    pid = child_of(app, command)
    assert pid is not None
    tray_menu.wait_for_name(desktop, OWN_WINDOW)
    yield pid
    (window,) = tray_menu.named(desktop, OWN_WINDOW)
    key = "ctrl+w" if command == "summary" else "Escape"
    desktop.xdotool("windowactivate", "--sync", window, "key", key)
    wait_until(lambda: child_of(app, command) is None, SECONDS, f"the end of {command}")


@pytest.mark.parametrize("way", ["tint2", "xfce4-panel"])
def test_the_menu_pauses_resumes_and_quits(
    way: str, make_app: MakeApp, request: pytest.FixtureRequest
) -> None:
    desktop = request.getfixturevalue("desktop" if way == "tint2" else "statusnotifier_desktop")
    app = make_app(desktop).start()

    def click(keys: tuple[str, ...], label: str) -> None:
        if way == "tint2":
            tray_menu.choose(desktop, app, *keys)
        else:
            wait_until(lambda: label in look(desktop), SECONDS, f"the line {label}")
            desktop.run(sys.executable, NOTIFIER, "click", label)

    with Windows(desktop.env["DISPLAY"]) as windows:
        window = windows.open("Editor", "before the pause")
        app.wait_for_row("window_title = 'before the pause' and open = 1")

        click(tray_menu.PAUSE_UNTIL_RESUMED, "Until I resume")
        paused_at = await_none_open(app)
        assert app.ask("status")["mode"] == "paused"
        window.set_title("during the pause")
        windows.open("Browser", "another one during the pause")
        window.activate()
        resumed_at = window.set_title("after the pause")

        if way == "tint2":
            # The icon is named as its tooltip says; its menu changes at the same moment.
            tray_menu.wait_for_name(desktop, "^Re:prospective: Paused", visible=False)
        click(tray_menu.RESUME, "Resume")
        row = app.wait_for_row("window_title = 'after the pause'")
        assert row["started_at"] >= resumed_at
        assert_nothing_recorded_between(app, paused_at, resumed_at)
        assert app.rows("window_title like '%during%'") == []

        click(tray_menu.QUIT, "Quit")
        assert_ended_well(app)
    last = app.rows()[-1]
    assert last["window_title"] == "after the pause"
    assert last["ended_at"] > resumed_at


def test_a_second_run_brings_up_the_summary_once(
    app: AppUnderTest, desktop: VirtualDesktop
) -> None:
    wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
    done = app.cli("run")
    assert done.stderr == ""
    assert "already running" in done.stdout
    with window_comes_up(desktop, app, "summary") as pid:
        app.cli("run")
        assert child_of(app, "summary") == pid
    assert app.ask("status")["running"]


def test_a_second_run_without_tray_says_that_one_is_running(app: AppUnderTest) -> None:
    done = app.cli("run", "--no-tray", check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert "already running" in lines[0]
    assert app.ask("status")["running"]


@pytest.mark.long
def test_where_the_icon_has_no_menu_a_second_run_brings_up_the_control_window(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    hidden = user.folder / "hidden"
    hidden.mkdir()
    (hidden / "gi.py").write_text("raise ImportError('hidden by the test')\n")
    app = make_app(desktop)
    app.env["PYTHONPATH"] = str(hidden)
    app.start()
    await_output(app, "has no menu")
    assert "python3-gi" in app.output()
    assert not app.ask("status")["has_menu"]
    assert app.cli("run").stderr == ""
    with window_comes_up(desktop, app, "control-window"):
        assert app.ask("status")["mode"] != "paused"
    assert app.stop() == 0


@pytest.mark.long
def test_a_desktop_without_a_tray_is_told_so_and_recorded(make_app: MakeApp) -> None:
    with VirtualDesktop(panel=None) as bare, Windows(bare.env["DISPLAY"]) as windows:
        app = make_app(bare).start()
        await_output(app, "No tray was found")
        assert "start the program again to open its window" in app.output()
        windows.open("Editor", "recorded all the same")
        app.wait_for_row("window_title = 'recorded all the same'")
        app.cli("run")
        with window_comes_up(bare, app, "control-window"):
            pass
        assert app.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("panel", ["tint2", "xfce4-panel"])
def test_the_end_of_the_session_bus_does_not_end_the_program(
    make_app: MakeApp, panel: Panel
) -> None:
    with VirtualDesktop(panel=panel) as desktop, Windows(desktop.env["DISPLAY"]) as windows:
        app = make_app(desktop).start()
        wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
        desktop.stop_bus()
        windows.open("Editor", "after the end of the bus")
        app.wait_for_row("window_title = 'after the end of the bus' and open = 1")
        assert app.answers()
        assert app.stop() == 0
