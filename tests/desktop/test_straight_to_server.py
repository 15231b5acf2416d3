"""`database.local.type: postgresql` and `--source server`, as a person uses them.

How it can fail: what was in front while the server was stopped is missing, a command prints a
password or a traceback, or says that all is well where no server is.
"""

import json
import socket
from datetime import UTC, datetime

import pytest

from tests.desktop.command_line import assert_good, assert_refused, command_of
from tests.server.servers import DURABLE, new_server
from tests.support import wait_until

NAMES = """
    SELECT window_title, open FROM reprospective.desktop_activity_sessions
    WHERE deleted = 0 AND state = 'active' ORDER BY started_at
"""
CONFIG = """
database:
  local: {{type: {kind}}}
  remote: {{host: 127.0.0.1, port: {port}, database: {name}, user: {user}}}
monitor: {{heartbeat: 1, titles: {{ignore: []}}}}
"""


def configure(user, database, kind="postgresql", port=None):
    """Let the person's config name the server; the password is where libpq looks for it."""
    text = CONFIG.format(
        kind=kind, port=port or database.port, name=database.name, user=database.superuser
    )
    user.write_config(text)
    passwords = user.folder / "pgpass"
    secret = database.password.replace("\\", "\\\\").replace(":", "\\:")
    passwords.write_text(f"*:*:*:{database.superuser}:{secret}\n")
    passwords.chmod(0o600)
    user.env["PGPASSFILE"] = str(passwords)


def titles(database):
    return [title for title, _open in database.rows(NAMES)]


@pytest.mark.long
def test_windows_that_were_in_front_while_the_server_was_stopped_are_on_it(
    desktop, windows, make_app, user
):
    with new_server(settings=DURABLE) as server, server.database() as database:
        configure(user, database)
        app = make_app(desktop, "--no-tray")
        first = windows.open("first", title="before")
        windows.await_active(first.id)
        app.start()
        wait_until(lambda: server.in_postgres and has_schema(database), 15, "the schema")
        wait_until(lambda: titles(database) == ["before"], 15, "the first row")
        status = json.loads(app.cli("status", "--json").stdout)
        assert status["data_path"] == f"postgresql://127.0.0.1:{server.port}/{database.name}"
        server.stop()
        for title in ("while it was away", "and again"):
            first.set_title(title)
            assert app.ask("status")["running"] is True
            wait_until(lambda: app.ask("status")["problem"], 15, "the problem is said")
            pause()
        server.start()
        wait_until(lambda: "and again" in titles(database), 30, "what waited is written")
        first.set_title("after")
        wait_until(lambda: "after" in titles(database), 15, "the newest row")
        assert app.stop() == 0
        rows = database.rows(NAMES)
        assert [title for title, _open in rows] == [
            *("before", "while it was away", "and again", "after")
        ]
        assert {is_open for _title, is_open in rows} == {0}
        assert database.password not in app.output()
        assert not user.database.exists()


def pause():
    """Let a title stay in front for long enough to be a session."""
    begun = datetime.now(UTC)
    wait_until(lambda: (datetime.now(UTC) - begun).total_seconds() > 1.5, 5, "a second to pass")


def has_schema(database):
    return database.rows("SELECT to_regclass('reprospective.devices')") != [(None,)]


LINES = [
    {
        "state": "active",
        "application_name": name,
        "window_title": "a title",
        "source_host": host,
        "started_at": f"2026-03-30T0{hour}:00:00.001Z",
        "ended_at": f"2026-03-30T0{hour}:30:00.123Z",
        "utc_offset_minutes": 0,
    }
    for hour, (host, name) in enumerate([("one", "Code"), ("two", "Mail"), ("two", "Code")], 1)
]


@pytest.fixture
def command(user, database, tmp_path):
    """A person whose server holds what two computers recorded."""
    configure(user, database)
    run = command_of(user)
    file = tmp_path / "lines.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in LINES))
    assert "3 stored" in assert_good(run("import", file))
    assert "0 stored" in assert_good(run("import", file))
    return run


def test_reports_and_exports_come_from_the_server_with_all_computers(command, user, database):
    straight = command("report", "--date", "2026-03-30", "--format", "json")
    exported = assert_good(command("export"))
    configure(user, database, kind="sqlite")
    server = command("report", "--date", "2026-03-30", "--format", "json", "--source", "server")
    found = json.loads(assert_good(server))
    assert found["source"] == "server"
    assert found["hosts"] == ["one", "two"]
    assert found["active_seconds"] == 3 * 1800.122
    assert json.loads(assert_good(straight)) == found | {"source": "local"}
    lines = [json.loads(line) for line in exported.splitlines()]
    assert [line["application_name"] for line in lines] == ["Code", "Mail", "Code"]
    assert {(line["original_id"], line["synced"]) for line in lines} == {(None, True)}
    assert assert_good(command("export", "--source", "server")) == exported
    since = ("--from", "2026-03-30T02:10:00Z", "--to", "2026-03-30T03:00:00Z")
    some = assert_good(command("export", "--source", "server", *since, "--format", "csv"))
    assert len(some.splitlines()) == 2
    assert_refused(command("report", "--date", "2026-03-30"), 1, "Nothing has been recorded")


def test_a_server_that_is_away_or_named_nowhere_is_said_with_exit_1(command, user, database):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens on it
        configure(user, database, port=taken.getsockname()[1])
        for words in (("report",), ("export",), ("report", "--source", "server")):
            done = command(*words)
            assert_refused(done, 1, "No connection to database")
            assert database.password not in done.stderr
        status = command("status", "--json")
        assert status.returncode == 1
        assert json.loads(status.stdout)["data_path"].startswith("postgresql://127.0.0.1:")
    user.write_config("{}")
    for words in (("report",), ("export",)):
        done = command(*words, "--source", "server")
        assert_refused(done, 1, "No server", "database.remote")


def test_a_snapshot_of_a_server_names_pg_dump(command, tmp_path):
    target = tmp_path / "copy.db"
    assert_refused(command("export", "--snapshot", target), 1, "pg_dump")
    assert not target.exists()


def test_sending_what_is_recorded_on_the_server_is_an_error_of_the_config(user):
    user.write_config("database:\n  local: {type: postgresql}\n  sync:\n    enabled: true\n")
    done = command_of(user)("config", "check")
    assert_refused(
        done, 2, "config.yaml", "4", "database.sync.enabled is true", "false where database.local"
    )
