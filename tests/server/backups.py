"""Backups of a prepared database, for the tests: made on one server, restored on another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from psycopg2 import sql

from reprospective_tray.store.postgres.administration.roles import PERSON, initialise
from tests.server import binaries
from tests.server.compose import Backups
from tests.server.sender import connected, sender
from tests.server.servers import Database, Person, Server, drop_role, new_server, roles

NAME = "reprospective"


@dataclass(frozen=True, slots=True)
class Pair:
    """A server that is backed up, and an empty one of the same version."""

    home: Server
    elsewhere: Server


@pytest.fixture(scope="module", params=[pytest.param(15, marks=pytest.mark.long), 18])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Both ends of what is supported; every test leaves the servers empty."""
    programs = binaries.installed().get(request.param)
    if programs is None:
        pytest.skip(f"no PostgreSQL {request.param} here")
    # Prepared transactions: one in a database keeps it from being renamed.
    settings = {"max_prepared_transactions": "2", "log_statement": "all"}
    with (
        new_server(programs, settings=settings) as home,
        new_server(programs, settings=settings) as elsewhere,
    ):
        yield Pair(home, elsewhere)


@pytest.fixture
def database(pair: Pair) -> Iterator[Database]:
    """The database that is backed up."""
    with backed_up(pair.home) as made:
        yield made
    empty(pair.elsewhere)


@pytest.fixture
def backups(pair: Pair, tmp_path: Path) -> Backups:
    """Backups of the home server."""
    return backups_of(pair.home, tmp_path)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A restored database and what the restore said."""

    database: Database
    said: str


@contextmanager
def backed_up(server: Server) -> Iterator[Database]:
    """Make the database, after `server init`; its roles and other databases are gone afterwards."""
    with server.database(NAME) as database:
        with connected(database) as connection:
            initialise(connection)
        try:
            yield database
        finally:
            empty(server)


def empty(server: Server) -> None:
    """Drop all databases but `postgres`, and all roles."""
    others = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
    for (name,) in server.in_postgres.rows(others):
        for what in ("OWNER TO postgres", "RESET ALL"):
            server.in_postgres.rows(
                sql.SQL(f"ALTER DATABASE {{}} {what}").format(sql.Identifier(name))
            )
    for role in roles(server):
        drop_role(server, role)
    for (name,) in server.in_postgres.rows(others):
        if name != NAME:
            server.in_postgres.rows(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def backups_of(server: Server, folder: Path) -> Backups:
    """Return the service `backup` of a server, with its files in `folder`."""
    for name in ("backups", "state"):
        (folder / name).mkdir(exist_ok=True)
    return Backups(server, folder / "backups", folder / "state")


def restored(server: Server, folder: Path) -> Elsewhere:
    """Restore the newest backup in `folder` on another server."""
    said = backups_of(server, folder).run("restore")
    return Elsewhere(replace(server.in_postgres, name=NAME), said)


def add_role(database: Database, name: str, *, rows: int = 0) -> Person:
    """Make a person of any name that PostgreSQL allows, who has sent so many sessions."""
    person = Person(name, f"of {name}")
    role, password = sql.Identifier(name), sql.Literal(person.password)
    database.rows(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, password))
    database.rows(sql.SQL(f"GRANT {PERSON} TO {{}}").format(role))
    if rows:
        with sender(database, person) as device:
            device.send(*(device.row() for _ in range(rows)))
    return person
