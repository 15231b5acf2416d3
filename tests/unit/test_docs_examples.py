"""Examples of the documentation are what the program takes, its reference is what it writes."""

import argparse
import importlib.util
import itertools
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from installer import commands as bootstrap
from installer.steps import ROOT
from reprospective_tray.commands.command_line.all_commands import make_parser
from reprospective_tray.config.keys import Config
from reprospective_tray.config.loading import read_config
from reprospective_tray.errors import UsageError
from reprospective_tray.runtime.status import status_object
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.postgres.schema import upgrade
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.transfer import export
from reprospective_tray.store.transfer.importers.jsonl.line import LineReader
from reprospective_tray.summary.figures import report
from reprospective_tray.summary.figures.report import Origin
from reprospective_tray.summary.formats import as_csv, as_json
from reprospective_tray.summary.timesheet.formats import as_csv as sheet_csv
from reprospective_tray.summary.timesheet.formats import as_json as sheet_json
from tests.unit.documentation import (
    PAGES,
    blocks,
    commands,
    first_cells,
    inline_code,
    name_of,
    section,
)
from tests.unit.sheet_values import monday_and_tuesday
from tests.unit.stored import FIRST_DAY, fresh_adapter, session

DATA = ROOT / "docs" / "data.md"
SERVER = ROOT / "installer" / "server"
PROGRAM = "reprospective-tray"
# What the examples say to other programs; those with SQL are run, here and in tests/server.
OF_OTHERS = {"sqlite3", "psql", "createdb", "cd", "cp", "export", "(umask", "docker"}
BOOTSTRAP = {"run", "test", "bench", "package", "lock"}
# What stands in the text for something that a person has to fill in.
FILLED_IN = {
    "D": "2026-11-23",
    "T": "2026-11-23T09:30",
    "N": "3",
    "H": "desk",
    "A": "Firefox",
    "FILE": "file",
    "NAME": "anna",
    "ZONE": "Europe/Berlin",
}
COMMANDS = next(
    action.choices
    for action in make_parser()._actions
    if isinstance(action, argparse._SubParsersAction)
)
# It also tells of commands in words that leave their arguments out.
NOT_OF_NOW = "CHANGELOG.md"


def shell_commands() -> list[Any]:
    return [
        pytest.param(words, id=f"{name_of(page)}: {' '.join(words)[:60]}")
        for page in PAGES
        for block in blocks(page, "sh")
        for words in commands(block)
    ]


def understood(words: list[str]) -> None:
    """Let the program's own parser read the words of a command, up to where its output goes."""
    taken = itertools.takewhile(lambda word: word not in {">", "|"}, words)
    options = make_parser().parse_args([FILLED_IN.get(word, word) for word in taken])
    assert callable(options.call)


@pytest.mark.parametrize("words", shell_commands())
def test_every_command_in_an_example_is_one(words: list[str]) -> None:
    first, *others = words
    if Path(first).name == PROGRAM:
        understood(others)
    elif words[:2] == ["python3", "installer/bootstrap.py"]:
        assert others[1] in BOOTSTRAP
    elif words[:2] == [".venv/bin/python", "-m"]:
        assert importlib.util.find_spec(words[2])
        assert words[2] != "pytest" or (ROOT / words[3]).is_file()
    else:
        assert first in OF_OTHERS


def named_commands() -> list[Any]:
    """Return the commands of the program that sentences and tables name, with their page."""
    found = []
    for page in PAGES:
        for code in inline_code(page) if page.name != NOT_OF_NOW else ():
            words = code.removeprefix(f"{PROGRAM} ").split()
            is_named = code.startswith(f"{PROGRAM} ") or len(words) > 1
            if is_named and words[0] in COMMANDS:
                found.append(pytest.param(code, id=f"{name_of(page)}: {code}"))
    return found


@pytest.mark.parametrize("code", named_commands())
def test_every_command_in_a_sentence_is_one(code: str) -> None:
    understood(shlex.split(code.removeprefix(f"{PROGRAM} ")))


def test_a_command_that_does_not_exist_would_be_found() -> None:
    with pytest.raises(UsageError):
        understood(["report", "--no-such-option"])


def test_the_bootstrap_has_its_commands() -> None:
    for name in BOOTSTRAP:
        assert f"\n  {name}" in bootstrap.USAGE


def test_every_config_example_is_a_config() -> None:
    examples = [text for page in PAGES for text in blocks(page, "yaml")]
    assert len(examples) >= 2
    for text in examples:
        assert read_config(text, Path("config.yaml")) != Config()


def test_the_examples_for_containers_name_services_and_files_that_there_are() -> None:
    compose = yaml.safe_load((SERVER / "compose.yaml").read_text("utf-8"))
    services = compose["services"]
    mounted = {volume["target"] for volume in services["backup"]["volumes"]}
    page = (ROOT / "docs" / "server.md").read_text("utf-8")
    named = re.findall(r"docker compose (?:exec|logs|restart) (\w+)(?: sh (\S+))?", page)
    assert {service for service, _script in named} == {"backup", "database"} <= set(services)
    assert {script for _service, script in named if script} <= mounted
    assert (SERVER / ".env.example").is_file()


