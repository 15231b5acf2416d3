"""The Wayland desktop holds what the other tests build on, and leaves nothing behind."""

import subprocess
from pathlib import Path

import pytest

from installer import processes
from installer.demo.private_desktop import DesktopError
from installer.demo.sway_ipc import SwayError
from installer.demo.wayland_desktop import WaylandDesktop
from tests.wayland.windows import Windows

X_FILES = Path("/tmp")  # noqa: S108  where X servers put them


def test_all_programs_on_it_are_one_user_who_is_not_root_and_can_read_the_code(
    desktop: WaylandDesktop,
) -> None:
    with desktop.ipc() as ipc:
        assert ipc.tree()["type"] == "root"
    told = Path(desktop.env["XDG_RUNTIME_DIR"], desktop.env["WAYLAND_DISPLAY"]).stat()
    assert told.st_uid != 0
    assert int(desktop.run("id", "-u")) == told.st_uid
    assert "installer" in desktop.run("ls", Path(__file__).parents[2])
    assert desktop.env["XDG_SESSION_TYPE"] == "wayland"
    assert desktop.env["XDG_CURRENT_DESKTOP"] == "sway"


def test_a_failing_block_after_a_crash_leaves_no_process_and_no_file_behind() -> None:
    with (  # noqa: PT012  what fails is the block
        pytest.raises(RuntimeError, match="on purpose"),
        WaylandDesktop(bar=True) as made,
    ):
        display = made.env["DISPLAY"][1:]
        assert (X_FILES / f".X11-unix/X{display}").exists()
        made.run("xset", "q")
        made.kill_compositor()
        raise RuntimeError("on purpose")
    assert processes.marked(made._mark) == []
    assert not made.folder.exists()
    assert not (X_FILES / f".X11-unix/X{display}").exists()
    assert not (X_FILES / f".X{display}-lock").exists()


def test_sway_comes_back_under_the_same_name_after_a_crash() -> None:
    with WaylandDesktop() as made:
        before = dict(made.env)
        made.kill_compositor()
        with pytest.raises(OSError, match="refused"):
            made.ipc()
        made.restart_compositor()
        assert made.env["WAYLAND_DISPLAY"] == before["WAYLAND_DISPLAY"]
        made.run("xset", "q")


def test_the_times_of_windows_lie_within_what_was_asked_and_seen(
    desktop: WaylandDesktop, windows: Windows
) -> None:
    first = windows.open("Editor", "one")
    second = windows.open("", None)
    assert windows.active_window() == second.id
    assert (second.seen()["app_id"], second.seen()["name"]) == (None, None)
    at = first.activate()
    assert first.activate() == at
    assert first.set_title("作業") >= at
    assert first.seen()["name"] == "作業"
    closed_at = first.close()
    next_at, named = windows.await_next(first.id)
    assert named == second.id
    assert abs(next_at - closed_at) < 1_000
    with pytest.raises(SwayError, match="no such command"):
        desktop.swaymsg("no such command")


def test_what_is_not_installed_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(DesktopError, match="dbus-daemon is not installed"),
        WaylandDesktop(environment={"PATH": str(tmp_path)}),
    ):
        pass


def test_without_xwayland_no_program_of_x11_can_run() -> None:
    with WaylandDesktop(xwayland=False) as made:
        assert "DISPLAY" not in made.env
        with pytest.raises(subprocess.CalledProcessError):
            made.run("xset", "q")
