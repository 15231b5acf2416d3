"""Where the server is and as whom to log in, as libpq is told it."""

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

# What every connection has. No `options`: pgbouncer refuses it. The keepalives are for the quiet
# time between two passes; a statement that waits has a deadline of its own.
ALWAYS = {
    "application_name": NAME,
    "client_encoding": "UTF8",
    "keepalives": "1",
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
# libpq's own names for the same in the environment.
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
MIN_TIMEOUT_S = 2  # libpq makes 1 a 2
MAX_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The keywords of a connection, as the config or a DSN has them."""

    keywords: Mapping[str, str]
    """By libpq's names, the password not among them."""

    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_remote(cls, remote: Remote) -> ServerAddress:
        """Return what ``database.remote`` says.

        A service (named there or by PGSERVICE) decides what the config leaves at its defaults;
        sslmode and user are libpq's own wherever the config leaves them.
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
        """Return what a DSN says: ``host=... dbname=...`` or ``postgresql://...``.

        Raises:
            UsageError: it is none; nothing of it is in the text, for a password may be.
        """
        import psycopg2.extensions

        try:
            keywords = None if "\0" in dsn else dict(psycopg2.extensions.parse_dsn(dsn))
        except (psycopg2.Error, ValueError):
            keywords = None
        if keywords is None:  # raised here, so that the error that quotes it is not its context
            raise UsageError(
                _("What --dsn says is not the address of a PostgreSQL database."),
                _("Write it as: host=HOST dbname=DATABASE user=USER"),
            )
        password = keywords.pop("password", None)
        return cls(keywords, password)

    def for_libpq(self, deadline_s: float) -> dict[str, str]:
        """Return all keywords but the password, for a connection that may take `deadline_s`.

        Each address of each host gets a part of the time, so that one that is silent leaves
        some for the next.
        """
        several = "," in self.keywords.get("host", "")
        share = int(deadline_s / (self.keywords.get("host", "").count(",") + 2))
        return {
            **ALWAYS,
            # Of a primary and its standbys, the one that takes what is sent.
            **({"target_session_attrs": "read-write"} if several else {}),
            "connect_timeout": str(min(max(share, MIN_TIMEOUT_S), MAX_TIMEOUT_S)),
            **self._required(),
            **self.keywords,
        }

    def _required(self) -> dict[str, str]:
        """Return that nobody gets the password in clear text but who has proved who they are.

        A server on a socket file is this computer's own. Somebody's own `require_auth` holds.
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
        """Return the keywords with what a service file and the environment add to them.

        What libpq finds in places of its own making (a system-wide service file) is not in it.
        """
        service = self.keywords.get("service") or os.environ.get("PGSERVICE")
        named = {
            keyword: os.environ[variable]
            for keyword, variable in VARIABLES.items()
            if os.environ.get(variable)
        }
        return {**named, **(_of_service(service) if service else {}), **self.keywords}

    def places(self) -> list[tuple[str, int]]:
        """Return host and port of every server; a host that begins with / is a socket's folder."""
        known = self.resolved()
        hosts = (known.get("hostaddr") or known.get("host") or "localhost").split(",")
        ports = known.get("port", DEFAULT_PORT).split(",")
        if len(ports) != len(hosts):  # one for all of them
            ports = ports[:1] * len(hosts)
        return [
            (host or "localhost", int(port) if port.isdecimal() else int(DEFAULT_PORT))
            for host, port in zip(hosts, ports, strict=True)
        ]

    def login(self) -> str:
        """Return ``user@host``, the name that the keyring knows the password by."""
        known = self.resolved()
        user = known.get("user")
        if not user:
            import getpass

            user = getpass.getuser()
        return f"{user}@{known.get('host') or 'localhost'}"

    def __str__(self) -> str:
        """Return where it is, in words, for errors."""
        known = self.resolved()
        return _("database {database} on {host}, port {port}").format(
            database=without_secrets(known.get("dbname") or known.get("user") or "?"),
            host=without_secrets(
                (known.get("host") or known.get("hostaddr") or "localhost").replace(",", ", ")
            ),
            port=known.get("port", DEFAULT_PORT).replace(",", ", "),
        )


def _of_service(name: str) -> dict[str, str]:
    """Return what the service file says of `name`; nothing where libpq will say what is wrong."""
    import configparser

    files = []
    if system := os.environ.get("PGSYSCONFDIR"):
        files.append(Path(system) / "pg_service.conf")
    own = os.environ.get("PGSERVICEFILE")
    files.append(Path(own) if own else Path("~/.pg_service.conf").expanduser())
    for file in reversed(files):  # the person's own comes first
        reader = configparser.RawConfigParser(delimiters=("=",), strict=False)
        try:
            reader.read(file, "utf-8")
        except (OSError, ValueError, configparser.Error):
            continue
        if reader.has_section(name):
            return dict(reader.items(name))
    return {}
