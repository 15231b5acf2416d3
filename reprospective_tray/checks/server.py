"""The central PostgreSQL, if the config or the environment names one."""

from __future__ import annotations

import ipaddress
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from reprospective_tray.checks.finding import Case, Finding
from reprospective_tray.errors import ServerError
from reprospective_tray.messages import _
from reprospective_tray.runtime.factories import names_server, uses_server

if TYPE_CHECKING:
    from reprospective_tray.store.postgres.administration.status import ServerStatus
    from reprospective_tray.store.postgres.connection.address import ServerAddress
    from reprospective_tray.store.postgres.connection.connection import Connection

CONNECT_S, STATEMENT_S = 6.0, 5.0
# It connects, and asks a few questions.
SERVER_S = 20.0
# Clocks set over the network differ by milliseconds.
CLOCK_TOLERANCE_MS = 5000
SLOW_MS = 1000
_TRIPS = 3

_MAY_CREATE = "SELECT has_database_privilege(current_database(), 'CREATE')"


def server(case: Case) -> list[Finding]:
    """Return whether it accepts this person, and everything that its answers show."""
    settings = case.loaded.config.database
    if not names_server(settings):
        detail = _("No server is set. Everything stays on this computer.")
        return [Finding("server", found=None, detail=detail)]
    from reprospective_tray.store.postgres.administration.status import standing
    from reprospective_tray.store.postgres.connection.address import ServerAddress
    from reprospective_tray.store.postgres.connection.connection import connect

    needed = uses_server(settings)
    address = ServerAddress.from_remote(settings.remote)
    try:
        with connect(address, CONNECT_S, STATEMENT_S) as connection:
            latency_ms = _latency_ms(connection)
            found = standing(connection, case.paths.data)
            may_create = connection.rows(_MAY_CREATE) == [(True,)]
    except ServerError as error:
        return [Finding("server", False, str(error), error.remedy, needed=needed)]
    detail = _("{where}: PostgreSQL {version}, as {user}").format(
        where=address, version=found.postgresql, user=found.user
    )
    return [
        Finding("server", found=True, detail=detail, needed=needed),
        *_prepared(found, needed=needed, may_create=may_create),
        _clock(found),
        _latency(latency_ms),
        _tls(found, address),
    ]


def _latency_ms(connection: Connection) -> float:
    """Return the shortest of some round trips: anything above it is the computers' own delay."""
    took = []
    for _trip in range(_TRIPS):
        began = time.monotonic()
        connection.rows("SELECT 1")
        took.append(time.monotonic() - began)
    return min(took) * 1000


def _prepared(found: ServerStatus, *, needed: bool, may_create: bool) -> list[Finding]:
    """Return whether everything required is there, and whether this role can use it."""
    there, here = found.schema_version, found.schema_version_here
    if found.mode == "none" and may_create:
        detail = _("Nothing is there yet. The first upload creates everything required.")
        return [Finding("server_schema", found=None, detail=detail, needed=needed)]
    init = _(
        "Ask the server administrator to run `reprospective-tray server init` once for this "
        "database."
    )
    if found.mode == "none":
        detail = _("The database is not prepared yet.")
        return [Finding("server_schema", False, detail, init, needed=needed)]
    if not found.may_record:
        rights = Finding(
            "server_rights",
            found=False,
            detail=_("{user} is not allowed to record there.").format(user=found.user),
            remedy=_(
                "Ask the server administrator to run `reprospective-tray server add-person "
                "NAME` for this user."
            ),
            needed=needed,
        )
    else:
        readers = _("Allowed to record, and to read everybody's sessions.")
        own = _("Allowed to record, and to read its own sessions.")
        rights = Finding(
            "server_rights", True, readers if found.may_read_all else own, needed=needed
        )
    if not there:
        detail = _("This user is not allowed to see the schema version.")
        return [rights, Finding("server_schema", found=None, detail=detail, needed=needed)]
    detail = _("Version {there} on the server, {here} in this program.").format(
        there=there, here=here
    )
    remedy = init if there < here else ""
    return [rights, Finding("server_schema", there >= here, detail, remedy, needed=needed)]


def _clock(found: ServerStatus) -> Finding:
    detail = _("{seconds:+.1f} s compared with this computer's clock.").format(
        seconds=found.clock_difference_ms / 1000
    )
    right = abs(found.clock_difference_ms) <= CLOCK_TOLERANCE_MS
    remedy = "" if right else _("Set both clocks over the network (NTP).")
    return Finding("server_clock", found=right, detail=detail, remedy=remedy)


def _latency(ms: float) -> Finding:
    detail = _("{ms:.1f} ms round trip.").format(ms=ms)
    fast = ms <= SLOW_MS
    remedy = "" if fast else _("Sending takes longer, but nothing is lost.")
    return Finding("server_latency", found=fast, detail=detail, remedy=remedy)


def _tls(found: ServerStatus, address: ServerAddress) -> Finding:
    name = "server_tls"
    if found.tls:
        return Finding(name, found=True, detail=found.tls)
    if all(_is_here(host) for host, _port in address.places()):
        return Finding(
            name, found=None, detail=_("Not encrypted, but the connection stays on this computer.")
        )
    return Finding(
        name,
        found=False,
        detail=_("Not encrypted. Others on the network can read what is sent."),
        remedy=_("Set database.remote.sslmode to verify-full (better) or require."),
    )


def _is_here(host: str) -> bool:
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
