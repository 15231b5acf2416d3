"""Reports the state of the server and the rights of this role."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reprospective_tray.store.postgres.administration.roles import PERSON
from reprospective_tray.store.postgres.schema.owner import require_trusted
from reprospective_tray.store.postgres.schema.upgrade import SCRIPTS, look, scripts

if TYPE_CHECKING:
    from pathlib import Path

    from reprospective_tray.store.postgres.connection.connection import Connection

Mode = Literal["none", "single-owner", "roles"]

_SERVER = """
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, current_user::text,
    split_part(current_setting('server_version'), ' ', 1),
    coalesce(has_schema_privilege(to_regnamespace('reprospective')::oid, 'USAGE'), false)
"""
_RIGHTS = """
SELECT (SELECT max(version) FROM reprospective.schema_version),
    has_function_privilege('reprospective.ingest(json)', 'EXECUTE')
        AND has_table_privilege('reprospective.desktop_activity_sessions', 'INSERT')
        AND has_any_column_privilege('reprospective.desktop_activity_sessions', 'UPDATE')
        AND (
            NOT row_security_active('reprospective.desktop_activity_sessions')
            OR pg_has_role('reprospective_person', 'USAGE')
        ),
    NOT row_security_active('reprospective.desktop_activity_sessions')
        OR coalesce(
            (SELECT pg_has_role(oid, 'USAGE') FROM pg_roles WHERE rolname = 'reprospective_reader'),
            false
        )
"""
_ROWS = "SELECT count(*) FROM reprospective.desktop_activity_sessions WHERE owner = current_user"
_DEVICES = """
SELECT d.device_id::text, (
    SELECT s.source_host FROM reprospective.desktop_activity_sessions AS s
    WHERE s.owner = current_user AND s.device_id = d.device_id
    ORDER BY s.started_at DESC LIMIT 1
), reprospective.to_ms(d.received_at)
FROM reprospective.devices AS d WHERE d.owner = current_user ORDER BY d.received_at DESC
"""
# Superusers count as members of everything.
_PERSONS = """
SELECT r.rolname::text FROM pg_roles AS r, pg_roles AS g
WHERE g.rolname = %s AND r.oid <> g.oid AND NOT r.rolsuper AND pg_has_role(r.oid, g.oid, 'USAGE')
ORDER BY r.rolname
"""


@dataclass(frozen=True, slots=True)
class Device:
    """One computer of the current role."""

    device_id: str
    source_host: str | None
    """Its name in its latest session; None if it has no session."""
    last_received_at: int
    """When its last batch arrived, by the server's clock (ms since the epoch, UTC)."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The state of the server; values that this role may not see are empty."""

    postgresql: str
    user: str
    mode: Mode
    owner: str | None
    """The owner of the tables."""
    schema_version: int
    """0 if there is no schema, or this role may not see it."""
    schema_version_here: int
    may_record: bool
    may_read_all: bool
    persons: list[str]
    devices: list[Device]
    sessions: int
    """Rows of this role, tombstones included."""
    clock_difference_ms: int
    """How far the server's clock is ahead of this computer's."""
    tls: str | None
    """The TLS version of the connection to the server or its pooler; None if unencrypted."""


def standing(
    connection: Connection, data: Path | None = None, folder: Path = SCRIPTS
) -> ServerStatus:
    """Query the status; `data` is the program's own folder, see `owner.require_trusted`.

    Raises:
        ServerError: the server does not answer, or this program cannot use the database.
    """
    require_trusted(connection, data, folder)
    asked_at = time.time()
    ((clock, user, postgresql, may_use),) = connection.rows(_SERVER)
    here = (asked_at + time.time()) / 2
    found = look(connection)
    mode: Mode = "none" if not found.made else "roles" if found.roles else "single-owner"
    version, may_record, may_read_all = 0, False, False
    devices: list[Device] = []
    sessions = 0
    if found.made and may_use:
        ((version, may_record, may_read_all),) = connection.rows(_RIGHTS)
        ((sessions,),) = connection.rows(_ROWS)
        devices = [Device(*row) for row in connection.rows(_DEVICES)]
    persons = connection.rows(_PERSONS, [PERSON]) if mode == "roles" else []
    info = connection.raw.info
    return ServerStatus(
        postgresql=postgresql,
        user=user,
        mode=mode,
        owner=found.owner if found.made else None,
        schema_version=version or 0,
        schema_version_here=scripts(folder)[-1].number,
        may_record=may_record,
        may_read_all=may_read_all,
        persons=[name for (name,) in persons],
        devices=devices,
        sessions=sessions,
        clock_difference_ms=round(clock - here * 1000),
        tls=info.ssl_attribute("protocol") if info.ssl_in_use else None,
    )
