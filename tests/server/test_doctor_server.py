"""What the doctor says of a real server: reached or not, prepared or not, encrypted or not."""

import time

import pytest

from reprospective_tray.checks import server as checks
from reprospective_tray.checks.finding import Case
from reprospective_tray.config.keys import Config, DatabaseSettings, Remote, Sync
from reprospective_tray.config.loading import LoadedConfig
from tests.bystander import at_most
from tests.server.addresses import plain_environment, remote_of
from tests.server.servers import free_port
from tests.server.tls import postgresql_with_tls

__all__ = ["plain_environment"]

pytestmark = pytest.mark.usefixtures("plain_environment")


@pytest.fixture
def examine(user):
    """Return what is found of the server that `remote` names, by the names of the findings."""

    def look(remote, *, in_use=True):
        settings = Config(database=DatabaseSettings(remote=remote, sync=Sync(enabled=in_use)))
        return {
            each.name: each
            for each in checks.server(Case(LoadedConfig(settings, None), user.paths))
        }

    return look


def test_where_none_is_named_nothing_is_missing(examine):
    (found,) = examine(Remote(), in_use=False).values()
    assert (found.found, found.is_missing) == (None, False)


def test_a_prepared_server_lets_a_person_record(examine, central):
    found = examine(remote_of(central.database, central.person))
    assert list(found) == [
        "server",
        "server_rights",
        "server_schema",
        "server_clock",
        "server_latency",
        "server_tls",
    ]
    assert {name for name, each in found.items() if each.found} == set(found) - {"server_tls"}
    assert not any(each.remedy for each in found.values())
    assert central.person.name in found["server"].detail
    assert "PostgreSQL" in found["server"].detail
    assert "its own sessions" in found["server_rights"].detail
    # Nobody else is on the way from this computer to itself.
    assert found["server_tls"].found is None
    needed = {name for name, each in found.items() if each.needed}
    assert needed == {"server", "server_rights", "server_schema"}


def test_a_password_is_in_none_of_it(examine, central):
    for person in (central.person, None):
        found = examine(remote_of(central.database, person))
        secret = person.password if person else central.database.password
        assert not [each for each in found.values() if secret in each.detail + each.remedy]


def test_a_server_that_is_named_and_not_used_is_never_missing(examine):
    remote = Remote(host="127.0.0.1", port=free_port())
    assert examine(remote)["server"].is_missing
    found = examine(remote, in_use=False)["server"]
    assert (found.found, found.is_missing) == (False, False)
    assert found.remedy


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"password": "another"}, "PGPASSWORD"),
        ({"database": "no_such_database"}, "database.remote.database"),
        ({"sslmode": "require"}, "sslmode"),
    ],
)
def test_what_does_not_let_in_is_missing_with_its_remedy(examine, central, change, remedy):
    found = examine(remote_of(central.database, central.person, **change))
    assert list(found) == ["server"]
    assert found["server"].is_missing
    assert remedy in found["server"].remedy


def test_a_server_that_says_nothing_is_missing_after_the_deadline(
    examine, central, proxy, monkeypatch
):
    monkeypatch.setattr(checks, "CONNECT_S", 2.0)
    proxy.go_silent()
    with at_most(5):
        found = examine(remote_of(central.database.at(proxy), central.person))
    assert found["server"].is_missing


def test_without_a_schema_it_depends_on_who_may_make_it(examine, database, make_person):
    found = examine(remote_of(database))
    assert found["server"].found
    assert (found["server_schema"].found, found["server_schema"].is_missing) == (None, False)
    person = make_person()
    found = examine(remote_of(database, person))
    assert found["server_schema"].is_missing
    assert "server init" in found["server_schema"].remedy
    assert "server_rights" not in found


def test_who_is_no_person_there_has_no_right(examine, central, make_person):
    found = examine(remote_of(central.database, make_person()))
    assert found["server_rights"].is_missing
    assert "add-person" in found["server_rights"].remedy
    assert found["server_schema"].found is None


@pytest.mark.parametrize(("version", "is_right"), [(-1, False), (1000, True)])
def test_an_older_schema_is_missing_and_a_newer_one_is_not(examine, central, version, is_right):
    central.database.rows("DELETE FROM reprospective.schema_version WHERE version > 1")
    central.database.rows("UPDATE reprospective.schema_version SET version = %s", [version])
    found = examine(remote_of(central.database, central.person))["server_schema"]
    assert found.found is is_right
    assert ("server init" in found.remedy) is not is_right


def test_clocks_that_differ_are_said_and_not_missing(examine, central, monkeypatch):
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 60)
    found = examine(remote_of(central.database, central.person))["server_clock"]
    assert (found.found, found.is_missing) == (False, False)
    assert "+60.0 s" in found.detail
    assert "NTP" in found.remedy


def test_latency_is_a_round_trip(examine, central, proxy, bystander):
    proxy.latency = 0.05
    found = examine(remote_of(central.database.at(proxy), central.person))["server_latency"]
    assert found.found
    latency_ms = float(found.detail.split()[0])
    assert latency_ms >= 100
    assert bystander.allows(latency_ms, 200)


def test_the_version_of_tls_is_said(examine):
    with postgresql_with_tls() as secured:
        found = examine(remote_of(secured.database, host="localhost"))
        assert found["server_tls"].found
        assert found["server_tls"].detail.startswith("TLSv1.")


def test_what_others_could_read_along_is_said(examine, central, monkeypatch):
    # libpq goes there, and nobody is told: as good as another computer.
    monkeypatch.setenv("PGHOSTADDR", central.database.host)
    found = examine(remote_of(central.database, central.person, host="db.example.org"))[
        "server_tls"
    ]
    assert (found.found, found.is_missing) == (False, False)
    assert "sslmode" in found.remedy
