"""Quit and the system's wish to end take 5 s at most, whatever hangs; the open session is written.

The 5 s are a promise, and the only thing here that is judged by the clock.
"""

import json
import shutil
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.errors import ReprospectiveError
from tests.desktop import stuck
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows
from tests.support import User, wait_until

pytestmark = pytest.mark.trust

PROMISED_S = 5.0
SECONDS = 15.0
DAY_MS = 86_400_000
TITLE = "in front at the end"

MakeApp = Callable[..., AppUnderTest]
TRAY = pytest.mark.parametrize("arguments", [(), ("--no-tray",)], ids=["tray", "no-tray"])


@pytest.fixture
def noted_desktop() -> Iterator[VirtualDesktop]:
    """A desktop of one test alone, whose parts it may stop."""
    with VirtualDesktop(panel="tint2", notifications=True) as made:
        yield made


def end_in_time(app: AppUnderTest, how: str = "SIGTERM") -> None:
    """End it, and see that it takes no longer than promised and reports no failure."""
    assert app.process is not None
    begun = time.monotonic()
    if how == "quit":
        app.ask("quit")
        code = app.process.wait(SECONDS)
    else:
        code = app.stop(signal.Signals[how])
    took = time.monotonic() - begun
    assert took < PROMISED_S, f"it took {took:.1f} s\n{app.output()}"
    assert code == 0, app.output()


def assert_session_was_ended(app: AppUnderTest) -> None:
    last = app.rows()[-1]
    assert (last["window_title"], last["open"]) == (TITLE, 0), app.output()


@contextmanager
def recording(
    make_app: MakeApp, desktop: VirtualDesktop, *arguments: str, **env: str
) -> Iterator[AppUnderTest]:
    """Yield the app when it records a window, its icon in the panel where it has one."""
    app = make_app(desktop, *arguments)
    app.env |= env
    app.start()
    with Windows(desktop.env["DISPLAY"]) as windows:
        windows.open("Editor", TITLE)
        app.wait_for_row(f"window_title = '{TITLE}' and open = 1")
        if "--no-tray" not in arguments:
            wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
        yield app


@TRAY
@pytest.mark.parametrize("how", ["SIGTERM", "quit"])
def test_a_display_that_never_answers_and_a_pause_of_an_earlier_day(
    make_app: MakeApp, own_desktop: VirtualDesktop, user: User, how: str, arguments: tuple[str, ...]
) -> None:
    paused_at = time.time_ns() // 1_000_000 - 2 * DAY_MS
    user.paths.state.mkdir(parents=True)
    content = {"paused": True, "paused_at": paused_at, "first_start_at": 1}
    user.paths.state_file.write_text(json.dumps(content))
    with stuck.silent_display() as (name, connected):
        app = make_app(own_desktop, *arguments)
        app.env["DISPLAY"] = name
        app.start()
        # Who looks for the person, and the tray where there is one.
        users = 1 if arguments else 2
        wait_until(lambda: len(connected) >= users, SECONDS, "who waits for the display")
        end_in_time(app, how)


@TRAY
def test_a_display_that_stops_answering(
    make_app: MakeApp, own_desktop: VirtualDesktop, arguments: tuple[str, ...]
) -> None:
    with recording(make_app, own_desktop, *arguments) as app:
        with stuck.stopped(own_desktop.env, "Xvfb"):
            end_in_time(app)
        assert_session_was_ended(app)


@TRAY
def test_a_session_bus_that_stops_answering(
    make_app: MakeApp, own_desktop: VirtualDesktop, arguments: tuple[str, ...]
) -> None:
    with recording(make_app, own_desktop, *arguments) as app:
        with stuck.stopped(own_desktop.env, "dbus-daemon"):
            end_in_time(app)
        assert_session_was_ended(app)


def test_buses_that_have_never_answered(
    make_app: MakeApp, own_desktop: VirtualDesktop, tmp_path: Path
) -> None:
    with (
        stuck.silent_bus(tmp_path / "session") as session,
        stuck.silent_bus(tmp_path / "system") as system,
        recording(
            make_app,
            own_desktop,
            "--no-tray",
            DBUS_SESSION_BUS_ADDRESS=session,
            DBUS_SYSTEM_BUS_ADDRESS=system,
        ) as app,
    ):
        end_in_time(app)
        assert_session_was_ended(app)


def test_a_notification_service_that_never_answers(
    make_app: MakeApp, noted_desktop: VirtualDesktop
) -> None:
    # The first start has something to say.
    with (
        stuck.stopped(noted_desktop.env, "dunst"),
        recording(make_app, noted_desktop) as app,
    ):
        end_in_time(app)
        assert_session_was_ended(app)


def sends_to(port: int, **more: object) -> str:
    remote = {"host": "127.0.0.1", "port": port, "user": "anna", "database": "x"}
    database = {"remote": remote, **more}
    return json.dumps({"database": database})


def test_a_server_that_never_answers_while_it_is_sent_to(
    make_app: MakeApp, own_desktop: VirtualDesktop, user: User
) -> None:
    with stuck.silent_server() as port:
        user.write_config(sends_to(port, sync={"enabled": True}))
        with recording(make_app, own_desktop, "--no-tray", PGPASSWORD="x") as app:
            end_in_time(app)
            assert_session_was_ended(app)


