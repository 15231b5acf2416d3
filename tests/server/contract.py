"""Fixtures: a PostgreSQL for the tests that run on either database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from psycopg2 import sql

from reprospective_tray.store.postgres.adapter import PostgresqlAdapter
from reprospective_tray.store.postgres.connection.address import ServerAddress
from tests.contract import FreshAdapter, ServerPlace
from tests.server.servers import Database, Server, person

__all__ = ["fresh_adapter", "new_place", "own_database", "place", "server_adapter"]


def adapter_for(
    database: Database, data: Path, user: str, password: str, **more: object
) -> PostgresqlAdapter:
    """Return an adapter of `database`, whose own folder on this computer is `data`."""
    return PostgresqlAdapter(ServerAddress.from_dsn(database.dsn(user, password)), data, **more)


@pytest.fixture(scope="module")
def own_database(postgres: Server) -> Iterator[tuple[Database, str, str]]:
    """An empty database, and the name and password of a role that may make its schema there."""
    with person(postgres) as role, postgres.database() as database:
        grant = sql.SQL("GRANT CREATE ON DATABASE {} TO {}")
        database.rows(grant.format(sql.Identifier(database.name), sql.Identifier(role.name)))
        yield database, role.name, role.password


@pytest.fixture(scope="module")
def server_adapter(
    own_database: tuple[Database, str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresqlAdapter]:
    """An open adapter with a connection for this thread."""
    adapter = adapter_for(own_database[0], tmp_path_factory.mktemp("data"), *own_database[1:])
    adapter.open()
    with adapter.connection():
        yield adapter


def emptied(adapter: PostgresqlAdapter) -> PostgresqlAdapter:
    """Take all rows away, which only the owner of a table may."""
    adapter.models.Session.delete().execute()
    adapter.page = PostgresqlAdapter.page
    return adapter


@pytest.fixture(scope="module")
def fresh_adapter(server_adapter: PostgresqlAdapter) -> FreshAdapter:
    """What empties the database and gives its open adapter."""

    @contextmanager
    def fresh() -> Iterator[PostgresqlAdapter]:
        yield emptied(server_adapter)

    return fresh


@pytest.fixture
def place(server_adapter: PostgresqlAdapter) -> ServerPlace:
    """An empty database."""
    return ServerPlace(emptied(server_adapter))


@pytest.fixture(scope="module")
def new_place(
    server_adapter: PostgresqlAdapter,
) -> Callable[[], AbstractContextManager[ServerPlace]]:
    """What empties the database, for tests that need many."""

    @contextmanager
    def make() -> Iterator[ServerPlace]:
        yield ServerPlace(emptied(server_adapter))

    return make
