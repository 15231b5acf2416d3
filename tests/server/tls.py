"""Certificates made by the test, and places that show them: a server or a pooler with TLS."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server import binaries
from tests.server.pgbouncer import pooler
from tests.server.servers import Database, new_server, server_folder

DAYS = "2"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


def _openssl(*arguments: object) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the command openssl is not installed")
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(folder: Path, name: str = "authority") -> Certificate:
    """Make the certificate of an authority; files called `name` in `folder`."""
    made = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
    _openssl(
        *("req", "-x509", "-days", DAYS, *KEY, "-subj", f"/CN={name} of a test"),
        *("-keyout", made.key, "-out", made.certificate),
    )
    return made


def make_certificate(authority: Certificate, names: str, folder: Path) -> Certificate:
    """Make a server's certificate for `names`, such as "DNS:localhost,IP:127.0.0.1"."""
    made = Certificate(folder / "server.crt", folder / "server.key")
    request, more = folder / "server.csr", folder / "names.txt"
    more.write_text(f"subjectAltName={names}\n", "utf-8")
    _openssl("req", *KEY, "-subj", "/CN=server", "-keyout", made.key, "-out", request)
    _openssl(
        *("x509", "-req", "-in", request, "-days", DAYS, "-extfile", more, "-CAcreateserial"),
        *("-CA", authority.certificate, "-CAkey", authority.key, "-out", made.certificate),
    )
    for file in (made.key, made.certificate):
        binaries.hand_over(file)
    made.key.chmod(0o600)
    return made


@dataclass(frozen=True, slots=True)
class Secured:
    """A database behind TLS, and the certificate of the authority that it goes by."""

    database: Database
    authority: Path


def _with_tls() -> Path:
    able = {
        version: each for version, each in binaries.installed().items() if binaries.has_tls(each)
    }
    if not able:
        pytest.skip("no PostgreSQL with TLS here: what PyPI brings is built without it")
    return able[max(able)]


@contextmanager
def postgresql_with_tls(names: str = "DNS:localhost") -> Iterator[Secured]:
    """Run a server that takes nobody by TCP without TLS; it says that it is `names`."""
    with server_folder() as folder:
        authority = make_authority(folder)
        own = make_certificate(authority, names, folder)
        settings = {
            "ssl": "on",
            "ssl_cert_file": str(own.certificate),
            "ssl_key_file": str(own.key),
        }
        access = ["hostnossl all all all reject"]
        with new_server(_with_tls(), settings=settings, access=access) as server:
            yield Secured(server.in_postgres, authority.certificate)


@contextmanager
def pooler_with_tls(database: Database, names: str = "DNS:localhost") -> Iterator[Secured]:
    """Run a pgbouncer in front of `database` that takes nobody without TLS."""
    with server_folder() as folder:
        authority = make_authority(folder)
        own = make_certificate(authority, names, folder)
        settings: Mapping[str, object] = {
            "client_tls_sslmode": "require",
            "client_tls_cert_file": own.certificate,
            "client_tls_key_file": own.key,
        }
        with pooler(database.server, settings=settings) as made:
            yield Secured(database.at(made), authority.certificate)
