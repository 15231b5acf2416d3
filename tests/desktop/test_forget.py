"""`forget` as a person uses it: with the real program running, paused, or not at all."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.commands.forget import forget_sessions
from reprospective_tray.config import loading
from reprospective_tray.errors import ReprospectiveError, StoreError
from reprospective_tray.ipc.server import ControlServer
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.command_line import (
    Command,
    assert_good,
    assert_refused,
    command_of,
)
from tests.desktop.sessions import TITLE, bytes_of_data, write_sessions
from tests.desktop.windows import Windows
from tests.support import User


@pytest.fixture
def command(user: User) -> Command:
    return command_of(user)


@pytest.mark.parametrize("paused", [False, True])
def test_what_is_forgotten_of_the_running_session_never_comes_back(
    desktop: VirtualDesktop,
    windows: Windows,
    make_app: Callable[..., AppUnderTest],
    user: User,
    paused: bool,
) -> None:
    user.write_config("monitor: {heartbeat: 1}")
    windows.open("Secretary", title=TITLE)
    app = make_app(desktop, "--no-tray").start()
    app.wait_for_row(f"window_title = '{TITLE}' and revision > 1")
    if paused:
        app.cli("pause")
        app.wait_for_row(f"window_title = '{TITLE}' and open = 0")
    said = app.cli("forget", "--last", "1m", "--yes").stdout
    assert "deleted" in said
    assert not app.rows("deleted = 0 and open = 0")
    if paused:
        assert not app.rows("deleted = 0")
        assert TITLE.encode() not in bytes_of_data(user)
        app.cli("resume")
    # It goes on with the window that is in front, from now on.
    last = app.wait_for_row("deleted = 0 and open = 1 and revision > 1")
    forgotten_until = max(row["ended_at"] for row in app.rows("deleted = 1"))
    assert last["started_at"] >= forgotten_until
    app.stop()
    assert all(row["started_at"] >= forgotten_until for row in app.rows("deleted = 0"))
    assert not [row for row in app.rows("deleted = 1") if row["window_title"]]


def test_nothing_of_a_closed_window_is_left_in_any_file_while_the_program_runs(
    desktop: VirtualDesktop, windows: Windows, app: AppUnderTest, user: User
) -> None:
    assert desktop.env
    window = windows.open("Secretary", title=TITLE)
    app.wait_for_row(f"window_title = '{TITLE}'")
    window.close()
    windows.open("Harmless", title="nothing special")
    app.wait_for_row("window_title = 'nothing special'")
    assert TITLE.encode() in bytes_of_data(user)
    app.cli("forget", "--last", "1h", "--application", "secretary", "--yes")
    assert TITLE.encode() not in bytes_of_data(user)
    assert app.rows("window_title = 'nothing special' and deleted = 0")


@pytest.mark.parametrize("paused", [False, True])
def test_chosen_sessions_of_the_running_program_go_and_recording_goes_on(
    desktop: VirtualDesktop,
    windows: Windows,
    make_app: Callable[..., AppUnderTest],
    user: User,
    paused: bool,
) -> None:
    user.write_config("monitor: {heartbeat: 1}")
    window = windows.open("Secretary", title=f"{TITLE} before")
    app = make_app(desktop, "--no-tray").start()
    app.wait_for_row(f"window_title = '{TITLE} before'")
    window.set_title("nothing special")
    kept = app.wait_for_row("window_title = 'nothing special'")["uid"]
    window.set_title(TITLE)
    app.wait_for_row(f"window_title = '{TITLE}' and open = 1 and revision > 1")
    if paused:
        app.cli("pause")
        app.wait_for_row(f"window_title = '{TITLE}' and open = 0")
    chosen = [row["uid"] for row in app.rows(f"window_title like '{TITLE}%'")]
    loaded = loading.load(None, user.paths)
    done = forget_sessions(loaded, user.paths, [*chosen, "unknown"])
    assert (done.sessions, done.missing, done.clipped) == (len(chosen), 1, 0)
    gone = app.rows("deleted = 1")
    assert [row["uid"] for row in gone] == chosen
    assert not [row for row in gone if row["window_title"] or row["application_name"]]
    if paused:
        assert done.scrubbed
        assert TITLE.encode() not in bytes_of_data(user)
        app.cli("resume")
    # It goes on with the window that is in front, in a session of its own, from now on.
    last = app.wait_for_row("deleted = 0 and open = 1 and revision > 1")
    assert last["started_at"] >= max(row["ended_at"] for row in gone)
    assert forget_sessions(loaded, user.paths, chosen).sessions == 0
    assert app.stop() == 0
    assert [row["uid"] for row in app.rows("deleted = 1")] == chosen
    assert kept in [row["uid"] for row in app.rows("deleted = 0")]


def test_chosen_sessions_go_where_nothing_runs_however_many_they_are(
    user: User, command: Command
) -> None:
    starts = [datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(minutes=n) for n in range(2500)]
    write_sessions(user, command, *starts, minutes=1)
    rows = [json.loads(line) for line in assert_good(command("export")).splitlines()]
    chosen = [row["uid"] for row in rows[:-1]]
    done = forget_sessions(loading.load(None, user.paths), user.paths, chosen)
    assert (done.sessions, done.missing, done.scrubbed) == (2499, 0, True)
    assert done.ms == 2499 * 60_000
    left = [json.loads(line)["uid"] for line in assert_good(command("export")).splitlines()]
    assert left == [rows[-1]["uid"]]
    assert f"{TITLE} 0".encode() not in bytes_of_data(user)
    words = ("report", "--from", "2026-03-01", "--to", "2026-03-05", "--format", "json")
    assert json.loads(assert_good(command(*words)))["active_seconds"] == 60
    # What was imported does not come back with its file.
    assert " 0 stored" in assert_good(command("import", user.folder / "sessions.jsonl"))


def test_an_instance_of_an_older_version_forgets_no_range_in_place_of_sessions(
    user: User, command: Command
) -> None:
    """It knows `since`, `until` and `application`, and takes no request without the first."""
    write_sessions(user, command, datetime(2026, 3, 2, 9, tzinfo=UTC))
    asked: list[dict[str, object]] = []

    def older(_command: str, arguments: dict[str, object]) -> dict[str, object]:
        asked.append(arguments)
        if not isinstance(arguments.get("since"), int):
            raise ReprospectiveError("This is no range of time that could be forgotten.")
        return {}

    server = ControlServer(user.paths, older)
    server.start()
    try:
        with pytest.raises(ReprospectiveError, match="no range"):
            forget_sessions(loading.load(None, user.paths), user.paths, ["x"])
    finally:
        server.stop()
    assert asked == [{"uids": ["x"]}]


def test_choosing_where_nothing_was_recorded_makes_nothing(user: User) -> None:
    with pytest.raises(StoreError, match="Nothing has been recorded"):
        forget_sessions(loading.load(None, user.paths), user.paths, ["x"])
    assert not user.database.exists()


def test_without_an_instance_the_command_does_it_and_the_report_follows(
    user: User, command: Command
) -> None:
    nine, noon = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 12))
    write_sessions(user, command, nine, noon)
    words = ("report", "--from", "2026-03-01", "--to", "2026-03-03", "--format", "json")
    said = assert_good(
        command("forget", "--yes", "--from", "2026-03-02T09:10Z", "--to", "2026-03-02T12:00Z")
    )
    assert "1 session deleted, 20 m" in said
    assert json.loads(assert_good(command(*words)))["active_seconds"] == 40 * 60
    assert f"{TITLE} 0" in assert_good(command("export"))
    hour = ("--from", "2026-03-02T09:00Z", "--to", "2026-03-02T10:00Z")
    assert_good(command("forget", "--yes", *hour))
    assert f"{TITLE} 0".encode() not in bytes_of_data(user)
    # What was imported does not come back with its file.
    assert " 1 stored" not in assert_good(command("import", user.folder / "sessions.jsonl"))
    assert json.loads(assert_good(command(*words)))["active_seconds"] == 30 * 60
    assert user.database.read_bytes()[18] == 1  # SQLite's header: no WAL
    # No -wal and no -journal; the lock and the room for a full disk hold no titles.
    names = {file.name for file in user.database.parent.iterdir()}
    kept = {f"{user.database.name}{end}" for end in ("", ".lock", ".leftover.room")}
    assert names <= kept


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--last"),
        (("--from", "2026-03-02"), "--to"),
        (("--to", "2026-03-02"), "--from"),
        (("--from", "2026-03-02", "--to", "2026-03-02"), "--from"),
        (("--last", "1h", "--from", "2026-03-02"), "--last"),
        (("--last", "soon"), "soon"),
        (("--last", "1h", "--application", " "), "--application"),
    ],
)
def test_a_range_that_is_none_is_refused(
    command: Command, words: tuple[str, ...], said: str
) -> None:
    assert_refused(command("forget", *words), 2, said)


def test_where_nothing_was_recorded_nothing_is_made(command: Command, user: User) -> None:
    for words in (("--yes",), ("--dry-run",)):
        done = command("forget", "--last", "1h", *words)
        assert_refused(done, 1, "Nothing has been recorded")
    assert not user.database.exists()


def test_a_damaged_file_that_was_set_aside_is_named(user: User, command: Command) -> None:
    write_sessions(user, command, datetime(2026, 3, 2, 9, tzinfo=UTC))
    aside = user.database.with_name(f"{Path(user.database).stem}.damaged-20260101T000000.db")
    aside.write_bytes(b"")
    assert str(aside) in assert_good(command("forget", "--last", "1h", "--yes"))
