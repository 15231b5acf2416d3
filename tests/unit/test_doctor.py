"""The doctor's own work: nothing waits for ever, and the table says what is missing."""

import os
import sqlite3
import threading
from contextlib import closing

import pytest

from reprospective_tray.checks import storage
from reprospective_tray.checks.doctor import CHECKS, examine, is_well
from reprospective_tray.checks.finding import Case, Check, Finding
from reprospective_tray.checks.text import table, titles
from reprospective_tray.config.keys import Config
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.store.sqlite import integrity_check
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.summary.format_text import columns
from tests.bystander import at_most


@pytest.fixture
def case(user):
    return Case(LoadedConfig(Config(), None), user.paths)


def good(name):
    return lambda _case: [Finding(name, found=True, detail="well")]


def test_what_never_answers_costs_its_deadline_and_no_other_check(case):
    for_ever = threading.Event()
    silent = [
        Check(
            (name,), lambda _case: for_ever.wait(), needed=lambda _case: ("first",), deadline_s=0.3
        )
        for name in ("first", "second")
    ]
    with at_most(0.6):  # not one after the other
        found = examine(case, [*silent, Check(("third",), good("third"))])
    assert [(each.name, each.found) for each in found] == [
        ("first", False),
        ("second", False),
        ("third", True),
    ]
    assert all("0.3 s" in each.detail and each.remedy for each in found[:2])
    assert not is_well(found)
    for_ever.set()


def test_a_check_that_fails_is_told_and_fails_no_other(case):
    def fails(_case):
        raise RuntimeError("nobody thought of this")

    found = examine(case, [Check(("first",), fails), Check(("second",), good("second"))])
    assert (found[0].found, found[1].found) == (None, True)
    assert "RuntimeError: nobody thought of this" in found[0].detail
    assert is_well(found)


def test_only_what_is_needed_and_not_there_is_missing():
    assert is_well([Finding("x", found=False, detail="", needed=False)])
    assert is_well([Finding("x", found=None, detail="", needed=True)])
    assert not is_well([Finding("x", found=False, detail="", needed=True)])


def test_every_check_has_a_title():
    assert {name for check in CHECKS for name in check.names} <= titles().keys()


def test_the_table_says_what_is_there_what_is_missing_and_what_to_do():
    findings = [
        Finding("display", True, "X server :0"),
        Finding("windows", False, "None can be seen.", "Choose another session.", needed=True),
        Finding("autostart", False, "Off.", "Turn it on."),
        Finding("a-new-one", None, "a\x1b[31m title\nof two lines and of many words " * 4),
    ]
    lines = table(findings, 60).splitlines()
    assert lines[:6] == [
        "found      Display         X server :0",
        "MISSING    Windows         None can be seen.",
        "                           → Choose another session.",
        "not found  Start at login  Off.",
        "                           → Turn it on.",
        "\N{EN DASH}          a-new-one       a [31m title of two lines and of",
    ]
    assert lines[-1] == "Required but missing: Windows"
    assert max(map(columns, lines)) <= 60
    assert table(findings[:1], 60).endswith("\n\nEverything required was found.")


def test_japanese_without_a_space_is_broken_within_the_width():
    text = "使用中のウィンドウをセッションとして記録し、時間の使い方を表示します。X11 が必要です。"
    lines = table([Finding("windows", False, text, text)], 60).splitlines()[:-2]
    assert max(map(columns, lines)) <= 60
    assert len(lines) == 6
    assert not [line for line in lines if line.strip()[0] in "、。ー"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (61_440, "61.4 kB"),
        (313_712_640, "313.7 MB"),
        (2_000_000_000_000_000, "2000.0 TB"),
    ],
)
def test_sizes_are_told_as_people_say_them(count, text):
    assert storage.size_text(count) == text


@pytest.fixture
def database(user):
    user.database.parent.mkdir(parents=True)
    adapter = SqliteAdapter(user.database)
    adapter.open()
    adapter.close()
    return user.database


def contents(folder):
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in folder.iterdir()
    }


def set_mode(path, mode):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"pragma journal_mode = {mode}")


