"""Fixtures for tests against a real server."""

from tests.server.central import central
from tests.server.contract import (
    fresh_adapter,
    new_place,
    own_database,
    place,
    server_adapter,
)
from tests.server.faults_hub import hub
from tests.server.fixtures import database, make_person, own_server, pgbouncer, postgres, proxy
from tests.server.sender import anna, ben, fresh, prepared, shared
from tests.server.shipper import make_shipper, shipper

__all__ = [
    "anna",
    "ben",
    "central",
    "database",
    "fresh",
    "fresh_adapter",
    "hub",
    "make_person",
    "make_shipper",
    "new_place",
    "own_database",
    "own_server",
    "pgbouncer",
    "place",
    "postgres",
    "prepared",
    "proxy",
    "server_adapter",
    "shared",
    "shipper",
]
