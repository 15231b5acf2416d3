"""Addresses of the databases of tests, and an environment that says nothing of its own."""

import os

import pytest

from reprospective_tray.config.keys import Remote
from reprospective_tray.store.postgres.connection.address import ServerAddress


def address_of(database, person=None, /, **more):
    """Return the address of a database as config.yaml would have it; the superuser's by default."""
    return ServerAddress.from_remote(remote_of(database, person, **more))


def remote_of(database, person=None, /, **more):
    """Return ``database.remote`` for a database."""
    keys = {
        "host": database.host,
        "port": database.port,
        "database": database.name,
        "user": person.name if person else database.superuser,
        "password": person.password if person else database.password,
    }
    return Remote(**{**keys, **more})


@pytest.fixture
def plain_environment(monkeypatch, tmp_path):
    """No PG* variable, and a home without files; returns that home."""
    for name in os.environ:
        if name.startswith("PG"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path
