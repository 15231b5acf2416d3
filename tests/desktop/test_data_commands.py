"""Commands that read and write what is recorded, where no instance runs."""

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.desktop.command_line import (
    ROOT,
    Command,
    assert_good,
    assert_refused,
    command_of,
    environment,
)
from tests.support import User
from tests.unit.activitywatch import afk, bucket, export, window

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
        *("applications", "categories", "days", "hours", "previous", "switches"),
        "longest_stretch",
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
@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("markdown", "## 1 \N{EN DASH} 2 March 2026\n"),
        ("csv", "\ufeffdate,application,title,category,productive,seconds\n"),
        ("html", "<!DOCTYPE html>\n"),
    ],
)
def test_report_comes_in_every_format_with_the_same_figures_on_any_terminal(
    command: Command, form: str, begins: str
) -> None:
    words = ("report", "--from", "2026-03-01", "--to", "2026-03-02", "--format", form)
    found = assert_good(command(*words, PYTHONIOENCODING="ascii"))
    assert found.startswith(begins)
    assert "端末" in found
    assert "週報 1" in found
    if form == "csv":
        seconds = [row["seconds"] for row in csv.DictReader(found[1:].splitlines())]
        assert seconds == ["5400.5"] * 2
    else:
        assert "3 h 00 m" in found


@pytest.mark.usefixtures("sessions")
def test_the_page_of_a_single_day_has_its_timeline_and_sessions(command: Command) -> None:
    found = assert_good(command("report", "--date", "2026-03-01", "--format", "html"))
    assert "<svg" in found
    assert "18:00\N{EN DASH}19:30" in found


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
    assert command("export", "-o", file).returncode == 0
    assert file.read_text("utf-8") == exported
    assert " 0 stored" in assert_good(command("import", file))
    assert assert_good(command("export")) == exported
    part = assert_good(
        command("export", "--from", "2026-03-02T00:00Z", "--to", "2026-03-03T00:00Z")
    )
    assert part.splitlines() == exported.splitlines()[1:2]


@pytest.mark.usefixtures("sessions")
def test_a_snapshot_comes_back_with_import_and_a_repeat_changes_nothing(
    command: Command, user: User
) -> None:
    exported = assert_good(command("export"))
    copy = user.folder / "copy.db"
    assert_good(command("export", "--snapshot", copy))
    whole = copy.read_bytes()
    shutil.rmtree(user.paths.data)
    said = f"{SESSIONS} sessions read: {SESSIONS} stored, 0 left out by privacy rules.\n"
    assert assert_good(command("import", copy)) == said
    assert assert_good(command("export")) == exported
    assert " 0 stored" in assert_good(command("import", copy))
    assert assert_good(command("export")) == exported
    assert copy.read_bytes() == whole
    assert_refused(command("import", user.database), 1, "own database", "--snapshot")


@pytest.mark.usefixtures("sessions")
def test_what_no_import_of_a_snapshot_brings_is_said_with_the_way_to_have_it(
    command: Command, user: User
) -> None:
    copy = user.folder / "copy.db"
    assert_good(command("export", "--snapshot", copy))
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("insert into desktop_activity_taken values ('a', 1), ('b', 1)")
    first, *more = assert_good(command("import", copy)).splitlines()
    assert " 0 stored" in first
    assert len(more) == 2
    assert "2 sessions" in more[0]
    assert str(copy) in more[1]
    assert str(user.database) in more[1]


def test_a_database_that_is_no_snapshot_is_said_in_either_format(
    command: Command, user: User
) -> None:
    file = user.folder / "peewee-sqlite.v2.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("create table eventmodel (id integer)")
    for words in ((), ("--format", "activitywatch")):
        assert_refused(command("import", *words, file), 1, "not a snapshot", "JSON")
    assert not user.paths.data.exists()


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


def test_an_export_of_activitywatch_is_taken_over_by_the_privacy_rules_and_a_repeat_stores_nothing(
    command: Command, user: User
) -> None:
    file = user.folder / "aw-buckets-export.json"
    windows = [
        window(0, 60_000, title="週報"),
        window(60_000, 90_000, "KeePassXC", "Passwords"),
        window(90_000, 100_000),
    ]
    web = bucket("web.tab.current", [])
    content = export(windows, [afk(30_000, 60_000)], web=web, tabs=web)
    file.write_text(json.dumps(content), "utf-8")
    words = ("import", "--format", "activitywatch", file)
    said = assert_good(command(*words)).splitlines()
    assert said[0] == "4 sessions read: 3 stored, 1 left out by privacy rules."
    assert "2 buckets" in said[1]
    assert said[1].endswith(": web.tab.current")
    lines = [json.loads(line) for line in assert_good(command("export")).splitlines()]
    assert [(line["state"], line["window_title"], line["duration_seconds"]) for line in lines] == [
        ("active", "週報", 30.0),
        ("idle", "", 30.0),
        ("active", "a.py", 10.0),
    ]
    assert "4 sessions read: 0 stored" in assert_good(command(*words))
    assert_refused(command("import", "--format", "csv", file), 2, "activitywatch")


