"""`sync` and `status` as processes of their own, against a real server; no instance runs."""

import json
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import sys
import termios
import time
from contextlib import closing
from pathlib import Path

import pytest

from reprospective_tray.config.loading import load
from reprospective_tray.runtime.factories import make_adapter
from tests.bystander import at_most
from tests.desktop.command_line import ROOT, Command, assert_good, command_of
from tests.desktop.command_line import environment as environment_of
from tests.server.central import Central
from tests.server.entries import add, entry, local, writing
from tests.server.proxy import Proxy
from tests.server.servers import free_port
from tests.support import User, wait_until

SECONDS = 20.0
RETENTION = "Sessions older than 7 days are removed from this computer once they are on the server"
ROWS = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
    INSERT INTO desktop_activity_sessions
        (uid, device_id, source_host, state, application_name, window_title, started_at, ended_at,
         utc_offset_minutes, open, deleted, revision, synced)
    SELECT printf('0190a000-0000-7000-8000-%012x', i + {first}), (SELECT value FROM
        desktop_activity_meta WHERE key = 'device_id'), 'desk', 'active', 'Editor', {title},
        1790000000000 + i * 1000, 1790000000000 + i * 1000 + 900, 60, 0, 0, 1, 0 FROM n
"""


def configure(user: User, central: Central, *, place: object = None, more: str = "") -> None:
    """Let `user` send to `central`, or through what stands before it; sending is on."""
    where = place or central.database
    user.write_config(f"""
database:
  remote:
    host: {where.host}
    port: {where.port}
    database: {central.database.name}
    user: {central.person.name}
    password: {central.person.password}
  sync: {{enabled: true{more}}}
