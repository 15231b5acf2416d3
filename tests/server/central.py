"""A central database as `server init` leaves it, and somebody who may send."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from psycopg2 import sql

from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.connection.connection import connect
from reprospective_tray.store.postgres.schema.upgrade import ensure, grant_roles
from tests.server.servers import Database, Person, Server, person


@dataclass(frozen=True, slots=True)
class Central:
    """The database, and one person of it."""

    database: Database
    person: Person

    def dsn(self, place: Any = None) -> str:
        """Return the person's DSN, through a proxy or pooler where `place` is one."""
        where = self.database if place is None else self.database.at(place)
        return where.dsn(self.person.name, self.person.password)


def make_central(database: Database) -> None:
    """Do what `server init` does."""
    with connect(ServerAddress.from_dsn(database.dsn())) as connection:
        ensure(connection)
        grant_roles(connection)


@contextmanager
def central_on(server: Server) -> Iterator[Central]:
    """Make a central database on `server`."""
    with server.database() as database, person(server) as sender:
        make_central(database)
        grant = sql.SQL("GRANT reprospective_person TO {}")
        database.rows(grant.format(sql.Identifier(sender.name)))
        yield Central(database, sender)


@pytest.fixture
def central(postgres: Server) -> Iterator[Central]:
    """The central database of one test, on the server that all share."""
    with central_on(postgres) as made:
        yield made
