"""`report --timesheet` as a person runs it, on a real file.

How it can fail: a figure differs from `report`, an option does nothing, a format is mixed with
words, a closed day or uncategorised time is left out, sessions are changed by looking.
"""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from tests.desktop.command_line import Command, Done, assert_good, assert_refused, command_of
from tests.support import User
from tests.unit.recording import rows_of
from tests.unit.test_timesheet_formats import events

DAY = "2026-11-23"
SHEET = ("report", "--timesheet", "--from", DAY, "--to", "2026-11-24")
RULES = """
categories:
  rules:
    - {category: Customers > Harbour, title: harbour}
"""
# What each session is: begin and minutes on the first day, application, title.
WORK = (
    ("09:00", 132, "Code", "harbour.sql"),
    ("11:12", 8, "Nobody knows", "this"),
    ("12:00", 20, "Code", "else.py"),
)


@pytest.fixture
def command(user: User) -> Command:
    run = command_of(user)
    lines = []
    for begin, minutes, name, title in WORK:
        start = int(datetime.fromisoformat(f"{DAY}T{begin}Z").timestamp())
        times = (datetime.fromtimestamp(t, UTC).isoformat() for t in (start, start + minutes * 60))
        keys = ("state", "application_name", "window_title", "started_at", "ended_at")
        lines.append(json.dumps(dict(zip(keys, ("active", name, title, *times), strict=True))))
    file = user.folder / "sessions.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    user.write_config(RULES)
    assert_good(run("import", file))
    entry = ("entry", "add", "--day", DAY, "--from", "12:10", "--to", "12:55")
    assert_good(run(*entry, "Customers > Harbour", "--note", "Meeting; with, all"))
    assert_good(run("entry", "close-day", DAY))
    return run


def sheet(command: Command, *words: str) -> dict:
    found: dict = json.loads(assert_good(command(*SHEET, *words, "--format", "json")))
    return found


def with_notes(done: Done) -> str:
    """Return what a file gets; what has no place in it is said beside it."""
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "8 m of active time is uncategorised and not in the rows.",
        "Closed days: Mon, 23 Nov.",
    ]
    return done.stdout


def test_the_sheet_adds_up_to_the_report_and_changes_nothing(user: User, command: Command) -> None:
    before = rows_of(user.database, where="1")
    found = sheet(command)
    report = json.loads(assert_good(command("report", "--date", DAY, "--format", "json")))
    rows = {row["category"]: row for row in found["rows"]}
    assert set(rows) == {"Customers > Harbour", "Work > Coding"}
    harbour = rows["Customers > Harbour"]
    assert (harbour["tracked_seconds"], harbour["manual_seconds"]) == (142 * 60, 35 * 60)
    assert harbour["seconds"] == harbour["rounded_seconds"] == 177 * 60
    assert (harbour["notes"], harbour["amount"]) == (["Meeting; with, all"], None)
    assert (found["uncategorised_seconds"], found["round"]) == (8 * 60, None)
    assert found["total_seconds"] == report["active_seconds"] + 35 * 60
    assert found["closed_days"] == [DAY]
    assert rows_of(user.database, where="1") == before


def test_it_is_rounded_and_priced_as_asked_for(command: Command) -> None:
    words = ("--round", "30m:up", "--per", "day", "--rate", "80", "--currency", "eur")
    found = sheet(command, *words)
    assert (found["round"], found["rate"], found["currency"]) == ("30m:up", 80.0, "EUR")
    assert [row["rounded_seconds"] for row in found["rows"]] == [180 * 60, 30 * 60]
    assert [row["amount"] for row in found["rows"]] == [240.0, 40.0]
    assert [row["day"] for row in sheet(command, "--group", "category")["rows"]] == [None, None]


def test_its_text_names_the_person_the_closed_day_and_what_has_no_category(
    command: Command,
) -> None:
    lines = assert_good(command(*SHEET, "--name", "A. Example", "--round", "6m")).splitlines()
    assert lines[:3] == [
        "Time sheet",
        "23 \N{EN DASH} 24 November 2026 · rounded per row to 6 m",
        "A. Example",
    ]
    assert "Mon, 23 Nov (closed)" in lines
    assert [line.split() for line in lines if line.startswith("Uncategorised")] == [
        ["Uncategorised", "8", "m"]
    ] * 2
    assert max(map(len, lines)) <= 80
    japanese = assert_good(command(*SHEET, LANG="ja_JP.UTF-8"))
    assert "作業時間表" in japanese


def test_each_format_is_printed_alone(command: Command) -> None:
    page = assert_good(command(*SHEET, "--format", "html", "--name", "A. Example"))
    assert page.startswith("<!DOCTYPE html>")
    assert "A. Example" in page
    assert assert_good(command(*SHEET, "--format", "markdown")).startswith("## Time sheet")
    assert with_notes(command(*SHEET, "--format", "csv")).startswith("\ufeffday,category,")
    toggl = command(*SHEET, "--format", "csv", "--csv-for", "toggl", "--email", "a@example.com")
    head, *lines = csv.reader(io.StringIO(with_notes(toggl)))
    assert head[:2] == ["User", "Email"]
    assert sorted(line[-1] for line in lines) == ["00:10:00", "00:45:00", "02:12:00"]


def test_a_calendar_has_the_entry_at_its_time(command: Command) -> None:
    done = command(*SHEET, "--format", "ics")
    text = with_notes(done).replace("\r\n", "\n").replace("\n", "\r\n")
    first, *_others = events(text)
    assert (first["DTSTART"], first["DTEND"]) == ("20261123T121000Z", "20261123T125500Z")
    assert first["DESCRIPTION"] == r"Meeting\; with\, all"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--round", "7m"), "7m"),
        (("--round", "15m:down"), "15m:down"),
        (("--per", "day"), "--per needs --round."),
        (("--currency", "EUR"), "--currency needs --rate."),
        (("--rate", "-1"), "-1"),
        (("--rate", "80", "--currency", "euro"), "euro"),
        (("--titles", "3"), "--titles cannot be combined with --timesheet."),
        (("--csv-for", "harvest"), "--csv-for needs --format csv."),
        (("--format", "csv", "--csv-for", "toggl"), "--csv-for toggl needs --email."),
        (("--email", "a@b"), "--email needs --csv-for."),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    user: User, words: tuple[str, ...], said: str
) -> None:
    assert_refused(command_of(user)(*SHEET, *words), 2, said)


@pytest.mark.parametrize(
    "words", [("--round", "15m"), ("--group", "day"), ("--rate", "80"), ("--format", "ics")]
)
def test_options_of_the_sheet_need_it(user: User, words: tuple[str, ...]) -> None:
    said = f"{' '.join(words) if words[0] == '--format' else words[0]} needs --timesheet."
    assert_refused(command_of(user)("report", *words), 2, said)


def test_a_computer_that_is_unknown_is_said(command: Command) -> None:
    assert_refused(command(*SHEET, "--host", "nowhere"), 1, "nowhere")
