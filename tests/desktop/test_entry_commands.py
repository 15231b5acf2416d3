"""`entry`: what a time was for, said on the command line, while the program runs and when not.

How it can fail: an overlap counts twice or is cut unasked, a beginning of a uid takes another
entry, JSON comes with other words, a running program is made to wait or its file loses WAL mode.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.command_line import SECONDS, Command, assert_good, assert_refused, command_of
from tests.desktop.sessions import write_sessions
from tests.desktop.terminal import at_terminal, read_until
from tests.desktop.windows import Windows
from tests.support import User
from tests.unit.recording import rows_of

DAY = ("--day", "2026-11-23")
MEETING = ("entry", "add", *DAY, "--from", "14:00", "--to", "15:30", "Harbour > Meeting")
CLASH = ("entry", "add", *DAY, "--from", "15:00", "--to", "16:00", "Lunch")


@pytest.fixture
def command(user: User) -> Command:
    return command_of(user)


def listed(command: Command, *words: str) -> list[dict[str, object]]:
    found = json.loads(assert_good(command("entry", "list", *words, "--json")))
    entries = found["entries"]
    assert isinstance(entries, list)
    return entries


def times(entries: list[dict[str, object]]) -> list[tuple[str, str, str]]:
    return [
        (str(each["category"]), str(each["started_at"])[11:16], str(each["ended_at"])[11:16])
        for each in entries
    ]


def test_an_entry_is_added_listed_changed_and_deleted_and_sessions_stay(
    user: User, command: Command
) -> None:
    write_sessions(user, command, datetime(2026, 11, 23, 14, tzinfo=UTC))
    before = rows_of(user.database, where="1")
    said = assert_good(command(*MEETING, "--note", "tides", "--not-billable"))
    assert said.startswith("Added: 2026-11-23 14:00\N{EN DASH}15:30 Harbour > Meeting (1 h 30 m), ")
    short = said.split()[-1]
    (found,) = listed(command, "--date", "2026-11-23")
    assert str(found.pop("uid")).startswith(short)
    assert found == {
        "category": "Harbour > Meeting",
        "note": "tides",
        "billable": False,
        "started_at": "2026-11-23T14:00:00.000Z",
        "ended_at": "2026-11-23T15:30:00.000Z",
        "duration_seconds": 5400.0,
        "utc_offset_minutes": 0,
    }
    assert assert_good(command("entry", "list", "--date", "2026-11-23")).splitlines() == [
        "Monday, 23 November 2026",
        f"  {short}  14:00\N{EN DASH}15:30  1 h 30 m  Harbour > Meeting (not billable)",
        f"  {' ' * len(short)}  tides",
    ]
    change = ("--to", "16:00", "--category", "Harbour", "--note", "", "--billable")
    assert "14:00\N{EN DASH}16:00 Harbour (2 h" in assert_good(
        command("entry", "edit", short, *change)
    )
    assert_good(command("entry", "edit", short, "--day", "2026-11-24"))
    assert_good(command("entry", "edit", short, "--from", "13:30"))
    (found,) = listed(command, "--from", "2026-11-23", "--to", "2026-11-30")
    assert found["started_at"] == "2026-11-24T13:30:00.000Z"
    assert (found["ended_at"], found["note"]) == ("2026-11-24T16:00:00.000Z", "")
    assert found["billable"] is True
    assert_refused(command("entry", "delete", short), 2, "no terminal", "--yes")
    assert assert_good(command("entry", "delete", short, "--yes")).startswith("Deleted: 2026-11-24")
    assert assert_good(command("entry", "list")) == "There are no entries.\n"
    assert_refused(command("entry", "delete", short, "--yes"), 1, f"no entry {short}")
    assert rows_of(user.database, where="1") == before


def test_an_overlap_names_what_is_there_and_both_ways_out(command: Command) -> None:
    assert_good(command(*MEETING))
    named = "2026-11-23 14:00\N{EN DASH}15:30 Harbour > Meeting"
    assert_refused(command(*CLASH), 1, named, "--cut", "--replace")
    assert_refused(command(*CLASH, "--cut", "--replace"), 2, "--cut", "--replace")
    said = assert_good(command(*CLASH, "--cut"))
    assert said.startswith(f"Shortened: {named}\nAdded: 2026-11-23 15:00")
    day = ("--date", "2026-11-23")
    assert times(listed(command, *day)) == [
        ("Harbour > Meeting", "14:00", "15:00"),
        ("Lunch", "15:00", "16:00"),
    ]
    said = assert_good(command(*MEETING[:-1], "All", "--replace"))
    assert said.count("Deleted: ") == 2
    assert times(listed(command, *day)) == [("All", "14:00", "15:30")]


@pytest.mark.parametrize(
    ("answer", "code", "left"),
    [
        ("c\n", 0, [("Harbour > Meeting", "14:00", "15:00"), ("Lunch", "15:00", "16:00")]),
        ("R\n", 0, [("Lunch", "15:00", "16:00")]),
        ("\n", 1, [("Harbour > Meeting", "14:00", "15:30")]),
        pytest.param(
            *("\x04", 1, [("Harbour > Meeting", "14:00", "15:30")]), marks=pytest.mark.long
        ),
    ],
)
def test_at_a_terminal_a_person_is_asked_what_becomes_of_an_overlap(
    user: User, command: Command, answer: str, code: int, left: list[tuple[str, str, str]]
) -> None:
    assert_good(command(*MEETING))
    with at_terminal(user, *CLASH) as (process, terminal):
        assert "It overlaps 2026-11-23 14:00" in read_until(terminal, "[N]? ")
        os.write(terminal, answer.encode())
        read_until(terminal, "Added" if not code else "Nothing was changed")
        assert process.wait(SECONDS) == code
    assert times(listed(command, "--date", "2026-11-23")) == left


def test_at_a_terminal_deleting_asks_first(user: User, command: Command) -> None:
    assert_good(command(*MEETING))
    for answer, code in (("n\n", 1), ("y\n", 0)):
        with at_terminal(user, "entry", "delete", "0") as (process, terminal):
            assert "Harbour > Meeting" in read_until(terminal, "[y/N]")
            os.write(terminal, answer.encode())
            assert process.wait(SECONDS) == code
        assert len(listed(command, "--date", "2026-11-23")) == code


def test_an_entry_over_midnight_is_on_both_days(command: Command) -> None:
    assert_good(command("entry", "add", *DAY, "--from", "23:00", "--to", "01:30", "Release"))
    for day, span in (("23", "23:00\N{EN DASH}24:00"), ("24", "00:00\N{EN DASH}01:30")):
        assert len(listed(command, "--date", f"2026-11-{day}")) == 1
        lines = assert_good(command("entry", "list", "--date", f"2026-11-{day}")).splitlines()
        assert len(lines) == 2
        assert span in lines[1]


def test_a_closed_day_is_not_changed_until_it_is_opened(command: Command) -> None:
    short = assert_good(command(*MEETING)).split()[-1]
    assert assert_good(command("entry", "close-day", "2026-11-23")) == "2026-11-23 is closed.\n"
    assert "already" in assert_good(command("entry", "close-day", "2026-11-23"))
    for words in (CLASH, ("entry", "edit", short, "--note", "x"), ("entry", "delete", short)):
        more = ("--yes",) if "delete" in words else ()
        done = command(*words, *more)
        assert_refused(done, 1, "2026-11-23 is closed", "entry open-day 2026-11-23")
    assert "2026 (closed)" in assert_good(command("entry", "list", "--date", "2026-11-23"))
    found = json.loads(assert_good(command("entry", "list", "--date", "2026-11-23", "--json")))
    assert found["closed_days"] == ["2026-11-23"]
    assert assert_good(command("entry", "open-day", "2026-11-23")) == "2026-11-23 is open.\n"
    assert "already" in assert_good(command("entry", "open-day", "2026-11-23"))
    assert_good(command("entry", "edit", short, "--note", "x"))


def test_a_beginning_that_several_uids_have_names_some_and_takes_none(command: Command) -> None:
    for hour in range(5):
        words = ("entry", "add", *DAY, "--from", f"{hour}:00", "--to", f"{hour + 1}:00", "Harbour")
        assert_good(command(*words))
    assert_refused(command("entry", "delete", "0", "--yes"), 1, "5 entries begin with 0, such as 0")
    shorts = [
        line.split()[0]
        for line in assert_good(command("entry", "list", "--date", "2026-11-23")).splitlines()[1:]
    ]
    assert_good(command("entry", "delete", shorts[2], "--yes"))
    left = [start for _category, start, _end in times(listed(command, "--date", "2026-11-23"))]
    assert left == ["00:00", "01:00", "03:00", "04:00"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "--from", "14:00", "--to", "14:00", "x"), 2, "the same time"),
        (("add", "--from", "24:00", "--to", "14:00", "x"), 2, "not a time of the day"),
        (("add", "--from", "14:00", "--to", "15:00", "x >"), 1, "empty part"),
        (("add", "--from", "14:00", "--to", "15:00"), 2, "Missing: CATEGORY"),
        (("edit", "0"), 2, "Nothing to change is given"),
        (("list", "--date", "today", "--from", "today"), 2, "--date cannot be combined"),
    ],
)
def test_what_cannot_be_is_refused_in_two_lines(
    command: Command, words: tuple[str, ...], code: int, said: str
) -> None:
    assert_refused(command("entry", *words), code, said)


def test_where_recordings_go_to_a_server_entries_say_that_they_need_the_file(
    user: User, command: Command
) -> None:
    user.write_config("database: {local: {type: postgresql}}")
    assert_refused(command(*MEETING), 1, "need the local file", "database.local.type")
    assert not user.database.exists()


def test_entries_are_said_in_japanese(user: User, command: Command) -> None:
    user.write_config("language: ja")
    assert "追加しました" in assert_good(command(*MEETING, "--not-billable"))
    assert "請求対象外" in assert_good(command("entry", "list", "--date", "2026-11-23"))


def test_while_the_program_runs_entries_are_written_and_recording_goes_on(
    make_app: Callable[..., AppUnderTest],
    desktop: VirtualDesktop,
    windows: Windows,
    user: User,
    command: Command,
) -> None:
    windows.open("Secretary", title="one")
    app = make_app(desktop, "--no-tray").start()
    app.wait_for_row("window_title = 'one'")
    assert_good(command(*MEETING))
    assert user.database.read_bytes()[18] == 2  # WAL: the command has not closed it for the program
    windows.open("Secretary", title="two")
    app.wait_for_row("window_title = 'two'")
    today = date.today().isoformat()  # noqa: DTZ011  the day on the wall clock is meant
    assert_good(command("entry", "close-day", today))
    assert app.stop() == 0
    assert len(listed(command, "--date", "2026-11-23")) == 1


def test_entries_are_exported_imported_and_forgotten(
    user: User, command: Command, tmp_path: Path
) -> None:
    assert_good(command(*MEETING))
    file = tmp_path / "export.jsonl"
    done = command("export", "-o", file)
    assert done.stderr.endswith("1 entry was written there, too.\n")
    within = ("--from", "2026-11-23T15:00", "--to", "2026-11-23T15:15")
    one = (*within, "--application", "Editor", "--dry-run")
    assert "entry" not in assert_good(command("forget", *one))
    preview = assert_good(command("forget", *within, "--dry-run"))
    assert "\n1 entry lies in it, at least in part; that part is deleted, too.\n" in preview
    said = assert_good(command("forget", *within, "--yes"))
    assert "\n1 entry deleted, as far as it lay in the range.\n" in said
    day = ("--date", "2026-11-23")
    left = [("Harbour > Meeting", "14:00", "15:00"), ("Harbour > Meeting", "15:15", "15:30")]
    assert times(listed(command, *day)) == left
    assert "1 entries read: 0 stored." in assert_good(command("import", file))
    assert times(listed(command, *day)) == left
    user.database.unlink()
    assert "1 entries read: 1 stored." in assert_good(command("import", file))
    assert times(listed(command, *day)) == [("Harbour > Meeting", "14:00", "15:30")]
    short = assert_good(command("entry", "list", *day)).split()[4]
    assert_good(command("entry", "close-day", "2026-11-23"))
    line = json.loads(file.read_text("utf-8")) | {"uid": None, "note": "another"}
    line |= {"started_at": "2026-11-23T16:00:00Z", "ended_at": "2026-11-23T17:00:00Z"}
    file.write_text(json.dumps(line), "utf-8")
    done = command("import", file)
    assert (done.returncode, done.stdout) == (1, "")
    assert "line 1: 2026-11-23 is closed" in done.stderr
    assert short in assert_good(command("entry", "list", *day))
