"""What libpq is told of the central database, from config, DSN, service file and environment."""

import os
from pathlib import Path

import pytest

from reprospective_tray.config.keys import MASK, Config, DatabaseSettings, Remote
from reprospective_tray.config.loading import read_config
from reprospective_tray.errors import UsageError
from reprospective_tray.store.postgres.connection.address import ServerAddress


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith("PG"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


def of(**keys):
    return ServerAddress.from_remote(Remote(**keys))


def test_the_defaults_name_a_place_and_leave_user_and_encryption_to_libpq():
    address = of()
    assert address.keywords == {"host": "localhost", "port": "5432", "dbname": "reprospective"}
    assert address.password is None
    assert str(address) == "database reprospective on localhost, port 5432"


def test_every_key_of_the_config_reaches_libpq():
    keys = {"host": "a", "port": 1, "database": "b", "user": "c", "service": "e", "password": "f"}
    address = of(**keys, sslmode="verify-full", sslrootcert="~/d")
    assert address.keywords == {
        "host": "a",
        "port": "1",
        "dbname": "b",
        "user": "c",
        "sslmode": "verify-full",
        "sslrootcert": os.path.expanduser("~/d"),  # noqa: PTH111  the text is compared
        "service": "e",
    }
    assert address.password == "f"  # noqa: S105


def test_the_authorities_of_the_system_are_no_file():
    assert of(sslrootcert="system").keywords["sslrootcert"] == "system"


def test_a_service_is_handed_only_what_differs_from_the_defaults(monkeypatch):
    assert of(service="work").keywords == {"service": "work"}
    assert of(service="work", port=5433).keywords == {"service": "work", "port": "5433"}
    monkeypatch.setenv("PGSERVICE", "work")
    assert of(database="days").keywords == {"dbname": "days"}


def test_only_of_several_hosts_is_one_wanted_that_writes():
    assert "target_session_attrs" not in of().for_libpq(20)
    assert of(host="a,b").for_libpq(20)["target_session_attrs"] == "read-write"


@pytest.mark.parametrize(
    ("host", "deadline", "timeout"),
    [("a", 20, "10"), ("a", 8, "4"), ("a,b", 9, "3"), ("a,b,c", 1, "2"), ("a", 600, "10")],
)
def test_a_host_gets_a_part_of_the_time(host, deadline, timeout):
    assert of(host=host).for_libpq(deadline)["connect_timeout"] == timeout


def test_every_connection_has_a_name_utf8_keepalives_and_no_options():
    told = of().for_libpq(20)
    assert told["application_name"] == "reprospective-tray"
    assert told["client_encoding"] == "UTF8"
    assert told["keepalives"] == "1"
    assert "options" not in told
    assert "password" not in of(password="secret").for_libpq(20)  # noqa: S106


def test_what_a_dsn_says_comes_before_what_every_connection_has():
    address = ServerAddress.from_dsn("postgresql://me:secret@h:1/d?application_name=mine")
    assert address.keywords["user"] == "me"
    assert "password" not in address.keywords
    assert address.password == "secret"  # noqa: S105
    assert address.for_libpq(20)["application_name"] == "mine"


@pytest.mark.parametrize("dsn", ["nonsense", "port=1 hots=x", "postgresql://[", "dbname=\0"])
def test_what_is_no_dsn_is_a_mistake_on_the_command_line(dsn):
    with pytest.raises(UsageError, match="not the address"):
        ServerAddress.from_dsn(dsn)


@pytest.mark.parametrize(
    ("keywords", "places"),
    [
        ({"host": "a,b", "port": "5433"}, [("a", 5433), ("b", 5433)]),
        ({"host": "a,b", "port": "1,2"}, [("a", 1), ("b", 2)]),
        ({"host": "a", "hostaddr": "10.0.0.1"}, [("10.0.0.1", 5432)]),
        ({"host": "/run/postgresql"}, [("/run/postgresql", 5432)]),
        ({"host": "a,", "port": "x"}, [("a", 5432), ("localhost", 5432)]),
        ({}, [("localhost", 5432)]),
    ],
)
def test_places_are_the_hosts_with_their_ports(keywords, places):
    assert ServerAddress(keywords).places() == places


def test_the_order_is_config_then_service_then_environment(monkeypatch, tmp_path):
    file = tmp_path / "services"
    file.write_text("[work]\nhost=of_service\ndbname=of_service\n# a comment\n", "utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    monkeypatch.setenv("PGHOST", "of_environment")
    monkeypatch.setenv("PGUSER", "of_environment")
    monkeypatch.setenv("PGPORT", "7")
    address = of(service="work", database="of_config")
    assert address.places() == [("of_service", 7)]
    assert address.login() == "of_environment@of_service"
    assert str(address) == "database of_config on of_service, port 7"


@pytest.mark.parametrize(
    "content", [b"[other]\nhost=x\n", b"no section\n", b"[work]\n\xff\xfe=1\n"]
)
def test_a_service_file_that_says_nothing_of_it_is_left_to_libpq(content, tmp_path):
    (tmp_path / ".pg_service.conf").write_bytes(content)
    assert of(service="work").places() == [("localhost", 5432)]


def test_the_name_in_the_keyring_is_user_and_host(monkeypatch):
    assert of(user="anna", host="db.example.com").login() == "anna@db.example.com"
    monkeypatch.setenv("LOGNAME", "berta")
    assert of().login() == "berta@localhost"


def test_a_password_is_in_no_repr_of_the_config():
    text = "database: {remote: {password: hidden-one, service: s, sslrootcert: c}}"
    remote = read_config(text, Path("my.yaml")).database.remote
    config = Config(database=DatabaseSettings(remote=remote))
    for shown in (repr(remote), repr(config), str(config)):
        assert "hidden-one" not in shown
        assert f"service='s', password='{MASK}'" in shown
    assert repr(Remote()).endswith("password=None)")
