"""Every command as a process of its own: its exit code, and what it says on which stream."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.cli import main
from reprospective_tray.system import paths as cli_paths
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.command_line import (
    ROOT,
    Command,
    assert_good,
    assert_refused,
    command_of,
    environment,
)
from tests.desktop.windows import Windows
from tests.support import User

SECONDS = 10.0


@pytest.fixture
def command(user: User) -> Command:
    return command_of(user)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "COMMAND"),
        (("frobnicate",), "frobnicate"),
        (("status", "--jason"), "--jason"),
        (("config",), "ACTION"),
        (("report", "--date", "2026-02-30"), "2026-02-30"),
        (("report", "--from", "2026-03-02", "--to", "2026-03-01"), "2026-03-02"),
        (("report", "--date", "today", "--from", "today"), "--date"),
        (("report", "--to", "2026-03-01"), "--from"),
        (("report", "--titles", "-1"), "-1"),
        (("report", "--format", "tea"), "tea"),
        (("export", "--from", "2026-02-30T10:00"), "2026-02-30T10:00"),
        (("export", "--from", "2026-03-02", "--to", "2026-03-01"), "--from"),
        (("export", "--snapshot", "x.db", "--from", "2026-03-01"), "--snapshot"),
        (("pause", "--for", "soon"), "soon"),
        (("pause", "--for", "0m"), "0m"),
        (("import",), "FILE"),
    ],
)
def test_a_command_line_that_cannot_be_is_refused(
    command: Command, words: tuple[str, ...], said: str
) -> None:
    assert_refused(command(*words), 2, said)


@pytest.mark.parametrize("word", ["pause", "resume"])
def test_what_needs_a_running_instance_says_how_to_start_it(command: Command, word: str) -> None:
    assert_refused(command(word), 1, "not running", "reprospective-tray run")


def test_verbose_adds_the_traceback(command: Command) -> None:
    done = command("--verbose", "pause")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-2:] == command("pause").stderr.splitlines()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("monitor:\n  hartbeat: 5\n", ("Line 2", "monitor.hartbeat", "monitor.heartbeat")),
        ("monitor:\n  heartbeat: often\n", ("Line 2", "monitor.heartbeat", "often", "300")),
        ("monitor: {heartbeat: 0}\n", ("Line 1", "monitor.heartbeat", "0", "300")),
        ("monitor:\n  heartbeat: 5\n  heartbeat: 6\n", ("Line 3", "monitor.heartbeat", "twice")),
        ("monitor: [1\n", ("Line 2", "YAML")),
        ("- a list\n", ("Line 1", "section")),
        ("privacy:\n  rules:\n    - {title: '('}\n", ("Line 3", "privacy.rules[0].title")),
        ("database: {sync: {enabled: often}}\n", ("Line 1", "database.sync.enabled", "false")),
    ],
)
def test_a_broken_config_is_said_with_file_line_key_and_what_is_allowed(
    command: Command, user: User, text: str, said: tuple[str, ...]
) -> None:
    file = user.write_config(text)
    assert_refused(command("run", "--no-tray"), 2, str(file), *said)
    assert not user.paths.data.exists()


@pytest.mark.parametrize("place", ["/", ".", "'~'"])
def test_a_folder_in_place_of_the_database_is_a_broken_config(
    command: Command, user: User, place: str
) -> None:
    user.paths.data.mkdir(parents=True)
    file = user.write_config(f"database:\n  local:\n    path: {place}\n")
    for words in (("config", "check"), ("run", "--no-tray")):
        assert_refused(command(*words), 2, str(file), "Line 3", "database.local.path", "file")


def test_a_config_that_is_a_pipe_is_refused_and_not_waited_for(
    command: Command, user: User
) -> None:
    pipe = user.folder / "pipe"
    os.mkfifo(pipe)
    assert_refused(command("--config", pipe, "config", "check"), 2, str(pipe), "pipe")


def test_what_the_program_keeps_for_itself_is_not_offered(command: Command) -> None:
    assert "control-window" not in assert_good(command("--help"))
    done = command("frobnicate")
    assert "status" in done.stderr
    assert "control-window" not in done.stderr
    assert "quit" not in done.stderr


@pytest.mark.parametrize("words", [("config", "show"), ("status", "--json"), ("--help",)])
def test_output_that_nobody_takes_is_said_in_a_line(user: User, words: tuple[str, ...]) -> None:
    program = [sys.executable, "-m", "reprospective_tray", *words]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            program, cwd=ROOT, env=environment(user), stdout=full, stderr=PIPE, check=False
        )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert b"No space left" in done.stderr


@pytest.mark.parametrize("closed", [">&-", "<&- >&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["status", "status --json", "config show"])
def test_closed_streams_are_no_trouble(user: User, words: str, closed: str) -> None:
    line = f"{sys.executable} -m reprospective_tray {words} {closed}"
    done = subprocess.run(
        ["sh", "-c", line], cwd=ROOT, env=environment(user), stderr=PIPE, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_nobody_foresaw_is_a_line_and_with_verbose_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_cls: type) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(cli_paths.Paths, "of_user", classmethod(fail))
    assert main(["status"]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 2
    assert "internal error" in said
    assert "--verbose" in said
    assert main(["--verbose", "status"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_config_check_names_the_folder_that_keeps_the_group_out(
    command: Command, user: User
) -> None:
    user.folder.chmod(0o700)
    user.write_config("database: {local: {readable_by: group}}")
    assert str(user.folder) in assert_good(command("config", "check")).splitlines()[1]


def test_a_config_that_is_no_file_or_not_there_is_said(command: Command, user: User) -> None:
    assert_refused(command("--config", user.folder, "status"), 2, str(user.folder), "folder")
    absent = user.folder / "absent.yaml"
    assert_refused(command("--config", absent, "status"), 2, str(absent), "--config")
    named = command("status", REPROSPECTIVE_CONFIG=str(absent))
    assert_refused(named, 2, str(absent), "REPROSPECTIVE_CONFIG")
    user.paths.config_file.mkdir(parents=True)
    assert_refused(command("status"), 2, str(user.paths.config_file), "folder")


def test_an_unreadable_config_is_said(command: Command, user: User) -> None:
    # Also for root, who may read everything: the kernel refuses to read this one.
    file = Path("/proc/self/mem")
    assert_refused(command("--config", file, "status"), 2, str(file), "cannot be read")
    file = user.write_config("language: en")
    file.write_bytes(b"language: en # caf\xe9")
    assert_refused(command("status"), 2, str(file), "Line 1", "UTF-8")


def test_an_empty_config_means_the_defaults(command: Command, user: User) -> None:
    defaults = assert_good(command("config", "show"))
    user.write_config("")
    assert assert_good(command("config", "show")) == defaults
    assert "heartbeat: 10" in defaults


def test_config_says_where_makes_and_checks(command: Command, user: User) -> None:
    lines = assert_good(command("config", "path")).splitlines()
    assert dict(line.split(": ", 1) for line in lines) == {
        "config": str(user.paths.config_file),
        "data": str(user.database),
        "state": str(user.paths.state),
        "log": str(user.paths.log),
    }
    defaults = assert_good(command("config", "show"))
    assert assert_good(command("config", "init")).strip() == str(user.paths.config_file)
    assert assert_good(command("config", "show")) == defaults
    assert str(user.paths.config_file) in assert_good(command("config", "check"))
    assert_refused(command("config", "init"), 1, "already")
    words = ("config", "check", "--application", "KeePassXC", "--title", "mine")
    assert "ignored" in assert_good(command(*words))
    words = ("config", "check", "--application", "Re:prospective")
    assert "monitor.own_windows" in assert_good(command(*words))
    words = ("config", "check", "--application", "Editor", "--title", "mine")
    assert "recorded as it is" in assert_good(command(*words))


def test_before_anything_was_recorded_commands_answer_and_make_nothing(
    command: Command, user: User
) -> None:
    found = json.loads(assert_good(command("status", "--json")))
    assert (found["running"], found["pid"], found["today_active_seconds"]) == (False, None, 0)
    assert assert_good(command("status"))
    for words in (("report",), ("export",), ("export", "--snapshot", user.folder / "copy.db")):
        assert_refused(command(*words), 1, "recorded yet", "reprospective-tray run")
    assert not user.paths.data.exists()


def test_the_commands_talk_to_the_running_instance(
    make_app: Callable[..., AppUnderTest],
    desktop: VirtualDesktop,
    windows: Windows,
    command: Command,
    user: User,
) -> None:
    app = make_app(desktop, "--no-tray").start()
    windows.open("Editor", "asked about")
    app.wait_for_row("window_title = 'asked about'")
    found = json.loads(assert_good(command("status", "--json")))
    assert app.process is not None
    assert (found["running"], found["pid"]) == (True, app.process.pid)
    assert assert_good(command("pause", "--for", "1h30m")).startswith("Paused until ")
    found = json.loads(assert_good(command("status", "--json")))
    assert found["paused"]
    assert found["paused_until"].endswith("Z")
    assert assert_good(command("resume")) == "Recording.\n"
    app.wait_for_row("open = 1")
    report = json.loads(assert_good(command("report", "--format", "json")))
    assert "Editor" in {each["application_name"] for each in report["applications"]}
    snapshot = user.folder / "while.db"
    assert_good(command("export", "--snapshot", snapshot))
    exported = [json.loads(line) for line in assert_good(command("export")).splitlines()]
    assert exported[-1]["open"]
    assert app.stop() == 0
    assert json.loads(assert_good(command("status", "--json")))["running"] is False
