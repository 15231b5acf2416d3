"""`forget` asks on a terminal alone; elsewhere it needs `--yes`; `--dry-run` says what would go."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from subprocess import DEVNULL

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.command_line import (
    ROOT,
    SECONDS,
    Command,
    assert_good,
    assert_refused,
    command_of,
    environment,
)
from tests.desktop.sessions import TITLE, bytes_of_data, write_sessions
from tests.desktop.terminal import at_terminal, read_until
from tests.desktop.windows import Windows
from tests.support import User

RANGE = ("--from", "2026-03-02T09:15Z", "--to", "2026-03-02T12:00Z")
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def command(user: User) -> Command:
    return command_of(user)


def figures(said: str) -> tuple[str, ...]:
    """Return how many sessions and how much time a sentence names."""
    found = re.search(r"(\d+) sessions?(?: deleted)?, (.+) in all", said)
    assert found, said
    return found.groups()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 1), ("n\n", 1), ("\x04", 1)])
def test_a_person_at_a_terminal_sees_what_will_go_and_is_asked(
    user: User, command: Command, answer: str, code: int
) -> None:
    write_sessions(user, command, datetime(2026, 3, 2, 9, tzinfo=UTC))
    with at_terminal(user, "forget", *RANGE) as (process, terminal):
        said = read_until(terminal, "[y/N]")
        assert "1 session, 15 m" in said
        assert "1 session extends past the range" in said
        os.write(terminal, answer.encode())
        said = read_until(terminal, "deleted")
        assert process.wait(SECONDS) == code
    assert ("Nothing was deleted" in said) == bool(code)
    rows = [json.loads(line) for line in assert_good(command("export")).splitlines()]
    assert rows[0]["duration_seconds"] == (15 * 60 if code == 0 else 30 * 60)


@pytest.mark.trust
@pytest.mark.parametrize(
    ("answer", "code"), [("はい", 0), ("y", 0), ("いいえ", 1), ("n", 1), ("", 1)]
)
def test_a_person_answers_in_the_language_in_force(
    user: User, command: Command, answer: str, code: int
) -> None:
    write_sessions(user, command, NINE)
    user.paths.config.mkdir(parents=True, exist_ok=True)
    user.paths.config_file.write_text("language: ja\n", "utf-8")
    before = assert_good(command("export"))
    with at_terminal(user, "forget", *RANGE) as (process, terminal):
        read_until(terminal, "はい")
        os.write(terminal, f"{answer}\n".encode())
        assert process.wait(SECONDS) == code
    assert (assert_good(command("export")) == before) == bool(code)


def test_on_a_terminal_yes_asks_nothing(user: User, command: Command) -> None:
    write_sessions(user, command, NINE)
    with at_terminal(user, "forget", *RANGE, "--yes") as (process, terminal):
        said = read_until(terminal, "deleted")
        assert process.wait(SECONDS) == 0
    assert "[y/N]" not in said
    assert "1 session deleted, 15 m" in said


@pytest.mark.trust
@pytest.mark.parametrize("given", ["nothing", "a pipe that says y", "no stdin at all"])
def test_without_a_terminal_nothing_is_deleted_unless_yes_is_said(
    user: User, command: Command, given: str
) -> None:
    write_sessions(user, command, NINE)
    before = assert_good(command("export"))
    program = [sys.executable, "-m", "reprospective_tray", "forget", *RANGE]
    if given == "no stdin at all":
        program = ["sh", "-c", 'exec "$@" <&-', "sh", *program]
    done = subprocess.run(
        program,
        cwd=ROOT,
        env=environment(user),
        **({"input": "y\n"} if given == "a pipe that says y" else {"stdin": DEVNULL}),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert_refused(done, 2, "Nothing was deleted", "no terminal", "--yes", "--dry-run")
    assert assert_good(command("export")) == before
    assert_good(command("forget", *RANGE, "--yes"))
    assert assert_good(command("export")) != before


@pytest.mark.parametrize(
    "words",
    [
        RANGE,
        ("--from", "2026-03-02T08:00Z", "--to", "2026-03-02T09:00Z"),
        ("--from", "2026-03-02T09:10Z", "--to", "2026-03-02T10:20Z"),
        ("--from", "2026-03-02", "--to", "2026-03-04", "--application", "EDITOR"),
        ("--from", "2026-03-02", "--to", "2026-03-04", "--application", "Mail"),
        ("--last", "3000d"),
    ],
)
def test_a_dry_run_says_what_would_go_and_changes_not_a_byte(
    user: User, command: Command, words: tuple[str, ...]
) -> None:
    write_sessions(user, command, NINE, NINE + timedelta(hours=1))
    before = bytes_of_data(user), sorted(user.paths.data.rglob("*"))
    for more in ((), ("--yes",)):
        said = assert_good(command("forget", *words, "--dry-run", *more))
        assert said.startswith("From 20")
        assert said.endswith("Nothing was deleted: this was a dry run.\n")
        assert (bytes_of_data(user), sorted(user.paths.data.rglob("*"))) == before
    clipped = "past the range" in said
    done = assert_good(command("forget", *words, "--yes"))
    assert figures(done) == figures(said)
    assert ("past the range" in done) == clipped


def test_a_dry_run_says_what_the_question_says(user: User, command: Command) -> None:
    write_sessions(user, command, NINE)
    said = assert_good(command("forget", *RANGE, "--dry-run"))
    with at_terminal(user, "forget", *RANGE) as (_process, terminal):
        asked = read_until(terminal, "[y/N]").replace("\r\n", "\n")
        os.write(terminal, b"n\n")
    assert asked.partition("Permanently delete this")[0] == said.partition("Nothing was")[0]
    with at_terminal(user, "forget", *RANGE, "--dry-run") as (process, terminal):
        assert "[y/N]" not in read_until(terminal, "dry run")
        assert process.wait(SECONDS) == 0


@pytest.mark.parametrize("paused", [False, True])
def test_while_the_program_runs_a_dry_run_counts_its_open_session_up_to_now(
    make_app: Callable[..., AppUnderTest],
    desktop: VirtualDesktop,
    windows: Windows,
    user: User,
    paused: bool,
) -> None:
    # What was written of the session last is older than the range.
    user.write_config("monitor: {heartbeat: 300}")
    windows.open("Secretary", title=TITLE)
    app = make_app(desktop, "--no-tray").start()
    app.wait_for_row(f"window_title = '{TITLE}' and open = 1")
    desktop.xdotool("sleep", "2.5")
    if paused:
        app.cli("pause")
        app.wait_for_row(f"window_title = '{TITLE}' and open = 0")
    rows = [tuple(row) for row in app.rows()]
    last = ("--last", "2s") if not paused else ("--last", "1m")
    said = app.cli("forget", *last, "--dry-run").stdout
    assert [tuple(row) for row in app.rows()] == rows
    assert figures(said)[0] == "1"
    assert ("past the range" in said) == (not paused)
    done = app.cli("forget", *last, "--yes").stdout
    assert figures(done)[0] == "1"
    assert ("past the range" in done) == (not paused)
    assert app.stop() == 0
