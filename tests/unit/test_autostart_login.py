"""Starting at login by the command that works now, wherever the program has moved to."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from reprospective_tray.config.keys import Config
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.desktop import programs
from reprospective_tray.desktop.autostart import desktop_entry
from reprospective_tray.desktop.autostart.login import StartAtLogin
from reprospective_tray.errors import ReprospectiveError

ROOT = Path(__file__).resolve().parents[2]
THIS_PYTHON = (sys.executable, "-P", "-m", "reprospective_tray")


@pytest.fixture(autouse=True)
def _nothing_for_all_persons(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Where this program lies, as a file that runs; to be moved by the test."""
    file = tmp_path / "here" / "reprospective-tray"
    put(file)
    monkeypatch.setattr(programs, "login_program", lambda: (str(file),))
    return file


def put(file: Path, code: int = 0) -> None:
    file.parent.mkdir()
    file.write_text(f"#!/bin/sh\nexit {code}\n")
    file.chmod(0o755)


def login(user, file: Path | None = None) -> StartAtLogin:
    return StartAtLogin(LoadedConfig(Config(), file), user.paths)


def words(user) -> tuple[str, ...]:
    command = login(user).standing().command
    return command.words if command else ()


def test_switched_on_the_entry_starts_run_with_the_usual_config(user, program):
    assert login(user).is_on() is False
    login(user, user.paths.config_file).switch(on=True)
    assert login(user).is_on() is True
    assert words(user) == (str(program), "run")
    login(user).switch(on=False)
    assert login(user).is_on() is False


def test_another_config_in_use_is_kept_in_the_entry(user, program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").touch()
    login(user, Path("mine.yaml")).switch(on=True)
    assert words(user) == (str(program), "--config", str(tmp_path / "mine.yaml"), "run")
    # A start with the usual one is no wish to change what the login starts.
    program.rename(tmp_path / "old")
    put(tmp_path / "new" / "reprospective-tray")
    monkeypatch.setattr(
        programs, "login_program", lambda: (str(tmp_path / "new" / "reprospective-tray"),)
    )
    login(user).renew()
    assert words(user)[1:] == ("--config", str(tmp_path / "mine.yaml"), "run")
    Path("mine.yaml").unlink()
    assert login(user).is_on() is False


def test_an_entry_for_a_program_that_has_moved_is_off_until_it_is_renewed(
    user, program, tmp_path, monkeypatch
):
    login(user).switch(on=True)
    program.rename(tmp_path / "old")
    assert login(user).standing().missing == str(program)
    assert login(user).is_on() is False
    put(tmp_path / "new" / "reprospective-tray")
    new = (str(tmp_path / "new" / "reprospective-tray"),)
    monkeypatch.setattr(programs, "login_program", lambda: new)
    login(user).renew()
    assert login(user).is_on() is True
    assert words(user) == (*new, "run")


@pytest.mark.parametrize(
    "command", ["env LANG=ja_JP.UTF-8 /gone/reprospective-tray run", "sh -c 'sleep 9; x'"]
)
def test_a_command_of_the_persons_own_making_is_not_rewritten(user, program, command):
    del program
    login(user).switch(on=True)
    file = Path(login(user).standing().place)
    file.write_text(desktop_entry.with_values(file.read_text(), {"Exec": command}))
    before = file.read_bytes()
    login(user).renew()
    assert file.read_bytes() == before


def test_what_is_off_stays_as_it_is(user, program, tmp_path):
    login(user).renew()
    file = user.paths.config.parent / "autostart" / "reprospective-tray.desktop"
    assert not file.exists()
    login(user).switch(on=True)
    file.write_text(desktop_entry.with_values(file.read_text(), {"Hidden": "true"}))
    before = file.read_bytes()
    program.rename(tmp_path / "old")
    login(user).renew()
    assert file.read_bytes() == before


def test_an_entry_that_is_right_is_not_written(user, program):
    del program
    login(user).switch(on=True)
    file = Path(login(user).standing().place)
    before = file.stat()
    login(user).renew()
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_program_that_does_not_start_by_itself_is_refused(user, monkeypatch, tmp_path):
    put(tmp_path / "bad" / "reprospective-tray", code=3)
    bad = (str(tmp_path / "bad" / "reprospective-tray"),)
    monkeypatch.setattr(programs, "login_program", lambda: bad)
    with pytest.raises(ReprospectiveError, match="bad/reprospective-tray") as caught:
        login(user).switch(on=True)
    assert caught.value.remedy
    assert login(user).is_on() is False


def test_where_renewing_fails_the_log_says_so_and_nothing_is_raised(
    user, program, monkeypatch, caplog
):
    login(user).switch(on=True)
    program.unlink()
    monkeypatch.setattr(programs, "login_program", lambda: ("/gone/reprospective-tray",))
    login(user).keep()
    assert "/gone/reprospective-tray" in caplog.text


def script(folder: Path, first_line: str) -> Path:
    folder.mkdir()
    file = folder / "reprospective-tray"
    file.write_text(f"{first_line}\nprint()\n")
    file.chmod(0o755)
    return file


def test_the_command_on_the_path_is_taken_where_it_is_this_pythons(monkeypatch, tmp_path):
    ours = script(tmp_path / "ours", f"#!{sys.executable}")
    monkeypatch.setenv("PATH", str(ours.parent))
    assert programs.login_program() == (str(ours),)
    link = tmp_path / "links" / "reprospective-tray"
    link.parent.mkdir()
    link.symlink_to(ours)
    monkeypatch.setenv("PATH", str(link.parent))
    assert programs.login_program() == (str(link),)


@pytest.mark.parametrize(
    "first_line", ["#!/usr/bin/perl", "#!/bin/sh", "", f"#!{os.path.realpath(sys.executable)} x"]
)
def test_another_installations_command_is_not_taken(monkeypatch, tmp_path, first_line):
    monkeypatch.setenv("PATH", str(script(tmp_path / "theirs", first_line).parent))
    assert programs.login_program() == THIS_PYTHON


def test_without_a_command_on_the_path_it_is_the_environments_python(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert programs.login_program() == THIS_PYTHON


def test_a_frozen_program_is_its_own_command(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert programs.login_program() == (sys.executable,)


def test_the_interpreter_takes_nothing_from_the_folder_it_is_started_in(tmp_path):
    (tmp_path / "reprospective_tray.py").write_text("raise SystemExit('the wrong one')")
    venv.create(tmp_path / "venv", with_pip=False)
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    others = Path(sys.executable).parents[1]
    packages = [str(path) for path in others.glob("lib/python*/site-packages")]
    (site / "here.pth").write_text("\n".join([str(ROOT), *packages]))
    python = tmp_path / "venv" / "bin" / "python"
    look = "from reprospective_tray.desktop.programs import login_program as p; print(*p())"
    told = subprocess.run(
        [python, "-P", "-c", look], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.split()
    assert told == [str(python), *THIS_PYTHON[1:]]
    done = subprocess.run(
        [*told, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("reprospective-tray ")
