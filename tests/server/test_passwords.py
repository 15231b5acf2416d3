"""The password: where it comes from, and where it never shows."""

import logging
import sys
import threading
import traceback
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from reprospective_tray.config.keys import Config, DatabaseSettings, Remote
from reprospective_tray.errors import (
    ReprospectiveError,
    ServerRefusedError,
    ServerUnreachableError,
    UsageError,
)
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.connection.connection import connect
from tests.server.addresses import address_of, plain_environment, remote_of
from tests.support import wait_until

__all__ = ["plain_environment"]

pytestmark = pytest.mark.usefixtures("plain_environment")


class Memory(keyring.backend.KeyringBackend):
    """A keyring of this test alone, which counts how often it is asked."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}
        self.asked = 0
        self.broken = False
        self.unlocked = threading.Event()
        self.unlocked.set()

    def get_password(self, service, username):
        self.asked += 1
        assert self.unlocked.wait(20)
        if self.broken:
            raise OSError("the bus is gone")
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password


@pytest.fixture
def memory():
    before = keyring.get_keyring()
    made = Memory()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def person(make_person):
    return make_person()


@pytest.fixture
def address(database, person):
    """The person's address without a password."""
    return address_of(database, person, password=None)


def who(address):
    with connect(address) as connection:
        return connection.rows("SELECT current_user")[0][0]


def write_pgpass(home, database, person, password):
    file = home / ".pgpass"
    # A colon and a backslash in it are written behind one.
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    file.write_text(f"{database.host}:{database.port}:*:{person.name}:{escaped}\n")
    file.chmod(0o600)


def test_without_any_password_the_remedy_names_the_ways(address, memory):
    with pytest.raises(ServerRefusedError, match="no password supplied") as caught:
        who(address)
    for way in ("PGPASSWORD", ".pgpass", "service", "keyring", "config.yaml"):
        assert way in caught.value.remedy
    assert memory.asked == 1


def test_the_config_has_it(database, person, memory):
    assert who(address_of(database, person)) == person.name
    assert memory.asked == 0


def test_the_environment_has_it(address, person, memory, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", person.password)
    assert who(address) == person.name
    assert memory.asked == 0


def test_the_config_comes_before_the_environment(database, person, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "another")
    assert who(address_of(database, person)) == person.name


def test_the_password_file_has_it(address, database, person, memory, plain_environment):
    write_pgpass(plain_environment, database, person, person.password)
    assert who(address) == person.name
    assert memory.asked == 0


def test_a_wrong_password_is_not_made_good_by_the_keyring(
    address, database, person, memory, plain_environment
):
    memory.kept["reprospective-tray", address.login()] = person.password
    write_pgpass(plain_environment, database, person, "another")
    with pytest.raises(ServerRefusedError, match="password authentication failed"):
        who(address)
    assert memory.asked == 0


@pytest.mark.parametrize("named_by", ["config", "PGSERVICE"])
def test_a_service_says_all_that_the_config_leaves_at_its_defaults(
    database, person, plain_environment, monkeypatch, named_by
):
    (plain_environment / ".pg_service.conf").write_text(
        f"[central]\nhost={database.host}\nport={database.port}\ndbname={database.name}\n"
        f"user={person.name}\npassword={person.password}\n"
    )
    if named_by == "PGSERVICE":
        monkeypatch.setenv("PGSERVICE", "central")
    remote = Remote(service="central" if named_by == "config" else None)
    address = ServerAddress.from_remote(remote)
    assert address.places() == [(database.host, database.port)]
    assert f"database {database.name} on {database.host}, port {database.port}" in str(address)
    with connect(address) as connection:
        found = connection.rows("SELECT current_user, current_database()")
    assert found == [(person.name, database.name)]


def test_the_keyring_is_asked_by_user_and_host_when_libpq_has_none(address, person, memory):
    keyring.set_password("reprospective-tray", f"{person.name}@127.0.0.1", person.password)
    assert who(address) == person.name
    assert memory.asked == 1


def test_a_broken_keyring_is_no_other_error_than_none(address, memory):
    memory.broken = True
    with pytest.raises(ServerRefusedError, match="no password supplied"):
        who(address)
    assert memory.asked == 1


def test_a_keyring_that_is_not_installed_is_no_other_error_than_none(address, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ServerRefusedError, match="no password supplied"):
        who(address)


def test_a_locked_keyring_is_asked_once_whoever_waits_for_it(address, person, memory):
    memory.kept["reprospective-tray", address.login()] = person.password
    memory.unlocked.clear()
    for _attempt in range(3):
        with pytest.raises(ServerUnreachableError, match="No answer within"):
            connect(address, 0.5)
    wait_until(lambda: "connect" not in names_of_threads(), 5, "the end of the attempts")
    assert names_of_threads().count("keyring") == 1
    assert memory.asked == 1
    memory.unlocked.set()
    wait_until(lambda: "keyring" not in names_of_threads(), 5, "the answer")
    assert who(address) == person.name
    assert memory.asked == 2


def names_of_threads():
    return [thread.name for thread in threading.enumerate()]


def test_a_dsn_has_it(database, person):
    assert who(ServerAddress.from_dsn(database.dsn(person.name, person.password))) == person.name


# Where it never shows

SECRET = "s3cret of the person"  # noqa: S105  looked for in all that is said


def everything_said(error):
    return f"{''.join(traceback.format_exception(error))} {error!r} {getattr(error, 'remedy', '')}"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"port": 1},
        {"host": "no such host"},
        {"database": "no such"},
        {"sslmode": "require"},
        {"service": "unheard"},
        {"user": SECRET + "?"},
    ],
)
def test_no_failed_log_in_shows_it(database, make_person, change, caplog):
    caplog.set_level(logging.DEBUG)
    remote = remote_of(database, make_person(), **{"password": SECRET, **change})
    with pytest.raises(ReprospectiveError) as caught:
        connect(ServerAddress.from_remote(remote))
    said = everything_said(caught.value) + caplog.text
    assert SECRET not in said.replace(SECRET + "?", "")


def test_no_repr_and_no_process_list_shows_it(database):
    database.rows("CREATE ROLE secretive LOGIN SUPERUSER PASSWORD %s", [SECRET])
    try:
        remote = remote_of(database, user="secretive", password=SECRET)
        address = ServerAddress.from_remote(remote)
        with connect(address) as connection:
            shown = [remote, Config(database=DatabaseSettings(remote=remote)), address, connection]
            shown += [connection.raw, connection.raw.dsn, address.keywords]
            assert SECRET not in " ".join(f"{each!r} {each!s}" for each in shown)
            assert SECRET not in Path("/proc/self/cmdline").read_text("utf-8")
            with pytest.raises(ReprospectiveError) as caught:
                connection.rows("SELECT 1/0")
            assert SECRET not in everything_said(caught.value)
            stored = connection.rows("SELECT query FROM pg_stat_activity")
            assert SECRET not in str(stored)
    finally:
        database.rows("DROP ROLE secretive")


@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://me:{SECRET}@/x?nonsense=1",
        f"password='{SECRET}",
        f"{SECRET}",
        f"password='{SECRET}\0'",
    ],
)
def test_a_dsn_that_is_none_is_not_quoted(dsn):
    with pytest.raises(UsageError) as caught:
        ServerAddress.from_dsn(dsn)
    assert SECRET not in everything_said(caught.value)
