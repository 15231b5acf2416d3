"""TLS: which certificates are believed, and for which names."""

import pytest

from reprospective_tray.errors import ServerRefusedError
from reprospective_tray.store.postgres.connection.connection import connect
from tests.server.addresses import address_of, plain_environment
from tests.server.tls import make_authority, pooler_with_tls, postgresql_with_tls

__all__ = ["plain_environment"]

pytestmark = pytest.mark.usefixtures("plain_environment")


@pytest.fixture(params=["postgresql", "pgbouncer"])
def secured(request):
    if request.param == "postgresql":
        with postgresql_with_tls() as place:
            yield place
    else:
        with pooler_with_tls(request.getfixturevalue("database")) as place:
            yield place


def reach(secured, host="localhost", **more):
    with connect(address_of(secured.database, host=host, **more)) as connection:
        assert connection.rows("SELECT 1") == [(1,)]
        return connection.raw.info.ssl_in_use


def refused(secured, **more):
    with pytest.raises(ServerRefusedError) as caught:
        reach(secured, **more)
    return caught.value


def test_a_certificate_is_believed_from_its_authority_and_for_its_name_alone(secured, tmp_path):
    own, other = str(secured.authority), str(make_authority(tmp_path, "other").certificate)
    assert reach(secured, sslmode="verify-full", sslrootcert=own)

    wrong_authority = refused(secured, sslmode="verify-full", sslrootcert=other)
    assert "certificate verify failed" in str(wrong_authority)
    assert "sslrootcert" in wrong_authority.remedy

    wrong_name = refused(secured, host="127.0.0.1", sslmode="verify-full", sslrootcert=own)
    assert "does not match host name" in str(wrong_name)
    assert reach(secured, host="127.0.0.1", sslmode="verify-ca", sslrootcert=own)


def test_the_authority_is_found_in_the_home_folder(secured, plain_environment):
    (plain_environment / "ours.crt").write_bytes(secured.authority.read_bytes())
    assert reach(secured, sslmode="verify-full", sslrootcert="~/ours.crt")
    assert "sslrootcert" in refused(secured, sslmode="verify-full").remedy
    own = plain_environment / ".postgresql"
    own.mkdir()
    (plain_environment / "ours.crt").rename(own / "root.crt")
    assert reach(secured, sslmode="verify-full")


def test_without_a_word_it_is_encrypted_and_the_environment_may_ask_for_more(secured, monkeypatch):
    assert reach(secured)
    refused(secured, sslmode="disable")
    with monkeypatch.context() as patch:
        patch.setenv("PGSSLMODE", "verify-full")
        assert "sslrootcert" in refused(secured).remedy
