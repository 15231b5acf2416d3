"""XDG autostart: what counts as on, and what the switch writes; on real files."""

import os
import stat
import sys
from pathlib import Path

import pytest

from reprospective_tray.desktop.autostart import desktop_entry, open_autostart
from reprospective_tray.desktop.autostart.base import LoginCommand
from reprospective_tray.desktop.autostart.xdg import XdgAutostart
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.system.paths import shipped_file

COMMAND = LoginCommand((sys.executable, "-P", "-m", "reprospective_tray", "run"))
NAME = "reprospective-tray.desktop"


class Places:
    """The person's folder of login programs, and the one for all persons."""

    def __init__(self, folder: Path) -> None:
        self.home, self.system = folder / "home", folder / "system"
        self.own = self.home / "autostart" / NAME
        self.everybodys = self.system / "autostart" / NAME
        self.autostart = XdgAutostart(self.home)

    def put(self, file: Path, *lines: str, command: str = f"{sys.executable} run") -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        head = ("[Desktop Entry]", "Type=Application", "Name=x", f"Exec={command}")
        file.write_text("\n".join([*head, *lines, ""]))

    @property
    def is_on(self) -> bool:
        return self.autostart.standing().is_on


@pytest.fixture
def places(tmp_path, monkeypatch):
    made = Places(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_DIRS", f"relative:{made.system}:/nowhere")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "ubuntu:GNOME")
    return made


def test_without_any_entry_it_is_off_and_names_where_one_would_be(places):
    standing = places.autostart.standing()
    assert (standing.is_on, standing.place, standing.command) == (False, str(places.own), None)


def test_switched_on_there_is_an_entry_of_the_persons_own_that_is_complete(places):
    places.autostart.enable(COMMAND)
    standing = places.autostart.standing()
    assert (standing.is_on, standing.works, standing.is_own) == (True, True, True)
    assert (standing.place, standing.command) == (str(places.own), COMMAND)
    values = desktop_entry.read(places.own.read_text("utf-8"))
    assert values["Type"] == "Application"
    assert values["Name"] == "Re:prospective"
    assert values["TryExec"] == sys.executable
    assert values["Icon"] == str(shipped_file("assets/icon.png"))
    assert {"Comment", "Comment[ja]"} <= values.keys()
    assert [path.name for path in places.own.parent.iterdir()] == [NAME]


def test_switched_off_again_nothing_is_left(places):
    places.autostart.enable(COMMAND)
    places.autostart.disable()
    places.autostart.disable()
    assert not places.is_on
    assert list(places.own.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "is_on"),
    [
        ("Hidden=true", False),
        ("Hidden=false", True),
        ("X-GNOME-Autostart-enabled=false", False),
        ("X-GNOME-Autostart-enabled=true", True),
        ("OnlyShowIn=XFCE;KDE;", False),
        ("OnlyShowIn=XFCE;GNOME;", True),
        ("NotShowIn=GNOME;", False),
        ("NotShowIn=KDE;", True),
        ("# Hidden=true", True),
        ("[Another Group]\nHidden=true", True),
    ],
)
def test_an_entry_is_on_where_this_desktop_would_start_it(places, line, is_on):
    places.put(places.own, line)
    assert places.is_on is is_on
    places.autostart.enable(COMMAND)
    assert places.is_on


def test_from_outside_of_a_desktop_its_conditions_are_not_asked(places, monkeypatch):
    monkeypatch.delenv("XDG_CURRENT_DESKTOP")
    places.put(places.own, "OnlyShowIn=XFCE;")
    assert places.is_on


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[Desktop Entry]\nName=no command\n"])
def test_what_is_no_entry_is_off(places, content):
    places.own.parent.mkdir(parents=True)
    places.own.write_bytes(content)
    assert not places.is_on
    places.autostart.enable(COMMAND)
    assert places.is_on


def test_an_entry_for_all_persons_counts_until_the_persons_own_hides_it(places):
    places.put(places.everybodys, "X-Kept=yes")
    before = places.everybodys.read_bytes()
    standing = places.autostart.standing()
    assert (standing.is_on, standing.is_own) == (True, False)
    assert standing.place == str(places.everybodys)

    places.autostart.disable()
    assert not places.is_on
    values = desktop_entry.read(places.own.read_text())
    assert (values["Hidden"], values["X-Kept"]) == ("true", "yes")

    places.autostart.enable(COMMAND)
    assert places.autostart.standing().is_own
    places.autostart.disable()
    assert not places.is_on
    assert places.everybodys.read_bytes() == before


