"""A local file and its way to the server, bare: what the fourteen ways and the benchmark need."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from reprospective_tray.config.keys import Sync
from reprospective_tray.errors import ServerUnreachableError
from reprospective_tray.store.model.sessions import Change, Put, Session
from reprospective_tray.store.outbox import device_change
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.connection.connection import Connection, connect
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.sync.manager import DatabaseSyncManager
from reprospective_tray.sync.pass_result import Passed
from tests.server.central import Central
from tests.server.servers import Database

SESSIONS = "desktop_activity_sessions"


class Meddling:
    """A connection on which something happens once, between a commit and its answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.after: Callable[[], None] | None = None

    def rows(self, *arguments: Any) -> list[tuple[Any, ...]]:
        found = self._connection.rows(*arguments)
        if self.after:
            after, self.after = self.after, None
            after()
        return found

    def close(self) -> None:
        self._connection.close()

    def abort(self) -> None:
        self._connection.abort()


def lose_the_answer() -> None:
    raise ServerUnreachableError("the answer is lost")


class Shipper:
    """A file in which a test records as it likes, and which it ships."""

    def __init__(self, path: Path, dsn: str, *, host: str = "desk", **settings: Any) -> None:
        self.path = path
        self.host = host
        self.connection: Meddling | None = None
        self._address = ServerAddress.from_dsn(dsn)
        self._is_offline = False
        chosen = Sync(enabled=True, **{"retention_days": None, **settings})
        self.manager = DatabaseSyncManager(self.adapter, self._reach, chosen, self)

    def adapter(self) -> SqliteAdapter:
        return SqliteAdapter(self.path)

    @contextmanager
    def opened(self) -> Iterator[SqliteAdapter]:
        adapter = self.adapter()
        adapter.open()
        with adapter.connection():
            yield adapter

    def record(self, *changes: Session | Change) -> None:
        with self.opened() as adapter:
            puts = [Put(one) if isinstance(one, Session) else one for one in changes]
            SessionWriter(adapter, self.host).apply(puts)

    def sync(self) -> Passed:
        return self.manager.run(threading.Event())

    def become_another_device(self) -> None:
        with self.opened() as adapter:
            device_change.become_another_device(adapter)

    def leave_open_session(self) -> None:
        with self.opened() as adapter:
            SessionWriter(adapter, self.host).recover()

    def rows(self, columns: str = "*", where: str = "1") -> list[tuple[Any, ...]]:
        # S608: a test's own words.
        return self.execute(f"SELECT {columns} FROM {SESSIONS} WHERE {where} ORDER BY id")  # noqa: S608

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Do what another program does to the file."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Let no new connection be made."""
        self._is_offline = True
        yield
        self._is_offline = False

    def close(self) -> None:
        self.manager.close()

    def _reach(self) -> Any:
        if self._is_offline:
            raise ServerUnreachableError("offline")
        self.connection = Meddling(connect(self._address))
        return self.connection


@pytest.fixture
def make_shipper(central: Central, tmp_path: Path) -> Iterator[Callable[..., Shipper]]:
    """Make computers of the person of `central`: ``make_shipper("name", batch_size=7)``."""
    made: list[Shipper] = []

    def make(name: str = "desk", **settings: Any) -> Shipper:
        made.append(Shipper(tmp_path / f"{name}.db", central.dsn(), **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def shipper(make_shipper: Callable[..., Shipper]) -> Shipper:
    """A computer that keeps everything."""
    return make_shipper()


def instants(database: Database, where: str = "deleted = 0") -> list[tuple]:
    """Return (uid, start, end, revision) of the central rows, times in ms, in order."""
    columns = "uid::text, reprospective.to_ms(started_at), reprospective.to_ms(ended_at), revision"
    table = f"reprospective.{SESSIONS}"
    return database.rows(f"SELECT {columns} FROM {table} WHERE {where} ORDER BY started_at, uid")  # noqa: S608