def test_a_server_that_never_answers_while_it_is_recorded_into(
    make_app: MakeApp, own_desktop: VirtualDesktop, user: User
) -> None:
    with stuck.silent_server() as port:
        user.write_config(sends_to(port, local={"type": "postgresql"}))
        app = make_app(own_desktop, "--no-tray")
        app.env["PGPASSWORD"] = "x"
        app.start()
        with Windows(own_desktop.env["DISPLAY"]) as windows:
            windows.open("Editor", TITLE)
            name = "application_name"
            wait_until(lambda: app.ask("status")[name] == "Editor", SECONDS, "the window")
            end_in_time(app)
        kept = (user.paths.data / "postgresql.leftover").read_text()
        assert TITLE in kept


KEYRING = """
import pathlib, time
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 9

    def get_password(self, service, username):
        pathlib.Path(__file__).with_name("asked").touch()
        time.sleep(3600)

    def set_password(self, service, username, password):
        raise NotImplementedError
"""


def test_a_keyring_that_never_answers(
    make_app: MakeApp, own_desktop: VirtualDesktop, user: User, tmp_path: Path
) -> None:
    (tmp_path / "silent_keyring.py").write_text(KEYRING)
    env = {"PYTHONPATH": str(tmp_path), "PYTHON_KEYRING_BACKEND": "silent_keyring.Keyring"}
    with stuck.silent_server(stuck.ask_for_password) as port:
        user.write_config(sends_to(port, sync={"enabled": True}))
        with recording(make_app, own_desktop, "--no-tray", **env) as app:
            wait_until((tmp_path / "asked").exists, SECONDS, "the question to the keyring")
            end_in_time(app)
            assert_session_was_ended(app)


def test_a_file_that_another_program_keeps_locked(
    make_app: MakeApp, own_desktop: VirtualDesktop
) -> None:
    with recording(make_app, own_desktop, "--no-tray") as app:
        with closing(sqlite3.connect(app.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            end_in_time(app)
        # What could not be written is kept, and is there after the next start.
        app.start()
        wait_until(
            lambda: not app.rows(f"window_title = '{TITLE}' and open = 1 and id = 1"),
            SECONDS,
            "the end that was kept",
        )
        assert app.stop() == 0


@pytest.mark.skipif(not shutil.which("cc"), reason="nothing here compiles C")
@TRAY
def test_a_disk_that_hangs(
    make_app: MakeApp, own_desktop: VirtualDesktop, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    env, hang = stuck.hanging_disk(tmp_path)
    with recording(make_app, own_desktop, *arguments, **env) as app:
        hang.touch()
        end_in_time(app)


@pytest.mark.skipif(not shutil.which("cc"), reason="nothing here compiles C")
def test_a_disk_that_hangs_since_before_the_start(
    make_app: MakeApp, own_desktop: VirtualDesktop, tmp_path: Path
) -> None:
    env, hang = stuck.hanging_disk(tmp_path)
    hang.touch()
    app = make_app(own_desktop, "--no-tray")
    app.env |= env
    app.launch()
    wait_until(lambda: takes_signals(app), SECONDS, "its handlers of signals")
    end_in_time(app)


def takes_signals(app: AppUnderTest) -> bool:
    assert app.process is not None
    lines = Path(f"/proc/{app.process.pid}/status").read_text().splitlines()
    caught = int(next(line for line in lines if line.startswith("SigCgt")).split()[1], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


HANGS = """#!{python}
import pathlib, time
pathlib.Path({asked!r}).touch()
time.sleep(3600)
"""


def test_a_command_that_hangs_when_it_is_tried_for_the_log_in(
    make_app: MakeApp, own_desktop: VirtualDesktop, tmp_path: Path
) -> None:
    command, asked = tmp_path / "reprospective-tray", tmp_path / "asked"
    command.write_text(HANGS.format(python=sys.executable, asked=str(asked)))
    command.chmod(0o700)
    with recording(
        make_app, own_desktop, "--no-tray", PATH=f"{tmp_path}:{own_desktop.env['PATH']}"
    ) as app:
        switch = threading.Thread(target=ask_in_vain, args=(app,))
        switch.start()
        wait_until(asked.exists, SECONDS, "the trial of the command")
        app.ask("pause")
        assert app.ask("status")["paused"]
        app.ask("resume")
        assert not app.ask("status")["paused"]
        assert switch.is_alive()
        end_in_time(app)
        switch.join()


def ask_in_vain(app: AppUnderTest) -> None:
    with suppress(ReprospectiveError):
        app.ask("start_at_login", timeout=60.0, on=True)


@pytest.mark.skipif(not shutil.which("cc"), reason="nothing here compiles C")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "SIGHUP", "quit"])
def test_everything_at_once(
    make_app: MakeApp, noted_desktop: VirtualDesktop, user: User, tmp_path: Path, how: str
) -> None:
    env, hang = stuck.hanging_disk(tmp_path)
    with stuck.silent_server() as port:
        user.write_config(sends_to(port, sync={"enabled": True}))
        with recording(make_app, noted_desktop, PGPASSWORD="x", **env) as app:
            hang.touch()
            with stuck.stopped(noted_desktop.env, "Xvfb", "dbus-daemon", "dunst", "tint2"):
                end_in_time(app, how)