def test_a_bad_export_of_activitywatch_is_said_with_its_places_and_makes_no_database(
    command: Command, user: User
) -> None:
    file = user.folder / "export.json"
    words = ("import", "--format", "activitywatch", file)
    file.write_text(json.dumps(export([window(0, 9), window(9, 0)])), "utf-8")
    done = command(*words[:-1], "--strict", file)
    assert (done.returncode, done.stdout) == (1, "")
    assert "aw-watcher-window_desk, event 2: " in done.stderr
    file.write_text(json.dumps(export([window(0, 9)]))[:-1], "utf-8")
    assert_refused(command(*words), 1, str(file), "truncated")
    assert_refused(command(*words[:-1], user.folder / "absent.json"), 1, "absent.json")
    assert not user.paths.data.exists()


@pytest.mark.trust
def test_bad_events_of_activitywatch_are_listed_and_all_others_are_taken(
    command: Command, user: User
) -> None:
    file = user.folder / "export.json"
    words = ("import", "--format", "activitywatch")
    windows = [window(0, 3_600_000), window(600_000, 601_000, "Mail"), *[window(9, 0)] * 25]
    file.write_text(json.dumps(export(windows)), "utf-8")
    said = assert_good(command(*words, file)).splitlines()
    assert said[0] == "3 sessions read: 3 stored, 0 left out by privacy rules."
    assert said[1].startswith("2 events: 0 merged with the one before, 1 clipped, 0 left out")
    assert said[2] == f"{file}: 25 bad events or buckets were left out:"
    assert said[3].startswith("  bucket aw-watcher-window_desk, event 3: its duration is negative")
    assert (len(said), said[-1]) == (24, "  and 5 more")
    for verbose in ((*words, "--verbose", file), ("--verbose", *words, file)):
        listed = [line for line in assert_good(command(*verbose)).splitlines() if "event" in line]
        assert len(listed) == 2 + 25


@pytest.mark.trust
def test_bare_events_are_taken_over_with_the_name_of_their_computer(
    command: Command, user: User
) -> None:
    file = user.folder / "events.json"
    file.write_text(json.dumps([window(0, 9), window(9, 30, "Mail")]), "utf-8")
    words = ("import", "--format", "activitywatch")
    assert_refused(command(*words, file), 1, str(file), "--host")
    assert_good(command(*words, "--host", "desk", file))
    lines = [json.loads(line) for line in assert_good(command("export")).splitlines()]
    assert [line["source_host"] for line in lines] == ["desk", "desk"]
    overlapping = user.folder / "overlapping.json"
    overlapping.write_text(json.dumps([window(5, 40, "Files")]), "utf-8")
    said = assert_good(command(*words, "--host", "desk", overlapping)).splitlines()
    assert said[2:] == [
        "1 session overlaps time that is already recorded; 0.025 s of it were left out:",
        "  desk: 2026-03-30T09:00:00.005Z to 2026-03-30T09:00:00.030Z",
    ]


def test_a_damaged_page_is_said_by_every_command_that_meets_it(
    command: Command, user: User, sessions: Path
) -> None:
    many = user.folder / "many.jsonl"
    line = json.loads(sessions.read_text("utf-8").splitlines()[0])
    del line["uid"]
    with many.open("w", encoding="utf-8") as stream:
        for number in range(1000):
            at = f"2026-04-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"
            line |= {"started_at": f"{at}.000Z", "ended_at": f"{at}.900Z"}
            stream.write(json.dumps(line) + "\n")
    assert_good(command("import", many))
    with closing(sqlite3.connect(user.database)) as connection:
        query = "select rootpage from sqlite_master where name = ?"
        pages = [
            connection.execute(query, (name,)).fetchone()[0]
            for name in ("desktop_activity_sessions", "desktop_activity_days")
        ]
    with user.database.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * 4096)
            file.write(b"\xff" * 4096)
    for words in (("report",), ("export",)):
        assert_refused(command(*words), 1, "damaged", str(user.database))
    for words in (("status",), ("status", "--json")):
        done = command(*words)
        assert done.returncode == 1
        assert "damaged" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("sessions")
def test_a_file_without_tables_is_said_to_be_damaged(command: Command, user: User) -> None:
    with closing(sqlite3.connect(user.database)) as connection:
        for table in ("sessions", "days", "meta"):
            connection.execute(f"drop table desktop_activity_{table}")
    for word in ("report", "export"):
        assert_refused(command(word), 1, "damaged")
    assert "damaged" in command("status").stdout


def test_an_import_of_a_bad_file_makes_no_database_and_leaves_none_in_wal_mode(
    command: Command, user: User, sessions: Path
) -> None:
    line = json.loads(sessions.read_text("utf-8").splitlines()[0])
    bad = user.folder / "bad.jsonl"
    with closing(sqlite3.connect(user.database)) as connection:
        query = "select value from desktop_activity_meta where key = 'device_id'"
        own = connection.execute(query).fetchone()[0]
    moment = datetime.now(UTC)
    line |= {
        "device_id": own,
        "uid": "019a0000-0000-7000-8000-0000000000aa",
        "started_at": moment.isoformat(),
        "ended_at": (moment + timedelta(minutes=10)).isoformat(),
    }
    bad.write_text(json.dumps(line), "utf-8")
    done = command("import", bad)
    assert (done.returncode, "line 1" in done.stderr) == (1, True)
    assert user.database.read_bytes()[18] == 1  # SQLite's header: no WAL
    shutil.rmtree(user.paths.data)
    for file in (user.folder / "absent.jsonl", user.folder):
        assert command("import", file).returncode == 1
    bad.write_text("nonsense", "utf-8")
    assert command("import", bad).returncode == 1
    assert not user.paths.data.exists()
