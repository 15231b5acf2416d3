"""Where things lie."""

import os
import stat

import pytest

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.system import paths as paths_module
from reprospective_tray.system.paths import Paths, shipped_file


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "config", tmp_path / "data", tmp_path / "state", tmp_path / "state/log")


def test_the_folders_of_a_user_follow_the_systems_settings(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    for variable in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(tmp_path / variable))
    found = Paths.of_user()
    assert found.config == tmp_path / "CONFIG" / "reprospective-tray"
    assert found.data == tmp_path / "DATA" / "reprospective-tray"
    assert found.state == tmp_path / "STATE" / "reprospective-tray"
    assert found.log == found.state / "log"
    assert list(tmp_path.iterdir()) == []


def test_prepare_makes_state_and_log_for_their_owner_alone(paths):
    paths.prepare()
    for folder in (paths.state, paths.log):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not paths.data.exists()
    assert not paths.config.exists()


def test_prepare_closes_folders_that_stood_open(paths):
    paths.log.mkdir(parents=True)
    paths.log.chmod(0o755)
    paths.state.chmod(0o755)
    paths.prepare()
    for folder in (paths.state, paths.log):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_state_folder_that_cannot_be_is_an_error_with_a_remedy(paths):
    paths.state.write_text("a file has its name")
    with pytest.raises(ReprospectiveError) as caught:
        paths.prepare()
    assert str(paths.state) in str(caught.value)
    assert caught.value.remedy


def test_a_log_folder_that_cannot_be_is_no_error(paths):
    paths.state.mkdir()
    paths.log.write_text("a file has its name")
    paths.prepare()


def test_the_files_of_an_instance_lie_in_state_and_log(paths):
    assert paths.lock_file.parent == paths.state
    assert paths.instance_file == paths.state / "instance.json"
    assert paths.state_file == paths.state / "state.json"
    assert paths.log_file == paths.log / "reprospective-tray.log"


def test_shipped_files_are_found_in_a_checkout():
    assert "database:" in shipped_file("config.yaml").read_text(encoding="utf-8")


def test_shipped_files_are_found_inside_an_installed_package_first(monkeypatch, tmp_path):
    package = tmp_path / "reprospective_tray"
    (package / "assets").mkdir(parents=True)
    (package / "assets" / "icon.txt").write_text("inside")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "icon.txt").write_text("beside")
    (tmp_path / "assets" / "other.txt").write_text("beside")
    monkeypatch.setattr(paths_module, "__file__", str(package / "system" / "paths.py"))
    assert shipped_file("assets/icon.txt").read_text() == "inside"
    assert shipped_file("assets/other.txt").read_text() == "beside"


def test_a_missing_part_of_the_program_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(paths_module, "__file__", str(tmp_path / "package" / "system" / "paths.py"))
    with pytest.raises(ReprospectiveError, match=r"config\.yaml"):
        shipped_file("config.yaml")


@pytest.mark.skipif(os.name == "nt", reason="homes of POSIX")
def test_who_has_no_home_is_told_to_name_one(monkeypatch):
    def unknown(number):
        raise KeyError(number)

    for name in [name for name in os.environ if name == "HOME" or name.startswith("XDG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.raises(ReprospectiveError, match="home folder") as caught:
        Paths.of_user()
    assert "HOME" in caught.value.remedy