""")


def record(user: User, count: int, *, first: int = 0, title: str = "'a window'") -> None:
    """Put rows into the file, as a run before has left them."""
    adapter = make_adapter(load(None, user.paths), user.paths)
    adapter.open()
    with closing(sqlite3.connect(adapter.path)) as connection, connection:
        connection.execute(ROWS.format(count=count, first=first, title=title))
    adapter.close()


def on_server(central: Central) -> int:
    return central.database.rows("SELECT count(*) FROM reprospective.desktop_activity_sessions")[0][
        0
    ]


def journal_mode(user: User) -> str:
    with closing(sqlite3.connect(user.database)) as connection:
        return connection.execute("PRAGMA journal_mode").fetchone()[0]


@pytest.fixture
def command(user: User) -> Command:
    return command_of(user)


def test_it_sends_all_says_so_and_leaves_the_file_as_readers_need_it(
    user: User, central: Central, command: Command
) -> None:
    configure(user, central)
    record(user, 2345)
    done = command("sync")
    assert (done.returncode, done.stdout) == (0, "2,345 sessions sent.\n")
    # What retention does here is said once.
    assert len(done.stderr.splitlines()) == 1
    assert RETENTION in done.stderr
    assert on_server(central) == 2345
    assert journal_mode(user) == "delete"
    assert assert_good(command("sync")) == "Everything is already on the server.\n"


def test_json_is_all_that_is_on_stdout(user: User, central: Central, command: Command) -> None:
    configure(user, central, more=", retention_days: null")
    record(user, 3)
    assert json.loads(assert_good(command("sync", "--json"))) == {
        "sent": 3,
        "refused": 0,
        "waiting": 0,
        "superseded": 0,
        "deleted": 0,
        "refused_in_all": 0,
        "entries": 0,
        "waiting_entries": 0,
        "error": None,
    }


def test_where_nothing_was_recorded_that_is_said(
    user: User, central: Central, command: Command
) -> None:
    configure(user, central, more=", retention_days: null")
    done = command("sync")
    assert done.returncode == 1
    assert "recorded yet" in done.stderr
    assert not user.database.exists()


def test_where_sending_is_off_the_config_says_no(command: Command) -> None:
    for words in (("sync",), ("sync", "--json"), ("sync", "--verify")):
        done = command(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "database.sync.enabled is false" in done.stderr
        assert len(done.stderr.splitlines()) == 2


def test_a_server_that_is_away_is_said_with_what_where_and_what_to_do(
    user: User, central: Central, command: Command
) -> None:
    class Nowhere:
        host, port = "127.0.0.1", free_port()

    configure(user, central, place=Nowhere, more=", retention_days: null")
    record(user, 4)
    done = command("sync")
    assert (done.returncode, done.stdout) == (1, "")
    assert str(Nowhere.port) in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert central.person.password not in done.stderr
    said = command("sync", "--json")
    assert said.returncode == 1
    found = json.loads(said.stdout)
    assert (found["sent"], found["waiting"]) == (0, 4)
    assert str(Nowhere.port) in found["error"]
    # `status` knows of it from the file, and how much waits.
    sync = json.loads(assert_good(command("status", "--json")))["sync"]
    assert (sync["enabled"], sync["waiting"], sync["refused"]) == (True, 4, 0)
    assert (sync["last_success_at"], sync["next_run_at"]) == (None, None)
    assert str(Nowhere.port) in sync["last_error"]
    assert central.person.password not in json.dumps(sync)
    lines = assert_good(command("status")).splitlines()
    assert "Not synced yet · 4 waiting" in lines
    assert lines[-1].startswith("The last attempt to send failed: ")


def test_status_tells_of_the_last_success_from_the_file(
    user: User, central: Central, command: Command
) -> None:
    configure(user, central, more=", retention_days: null")
    before = time.time()
    assert json.loads(assert_good(command("status", "--json")))["sync"] == {
        "enabled": True,
        "waiting": 0,
        "refused": 0,
        "last_success_at": None,
        "last_error": None,
        "next_run_at": None,
    }
    record(user, 4)
    assert_good(command("sync"))
    sync = json.loads(assert_good(command("status", "--json")))["sync"]
    assert (sync["waiting"], sync["last_error"]) == (0, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", sync["last_success_at"])
    from datetime import datetime

    assert before - 1 <= datetime.fromisoformat(sync["last_success_at"]).timestamp() <= time.time()
    assert assert_good(command("status")).splitlines()[-1] == "Synced a moment ago"


def test_what_the_server_refuses_is_counted_and_offered_again(
    user: User, central: Central, command: Command
) -> None:
    configure(user, central, more=", retention_days: null")
    central.database.rows(
        "ALTER TABLE reprospective.desktop_activity_sessions"
        " ADD CONSTRAINT none CHECK (window_title <> 'bad')"
    )
    record(user, 3)
    record(user, 2, first=100, title="'bad'")
    done = command("sync")
    assert done.returncode == 1
    assert "2 sessions or entries were refused by the server" in done.stderr
    assert "sync --retry-refused" in done.stderr
    assert on_server(central) == 3
    sync = json.loads(assert_good(command("status", "--json")))["sync"]
    assert (sync["waiting"], sync["refused"]) == (0, 2)
    assert assert_good(command("status")).splitlines()[-1].endswith("2 refused by the server")
    central.database.rows(
        "ALTER TABLE reprospective.desktop_activity_sessions DROP CONSTRAINT none"
    )
    found = json.loads(assert_good(command("sync", "--retry-refused", "--json")))
    assert (found["retried"], found["sent"], found["refused_in_all"]) == (2, 2, 0)
    assert on_server(central) == 5


def test_verify_sends_again_what_is_missing_on_the_server(
    user: User, central: Central, command: Command
) -> None:
    configure(user, central, more=", retention_days: null")
    record(user, 50)
    assert_good(command("sync"))
    said = "50 were compared with the server, 0 had to be resent."
    assert said in assert_good(command("sync", "--verify"))
    central.database.rows("DELETE FROM reprospective.desktop_activity_sessions WHERE revision = 1")
    said = "50 sessions sent. 50 were compared with the server, 50 had to be resent.\n"
    assert assert_good(command("sync", "--verify")) == said
    assert on_server(central) == 50


def test_a_terminal_sees_a_bar_with_rows_rate_and_time_left(user: User, central: Central) -> None:
    configure(user, central, more=", retention_days: null, batch_size: 100")
    record(user, 5000)
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    process = subprocess.Popen(
        [sys.executable, "-m", "reprospective_tray", "sync"],
        cwd=ROOT,
        env=environment_of(user),
        stdout=subprocess.PIPE,
        stderr=terminal,
    )
    os.close(terminal)
    seen = b""
    try:
        while select.select([screen], [], [], SECONDS)[0]:
            try:
                seen += os.read(screen, 65536)
            except OSError:  # the other end is closed
                break
        assert process.communicate(timeout=SECONDS)[0] == b"5,000 sessions sent.\n"
    finally:
        os.close(screen)
        process.kill()
    text = seen.decode()
    assert "Sending" in text
    assert re.search(r"\d+%\|.*k/5\.00k \[\d\d:\d\d<\d\d:\d\d, .*k rows/s\]", text), text


@pytest.mark.parametrize("silent", [False, True])
def test_an_interrupt_ends_it_in_order(
    user: User, central: Central, proxy: Proxy, silent: bool
) -> None:
    # Every batch takes its time on the way, so that there is a middle.
    configure(user, central, place=proxy, more=", retention_days: null, batch_size: 10")
    record(user, 20_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "reprospective_tray", "sync"],
        cwd=ROOT,
        env=environment_of(user),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        wait_until(lambda: on_server(central) > 100, SECONDS, "the first batches")
        if silent:
            proxy.go_silent()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=5.0)
    finally:
        process.kill()
    assert (process.returncode, *said) == (130, b"", b"")
    assert 100 < on_server(central) < 20_000
    assert journal_mode(user) == "delete"


def test_status_answers_within_two_tenths_of_a_second_in_a_large_file(
    user: User, central: Central
) -> None:
    configure(user, central)
    record(user, 200_000)
    from reprospective_tray.store.outbox import sync_state

    reader = make_adapter(load(None, user.paths), user.paths, read_only=True)
    with at_most(0.2):
        assert sync_state.read(reader).waiting == 200_000


def test_a_process_that_does_not_send_loads_nothing_of_it(user: User) -> None:
    code = """
