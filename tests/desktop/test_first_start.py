"""The window of the very first start, opened by the real program.

How it can fail: it comes at each start, or never because the program ended in between; a window
that cannot be seen is taken for seen; window and notification come both; it shows where nobody
asked for a window; the check box shows what is not so.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from installer import processes
from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.runtime.first_start import MOST_TRIES
from reprospective_tray.runtime.state import program_state, shown
from reprospective_tray.runtime.state.program_state import ProgramState
from tests.desktop import tray_menu
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.test_tray_app import child_of
from tests.desktop.windows import Windows
from tests.support import User, wait_until

SECONDS = 15.0
COMMAND, WINDOW = "first-start-window", "^Re:prospective$"
GREETING = "Now recording which window you use"

MakeApp = Callable[..., AppUnderTest]


class First:
    """A person whose program never ran before."""

    def __init__(self, desktop: VirtualDesktop, make_app: MakeApp) -> None:
        self._desktop, self._make_app = desktop, make_app
        self._before = self._count()

    def app(self, *arguments: str) -> AppUnderTest:
        """Return the app, not yet started."""
        made = self._make_app(self._desktop, *arguments)
        made.is_first_start = True
        return made

    @property
    def greetings(self) -> int:
        """How many notifications have greeted."""
        return self._count() - self._before

    def _count(self) -> int:
        self._desktop.run("dunstctl", "close-all")
        history = json.loads(self._desktop.run("dunstctl", "history"))["data"][0]
        return sum(GREETING in one["body"]["data"] for one in history)


@pytest.fixture
def first(make_app: MakeApp, desktop: VirtualDesktop) -> First:
    """A person whose program never ran before."""
    return First(desktop, make_app)


def await_window(app: AppUnderTest, desktop: VirtualDesktop) -> str:
    wait_until(lambda: child_of(app, COMMAND), SECONDS, "the process of the window")
    tray_menu.wait_for_name(desktop, WINDOW)
    return tray_menu.named(desktop, WINDOW)[-1]


def await_remembered(app: AppUnderTest) -> None:
    def is_remembered() -> bool:
        return bool(program_state.load(app.user.paths).first_start_at)

    wait_until(is_remembered, SECONDS, "what is remembered of the first start")


def await_icon(app: AppUnderTest) -> None:
    wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")


def press(desktop: VirtualDesktop, window: str, *keys: str) -> None:
    desktop.settled_screenshot(desktop.folder / "settled.png")
    desktop.xdotool("windowactivate", "--sync", window, "key", "--delay", 50, *keys)


def close(app: AppUnderTest, desktop: VirtualDesktop) -> None:
    press(desktop, await_window(app, desktop), "Escape")
    wait_until(lambda: child_of(app, COMMAND) is None, SECONDS, "the end of the window")


def hide_tk(app: AppUnderTest, user: User, code: str) -> None:
    """Let Tk be none in what the program starts, or hang."""
    hidden = user.folder / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "tkinter.py").write_text(code)
    app.env["PYTHONPATH"] = str(hidden)


def test_it_shows_once_without_a_notification_and_leaves_no_trace(
    first: First, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    windows.open("Editor", "before")
    app = first.app().start()
    await_window(app, desktop)
    await_remembered(app)
    assert shown.load(user.paths).first_start
    assert f"first start: {GREETING}" in app.output()
    close(app, desktop)
    app.wait_for_row("window_title = 'before' and open = 1")
    assert {row["application_name"] for row in app.rows()} == {"Editor"}
    assert app.stop() == 0
    app.start()
    await_icon(app)
    assert app.stop() == 0
    assert user.paths.log_file.read_text("utf-8").count("first start: ") == 1
    assert child_of(app, COMMAND) is None
    assert first.greetings == 0


def test_without_a_tray_nothing_shows_and_that_was_the_first_start(
    first: First, windows: Windows
) -> None:
    windows.open("Editor", "in front")
    app = first.app("--no-tray").start()
    await_remembered(app)
    assert f"first start: {GREETING}" in app.output()
    assert child_of(app, COMMAND) is None
    assert app.stop() == 0
    assert first.greetings == 0


def test_where_the_settings_say_so_nothing_shows(first: First, user: User) -> None:
    user.write_config("notifications: {first_start: false}")
    app = first.app().start()
    await_remembered(app)
    await_icon(app)
    assert child_of(app, COMMAND) is None
    assert app.stop() == 0
    assert first.greetings == 0


def test_a_crash_between_showing_and_remembering_does_not_show_it_again(
    first: First, desktop: VirtualDesktop, user: User
) -> None:
    app = first.app().start()
    await_window(app, desktop)
    wait_until(lambda: shown.load(user.paths).first_start, SECONDS, "the window to be seen")
    app.kill()
    # As if it had ended before it noted that.
    program_state.save(user.paths, ProgramState(first_start_tries=1))
    close(app, desktop)
    app.start()
    await_remembered(app)
    await_icon(app)
    assert child_of(app, COMMAND) is None
    assert app.stop() == 0
    assert first.greetings == 0


def test_a_crash_before_it_could_be_seen_shows_it_at_the_next_start(
    first: First, desktop: VirtualDesktop, user: User
) -> None:
    app = first.app()
    hide_tk(app, user, "import time; time.sleep(600)")
    app.start()
    wait_until(lambda: child_of(app, COMMAND), SECONDS, "the process of the window")
    app.kill()
    processes.end_marked(app._mark)
    assert program_state.load(user.paths) == ProgramState(first_start_tries=1)
    del app.env["PYTHONPATH"]
    app.start()
    close(app, desktop)
    await_remembered(app)
    assert app.stop() == 0
    assert first.greetings == 0


def test_after_some_crashes_a_notification_stands_in_and_that_was_it(
    first: First, user: User
) -> None:
    program_state.save(user.paths, ProgramState(first_start_tries=MOST_TRIES))
    app = first.app().start()
    await_remembered(app)
    wait_until(lambda: first.greetings == 1, SECONDS, "the notification")
    assert child_of(app, COMMAND) is None
    assert app.stop() == 0
    app.start()
    await_icon(app)
    assert app.stop() == 0
    assert first.greetings == 1


def test_where_tk_is_missing_a_notification_stands_in(first: First, user: User) -> None:
    app = first.app()
    hide_tk(app, user, "raise ImportError('hidden by the test')")
    app.start()
    await_remembered(app)
    wait_until(lambda: first.greetings == 1, SECONDS, "the notification")
    assert not shown.load(user.paths).first_start
    assert app.stop() == 0


def test_its_check_box_switches_starting_at_login(
    first: First, desktop: VirtualDesktop, user: User
) -> None:
    entry = Path(user.env["XDG_CONFIG_HOME"]) / "autostart" / "reprospective-tray.desktop"
    app = first.app().start()
    window = await_window(app, desktop)
    assert app.ask("status")["starts_at_login"] is False
    press(desktop, window, "shift+Tab", "space")
    wait_until(entry.exists, SECONDS, "the entry")
    wait_until(lambda: app.ask("status")["starts_at_login"], SECONDS, "it to be on")
    press(desktop, window, "space")
    wait_until(lambda: not app.ask("status")["starts_at_login"], SECONDS, "it to be off")
    close(app, desktop)
    assert app.stop() == 0
