"""What a frozen program starts gets the person's environment, and nothing of the program's own."""

import ctypes
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from reprospective_tray.desktop import programs
from reprospective_tray.system import child_environment

MINE = "/opt/mine/lib"


@pytest.fixture
def variables(monkeypatch):
    """An environment of this test's own, in place of the process's."""
    own = {"HOME": "/home/anna", "PATH": "/usr/bin:/bin", "XDG_DATA_DIRS": "/usr/share"}
    monkeypatch.setattr(os, "environ", own)
    monkeypatch.setattr(child_environment, "_before", {})
    monkeypatch.setattr(child_environment, "_own", {})
    return own


def freeze(variables):
    """Do what the start of a frozen program does, and its hooks after it."""
    variables["_PYI_ARCHIVE_FILE"] = "/opt/program"
    if "LD_LIBRARY_PATH" in variables:
        variables["LD_LIBRARY_PATH_ORIG"] = variables["LD_LIBRARY_PATH"]
    variables["LD_LIBRARY_PATH"] = "/opt/program/_internal"
    child_environment.remember()
    variables["GTK_PATH"] = "/opt/program/_internal"
    variables["XDG_DATA_DIRS"] = "/opt/program/_internal/share:/usr/share"
    child_environment.tell_apart()


@pytest.mark.parametrize("mine", [{}, {"LD_LIBRARY_PATH": MINE}, {"LD_LIBRARY_PATH": ""}])
def test_a_program_that_is_started_gets_what_the_frozen_one_was_started_with(variables, mine):
    variables |= mine
    before = dict(variables)
    freeze(variables)
    assert child_environment.environment() == before
    assert variables["GTK_PATH"] == "/opt/program/_internal"


def test_libraries_that_start_tools_hand_on_no_path_of_libraries(variables):
    freeze(variables)
    assert not [name for name in variables if name.startswith(("LD_LIBRARY", "_PYI_"))]


def test_what_the_program_sets_afterwards_is_handed_on(variables):
    freeze(variables)
    variables["DBUS_SESSION_BUS_ADDRESS"] = "none"
    assert child_environment.environment()["DBUS_SESSION_BUS_ADDRESS"] == "none"


def test_a_program_that_is_not_frozen_hands_on_all_that_it_has(variables):
    variables["LD_LIBRARY_PATH"] = MINE
    assert child_environment.environment() == variables


def test_a_moment_outside_ends_also_with_an_error(variables):
    before = dict(variables)
    freeze(variables)
    inside = dict(variables)
    with child_environment.entered():
        assert variables == before
    assert variables == inside

    def fail():
        with child_environment.entered():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert variables == inside


def test_windows_opens_files_with_no_folder_of_libraries_but_its_own(variables, monkeypatch):
    asked = []
    kernel32 = SimpleNamespace(SetDllDirectoryW=asked.append)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel32), raising=False)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", r"C:\program\_internal", raising=False)
    opened = []
    monkeypatch.setattr(
        os, "startfile", lambda path: opened.append((path, dict(variables))), raising=False
    )
    before = dict(variables)
    freeze(variables)
    programs.open_with_desktop("log.txt")
    assert opened == [("log.txt", before)]
    assert asked == [None, r"C:\program\_internal"]


def test_own_windows_and_others_are_started_with_it(tmp_path):
    """In a process of its own: the real environment is that of the whole process."""
    note = tmp_path / "note"
    code = f"""
import os
from reprospective_tray.system import child_environment as outside
from reprospective_tray.desktop import programs
os.environ["LD_LIBRARY_PATH"] = "/opt/program"
outside.remember()
os.environ["GTK_PATH"] = "/opt/program"
outside.tell_apart()
programs.start(["sh", "-c", 'echo "${{GTK_PATH-none}} ${{LD_LIBRARY_PATH-none}}" > {note}']).wait()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert note.read_text() == "none none\n"
