"""What fails on the server is logged there without a title: by every version, with its defaults.

How it can fail: values stand in the text of a statement, which the log quotes with each error,
with each lost connection and in each deadlock; a message or its context quotes a value.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import msgspec
import psycopg2
import pytest

from reprospective_tray.errors import ServerDataError, ServerError, StoreError
from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.ids import new_device_id, new_uid
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.postgres.adapter import PostgresqlAdapter
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.connection.connection import Connection, connect
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.sync.uploader import Pair, SentBatch, Uploader
from tests.server import binaries
from tests.server.central import Central, central_on
from tests.server.servers import Server, new_server
from tests.support import wait_until
from tests.unit.recording import T0, session
from tests.unit.stored import row

pytestmark = pytest.mark.trust

MARK = "MARKED-TITLE"
NAME = "MARKED-NAME"
WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'"
    " AND state = 'active'"
)

UID = "018bcfeb-03fb-7980-a6fb-72ba28f40a70"


@pytest.fixture(scope="module", params=[15, 18])
def server(request) -> Iterator[Server]:
    found = binaries.installed()
    if request.param not in found:
        pytest.skip(f"no PostgreSQL {request.param} here; there are {sorted(found)}")
    with new_server(found[request.param]) as made:
        yield made


@pytest.fixture
def central(server) -> Iterator[Central]:
    with central_on(server) as made:
        yield made


class Log:
    """What the server has logged since this was made."""

    def __init__(self, server: Server) -> None:
        self._file = server.log
        self._begin = self._file.stat().st_size

    def text(self) -> str:
        return self._file.read_bytes()[self._begin :].decode("utf-8", "replace")

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self.text(), 10, f"{words!r} in the log")

    def assert_without_titles(self) -> None:
        found = [line for line in self.text().splitlines() if MARK in line or NAME in line]
        assert found == []


def a_row(device_id: str, number: int = 0, **more: Any) -> dict[str, Any]:
    one = session(number * 1000, number * 1000 + 500, NAME, window_title=MARK)
    made = row(one, device_id) | {"uid": one.uid} | more
    return {name: value for name, value in made.items() if not name.startswith("synced")}


class Sender:
    """One person's computer before the server."""

    def __init__(self, central: Central, stack: ExitStack) -> None:
        self.central = central
        self.device_id = new_device_id()
        self._stack = stack
        self.uploader = Uploader(self.connect)
        self._last: Pair | None = None

    def connect(self) -> Connection:
        made = connect(ServerAddress.from_dsn(self.central.dsn()))
        self._stack.callback(made.close)
        return made

    def set_for_role(self, setting: str) -> None:
        self.central.database.rows(f'ALTER ROLE "{self.central.person.name}" SET {setting}')

    def send(self, *rows: dict[str, Any], text: str | None = None) -> Any:
        sent = msgspec.json.encode(rows).decode() if text is None else text
        pair = Pair(self._last.counter + 1 if self._last else 1, new_uid(T0))
        answer = self.uploader.send(SentBatch(self.device_id, self._last, pair, sent))
        self._last = pair
        return answer

    def waiting_process(self) -> int:
        def found() -> list[tuple[int]]:
            return self.central.database.rows(WAITING, [self.central.person.name])

        wait_until(found, 10, "a statement that waits")
        return found()[0][0]


@pytest.fixture
def sender(central) -> Iterator[Sender]:
    with ExitStack() as stack:
        yield Sender(central, stack)


@pytest.fixture
def log(server) -> Log:
    return Log(server)


def in_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        with suppress(ServerError, StoreError):
            work()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def locked(sender: Sender) -> Any:
    """Return a connection that locks the table until it is closed."""
    holder = sender.central.database.connect()
    with holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE reprospective.desktop_activity_sessions")
    return holder


def test_a_batch_arrives_and_a_refused_row_of_it_is_not_quoted(sender, log):
    good, bad = a_row(sender.device_id), a_row(sender.device_id, 1, state="asleep")
    answer = sender.send(good, bad)
    assert [each.at for each in answer.refused] == [1]
    stored = "SELECT window_title FROM reprospective.desktop_activity_sessions"
    assert sender.central.database.rows(stored) == [(MARK,)]
    log.assert_without_titles()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("lock_timeout = '100ms'", "canceling statement due to lock timeout"),
        ("statement_timeout = '200ms'", "canceling statement due to statement timeout"),
    ],
)
def test_a_batch_that_waits_too_long_is_not_quoted(sender, log, setting, words):
    sender.set_for_role(setting)
    holder = locked(sender)
    with pytest.raises(ServerError):
        sender.send(a_row(sender.device_id))
    holder.close()
    log.wait_for(words)
    log.assert_without_titles()


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("pg_cancel_backend", "canceling statement due to user request"),
        ("pg_terminate_backend", "terminating connection due to administrator command"),
    ],
)
def test_a_batch_that_an_administrator_ends_is_not_quoted(sender, log, ending, words):
    holder = locked(sender)
    thread = in_thread(lambda: sender.send(a_row(sender.device_id)))
    sender.central.database.rows(f"SELECT {ending}(%s)", [sender.waiting_process()])
    log.wait_for(words)
    sender.uploader.abort()
    holder.close()
    thread.join()
    log.assert_without_titles()


