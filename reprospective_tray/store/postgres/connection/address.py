"""The server's address and log-in as libpq connection keywords."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray import NAME
from reprospective_tray.config.keys import Remote
from reprospective_tray.config.source import without_secrets
from reprospective_tray.errors import UsageError
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping

# Keywords of every connection. `options` is not used because pgbouncer rejects it. The keepalives
# are for the idle time between passes; a running statement has its own deadline.
ALWAYS = {
    "application_name": NAME,
    "client_encoding": "UTF8",
    "keepalives": "1",
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
# libpq's environment variables for these keywords.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "require_auth": "PGREQUIREAUTH",
}
DEFAULT_PORT = "5432"
_FIRST_THAT_REQUIRES = 160_000  # the first libpq with `require_auth`
_PROVING = {"verify-ca", "verify-full"}
MIN_TIMEOUT_S = 2  # libpq treats 1 as 2
MAX_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The connection keywords given by the config or a DSN."""

    keywords: Mapping[str, str]
    """libpq keywords, without the password."""

    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_remote(cls, remote: Remote) -> ServerAddress:
        """Return the address configured in ``database.remote``.

        If a service is named (there or by PGSERVICE), it supplies all values that the config
        leaves at their defaults. Unset sslmode and user are left to libpq.
        """
        defaults = Remote()
        has_service = bool(remote.service or os.environ.get("PGSERVICE"))
        keywords = {
            keyword: str(value)
            for keyword, value, default in (
                ("host", remote.host, defaults.host if has_service else None),
                ("port", remote.port, defaults.port if has_service else None),
                ("dbname", remote.database, defaults.database if has_service else None),
                ("user", remote.user, None),
                ("service", remote.service, None),
                ("sslmode", remote.sslmode, defaults.sslmode),
            )
            if value != default
        }
        if remote.sslrootcert is not None:
            keywords["sslrootcert"] = os.path.expanduser(remote.sslrootcert)  # noqa: PTH111  may be "system"
        return cls(keywords, remote.password)

    @classmethod
    def from_dsn(cls, dsn: str) -> ServerAddress:
        """Return the address of a DSN: ``host=... dbname=...`` or ``postgresql://...``.

        Raises:
            UsageError: it is not a valid DSN; the message omits it, as it may contain a password.
        """
        import psycopg2.extensions

        try:
            keywords = None if "\0" in dsn else dict(psycopg2.extensions.parse_dsn(dsn))
        except (psycopg2.Error, ValueError):
            keywords = None
        if keywords is None:  # outside `except`, so the context does not quote the DSN
            raise UsageError(
                _("The value of --dsn is not the address of a PostgreSQL database."),
                _("Write it as: host=HOST dbname=DATABASE user=USER"),
            )
        password = keywords.pop("password", None)
        return cls(keywords, password)

    def for_libpq(self, deadline_s: float) -> dict[str, str]:
        """Return all keywords except the password, for a connection within `deadline_s` seconds.

        Each host gets a share of the time, so that one that does not answer leaves time for the
        next.
        """
        several = "," in self.keywords.get("host", "")
        share = int(deadline_s / (self.keywords.get("host", "").count(",") + 2))
        return {
            **ALWAYS,
            # Of a primary and its standbys, choose the one that accepts writes.
            **({"target_session_attrs": "read-write"} if several else {}),
            "connect_timeout": str(min(max(share, MIN_TIMEOUT_S), MAX_TIMEOUT_S)),
            **self._required(),
            **self.keywords,
        }

    def _required(self) -> dict[str, str]:
        """Return `require_auth` so that only an authenticated server gets a clear-text password.

        Not required for a Unix socket, and an explicit `require_auth` has precedence.
        """
        import psycopg2.extensions

        known = self.resolved()
        if psycopg2.extensions.libpq_version() < _FIRST_THAT_REQUIRES or "require_auth" in known:
            return {}
        hosts = (known.get("hostaddr") or known.get("host") or "localhost").split(",")
        if all(host.startswith(("/", "@")) for host in hosts):
            return {}
        proves = known.get("sslmode") in _PROVING or known.get("sslrootcert") == "system"
        return {} if proves else {"require_auth": "!password"}

    def resolved(self) -> dict[str, str]:
        """Return the keywords, completed by a service file and the environment.

        Values that libpq reads from compiled-in paths (a system-wide service file) are missing.
        """
        service = self.keywords.get("service") or os.environ.get("PGSERVICE")
        named = {
            keyword: os.environ[variable]
            for keyword, variable in VARIABLES.items()
            if os.environ.get(variable)
        }
        return {**named, **(_of_service(service) if service else {}), **self.keywords}

    def places(self) -> list[tuple[str, int]]:
        """Return host and port of every server; a host starting with / is a socket folder."""
        known = self.resolved()
        hosts = (known.get("hostaddr") or known.get("host") or "localhost").split(",")
        ports = known.get("port", DEFAULT_PORT).split(",")
        if len(ports) != len(hosts):  # one port for all hosts
            ports = ports[:1] * len(hosts)
        return [
            (host or "localhost", int(port) if port.isdecimal() else int(DEFAULT_PORT))
            for host, port in zip(hosts, ports, strict=True)
        ]

    def login(self) -> str:
        """Return ``user@host``, the user name under which the keyring stores the password."""
        known = self.resolved()
        user = known.get("user")
        if not user:
            import getpass

            user = getpass.getuser()
        return f"{user}@{known.get('host') or 'localhost'}"

    def __str__(self) -> str:
        """Return a description of the location for error messages."""
        known = self.resolved()
        return _("database {database} on {host}, port {port}").format(
            database=without_secrets(known.get("dbname") or known.get("user") or "?"),
            host=without_secrets(
                (known.get("host") or known.get("hostaddr") or "localhost").replace(",", ", ")
            ),
            port=known.get("port", DEFAULT_PORT).replace(",", ", "),
        )


def _of_service(name: str) -> dict[str, str]:
    """Return the service file's keywords for `name`; empty on errors, which libpq reports."""
    import configparser

    files = []
    if system := os.environ.get("PGSYSCONFDIR"):
        files.append(Path(system) / "pg_service.conf")
    own = os.environ.get("PGSERVICEFILE")
    files.append(Path(own) if own else Path("~/.pg_service.conf").expanduser())
    for file in reversed(files):  # the user's own file has precedence
        reader = configparser.RawConfigParser(delimiters=("=",), strict=False)
        try:
            reader.read(file, "utf-8")
        except (OSError, ValueError, configparser.Error):
            continue
        if reader.has_section(name):
            return dict(reader.items(name))
    return {}
