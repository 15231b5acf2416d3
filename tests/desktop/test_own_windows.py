"""The program's own windows on a real desktop: what they are called, and that they leave no trace.

How it can fail: a dialog of Tk has Tk's name; a window that the person started is not known as
one of ours; one of another program that ours has opened is; what is behind is not recorded again.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from Xlib import X

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop import tray_menu
from tests.desktop.app_under_test import ROOT, AppUnderTest
from tests.desktop.summary_driver import on_day, record
from tests.desktop.windows import Windows, now_ms
from tests.support import User, wait_until

SECONDS = 15.0
NAME, PANEL = "Re:prospective", "Tint2"
SUMMARY, SAVE = "^Re:prospective$", "^Save the report$"
OWN_COMMAND = [sys.executable, "-m", "reprospective_tray"]

MakeApp = Callable[..., AppUnderTest]


@contextmanager
def own_process(
    desktop: VirtualDesktop, user: User, *words: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a window as a person does, in a terminal."""
    process = desktop.start([*OWN_COMMAND, *words], cwd=ROOT, env=user.env, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)


def classes(windows: Windows) -> list[str]:
    """Return the classes of all windows that the window manager manages, but the panel's."""
    atom = windows.connection.intern_atom("_NET_CLIENT_LIST")
    listed = windows.root.get_full_property(atom, X.AnyPropertyType)
    made = (windows.connection.create_resource_object("window", one) for one in listed.value)
    names = [(window.get_wm_class() or ("", ""))[1] for window in made]
    return [name for name in names if name != PANEL]


def press(desktop: VirtualDesktop, name: str, *keys: str) -> None:
    """Press keys in a window once it has drawn what it knows."""
    tray_menu.wait_for_name(desktop, name)
    desktop.settled_screenshot(desktop.folder / "settled.png")
    desktop.xdotool("windowfocus", "--sync", tray_menu.named(desktop, name)[-1], "key", *keys)


def open_save_dialog(desktop: VirtualDesktop) -> None:
    press(desktop, SUMMARY, "ctrl+e")
    desktop.settled_screenshot(desktop.folder / "settled.png")
    desktop.xdotool("key", "Down", "Return")
    tray_menu.wait_for_name(desktop, SAVE)


def of_this_program(app: AppUnderTest) -> list[str]:
    return [row["application_name"] for row in app.rows() if row["application_name"] != "Editor"]


@pytest.mark.parametrize(
    "words",
    [
        ("summary",),
        pytest.param(("control-window",), marks=pytest.mark.long),
        pytest.param(("forget-window", "--since", "0"), marks=pytest.mark.long),
    ],
)
def test_each_window_has_the_name_of_the_program(
    desktop: VirtualDesktop, windows: Windows, user: User, words: tuple[str, ...]
) -> None:
    record(user.database, on_day(0, "08:00", "08:10", "Code", "a.py"))
    with own_process(desktop, user, *words):
        wait_until(lambda: classes(windows), SECONDS, "the window")
        assert classes(windows) == [NAME]


def test_the_message_window_has_it_too(
    desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config("language: 7\n")
    with own_process(desktop, user, "summary"):
        tray_menu.wait_for_name(desktop, "^Re:prospective: Settings$")
        assert classes(windows) == [NAME]


def test_so_do_the_dialogs_that_tk_makes_and_they_work_a_second_time(
    desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    record(user.database, on_day(0, "08:00", "08:10", "Code", "a.py"))
    home = user.folder / "home"
    with own_process(desktop, user, "summary"):
        for count in (1, 2):
            open_save_dialog(desktop)
            assert classes(windows) == [NAME] * 2
            press(desktop, SAVE, "Return")
            if count == 2:  # it asks whether to replace the file
                wait_until(lambda: len(classes(windows)) == 3, SECONDS, "the question")
                assert classes(windows) == [NAME] * 3
                desktop.settled_screenshot(desktop.folder / "settled.png")
                desktop.xdotool("key", "alt+r")
            wait_until(lambda: len(classes(windows)) == 1, SECONDS, "the end of the dialog")
            wait_until(lambda: len(list(home.glob("*.html"))) == 1, SECONDS, "the file")


def test_they_leave_no_trace_and_the_window_behind_is_recorded_again(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows
) -> None:
    app = make_app(desktop).start()
    editor = windows.open("Editor", "before")
    app.wait_for_row("window_title = 'before' and open = 1")
    app.ask("open_summary")
    wait_until(lambda: not app.rows("open = 1"), SECONDS, "the end of the session")
    seen_at = now_ms()
    open_save_dialog(desktop)
    press(desktop, SAVE, "Escape")
    app.ask("ask_to_forget", since=0)
    press(desktop, "^Re:prospective: Forget$", "Escape")
    left_at = now_ms()
    editor.set_title("after")
    press(desktop, SUMMARY, "ctrl+w")
    editor.activate()
    after = app.wait_for_row("window_title = 'after'")
    assert after["started_at"] >= left_at
    assert app.rows(f"started_at < {left_at} and ended_at > {seen_at}") == []
    assert of_this_program(app) == []
    assert app.stop() == 0


def test_they_are_known_by_their_process_too_and_other_programs_by_theirs_are_not(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    app = make_app(desktop, "--no-tray").start()
    windows.open("Editor", "before")
    app.wait_for_row("window_title = 'before' and open = 1")
    with own_process(desktop, user, "control-window") as own:
        windows.open("Toplevel", "of our process", pid=own.pid)
        wait_until(lambda: not app.rows("open = 1"), SECONDS, "the end of the session")
    other = desktop.start(["sleep", "60"])
    windows.open("Editor", "of another", pid=other.pid)
    app.wait_for_row("window_title = 'of another'")
    assert of_this_program(app) == []
    assert app.stop() == 0


def test_where_the_settings_say_so_they_are_recorded_by_the_name_of_the_program(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config("monitor: {own_windows: true}\n")
    app = make_app(desktop).start()
    windows.open("Editor", "before")
    app.wait_for_row("window_title = 'before' and open = 1")
    app.ask("open_summary")
    row = app.wait_for_row("application_name != 'Editor' and ended_at > started_at")
    assert (row["application_name"], row["window_title"]) == (NAME, NAME)
    press(desktop, SUMMARY, "ctrl+w")
    assert app.stop() == 0
