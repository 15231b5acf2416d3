"""Fixtures for tests of any folder that need a server: import them in its conftest.py.

from tests.server.fixtures import *  # noqa: F403
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.server.pgbouncer import Pooler, pooler
from tests.server.proxy import Proxy, proxy_to
from tests.server.servers import Database, Person, Server, new_server, person

__all__ = ["database", "make_person", "own_server", "pgbouncer", "postgres", "proxy"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server that all tests of a run share; nobody stops it."""
    with new_server() as made:
        yield made


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server of one test alone, which may stop and kill it."""
    with new_server() as made:
        yield made


@pytest.fixture
def database(postgres: Server) -> Iterator[Database]:
    """An empty database."""
    with postgres.database() as made:
        yield made


@pytest.fixture
def make_person(postgres: Server) -> Iterator[Callable[..., Person]]:
    """Make LOGIN roles: ``make_person()`` or ``make_person(name, options="CREATEROLE")``.

    They and what they own are dropped at the end: before the database, where a test asked for
    `database` first.
    """
    with ExitStack() as stack:

        def make(name: str | None = None, *, options: str = "") -> Person:
            return stack.enter_context(person(postgres, name, options=options))

        yield make


@pytest.fixture
def proxy(postgres: Server) -> Iterator[Proxy]:
    """A proxy in front of `postgres`: ``database.at(proxy)`` goes through it."""
    with proxy_to(postgres.host, postgres.port) as made:
        yield made


@pytest.fixture
def pgbouncer(postgres: Server) -> Iterator[Pooler]:
    """A pgbouncer in transaction pooling in front of `postgres`: ``database.at(pgbouncer)``."""
    with pooler(postgres) as made:
        yield made