def test_a_batch_whose_sender_is_lost_is_not_quoted(sender, log):
    holder = locked(sender)
    thread = in_thread(lambda: sender.send(a_row(sender.device_id, 7)))
    process = sender.waiting_process()
    sender.uploader.abort()
    thread.join()
    holder.close()
    alive = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
    wait_until(lambda: not sender.central.database.rows(alive, [process]), 10, "its end")
    log.assert_without_titles()


INSERT = """
INSERT INTO reprospective.desktop_activity_sessions (uid, owner, device_id, source_host, state,
    application_name, window_title, started_at, ended_at, utc_offset_minutes)
SELECT %s, owner, device_id, source_host, state, '', '', started_at, ended_at, 0
FROM reprospective.desktop_activity_sessions LIMIT 1
"""
LOCK = "SELECT 1 FROM reprospective.desktop_activity_sessions WHERE uid = %s FOR UPDATE"


def test_a_batch_in_anothers_deadlock_is_not_quoted(sender, log):
    first, second = a_row(sender.device_id, 1), a_row(sender.device_id, 2)
    sender.send(second)
    holder = sender.central.database.connect()
    with holder.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '50ms'")
        cursor.execute("BEGIN")
        cursor.execute(LOCK, [second["uid"]])
        newer = second | {"revision": 2}
        thread = in_thread(lambda: sender.send(first, newer))
        with suppress(psycopg2.Error):
            sender.waiting_process()
            cursor.execute(INSERT, [first["uid"]])
    holder.close()
    log.wait_for("deadlock detected")
    thread.join()
    log.assert_without_titles()


def test_what_is_recorded_in_a_deadlock_is_not_quoted(sender, straight, log):
    sender.set_for_role("deadlock_timeout = '50ms'")
    first, second = marked(0, 1000), marked(1000, 2000, open=True)
    put(straight, second)
    holder = sender.central.database.connect()

    def wait_for_first() -> None:
        with holder.cursor() as cursor, suppress(psycopg2.Error):
            cursor.execute(INSERT, [first.uid])

    with holder.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '60s'")
        cursor.execute("BEGIN")
        cursor.execute(LOCK, [second.uid])
    with straight.connection(), suppress(*straight.errors):
        writer = SessionWriter(straight, "host")
        with straight.writing():
            writer.apply([Put(first)])
            thread = threading.Thread(target=wait_for_first)
            thread.start()
            waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'transactionid'"
            wait_until(lambda: sender.central.database.rows(waits), 10, "the other's wait")
            writer.apply([Put(second)])
    thread.join()
    holder.close()
    log.wait_for("deadlock detected")
    log.assert_without_titles()


@pytest.mark.parametrize(
    "rows",
    [
        '[{"window_title": "MARKED-TITLE", "application_name": "MARKED-NAME",}]',
        '[{"window_title": "MARKED-TITLE \\ud800", "application_name": "MARKED-NAME"}]',
        '{"window_title": "MARKED-TITLE"',
        '"MARKED-TITLE"',
        f'[{{"uid": "{UID}", "window_title": "MARKED-TITLE", "started_at": "MARKED-NAME"}}]',
    ],
)
def test_a_batch_that_is_no_json_is_not_quoted(sender, log, rows):
    with suppress(ServerDataError):
        sender.send(text=rows)
    log.assert_without_titles()


@pytest.fixture
def straight(sender, tmp_path) -> PostgresqlAdapter:
    made = PostgresqlAdapter(ServerAddress.from_dsn(sender.central.dsn()), tmp_path)
    made.open()
    return made


def put(straight: PostgresqlAdapter, *sessions: Any) -> None:
    with straight.connection():
        SessionWriter(straight, "host").apply([Put(each) for each in sessions])


def marked(start: int, end: int, **more: Any) -> Any:
    return session(start, end, NAME, window_title=MARK, **more)


def test_what_is_recorded_straight_to_the_server_is_not_quoted(sender, straight, log):
    put(straight, marked(0, 1000, open=True))
    with suppress(*straight.errors):
        put(straight, marked(5000, 4000))
    holder = locked(sender)
    thread = in_thread(lambda: put(straight, marked(1000, 2000)))
    process = sender.waiting_process()
    sender.central.database.rows("SELECT pg_terminate_backend(%s)", [process])
    log.wait_for("terminating connection")
    thread.join()
    holder.close()
    sender.set_for_role("lock_timeout = '100ms'")
    holder = locked(sender)
    with suppress(*straight.errors):
        put(straight, marked(2000, 3000))
    holder.close()
    log.wait_for("lock timeout")
    log.assert_without_titles()


def test_what_is_imported_to_the_server_and_forgotten_there_is_not_quoted(sender, straight, log):
    from reprospective_tray.store.forget.erase import forget

    sender.set_for_role("lock_timeout = '100ms'")
    rows = [a_row(straight.device_id, number) for number in range(3)]
    holder = locked(sender)
    with straight.connection(), pytest.raises(straight.errors):
        make_row_writer(straight).write(rows)
    holder.close()
    with straight.connection(), suppress(*straight.errors):
        make_row_writer(straight).write([rows[0] | {"state": "asleep"}])
    with straight.connection():
        assert make_row_writer(straight).write(rows) == 3
        blocked = sender.central.database.connect()
        with blocked.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM reprospective.desktop_activity_sessions FOR UPDATE")
        with pytest.raises(straight.errors):
            forget(straight, TimeRange(T0, T0 + 9000, NAME))
        blocked.close()
    log.wait_for("lock timeout")
    log.assert_without_titles()
