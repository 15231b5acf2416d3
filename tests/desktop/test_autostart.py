"""Starting at login: switched in the real menu, and started as a session starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from installer import processes
from installer.demo import framebuffer
from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop import tray_menu
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.command_line import Command, Done, assert_good, assert_refused, command_of
from tests.desktop.installed import install
from tests.desktop.windows import Windows
from tests.support import User, wait_until

NOTIFIER = Path(__file__).with_name("status_notifier.py")
SECONDS = 10.0
LABEL = "Start at login"
# From the bottom: Quit, Open log folder, Open settings, Start at login.
SWITCH = ("Up", "Up", "Up", "Up", "Return")
# Where a GTK menu draws check marks: left of all texts, in pixels.
CHECKS_FROM, CHECKS_TO = 3, 22

MakeApp = Callable[..., AppUnderTest]


@pytest.fixture
def command(user: User) -> Command:
    return command_of(user)


@pytest.fixture(autouse=True)
def _nothing_for_all_persons(user: User) -> None:
    user.env["XDG_CONFIG_DIRS"] = str(user.folder / "xdg")


def entry(user: User) -> Path:
    return user.paths.config.parent / "autostart" / "reprospective-tray.desktop"


def test_the_command_switches_it_on_and_off_and_says_how_it_stands(
    command: Command, user: User
) -> None:
    off = "The program does not start at login.\n"
    assert assert_good(command("autostart", "status")) == off
    on = assert_good(command("autostart", "enable"))
    assert str(entry(user)) in on
    assert assert_good(command("autostart", "enable")) == on
    assert assert_good(command("autostart", "status")) == on
    assert assert_good(command("autostart", "disable")) == off
    assert assert_good(command("autostart", "disable")) == off
    assert not entry(user).exists()


def test_what_cannot_be_written_is_refused_with_a_remedy(command: Command, user: User) -> None:
    entry(user).parent.touch()
    done = command("autostart", "enable")
    assert_refused(done, 1, str(entry(user)), "write access")
    assert_good(command("autostart", "status"))


def test_a_wrong_action_or_config_is_exit_2(command: Command, user: User) -> None:
    assert_refused(command("autostart"), 2, "ACTION")
    user.write_config("monitor: {heartbeat: 0}\n")
    assert_refused(command("autostart", "enable"), 2, "monitor.heartbeat")
    assert not entry(user).exists()


def test_both_languages_are_in_the_entry_whoever_writes_it(command: Command, user: User) -> None:
    assert command("autostart", "enable", LANG="ja_JP.UTF-8").returncode == 0
    lines = entry(user).read_text("utf-8").splitlines()
    assert "Comment=Records which window you use, and when" in lines
    assert [line for line in lines if line.startswith("Comment[ja]=")]


def check_marks(desktop: VirtualDesktop, app: AppUnderTest) -> bytes:
    """Open the menu, take the pixels where check marks are, and close it."""
    seen = b""

    def look(menu: int) -> None:
        nonlocal seen
        lines = desktop.xdotool("getwindowgeometry", "--shell", menu).splitlines()
        place = {name: int(value) for name, _, value in (line.partition("=") for line in lines)}
        width, _height, rgb = framebuffer.read(desktop._framebuffer)
        for row in range(place["Y"], place["Y"] + place["HEIGHT"]):
            left = (row * width + place["X"]) * 3
            seen += rgb[left + CHECKS_FROM * 3 : left + CHECKS_TO * 3]

    tray_menu.choose(desktop, app, "Escape", look=look)
    return seen


@pytest.mark.long
def test_the_menu_switches_it_and_its_check_mark_is_true_each_time_it_opens(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    app = make_app(desktop).start()
    off = check_marks(desktop, app)
    tray_menu.choose(desktop, app, *SWITCH)
    wait_until(entry(user).exists, SECONDS, "the entry")
    on = check_marks(desktop, app)
    assert on != off
    # Others change it, and tell nobody.
    entry(user).rename(user.folder / "kept")
    assert check_marks(desktop, app) == off
    (user.folder / "kept").rename(entry(user))
    assert check_marks(desktop, app) == on
    tray_menu.choose(desktop, app, *SWITCH)
    wait_until(lambda: not entry(user).exists(), SECONDS, "the end of the entry")
    assert check_marks(desktop, app) == off
    assert app.stop() == 0


def test_a_switch_that_fails_shows_what_is_true_and_is_told(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    entry(user).parent.touch()
    app = make_app(desktop).start()
    off = check_marks(desktop, app)
    tray_menu.choose(desktop, app, *SWITCH)
    wait_until(lambda: "cannot be written" in app.output(), SECONDS, "the refusal")
    assert check_marks(desktop, app) == off
    assert app.ask("status")["starts_at_login"] is False


def look(desktop: VirtualDesktop) -> dict:
    """Return the line of the menu as a panel is told of it over the bus."""
    seen = json.loads(desktop.run(sys.executable, NOTIFIER, "look"))
    lines = seen["lines"] if seen else []
    return next((line for line in lines if line["label"] == LABEL), {})


def test_a_panel_on_the_bus_is_told_the_truth_when_it_opens_the_menu(
    make_app: MakeApp, statusnotifier_desktop: VirtualDesktop, user: User
) -> None:
    desktop = statusnotifier_desktop
    app = make_app(desktop).start()
    wait_until(lambda: look(desktop).get("checked") == 0, SECONDS, "the line without a mark")
    desktop.run(sys.executable, NOTIFIER, "click", LABEL)
    wait_until(lambda: look(desktop).get("checked") == 1, SECONDS, "the check mark")
    assert app.ask("status")["starts_at_login"] is True
    entry(user).unlink()
    # A click on the icon opens the menu; what is read over the bus alone opens nothing.
    desktop.xdotool("mousemove", *desktop.tray_icon_position(), "click", 1)
    wait_until(lambda: look(desktop).get("checked") == 0, SECONDS / 5, "the end of the check mark")
    desktop.xdotool("key", "Escape")
    assert app.stop() == 0


class Session:
    """The log-in of a person: what starts their programs, and what it has started."""

    def __init__(self, app: AppUnderTest) -> None:
        # A session knows nothing of where somebody has put a virtual environment.
        self.app = app
        self.env = {**app.env, "PATH": "/usr/bin:/bin", "XDG_CURRENT_DESKTOP": "XFCE"}

    def log_in(self) -> None:
        """Start what the folders of login programs name, by a tool that does just that."""
        self.app.start_before()
        subprocess.run(
            ["dex", "--autostart", "--environment", "XFCE"],
            check=True,
            env=self.env,
            cwd=self.app.user.env["HOME"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
        )

    def run(self, python: Path, *words: str) -> Done:
        return subprocess.run(
            [python, "-m", "reprospective_tray", *words],
            env=self.env,
            cwd=self.app.user.env["HOME"],
            capture_output=True,
            text=True,
            timeout=SECONDS * 2,
            check=False,
        )

    def await_recording(self, title: str) -> None:
        with Windows(self.env["DISPLAY"]) as windows:
            windows.open("Editor", title)
            self.app.wait_for_row(f"window_title = '{title}'")

    def log_out(self) -> None:
        # The first session is recorded before anybody can ask.
        wait_until(self.app.answers, SECONDS, "the app's answer")
        self.app.ask("quit")
        wait_until(lambda: not processes.marked(self.app._mark), SECONDS, "the end of the app")


@pytest.fixture
def session(make_app: MakeApp, desktop: VirtualDesktop) -> Session:
    return Session(make_app(desktop))


def test_a_login_starts_the_program_of_a_virtual_environment_and_it_records(
    session: Session, user: User
) -> None:
    python = install(user.folder / "an environment")
    done = session.run(python, "autostart", "enable")
    assert done.returncode == 0, done.stderr
    session.log_in()
    session.await_recording("after the login")
    session.log_out()

    assert session.run(python, "autostart", "disable").returncode == 0
    session.log_in()
    assert processes.marked(session.app._mark) == []


def test_a_login_starts_the_command_on_the_path_with_the_config_in_use(
    session: Session, user: User
) -> None:
    python = install(user.folder / "installed")
    commands = user.folder / "bin"
    commands.mkdir()
    (commands / "reprospective-tray").symlink_to(python.with_name("reprospective-tray"))
    config = user.folder / "another config.yaml"
    config.write_text("database: {local: {path: elsewhere.db}}\n")
    session.env["PATH"] = f"{commands}:{os.defpath}"
    done = session.run(python, "--config", str(config), "autostart", "enable")
    assert done.returncode == 0, done.stderr
    line = f'Exec={commands / "reprospective-tray"} --config "{config}" run'
    assert line in entry(user).read_text().splitlines()
    session.env["PATH"] = os.defpath
    session.app.database = user.paths.data / "elsewhere.db"
    session.log_in()
    session.await_recording("in the other file")
    session.log_out()
    assert not user.database.exists()


def test_a_program_that_has_moved_is_said_to_be_gone_and_mends_its_entry_when_it_runs(
    session: Session, user: User
) -> None:
    old, new = user.folder / "old", user.folder / "new"
    assert session.run(install(old), "autostart", "enable").returncode == 0
    old.rename(new)
    python = new / "bin" / "python"
    done = session.run(python, "autostart", "status")
    assert (done.returncode, done.stdout) == (1, "")
    assert str(old / "bin" / "python") in done.stderr.splitlines()[0]
    assert "autostart enable" in done.stderr.splitlines()[1]

    with subprocess.Popen(
        [python, "-m", "reprospective_tray", "run", "--no-tray"],
        env=session.env,
        cwd=user.env["HOME"],
        stderr=subprocess.DEVNULL,
    ) as running:
        wait_until(lambda: str(new) in entry(user).read_text(), SECONDS, "the mended entry")
        running.terminate()
        assert running.wait(SECONDS) == 0
    assert str(old) not in entry(user).read_text()
    assert session.run(python, "autostart", "status").returncode == 0
    session.log_in()
    session.await_recording("from its new place")
    session.log_out()