def test_the_first_folder_for_all_persons_speaks_alone(places, tmp_path, monkeypatch):
    later = tmp_path / "later" / "autostart" / NAME
    monkeypatch.setenv("XDG_CONFIG_DIRS", f"{places.system}:{later.parents[1]}")
    places.put(places.everybodys, "Hidden=true")
    places.put(later)
    assert not places.is_on


def test_renewing_changes_what_names_the_program_and_nothing_else(places):
    places.put(places.own, "X-GNOME-Autostart-Delay=10", "TryExec=/gone", "Comment=mine")
    places.autostart.renew(COMMAND)
    values = desktop_entry.read(places.own.read_text())
    assert desktop_entry.split_command(values["Exec"]) == COMMAND.words
    assert values["TryExec"] == sys.executable
    assert (values["X-GNOME-Autostart-Delay"], values["Comment"]) == ("10", "mine")


def test_an_entry_that_is_a_link_stays_one(places, tmp_path):
    places.own.parent.mkdir(parents=True)
    places.own.symlink_to(tmp_path / "kept elsewhere")
    places.autostart.enable(COMMAND)
    assert places.own.is_symlink()
    assert places.is_on


@pytest.mark.parametrize("obstacle", ["a file in place of the folder", "a folder in its place"])
def test_where_it_cannot_be_written_the_error_names_the_file_and_a_remedy(places, obstacle):
    if obstacle.startswith("a file"):
        places.home.mkdir()
        places.own.parent.touch()
    else:
        (places.own / "inside").mkdir(parents=True)
    with pytest.raises(ReprospectiveError, match=NAME) as caught:
        places.autostart.enable(COMMAND)
    assert caught.value.remedy
    assert not places.is_on
    if places.own.parent.is_dir():
        assert [path.name for path in places.own.parent.iterdir()] == [NAME]


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="rights of POSIX, and root may write everywhere"
)
def test_a_folder_that_is_read_only_is_an_error(places):
    places.own.parent.mkdir(parents=True)
    places.own.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(ReprospectiveError, match="Permission denied"):
        places.autostart.enable(COMMAND)


def test_a_program_that_no_entry_can_name_is_refused(places):
    with pytest.raises(ReprospectiveError, match="100%") as caught:
        places.autostart.enable(LoginCommand(("/opt/100%/reprospective-tray", "run")))
    assert caught.value.remedy
    assert not places.own.exists()


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (("/usr/bin/reprospective-tray", "run"), 1),
        (("reprospective-tray", "--config", "x", "run"), 1),
        ((r"C:\Programs\reprospective-tray.exe", "run"), 1),
        (("/venv/bin/python", "-m", "reprospective_tray", "run"), 3),
        (("/venv/bin/python", "-P", "-m", "reprospective_tray"), 4),
        (("/venv/bin/python", "-m", "another", "run"), 0),
        (("env", "X=1", "reprospective-tray", "run"), 0),
        (("sh", "-c", "sleep 5; reprospective-tray run"), 0),
        ((), 0),
    ],
)
def test_a_command_of_this_programs_making_is_told_from_a_persons_own(words, program):
    assert LoginCommand(words).program == words[:program]


def test_a_program_or_a_config_that_is_gone_is_named(tmp_path):
    config = tmp_path / "config.yaml"
    command = LoginCommand((sys.executable, "-m", "reprospective_tray", "--config", str(config)))
    assert command.missing() == str(config)
    config.touch()
    assert command.missing() == ""
    gone = command.with_program(["/gone/reprospective-tray"])
    assert gone.words == ("/gone/reprospective-tray", "--config", str(config))
    assert gone.missing() == "/gone/reprospective-tray"


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_linux_has_xdg_autostart_and_a_sandbox_none(user, monkeypatch, tmp_path):
    autostart = open_autostart(user.paths)
    assert autostart.standing().place == str(user.paths.config.parent / "autostart" / NAME)
    monkeypatch.setattr("reprospective_tray.desktop.autostart._SANDBOX", tmp_path)
    boxed = open_autostart(user.paths)
    assert not boxed.is_possible
    assert not boxed.standing().is_on
    with pytest.raises(ReprospectiveError, match="sandbox"):
        boxed.enable(COMMAND)
