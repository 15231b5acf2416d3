"""Starting at login on Windows and macOS, with the systems' calls faked: it was not run there."""

import plistlib
import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.desktop.autostart.base import LoginCommand
from reprospective_tray.desktop.autostart.macos import LaunchAgent
from reprospective_tray.desktop.autostart.windows import (
    APPROVED,
    RUN,
    RunKey,
    split_command_line,
)
from reprospective_tray.errors import ReprospectiveError

NAME = "reprospective-tray"
COMMAND = LoginCommand((sys.executable, "-m", "reprospective_tray", "--config", "a b", "run"))


class Registry(SimpleNamespace):
    """Windows' registry: keys of values; `is_closed` refuses to be written."""

    HKEY_CURRENT_USER, KEY_SET_VALUE, REG_SZ = "HKCU", 2, 1

    def __init__(self) -> None:
        super().__init__(keys={}, is_closed=False)

    def OpenKey(self, root, place, _reserved=0, access=0):  # noqa: N802  Windows' names
        assert root == "HKCU"
        if access and self.is_closed:
            raise PermissionError(13, "Access is denied")
        if place not in self.keys:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return nullcontext(self.keys[place])

    def CreateKey(self, root, place):  # noqa: N802
        self.keys.setdefault(place, {})
        return self.OpenKey(root, place, 0, self.KEY_SET_VALUE)

    def QueryValueEx(self, key, name):  # noqa: N802
        if name not in key:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return key[name], self.REG_SZ

    def SetValueEx(self, key, name, _reserved, kind, value):  # noqa: N802
        assert kind == self.REG_SZ
        key[name] = value

    def DeleteValue(self, key, name):  # noqa: N802
        self.QueryValueEx(key, name)
        del key[name]


def test_on_windows_the_run_key_holds_the_command_line():
    registry = Registry()
    autostart = RunKey(registry)
    assert not autostart.standing().is_on
    autostart.disable()
    autostart.enable(COMMAND)
    assert registry.keys[RUN] == {NAME: subprocess.list2cmdline(COMMAND.words)}
    standing = autostart.standing()
    assert (standing.is_on, standing.command) == (True, COMMAND)
    assert standing.place.endswith(rf"\{NAME}")
    autostart.disable()
    assert registry.keys[RUN] == {}
    assert not autostart.standing().is_on


@pytest.mark.parametrize(
    ("first", "is_on"), [(b"\x02", True), (b"\x06", True), (b"\x03", False), (b"\x07", False)]
)
def test_what_task_manager_switched_off_is_off_until_it_is_switched_on_here(first, is_on):
    registry = Registry()
    autostart = RunKey(registry)
    autostart.enable(COMMAND)
    registry.keys[APPROVED] = {NAME: first + bytes(11)}
    assert autostart.standing().is_on is is_on
    autostart.enable(COMMAND)
    assert autostart.standing().is_on


def test_windows_refusal_and_a_line_too_long_are_errors_with_a_remedy():
    registry = Registry()
    autostart = RunKey(registry)
    with pytest.raises(ReprospectiveError, match="260") as caught:
        autostart.enable(LoginCommand(("x" * 261,)))
    assert caught.value.remedy
    assert registry.keys == {}
    autostart.enable(COMMAND)
    registry.is_closed = True
    for change in (lambda: autostart.enable(COMMAND), autostart.disable):
        with pytest.raises(ReprospectiveError, match="Access is denied") as caught:
            change()
        assert caught.value.remedy
    assert autostart.standing().is_on


@given(st.lists(st.text(st.one_of(st.sampled_from('\\" \t'), st.characters())), min_size=1))
def test_a_command_line_of_windows_is_taken_apart_into_the_words_it_was_made_of(words):
    assert split_command_line(subprocess.list2cmdline(words)) == tuple(words)


class Launchctl:
    def __init__(self, fails: bool) -> None:
        self.calls, self.fails = [], fails

    def __call__(self, *arguments: str) -> None:
        self.calls.append(arguments[0])
        if self.fails:
            raise subprocess.CalledProcessError(1, arguments)


@pytest.mark.parametrize("fails", [False, True])
def test_on_macos_an_agent_of_the_persons_own_holds_the_command(tmp_path, fails):
    launchctl = Launchctl(fails)
    autostart = LaunchAgent(tmp_path / "LaunchAgents", launchctl)
    assert not autostart.standing().is_on
    autostart.disable()
    autostart.enable(COMMAND)
    assert launchctl.calls == ["enable"]
    (file,) = (tmp_path / "LaunchAgents").iterdir()
    agent = plistlib.loads(file.read_bytes())
    assert (agent["Label"], agent["RunAtLoad"]) == (NAME, True)
    assert agent["ProgramArguments"] == list(COMMAND.words)
    standing = autostart.standing()
    assert (standing.is_on, standing.command, standing.place) == (True, COMMAND, str(file))
    autostart.disable()
    assert not file.exists()


@pytest.mark.parametrize("change", [{"RunAtLoad": False}, {"Disabled": True}])
def test_an_agent_that_launchd_would_not_start_is_off(tmp_path, change):
    autostart = LaunchAgent(tmp_path, Launchctl(fails=False))
    autostart.enable(COMMAND)
    (file,) = tmp_path.iterdir()
    file.write_bytes(plistlib.dumps({**plistlib.loads(file.read_bytes()), **change}))
    assert not autostart.standing().is_on


def test_renewing_an_agent_changes_its_command_alone(tmp_path):
    autostart = LaunchAgent(tmp_path, Launchctl(fails=False))
    autostart.enable(COMMAND)
    (file,) = tmp_path.iterdir()
    file.write_bytes(plistlib.dumps({**plistlib.loads(file.read_bytes()), "Nice": 5}))
    autostart.renew(LoginCommand(("/new/reprospective-tray", "run")))
    agent = plistlib.loads(file.read_bytes())
    assert (agent["Nice"], agent["ProgramArguments"][0]) == (5, "/new/reprospective-tray")


@pytest.mark.parametrize("content", [b"", b"no list", plistlib.dumps([1])])
def test_what_is_no_agent_is_off(tmp_path, content):
    (tmp_path / f"{NAME}.plist").write_bytes(content)
    assert not LaunchAgent(tmp_path, Launchctl(fails=False)).standing().is_on


def test_a_folder_that_is_none_is_an_error_with_a_remedy(tmp_path):
    (tmp_path / "LaunchAgents").touch()
    with pytest.raises(ReprospectiveError, match=NAME) as caught:
        LaunchAgent(tmp_path / "LaunchAgents", Launchctl(fails=False)).enable(COMMAND)
    assert caught.value.remedy
