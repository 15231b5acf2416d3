"""Window managers that behave oddly, or are not there, and an X server that falls silent.

How it can fail: the probe goes deaf and the last window is recorded for hours; nothing is
recorded and nobody says so; Quit waits for a server that does not answer.
"""

import os
import signal
from collections.abc import Callable
from contextlib import contextmanager

import pytest
from Xlib import X, Xatom

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows
from tests.support import wait_until


@pytest.fixture
def bare_desktop():
    """An X server alone: no window manager, no panel."""
    with VirtualDesktop(panel=None, window_manager=False) as made:
        yield made


def name_active(windows: Windows, number: int) -> None:
    """Name the active window as a window manager does, which has a window of its own."""
    atom = windows.connection.intern_atom
    check = atom("_NET_SUPPORTING_WM_CHECK")
    if not windows.root.get_full_property(check, Xatom.WINDOW):
        own = windows.root.create_window(-10, -10, 1, 1, 0, X.CopyFromParent)
        for window in (own, windows.root):
            window.change_property(check, Xatom.WINDOW, 32, [own.id])
    windows.root.change_property(atom("_NET_ACTIVE_WINDOW"), Xatom.WINDOW, 32, [number])
    windows.connection.sync()


def test_the_desktop_itself_as_the_active_window_is_no_window_and_the_next_one_is_seen(
    make_app: Callable[..., AppUnderTest], bare_desktop: VirtualDesktop
) -> None:
    with Windows(bare_desktop.env["DISPLAY"]) as windows:
        first = windows.open("First", "first", activate=False)
        second = windows.open("Second", "second", activate=False)
        name_active(windows, first.id)
        app = make_app(bare_desktop, "--no-tray").start()
        app.wait_for_row("application_name = 'First'")
        name_active(windows, windows.root.id)
        app.wait_for_row("application_name = 'First' and open = 0")
        name_active(windows, second.id)
        app.wait_for_row("application_name = 'Second'")
        second.set_title("third")
        app.wait_for_row("window_title = 'third'")


def test_without_a_window_manager_the_window_with_the_keyboard_is_recorded(
    make_app: Callable[..., AppUnderTest], user, bare_desktop: VirtualDesktop
) -> None:
    user.write_config("monitor: {poll_interval: 0.1}\n")
    with Windows(bare_desktop.env["DISPLAY"]) as windows:
        first = windows.open("First", "first", activate=False)
        second = windows.open("Second", "second", activate=False)
        app = make_app(bare_desktop, "--no-tray").start()
        for window, name in ((first, "First"), (second, "Second"), (first, "First")):
            windows.connection.set_input_focus(window._window, X.RevertToNone, X.CurrentTime)
            windows.connection.sync()
            app.wait_for_row(f"application_name = '{name}' and open = 1")


def test_a_window_manager_that_comes_late_is_followed(
    make_app: Callable[..., AppUnderTest], bare_desktop: VirtualDesktop
) -> None:
    with Windows(bare_desktop.env["DISPLAY"]) as windows:
        late = windows.open("Late", "late", activate=False)
        app = make_app(bare_desktop, "--no-tray").start()
        bare_desktop._start_window_manager()
        managed = windows.connection.intern_atom("_NET_CLIENT_LIST")
        wait_until(lambda: windows.root.get_full_property(managed, Xatom.WINDOW), 10, "openbox")
        late.activate()
        app.wait_for_row("application_name = 'Late'")
        late.set_title("later")
        app.wait_for_row("window_title = 'later'")


@contextmanager
def silent(process):
    """Let a process fall silent, as one that hangs."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def test_a_silent_x_server_does_not_keep_the_program_from_ending(
    make_app: Callable[..., AppUnderTest], user, own_desktop: VirtualDesktop
) -> None:
    user.write_config("monitor: {heartbeat: 1}\n")
    with Windows(own_desktop.env["DISPLAY"]) as windows:
        windows.open("Editor", "a document")
        app = make_app(own_desktop, "--no-tray").start()
        app.wait_for_row("application_name = 'Editor' and revision > 2")
        with silent(own_desktop._x):
            assert app.stop() == 0
        assert [row["open"] for row in app.rows()] == [0]


def test_an_x_server_that_is_silent_from_the_start_does_not_keep_the_program_from_ending(
    make_app: Callable[..., AppUnderTest], own_desktop: VirtualDesktop
) -> None:
    with silent(own_desktop._x):
        app = make_app(own_desktop, "--no-tray").start()
        assert app.stop() == 0
