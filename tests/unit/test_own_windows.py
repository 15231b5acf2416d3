"""By what the program's own windows are recognised.

How it can fail: a spelling of a desktop is not known; a program that only names ours, or that ours
has opened, counts as ours; a window is asked for at each change of its title; a process that is
gone ends recording.
"""

import os
import subprocess
import sys

import pytest

from reprospective_tray.monitor import own_windows
from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.own_windows import OwnWindowCheck, is_own_command
from reprospective_tray.monitor.probes.application_names import ApplicationNames


@pytest.mark.parametrize("name", ["Re:prospective", "re:prospective"])
def test_the_class_is_enough_as_x11_sway_gnome_and_kwin_spell_it(name: str) -> None:
    assert OwnWindowCheck().matches(Observation(ApplicationNames().of(name), "any", None, 7))


@pytest.mark.parametrize("name", ["", "Re:prospective notes", "Toplevel", "reprospective-tray"])
def test_another_name_alone_is_not(name: str) -> None:
    assert not OwnWindowCheck().matches(Observation(name, "Re:prospective", None, 7))


@pytest.mark.parametrize(
    "command",
    [
        ("/usr/bin/python3", "-m", "reprospective_tray", "summary"),
        ("/venv/bin/python3.12", "-P", "-m", "reprospective_tray", "run"),
        ("python3", "-X", "dev", "-W", "error", "-m", "reprospective_tray", "summary"),
        ("/venv/bin/python", "/venv/bin/reprospective-tray", "summary"),
        ("/usr/bin/python3", "-I", "/usr/bin/reprospective-tray", "summary"),
        ("/opt/reprospective-tray/reprospective-tray", "control-window"),
        ("reprospective-tray.exe", "summary"),
    ],
)
def test_these_commands_run_the_program(command: tuple[str, ...]) -> None:
    assert is_own_command(command)


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("",),
        ("vim", "reprospective-tray"),
        ("/usr/bin/gedit", "/home/anna/.config/reprospective-tray/config.yaml"),
        ("python3", "-m", "http.server", "reprospective_tray"),
        ("python3", "-m", "pytest", "-m", "reprospective_tray"),
        ("python3", "-c", "pass", "-m", "reprospective_tray"),
        ("python3", "other.py", "reprospective-tray"),
        ("xterm", "-e", "reprospective-tray", "status"),
    ],
)
def test_these_only_name_it(command: tuple[str, ...]) -> None:
    assert not is_own_command(command)


def test_the_running_program_itself_is_and_its_other_children_are_not() -> None:
    check = OwnWindowCheck()
    assert check.matches(Observation("__main__.py", "", os.getpid(), 1))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert not check.matches(Observation("Editor", "opened from here", other.pid, 2))
        other.communicate()
    assert not check.matches(Observation("Editor", "gone", other.pid, 3))


def test_a_window_is_asked_for_once_however_often_its_title_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(own_windows, "_runs_this_program", lambda pid: asked.append(pid) or False)
    check = OwnWindowCheck()
    for window in (1, 1, 1, 2, 1):
        assert not check.matches(Observation("Terminal", "⠋ busy", 4321, window))
    assert len(asked) == 3