def findings_of(case):
    return {each.name: each for each in storage.database(case)}


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_look_at_the_file_leaves_no_trace(case, database, mode):
    set_mode(database, mode)
    before = contents(database.parent)
    found = findings_of(case)
    assert [found["database"].found, found["integrity"].found] == [True, True]
    assert f"journal {mode}" in found["database"].detail
    assert contents(database.parent) == before


def test_what_is_in_the_wal_alone_is_looked_at_too(case, database):
    set_mode(database, "WAL")
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("pragma wal_autocheckpoint = 0")
        writer.execute("pragma user_version = 99")
        assert "newer version" in findings_of(case)["database"].detail


def test_a_damaged_file_is_said_to_be_damaged_with_what_happens_to_it(case, database):
    with closing(sqlite3.connect(database)) as connection:
        size = connection.execute("pragma page_size").fetchone()[0]
        table_at = connection.execute(
            "select rootpage from sqlite_master where name = 'desktop_activity_sessions'"
        ).fetchone()[0]
    with database.open("r+b") as file:
        file.seek((table_at - 1) * size)
        file.write(b"\xff" * size)
    found = findings_of(case)["integrity"]
    assert (found.found, found.is_missing) == (False, True)
    assert "is damaged" in found.detail
    assert "sets it aside" in found.remedy


@pytest.mark.parametrize(
    "content", [b"no database at all" * 300, b"SQLite format 3\0" + b"\1" * 99]
)
def test_what_is_no_database_is_missing(case, user, content):
    user.database.parent.mkdir(parents=True)
    user.database.write_bytes(content)
    (found,) = storage.database(case)
    assert found.is_missing
    assert found.remedy


def test_another_programs_database_is_missing(case, user):
    user.database.parent.mkdir(parents=True)
    with closing(sqlite3.connect(user.database)) as connection:
        connection.execute("create table bookmarks (x)")
    (found,) = storage.database(case)
    assert found.is_missing
    assert "another program's" in found.detail


@pytest.mark.parametrize("is_there", [False, True])
def test_before_the_first_start_nothing_is_missing(case, user, is_there):
    if is_there:
        user.database.parent.mkdir(parents=True)
        user.database.touch()
    (found,) = storage.database(case)
    assert (found.found, found.is_missing) == (None, False)
    assert "reprospective-tray run" in found.remedy
    assert [each.found for each in storage.rights(case)] == [True]


def test_an_examination_that_takes_too_long_is_no_damage(database, monkeypatch, case):
    assert integrity_check.quick_check(database, 60) == ""
    monkeypatch.setattr(integrity_check, "_STEPS", 1)
    assert integrity_check.quick_check(database, -1) is None
    monkeypatch.setattr(storage, "INTEGRITY_S", -1)
    assert findings_of(case)["integrity"].found is None


def rights_of(case):
    (found,) = storage.rights(case)
    return found


def test_a_file_that_everybody_can_read_is_said_so(case, database, user):
    assert rights_of(case).found
    # On the way to it some folder is closed to others, until all are open.
    database.chmod(0o644)
    assert rights_of(case).found
    opened = [each for each in database.parents if each.is_relative_to(user.folder)]
    for folder in opened:
        folder.chmod(0o755)
    found = rights_of(case)
    assert (found.found, found.is_missing) == (False, False)
    assert str(database) in found.detail


def test_a_group_that_cannot_come_through_is_said_so(user, database):
    config = Config()
    local = type(config.database.local)(readable_by="group")
    shared = Config(database=type(config.database)(local=local))
    found = rights_of(Case(LoadedConfig(shared, None), user.paths))
    assert (found.found, found.is_missing) == (False, False)
    assert "group" in found.detail
    assert database.exists()


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="rights of POSIX, and root may write everywhere"
)
def test_a_file_that_may_not_be_written_is_missing(case, database):
    database.chmod(0o400)
    assert rights_of(case).is_missing


def test_a_disk_with_little_left_is_missing(case, monkeypatch):
    (found,) = storage.disk(case)
    assert found.found
    monkeypatch.setattr(storage, "LEAST_FREE", 10**18)
    (found,) = storage.disk(case)
    assert found.is_missing
    assert found.remedy
