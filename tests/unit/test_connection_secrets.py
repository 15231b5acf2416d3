"""A password leaves neither by an error nor to a server that has not proved who it is.

How it can fail: a connection string passes where a name is meant, and libpq's error quotes it; or
a server that asks for the password in clear text gets it.
"""

import os
from pathlib import Path

import pytest

from reprospective_tray.config.loading import read_config
from reprospective_tray.config.source import without_secrets
from reprospective_tray.errors import ConfigError, ServerError
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.connection.connection import connect
from tests.fake_server import FakeServer, error

pytestmark = pytest.mark.trust

SECRET = "Geheim42"  # noqa: S105  nobody's


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith("PG"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("key", ["host", "database", "user", "service", "sslrootcert"])
@pytest.mark.parametrize(
    "value",
    [
        f"host=x password={SECRET}",
        f"x password={SECRET}",
        f"password = '{SECRET} two'",
        f"postgresql://me:{SECRET}@x/y",
        f"x\\npassword={SECRET}",
        f"x\\tsslmode=disable {SECRET}",
        f"x?password={SECRET}",
    ],
)
def test_a_connection_string_is_no_name_and_the_error_does_not_quote_it(key, value):
    with pytest.raises(ConfigError) as caught:
        read_config(f'database: {{remote: {{{key}: "{value}"}}}}', Path("c.yaml"))
    assert f"database.remote.{key}" in str(caught.value)
    assert SECRET not in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize(
    "host",
    [
        "h",
        "a.b-c.example",
        "10.0.0.1",
        "::1",
        "fe80::1%eth0",
        "a,b",
        "/run/my sockets",
        "@abstract",
        "bücher.example",
        "a_b",
    ],
)
def test_names_and_addresses_are_hosts(host):
    read = read_config(f'database: {{remote: {{host: "{host}"}}}}', Path("c.yaml"))
    assert read.database.remote.host == host


@pytest.mark.parametrize("host", ["a b", "me@x", "'x'", "x;y=1", "x#1"])
def test_other_texts_are_none(host):
    with pytest.raises(ConfigError, match=r"database\.remote\.host"):
        read_config(f'database: {{remote: {{host: "{host}"}}}}', Path("c.yaml"))


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f"password='{SECRET} {SECRET}' x",
        f"a://b:{SECRET}@c",
        f"password={SECRET}\\ {SECRET}",
        f"PASSWORD = {SECRET}",
        f"x?password={SECRET}&y=1",
    ],
)
def test_passwords_of_connection_strings_are_not_shown(text):
    assert SECRET not in without_secrets(text)


def test_no_error_of_a_connection_quotes_a_password(monkeypatch):
    monkeypatch.setenv("PGHOST", f"nowhere.invalid password={SECRET}")
    monkeypatch.setenv("PGDATABASE", f"d password={SECRET}")
    with pytest.raises(ServerError) as caught:
        connect(ServerAddress({"user": "u"}), 5.0)
    assert SECRET not in str(caught.value)


def log_in(server, **more):
    keywords = {"host": server.host, "port": str(server.port), "dbname": "d", "user": "u"}
    return connect(ServerAddress(keywords | more, SECRET), 10.0)


@pytest.mark.parametrize(
    "more", [{}, {"sslmode": "prefer"}, {"sslmode": "allow"}, {"sslmode": "disable"}]
)
def test_a_server_that_asks_in_clear_text_does_not_get_the_password(more):
    with FakeServer(asks_clear_text=True) as server:
        with pytest.raises(ServerError, match="cleartext") as caught:
            log_in(server, **more)
        assert server.passwords == []
    assert "clear text" in caught.value.remedy


def test_who_asks_for_it_by_name_gives_it(monkeypatch):
    with FakeServer(asks_clear_text=True) as server:
        log_in(server, require_auth="password").close()
        monkeypatch.setenv("PGREQUIREAUTH", "password")
        log_in(server).close()
        assert server.passwords == [SECRET] * 2


@pytest.mark.parametrize(
    ("keywords", "required"),
    [
        ({}, True),
        ({"sslmode": "require"}, True),
        ({"sslmode": "verify-ca"}, False),
        ({"sslmode": "verify-full"}, False),
        ({"sslrootcert": "system"}, False),
        ({"host": "/run/postgresql"}, False),
        ({"host": "/run/postgresql,x"}, True),
    ],
)
def test_clear_text_is_for_proved_servers_and_this_computer_alone(keywords, required):
    assert ("require_auth" in ServerAddress(keywords).for_libpq(10)) is required


def test_a_server_that_trusts_everybody_and_one_that_refuses_are_as_before():
    with FakeServer() as server:
        log_in(server).close()
    with FakeServer(refuses=error(f"no password={SECRET}", "28P01", "FATAL")) as server:
        with pytest.raises(ServerError) as caught:
            log_in(server)
        assert SECRET not in str(caught.value)
