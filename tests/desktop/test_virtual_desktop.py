"""The virtual desktop holds what the other desktop tests build on, and leaves nothing behind."""

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from installer import processes
from installer.demo import framebuffer
from installer.demo.virtual_desktop import DesktopError, VirtualDesktop
from installer.demo.x_protocol import XConnection
from tests.desktop.windows import Windows

X_FILES = Path("/tmp")  # noqa: S108  where X servers put them
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    print(os.getpid(), flush=True)
    time.sleep(600)
"""


def test_the_tray_and_the_window_manager_are_there_when_the_block_begins(desktop):
    with XConnection(desktop.display) as x:
        assert x.selection_owner("_NET_SYSTEM_TRAY_S0")
        assert x.root_property("_NET_SUPPORTING_WM_CHECK")
        assert not x.selection_owner("_NOBODY_OWNS_THIS")


def test_a_desktop_without_a_panel_has_no_tray():
    with VirtualDesktop(panel=None) as bare, XConnection(bare.display) as x:
        assert not x.selection_owner("_NET_SYSTEM_TRAY_S0")


def test_the_statusnotifier_watcher_is_on_the_bus_when_the_block_begins(statusnotifier_desktop):
    names = statusnotifier_desktop.run(
        *("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus"),
        *("--object-path", "/", "--method", "org.freedesktop.DBus.ListNames"),
    )
    assert "org.kde.StatusNotifierWatcher" in names


def test_two_desktops_at_once_have_displays_and_buses_of_their_own(desktop):
    with VirtualDesktop(panel=None, window_manager=False) as other:
        for variable in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "HOME", "XDG_RUNTIME_DIR"):
            assert other.env[variable] != desktop.env[variable]


def test_nothing_of_the_surrounding_desktop_leaks_in(monkeypatch):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "elsewhere")
    with VirtualDesktop(panel=None, window_manager=False) as made:
        assert "WAYLAND_DISPLAY" not in made.env
        assert "XDG_CURRENT_DESKTOP" not in made.env
        assert Path(made.env["XDG_RUNTIME_DIR"]).stat().st_mode & 0o777 == 0o700


def test_a_failing_block_leaves_no_process_and_no_file_behind():
    with (  # noqa: PT012  what fails is the block
        pytest.raises(RuntimeError, match="on purpose"),
        VirtualDesktop(notifications=True) as made,
    ):
        daemon = made.start([sys.executable, "-c", DAEMON], stdout=subprocess.PIPE)
        with daemon.stdout as output:
            daemonised = int(output.readline())
        assert daemonised in processes.marked(made._mark)
        display = made.display
        raise RuntimeError("on purpose")
    assert processes.marked(made._mark) == []
    assert not made.folder.exists()
    assert not (X_FILES / f".X11-unix/X{display}").exists()


def test_a_killed_x_server_leaves_no_socket_and_no_lock_behind(own_desktop):
    display = own_desktop.display
    assert (X_FILES / f".X11-unix/X{display}").exists()
    own_desktop.stop_x()
    assert not (X_FILES / f".X{display}-lock").exists()
    assert not (X_FILES / f".X11-unix/X{display}").exists()


def test_a_part_that_does_not_come_up_is_named_with_what_it_said():
    with (
        pytest.raises(DesktopError, match=r"Xvfb did not come up(.|\n)*Server aborting"),
        VirtualDesktop(size=(0, 0)),
    ):
        pass


def test_a_missing_program_is_named(tmp_path):
    with (
        pytest.raises(DesktopError, match="Xvfb is not installed"),
        VirtualDesktop(environment={"PATH": str(tmp_path)}),
    ):
        pass


def test_a_window_is_active_when_the_window_manager_says_so(desktop, windows):
    first = windows.open("Editor", "one", pid=os.getpid())
    second = windows.open("Mail", "two")
    assert windows.active_window() == second.id
    at = first.activate()
    assert windows.active_window() == first.id
    assert desktop.xdotool("getactivewindow", "getwindowname") == "one"
    second_title = desktop.xdotool("search", "--class", "^Mail$", "getwindowname")
    assert second_title == "two"
    assert desktop.xdotool("getactivewindow", "getwindowpid") == str(os.getpid())
    assert second.activate() >= at


def test_a_title_change_is_seen_by_other_programs(desktop, windows):
    window = windows.open("Terminal", "before")
    window.set_title("作業 後")
    assert desktop.xdotool("getactivewindow", "getwindowname") == "作業 後"


def test_no_window_is_active_once_the_only_one_is_minimised(windows):
    windows.open("Editor", "one").minimise()
    windows.await_active(0)
    assert windows.active_window() == 0


def test_a_screenshot_shows_what_is_on_the_screen(desktop, tmp_path):
    with Windows(desktop.env["DISPLAY"]) as windows:
        before = framebuffer.read(desktop._framebuffer)[2]
        windows.open("Editor", "white")
        shot = desktop.settled_screenshot(tmp_path / "screen.png")
        width, height, after = framebuffer.read(desktop._framebuffer)
    assert after.count(b"\xff\xff\xff") > before.count(b"\xff\xff\xff") + 400 * 250
    assert png_size(shot) == (width, height) == desktop.size


def notify(desktop, text):
    desktop.run(
        *("gdbus", "call", "--session", "--dest", "org.freedesktop.Notifications"),
        *("--object-path", "/org/freedesktop/Notifications"),
        *("--method", "org.freedesktop.Notifications.Notify", "test", "0", ""),
        *(text, "body", "[]", "{}", "1"),
    )


def test_without_notifications_nobody_answers_for_them():
    with (
        VirtualDesktop(panel=None, window_manager=False) as bare,
        pytest.raises(subprocess.CalledProcessError) as refusal,
    ):
        notify(bare, "nobody hears this")
    assert "ServiceUnknown" in refusal.value.stderr


def test_a_notification_can_be_read_back(desktop):
    notify(desktop, "Recording has begun")
    processes.wait_until(
        lambda: "Recording has begun" in desktop.run("dunstctl", "history"), 5, "the history"
    )


def png_size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack_from(">II", data, 16)
    start = data.index(b"IDAT")
    (length,) = struct.unpack_from(">I", data, start - 4)
    pixels = zlib.decompress(data[start + 4 : start + 4 + length])
    assert len(pixels) == (width * 3 + 1) * height
    return width, height
