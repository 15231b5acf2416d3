"""Commands that read and write what is recorded, where no instance runs."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.desktop.command_line import (
    ROOT,
    SECONDS,
    Command,
    assert_good,
    assert_refused,
    command_of,
    environment,
)
from tests.support import User

SESSIONS = 3

LINE = {
    "uid": "019a0000-0000-7000-8000-00000000000{number}",
    "device_id": "019a0000-0000-4000-8000-0000000000ff",
    "source_host": "elsewhere",
    "original_id": 1,
    "state": "active",
    "application_name": "端末",
    "window_title": "週報 {number}",
    "started_at": "2026-03-0{number}T09:00:00.000Z",
    "ended_at": "2026-03-0{number}T10:30:00.500Z",
    "duration_seconds": 5400.5,
    "utc_offset_minutes": 540,
    "open": False,
    "synced": False,
    "revision": 1,
}


@pytest.fixture
def command(user: User) -> Command:
    return command_of(user)


@pytest.fixture
def sessions(user: User, command: Command) -> Path:
    """A file with sessions, which the database has taken over."""
    file = user.folder / "sessions.jsonl"
    lines = []
    for number in range(1, SESSIONS + 1):
        text = {
            key: value.format(number=number) if isinstance(value, str) else value
            for key, value in LINE.items()
        }
        lines.append(json.dumps(text, ensure_ascii=False) + "\n")
    file.write_text("".join(lines), "utf-8")
    assert_good(command("import", file))
    return file


def test_status_as_json_has_the_keys_of_the_contract(
    command: Command, sessions: Path, user: User
) -> None:
    assert sessions.exists()
    found = json.loads(assert_good(command("status", "--json")))
    assert list(found) == [
        *("running", "pid", "paused", "paused_until"),
        *("today_active_seconds", "data_path", "sync"),
    ]
    assert list(found["sync"]) == [
        *("enabled", "waiting", "refused"),
        *("last_success_at", "last_error", "next_run_at"),
    ]
    assert found["data_path"] == str(user.database)


@pytest.mark.usefixtures("sessions")
def test_report_as_json_has_the_keys_and_figures_of_the_contract(command: Command) -> None:
    words = ("report", "--from", "2026-03-01", "--to", "2026-03-02", "--format", "json")
    found = json.loads(assert_good(command(*words)))
    assert set(found) == {
        *("from", "to", "source", "hosts", "active_seconds", "idle_seconds", "locked_seconds"),
        *("applications", "days", "hours"),
    }
    assert (found["from"], found["to"]) == ("2026-03-01", "2026-03-02")
    assert (found["source"], found["hosts"]) == ("local", ["elsewhere"])
    assert found["active_seconds"] == 2 * 5400.5
    (application,) = found["applications"]
    assert set(application) == {"application_name", "seconds", "sessions", "titles"}
    assert {each["window_title"] for each in application["titles"]} == {"週報 1", "週報 2"}
    assert set(found["days"][0]) == {"date", "active_seconds", "first_at", "last_at"}
    assert found["days"][0]["first_at"].endswith("+09:00")
    assert set(found["hours"][0]) == {"start", "active_seconds"}


@pytest.mark.usefixtures("sessions")
def test_the_report_is_text_in_the_language_of_the_person_and_of_any_terminal(
    command: Command, user: User
) -> None:
    words = ("report", "--from", "2026-03-01", "--to", "2026-03-03")
    assert "端末" in assert_good(command(*words))
    assert "端末" in assert_good(command(*words, LANG="ja_JP.UTF-8", LC_ALL="ja_JP.UTF-8"))
    assert_good(command("status", LANG="ja_JP.eucJP"))
    user.write_config("language: ja")
    assert_good(command(*words))
    for encoding in ("ascii", "shift_jis"):
        done = subprocess.run(
            [sys.executable, "-m", "reprospective_tray", *words],
            cwd=ROOT,
            env={**environment(user), "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b""), encoding


def test_export_writes_what_import_took_and_a_repeat_changes_nothing(
    command: Command, sessions: Path, user: User
) -> None:
    exported = assert_good(command("export"))
    wanted = [json.loads(line) for line in sessions.read_text("utf-8").splitlines()]
    found = [json.loads(line) for line in exported.splitlines()]
    for one, other in zip(found, wanted, strict=True):
        assert list(one) == list(LINE)
        differing = {key for key in one if one[key] != other[key]}
        assert differing <= {"original_id"}

    file = user.folder / "again.jsonl"
    assert assert_good(command("export", "-o", file)) == ""
    assert file.read_text("utf-8") == exported
    assert " 0 stored" in assert_good(command("import", file))
    assert assert_good(command("export")) == exported
    part = assert_good(
        command("export", "--from", "2026-03-02T00:00Z", "--to", "2026-03-03T00:00Z")
    )
    assert part.splitlines() == exported.splitlines()[1:2]


@pytest.mark.usefixtures("sessions")
def test_who_reads_only_the_first_line_of_an_export_ends_it_quietly(
    command: Command, user: User
) -> None:
    many = user.folder / "many.jsonl"
    with many.open("w", encoding="utf-8") as stream:
        for number in range(3000):
            start = f"2026-04-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"
            line = {
                "state": "active",
                "application_name": "Editor",
                "window_title": "x" * 100,
                "started_at": f"{start}.000Z",
                "ended_at": f"{start}.900Z",
            }
            stream.write(json.dumps(line) + "\n")
    assert_good(command("import", many))
    program = [sys.executable, "-m", "reprospective_tray", "export"]
    with subprocess.Popen(
        program, cwd=ROOT, env=environment(user), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        assert json.loads(export.stdout.readline())["application_name"] == "端末"
        export.stdout.close()
        assert export.stderr.read() == b""
        assert export.wait(SECONDS) in {0, 1}


@pytest.mark.usefixtures("sessions")
def test_a_snapshot_is_a_whole_database_of_its_own(command: Command, user: User) -> None:
    copy = user.folder / "copy.db"
    assert assert_good(command("export", "--snapshot", copy)) == ""
    count = "select count(*) from desktop_activity_sessions"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute(count).fetchone() == (SESSIONS,)
    assert sorted(path.name for path in user.folder.glob("*copy*")) == ["copy.db"]
    refused = command("export", "--snapshot", user.folder / "no" / "copy.db")
    assert_refused(refused, 1, "copy.db")
    assert_refused(command("export", "-o", user.folder / "no" / "file"), 1, "file")


def test_an_import_with_a_bad_line_names_it_and_takes_nothing(
    command: Command, user: User, sessions: Path
) -> None:
    before = assert_good(command("export"))
    good = sessions.read_text("utf-8").replace("019a0000-0000-7", "019b0000-0000-7")
    bad = user.folder / "bad.jsonl"
    bad.write_text(good + "{broken\n", "utf-8")
    done = command("import", bad)
    assert done.returncode == 1
    assert str(SESSIONS + 1) in done.stderr
    assert "Traceback" not in done.stderr
    assert assert_good(command("export")) == before
    assert_refused(command("import", user.folder / "absent.jsonl"), 1, "absent.jsonl")
    assert_refused(command("import", user.folder), 1, str(user.folder))