import sys
from reprospective_tray.cli import main
assert main(["status"]) == 0
from reprospective_tray.runtime.application import Application
from reprospective_tray.config.loading import load
from reprospective_tray.system.paths import Paths
paths = Paths.of_user()
Application(load(None, paths), paths)
heavy = {"psycopg2", "apscheduler", "tqdm", "keyring"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(ROOT),
        env=environment_of(user),
        check=True,
        stdout=subprocess.DEVNULL,
    )


def test_entries_are_counted_sent_and_said(user: User, central: Central, command: Command):
    configure(user, central)
    record(user, 2)
    add(user.database, entry(1), entry(2), entry(3))
    assert json.loads(command("status", "--json").stdout)["sync"]["waiting"] == 5
    assert "2 sessions sent. 3 entries sent." in command("sync").stdout
    add(user.database, entry(4))
    done = command("sync")
    assert done.stdout.splitlines() == ["1 entry sent."]
    with writing(user.database) as writer:
        writer.delete(entry_uids(user)[0])
    said = json.loads(command("sync", "--verify", "--json").stdout)
    assert (said["sent"], said["entries"], said["compared"], said["waiting"]) == (0, 1, 5, 0)
    assert json.loads(command("status", "--json").stdout)["sync"]["waiting"] == 0


def entry_uids(user: User) -> list[str]:
    return list(local(user.database))


def test_a_server_of_before_entries_is_named_with_the_remedy_and_takes_the_sessions(
    user: User, central: Central, command: Command
):
    configure(user, central)
    record(user, 2)
    add(user.database, entry(1))
    ingest = central.database.rows("SELECT pg_get_functiondef('reprospective.ingest'::regproc)")
    # As a server with schema 3 answers: it knows nothing of entries.
    older = ingest[0][0].replace("'entries', entries_answer,", "")
    older = older.replace("IF sent.entries IS NOT NULL", "IF false")
    central.database.rows(older.replace("%", "%%"))
    central.database.rows("DELETE FROM reprospective.schema_version WHERE version > 3")
    done = command("sync")
    assert done.returncode == 1
    assert "2 sessions sent." in done.stdout
    assert "1 entry waits on this computer" in done.stderr
    assert "server init" in done.stderr
    assert on_server(central) == 2