def filled() -> Any:
    return session("2026-03-28T09:00:00Z", "2026-03-28T09:30:00Z")


def test_the_query_of_the_local_file_runs() -> None:
    (words,) = (words for block in blocks(DATA, "sh") for words in commands(block))
    assert Path(words[1].partition("?")[0]).match(f"*/{Config().database.local.path}")
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(filled())])
        assert adapter.database.execute_sql(words[2]).fetchall() == [("Code", 30)]


def test_the_tables_of_the_local_file_are_those_of_the_reference() -> None:
    with fresh_adapter() as adapter:
        names = {name for name in adapter.database.get_tables() if not name.startswith("sqlite_")}
        for table in (f"desktop_activity_{name}" for name in ("sessions", "days", "entries")):
            columns = [column.name for column in adapter.database.get_columns(table)]
            said = first_cells(section(DATA, f"Table `{table}`"))
            assert [name for name in said if name in columns] == columns
            assert set(said) - {"active", "idle", "locked"} <= set(columns)
            names.discard(table)
    assert set(first_cells(section(DATA, "Other tables"))) == names


def columns_on_the_server() -> dict[str, list[str]]:
    """Return the columns of each table and view, from their comments: a test holds these."""
    found: dict[str, list[str]] = {}
    pattern = r"COMMENT ON COLUMN reprospective\.(\w+)\.(\w+) IS"
    for table, column in re.findall(pattern, upgrade.COMMENTS.read_text("utf-8")):
        found.setdefault(table, []).append(column)
    return {name: columns for name, columns in found.items() if not name.startswith("sent_")}


def test_the_tables_and_views_of_the_server_are_those_of_the_reference() -> None:
    there = columns_on_the_server()
    headings = {
        "desktop_activity_sessions": "Table",
        "desktop_activity_entries": "Table",
        "daily_application_totals": "View",
        "hourly_activity": "View",
        "hosts": "View",
    }
    for name, kind in headings.items():
        said = first_cells(section(DATA, f"{kind} `reprospective.{name}`"))
        assert said == there[name], name
    others = first_cells(section(DATA, "Other tables and views"))
    assert set(others) | {*headings, "desktop_activity_days"} == set(there)


def test_the_keys_of_an_export_are_those_of_the_reference() -> None:
    assert first_cells(section(DATA, "Exports")) == list(export.COLUMNS)
    assert first_cells(section(DATA, "Entries in an export")) == list(export.ENTRY_KEYS)
    for example, keys in zip(
        blocks(DATA, "json"), (export.COLUMNS, export.ENTRY_KEYS), strict=True
    ):
        read = json.loads(example)
        assert list(read) == list(keys)
        (row,) = LineReader("desk", lambda _ms: 0).read(example.encode())
        assert (row["ended_at"] - row["started_at"]) / 1000 == read["duration_seconds"]


def test_the_keys_of_a_report_are_those_of_the_reference() -> None:
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(filled())])
        made = report.build(Queries(adapter), DayRange(FIRST_DAY, FIRST_DAY))
    text = section(DATA, "`report --format json`")
    said = set(first_cells(text))
    written = as_json.as_object(made)
    assert said - {"titles_from_server", "titles_missing", "filter"} == {
        *written,
        "applications[].titles",
    }
    for part in ("applications", "categories", "days", "hours"):
        for key in written[part][0]:
            assert f"`{key}`" in text, key
    assert set(written["longest_stretch"]) <= set(re.findall(r"`(\w+)`", text))
    columns = re.findall(r"`(\w+)`", section(DATA, "`report --format csv`"))
    assert tuple(columns) == as_csv.COLUMNS


def test_the_keys_of_the_time_sheet_are_those_of_the_reference() -> None:
    sheet = monday_and_tuesday(origin=Origin(absent_days=("2026-11-23",)))
    made = sheet_json.as_object(sheet)
    row = made["rows"][0]
    found = " ".join(first_cells(section(DATA, "`report --timesheet --format json`")))
    assert re.findall(r"\w+", found) == [*made, *row]


def test_the_columns_of_the_time_sheet_are_those_of_the_reference() -> None:
    columns = re.findall(r"`(\w+)`", section(DATA, "`report --timesheet --format csv`"))
    assert tuple(columns[: len(sheet_csv.COLUMNS)]) == sheet_csv.COLUMNS


def test_the_keys_of_the_status_are_those_of_the_reference() -> None:
    made = status_object(pid=None, paused=False, paused_until=None, today_ms=0, data_path="")
    sync = made.pop("sync")
    assert isinstance(sync, dict)
    assert first_cells(section(DATA, "`status --json`")) == [
        *made,
        *(f"sync.{name}" for name in sync),
    ]
