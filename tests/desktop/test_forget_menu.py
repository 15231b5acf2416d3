"""*Forget* in the tray's menu: what it asks, and what is left after each answer."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop import tray_menu
from tests.desktop.app_under_test import ROOT, AppUnderTest
from tests.desktop.summary_driver import on_day, record
from tests.desktop.test_sync_tray import configure, on_server, pass_of
from tests.desktop.test_tray_app import child_of
from tests.desktop.windows import Windows
from tests.server.central import Central
from tests.support import User, wait_until

SECONDS = 15.0
TITLE = "qzx what nobody may know"
WINDOW = "^Re:prospective: Forget$"

MakeApp = Callable[..., AppUnderTest]


def files_with(app: AppUnderTest, text: str) -> set[str]:
    """Return the files of the program that hold `text` anywhere in their bytes."""
    folders = (app.user.paths.data, app.user.paths.state, app.user.paths.log)
    found = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return {path.name for path in found if text.encode() in path.read_bytes()}


def answer(desktop: VirtualDesktop, *keys: str) -> None:
    """Press `keys` in the window once it says what would go."""
    tray_menu.wait_for_name(desktop, WINDOW)
    desktop.settled_screenshot(desktop.folder / "settled.png")
    (window,) = tray_menu.named(desktop, WINDOW)
    desktop.xdotool("windowfocus", "--sync", window, "key", *keys)


def is_closed(desktop: VirtualDesktop) -> bool:
    return not tray_menu.named(desktop, WINDOW)


def record_a_secret(app: AppUnderTest, windows: Windows) -> None:
    window = windows.open("Secretary", TITLE)
    app.wait_for_row(f"window_title = '{TITLE}' and ended_at > started_at")
    window.close()
    windows.open("Editor", "harmless")
    app.wait_for_row("window_title = 'harmless'")


def test_after_forget_nothing_is_left_in_any_byte_nor_on_the_server(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User, central: Central
) -> None:
    configure(user, central)
    app = make_app(desktop).start()
    record_a_secret(app, windows)
    # While it runs, the menu's entry for a pass cannot be chosen, and keys pass over it.
    pass_of(app)
    assert on_server(central, TITLE)
    assert files_with(app, TITLE)
    tray_menu.choose(desktop, app, "Down", *tray_menu.FORGET_LAST_QUARTER)
    answer(desktop, "Tab", "Return")
    wait_until(lambda: app.rows("deleted = 1"), SECONDS, "the tombstones")
    wait_until(lambda: not files_with(app, TITLE), SECONDS, "the end of the text in every file")
    assert app.rows(f"window_title = '{TITLE}'") == []
    answer(desktop, "Return")
    wait_until(lambda: is_closed(desktop), SECONDS, "the end of the window")
    # Recording goes on, behind the question.
    app.wait_for_row("open = 1 and deleted = 0")
    app.ask("sync")
    wait_until(lambda: not on_server(central, TITLE), SECONDS, "the end of it on the server")
    assert app.stop() == 0
    assert not files_with(app, TITLE)


@pytest.mark.parametrize("key", ["Escape", "Return"])
def test_cancel_leaves_all_as_it_is_and_is_the_default(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, key: str
) -> None:
    app = make_app(desktop).start()
    record_a_secret(app, windows)
    tray_menu.choose(desktop, app, *tray_menu.FORGET_LAST_QUARTER)
    answer(desktop, key)
    wait_until(lambda: is_closed(desktop), SECONDS, "the end of the window")
    assert app.rows("deleted = 1") == []
    assert app.rows(f"window_title = '{TITLE}'")


def test_a_second_choice_takes_the_place_of_the_first_question(
    app: AppUnderTest, desktop: VirtualDesktop, windows: Windows
) -> None:
    record_a_secret(app, windows)
    app.ask("ask_to_forget", since=time.time_ns() // 1_000_000)
    tray_menu.wait_for_name(desktop, WINDOW)
    first = child_of(app, "forget-window")
    app.ask("ask_to_forget", since=0)
    wait_until(
        lambda: child_of(app, "forget-window") not in {first, None}, SECONDS, "the other window"
    )
    answer(desktop, "Escape")
    wait_until(lambda: is_closed(desktop), SECONDS, "the end of the window")
    assert app.rows("deleted = 1") == []


def ask_alone(desktop: VirtualDesktop, user: User) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "reprospective_tray", "forget-window", "--since", "0"]
    return desktop.start(command, cwd=ROOT, env=user.env, stderr=subprocess.PIPE)


def test_where_nothing_was_recorded_it_says_so_and_can_only_be_closed(
    desktop: VirtualDesktop, user: User
) -> None:
    process = ask_alone(desktop, user)
    answer(desktop, "Tab", "Return")
    assert process.wait(SECONDS) == 0
    assert process.communicate()[1] == b""
    assert not Path(user.database).exists()


def test_it_forgets_also_where_the_program_has_ended_meanwhile(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    app = make_app(desktop, "--no-tray").start()
    record_a_secret(app, windows)
    assert app.stop() == 0
    process = ask_alone(desktop, user)
    answer(desktop, "Tab", "Return")
    wait_until(lambda: not app.rows("deleted = 0"), SECONDS, "the end of all rows")
    answer(desktop, "Escape")
    assert process.wait(SECONDS) == 0
    assert process.communicate()[1] == b""
    assert not files_with(app, TITLE)


@pytest.fixture
def asking(desktop: VirtualDesktop, user: User) -> Iterator["subprocess.Popen[bytes]"]:
    """The window over a history that nothing records into."""
    record(user.database, on_day(0, "08:00", "09:10", "Code", TITLE))
    process = ask_alone(desktop, user)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def database_busy(user: User) -> Iterator[None]:
    """Another program writes into the database for as long as this lasts."""
    with closing(sqlite3.connect(user.database, isolation_level=None)) as there:
        there.execute("BEGIN IMMEDIATE")
        yield
        there.execute("ROLLBACK")


def kept(user: User) -> list[str]:
    query = "SELECT window_title FROM desktop_activity_sessions WHERE deleted = 0"
    with closing(sqlite3.connect(user.database)) as there:
        return [title for (title,) in there.execute(query)]


@pytest.mark.trust
@pytest.mark.parametrize("keys", [("Escape",), ("Escape", "Escape")], ids=len)
def test_what_is_being_forgotten_when_the_window_closes_is_forgotten(
    asking: "subprocess.Popen[bytes]", desktop: VirtualDesktop, user: User, keys: tuple[str, ...]
) -> None:
    tray_menu.wait_for_name(desktop, WINDOW)
    with database_busy(user):
        answer(desktop, "Tab", "Return")
        answer(desktop, *keys)
        # Who closes it twice does not wait for it.
        if len(keys) > 1:
            wait_until(lambda: is_closed(desktop), SECONDS, "the end of the window")
        with pytest.raises(subprocess.TimeoutExpired):
            asking.wait(0.5)
        assert is_closed(desktop) == (len(keys) > 1)
    assert asking.wait(SECONDS) == 0
    assert kept(user) == []
