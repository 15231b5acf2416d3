"""Windows that are opened while config.yaml is broken: what they show, and what they never guess.

How it can fail: a click opens nothing, and nobody sees why; a window shows the database of the
defaults instead of the person's own, or forgets there; the password stands where others read it.
"""

import subprocess
import sys
from collections.abc import Callable

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop import tray_menu
from tests.desktop.app_under_test import ROOT, AppUnderTest
from tests.desktop.summary_driver import Summary, on_day
from tests.desktop.test_forget_menu import answer, is_closed
from tests.desktop.test_settings import await_said, replace_config
from tests.desktop.windows import Windows
from tests.support import User, wait_until

SECONDS = 15.0
PASSWORD = "of nobody else's business"  # noqa: S105  what is looked for
GOOD = f"""\
monitor: {{heartbeat: 1}}
database:
  local: {{path: data/other.db}}
  remote: {{password: {PASSWORD}}}
"""
BROKEN = "language: 7\n"
SUMMARY, MESSAGE = "^Re:prospective$", "^Re:prospective: Settings$"

MakeApp = Callable[..., AppUnderTest]


@pytest.fixture
def broken(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> AppUnderTest:
    """The app with settings of its own in force, and a file that holds others no more."""
    user.write_config(GOOD)
    app = make_app(desktop)
    app.database = user.database.with_name("other.db")
    windows.open("Editor", "in the other file")
    app.start()
    app.wait_for_row("window_title = 'in the other file' and ended_at > started_at")
    replace_config(user, BROKEN)
    await_said(app, "Still using your previous settings")
    return app


def press(desktop: VirtualDesktop, name: str, *keys: str) -> None:
    tray_menu.wait_for_name(desktop, name)
    desktop.settled_screenshot(desktop.folder / "settled.png")
    (window,) = tray_menu.named(desktop, name)
    desktop.xdotool("windowfocus", "--sync", window, "key", *keys)
    wait_until(lambda: not tray_menu.named(desktop, name), SECONDS, "the end of the window")


def test_the_summary_goes_by_the_settings_that_the_instance_goes_by(
    broken: AppUnderTest, desktop: VirtualDesktop, user: User
) -> None:
    broken.ask("open_summary")
    press(desktop, SUMMARY, "ctrl+w")
    broken.wait_for_row("application_name = 'Editor' and open = 1")
    assert tray_menu.named(desktop, MESSAGE) == []
    # Neither window nor question has made the file of the defaults.
    assert not user.database.exists()
    assert broken.stop() == 0
    assert PASSWORD not in broken.output()


def test_what_a_window_goes_by_is_all_of_the_settings_in_force_and_the_file_to_be_mended(
    broken: AppUnderTest, user: User
) -> None:
    named = user.folder / "named.yaml"
    named.write_text(BROKEN, "utf-8")
    code = """
import sys
from argparse import Namespace
from pathlib import Path
from reprospective_tray.commands.window_settings import load_for_window
settings = load_for_window(Namespace(config=Path(sys.argv[1])))
print(settings.loaded.config.database.local.path, settings.loaded.config.monitor.heartbeat)
print(settings.loaded.config.database.remote.password)
print(settings.loaded.file)
print(settings.note)
"""
    said = subprocess.check_output([sys.executable, "-c", code, named], cwd=ROOT, env=broken.env)
    place, password, file, note = said.decode().splitlines()
    assert file == str(named)
    assert (place, password) == ("data/other.db 1", PASSWORD)
    assert "Still using your previous settings" in note
    assert note.startswith("Line 1: language is 7.")


def test_a_second_start_brings_up_the_window_all_the_same(
    broken: AppUnderTest, desktop: VirtualDesktop
) -> None:
    wait_until(lambda: broken.ask("status")["has_menu"], SECONDS, "the icon in the panel")
    assert "Its window opens now" in broken.cli("run").stdout
    press(desktop, SUMMARY, "ctrl+w")


def test_forgetting_goes_by_the_settings_that_the_instance_goes_by(
    broken: AppUnderTest, desktop: VirtualDesktop, user: User
) -> None:
    broken.ask("ask_to_forget", since=0)
    answer(desktop, "Tab", "Return")
    gone = "deleted = 1 and ended_at > started_at"
    wait_until(lambda: broken.rows(gone), SECONDS, "the tombstones in the person's own file")
    answer(desktop, "Escape")
    wait_until(lambda: is_closed(desktop), SECONDS, "the end of the window")
    assert not user.database.exists()


def test_the_summary_says_in_itself_what_is_wrong_with_the_settings(summary: Summary) -> None:
    note = "Line 1: language is 7. Still using your previous settings."
    summary.record(on_day(0, "08:00", "09:10", "Code", "sessionizer.py"))
    summary.open(note=note)
    summary.wait_for(note, "Code")
    summary.key("Left")
    summary.wait_for(note, "Nothing was recorded on this day.")


@pytest.mark.parametrize("words", [("run",), ("summary",), ("forget-window", "--since", "0")])
def test_without_an_instance_a_window_says_what_is_wrong_and_nothing_else_is_shown(
    desktop: VirtualDesktop, user: User, words: tuple[str, ...]
) -> None:
    user.write_config(BROKEN)
    command = [sys.executable, "-m", "reprospective_tray", *words]
    process = desktop.start(command, cwd=ROOT, env=user.env, stderr=subprocess.PIPE)
    press(desktop, MESSAGE, "Escape")
    said = process.communicate(timeout=SECONDS)[1].decode()
    assert process.returncode == 2
    assert "Line 1: language is 7." in said
    assert not user.database.exists()


def test_without_a_display_the_output_alone_says_it(user: User) -> None:
    user.write_config(BROKEN)
    done = subprocess.run(
        [sys.executable, "-m", "reprospective_tray", "summary"],
        cwd=ROOT,
        env=user.env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "language is 7" in done.stderr
