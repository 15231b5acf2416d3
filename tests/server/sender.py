"""A person's computer as the server sees it: batches into ingest(), by hand."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

import psycopg2.extensions
import pytest

from reprospective_tray.store.postgres.administration.roles import add_person, initialise
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.connection.connection import Connection, connect
from tests.server.servers import Database, Person, Server, person

T = 1_790_000_000_000
COLUMNS = (
    "uid::text, owner::text, device_id::text, source_host, original_id, state, application_name,"
    " window_title, process_id, (extract(epoch FROM started_at) * 1000)::bigint AS started_at,"
    " (extract(epoch FROM ended_at) * 1000)::bigint AS ended_at, utc_offset_minutes, open, deleted,"
    " revision, sent_schema, received_at"
)
_numbers = count(1)


def pair(counter: int) -> dict[str, Any]:
    """Return a new pair."""
    return {"counter": counter, "token": uuid4().hex}


class Sender:
    """One device of one role, and its connection in autocommit."""

    def __init__(self, raw: psycopg2.extensions.connection, device_id: str | None = None) -> None:
        self.raw = raw
        self.device_id = device_id or str(uuid4())
        self.acknowledged: dict[str, Any] | None = None

    def row(self, **changes: Any) -> dict[str, Any]:
        """Return a session of half a minute, the next one in time."""
        number = next(_numbers)
        return {
            "uid": str(uuid4()),
            "device_id": self.device_id,
            "source_host": "desk",
            "original_id": number,
            "state": "active",
            "application_name": "Editor",
            "window_title": f"page {number}",
            "process_id": 7,
            "started_at": T + number * 30_000,
            "ended_at": T + number * 30_000 + 29_123,
            "utc_offset_minutes": 60,
            "open": 0,
            "deleted": 0,
            "revision": 1,
            **changes,
        }

    def entry(self, **changes: Any) -> dict[str, Any]:
        """Return an entry of half a minute, the next one in time."""
        number = next(_numbers)
        return {
            "uid": str(uuid4()),
            "device_id": self.device_id,
            "source_host": "desk",
            "started_at": T + number * 30_000,
            "ended_at": T + number * 30_000 + 29_123,
            "utc_offset_minutes": 60,
            "category": "Customers > Harbour",
            "note": f"call {number}",
            "billable": 1,
            "revision": 1,
            "deleted": 0,
            **changes,
        }

    def batch(self, rows: Any = (), orders: Any = (), **changes: Any) -> dict[str, Any]:
        """Return a batch with the next pair."""
        counter = self.acknowledged["counter"] + 1 if self.acknowledged else 1
        return {
            "schema": 1,
            "device_id": self.device_id,
            "acknowledged": self.acknowledged,
            "pair": pair(counter),
            "rows": rows,
            "orders": orders,
            **changes,
        }

    def send(self, *rows: Any, orders: Any = (), **changes: Any) -> dict[str, Any]:
        """Send a batch and take its pair as acknowledged where it was taken."""
        batch = self.batch(rows, orders, **changes)
        answer = self.ingest(batch)
        if answer["verdict"] != "fork":
            self.acknowledged = batch["pair"]
        return answer

    def ingest(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Hand exactly this over."""
        return self.ask("SELECT reprospective.ingest(%s::json)", [json.dumps(batch)])[0][0]

    def ask(self, statement: Any, args: Any = None) -> list[tuple[Any, ...]]:
        """Run one statement with the rights of the role."""
        with self.raw.cursor() as cursor:
            cursor.execute(statement, args)
            return cursor.fetchall() if cursor.description else []

    def explain(self, query: str) -> str:
        """Return the plan of a query."""
        return "\n".join(line for (line,) in self.ask("EXPLAIN " + query))


def stored(database: Database) -> dict[str, dict[str, Any]]:
    """Return every row of the table by its uid, tombstones included."""
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {COLUMNS} FROM reprospective.desktop_activity_sessions")  # noqa: S608  our own
            names = [column.name for column in cursor.description]
            return {row[0]: dict(zip(names, row, strict=True)) for row in cursor}
    finally:
        connection.close()


def stored_entries(database: Database) -> dict[str, dict[str, Any]]:
    """Return every entry as it was sent, with its owner, by its uid, tombstones included."""
    rows = database.rows(
        "SELECT owner::text, reprospective.entry_as_sent(e)"
        " FROM reprospective.desktop_activity_entries AS e"
    )
    return {entry["uid"]: entry | {"owner": owner} for owner, entry in rows}


@contextmanager
def connected(database: Database, role: Person | None = None) -> Iterator[Connection]:
    """Connect as the program does; as the superuser where no `role` is named."""
    dsn = database.dsn(role.name, role.password) if role else database.dsn()
    with connect(ServerAddress.from_dsn(dsn)) as connection:
        yield connection


@contextmanager
def sender(database: Database, role: Person | None = None) -> Iterator[Sender]:
    """Connect as psycopg2 does, for a device of its own."""
    raw = database.connect(role.name, role.password) if role else database.connect()
    try:
        yield Sender(raw)
    finally:
        raw.close()


@dataclass(frozen=True, slots=True)
class Shared:
    """A database after `server init` and two persons of it, for tests that alter only rows."""

    database: Database
    anna: Person
    ben: Person


def add_role(database: Database, role: Person) -> Person:
    """Make a LOGIN role one of the persons."""
    with connected(database) as connection:
        add_person(connection, role.name)
    return role


@pytest.fixture(scope="session")
def shared(postgres: Server) -> Iterator[Shared]:
    """Make it once, for it takes longer than most of the tests."""
    with postgres.database() as database, person(postgres) as anna, person(postgres) as ben:
        with connected(database) as connection:
            initialise(connection)
        yield Shared(database, add_role(database, anna), add_role(database, ben))


@pytest.fixture
def prepared(shared: Shared) -> Database:
    """A database after `server init`, without rows."""
    shared.database.rows(
        "TRUNCATE reprospective.desktop_activity_sessions, reprospective.devices,"
        " reprospective.desktop_activity_entries"
    )
    return shared.database


@pytest.fixture
def fresh(database: Database) -> Database:
    """A database after `server init` of one test alone, which may alter what it likes."""
    with connected(database) as connection:
        initialise(connection)
    return database


@pytest.fixture
def anna(prepared: Database, shared: Shared) -> Iterator[Sender]:
    """A person's computer."""
    with sender(prepared, shared.anna) as made:
        yield made


@pytest.fixture
def ben(prepared: Database, shared: Shared) -> Iterator[Sender]:
    """Another person's."""
    with sender(prepared, shared.ben) as made:
        yield made
