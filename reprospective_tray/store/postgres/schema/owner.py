"""Decides whether the owner of the schema may be trusted with window titles.

If everybody may create schemas in a database, anybody can create one of this name with functions
that copy the data sent to them. Trusted are the owner of the database, superusers, the role itself,
and a role that the user has accepted by name. A superuser trusts only superusers: code owned by
others would run with a superuser's rights, so the schema is compared with the scripts' result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from reprospective_tray.errors import ServerRefusedError
from reprospective_tray.messages import _
from reprospective_tray.store.postgres.schema.comparison import compare
from reprospective_tray.store.postgres.schema.upgrade import SCRIPTS, look
from reprospective_tray.system.private_files import make_private_folder, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from reprospective_tray.store.postgres.connection.connection import Connection

FILE = "schema-owner.json"

_OWNERS = """
WITH here AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname = 'reprospective'),
owned (owner) AS (
    SELECT nspowner FROM here
    UNION SELECT relowner FROM pg_class, here WHERE relnamespace = here.oid
    UNION SELECT proowner FROM pg_proc, here WHERE pronamespace = here.oid
    UNION SELECT typowner FROM pg_type, here WHERE typnamespace = here.oid
    UNION SELECT oprowner FROM pg_operator, here WHERE oprnamespace = here.oid
)
SELECT r.oid::bigint, r.rolname::text, me.rolsuper
FROM owned JOIN pg_roles AS r ON r.oid = owned.owner, pg_roles AS me
WHERE me.rolname = current_user AND NOT r.rolsuper AND r.oid <> me.oid AND (
    me.rolsuper OR r.rolname <> 'pg_database_owner' AND r.oid <> (
        SELECT datdba FROM pg_database WHERE datname = current_database()
    )
)
ORDER BY 2
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """A role that owns an object in the schema and is not trusted by default."""

    oid: int
    name: str


class _Accepted(msgspec.Struct, frozen=True):
    """The owner that the user has accepted for one server."""

    server: str
    name: str
    oid: int


def accept(connection: Connection, data: Path, name: str) -> None:
    """Store in the folder `data` that `name` may own the schema on this server.

    Raises:
        ServerRefusedError: another role owns it, or its owner is trusted anyway.
        OSError: it cannot be stored.
    """
    owners, _is_superuser = _strangers(connection)
    if [owner.name for owner in owners] != [name]:
        raise ServerRefusedError(
            _("The tables do not belong to {name}: {where}.").format(
                name=name, where=connection.address
            ),
            _("Their owner is: {names}").format(names=", ".join(owner.name for owner in owners))
            if owners
            else _(
                "Nothing has to be accepted. There are no tables yet, or their owner is "
                "already trusted."
            ),
        )
    make_private_folder(data)
    accepted = _Accepted(str(connection.address), name, owners[0].oid)
    write_private(data / FILE, msgspec.json.encode(accepted))


def require_trusted(
    connection: Connection, data: Path | None = None, folder: Path = SCRIPTS
) -> None:
    """Refuse a schema that cannot be trusted; call it before reading anything from the schema.

    `data` is the folder that holds the accepted owner.

    Raises:
        ServerRefusedError: an untrusted role owns it, or its owner has changed it.
    """
    owners, is_superuser = _strangers(connection)
    if not owners:
        return
    if is_superuser:
        with connection.transaction():
            found = look(connection)
            compare(connection, owners[0].name, folder, roles=found.roles)
        return
    accepted = _read(data, str(connection.address))
    for owner in owners:
        if accepted is None:
            what = _(
                "The tables belong to {owner}, who neither owns the database nor administers the "
                "server: {where}."
            )
        elif (owner.oid, owner.name) != (accepted.oid, accepted.name):
            what = _(
                "The tables belong to {owner} (oid {oid}) now; you accepted {accepted} "
                "(oid {accepted_oid}): {where}."
            )
        else:
            continue
        raise ServerRefusedError(
            what.format(
                owner=owner.name,
                oid=owner.oid,
                accepted=accepted and accepted.name,
                accepted_oid=accepted and accepted.oid,
                where=connection.address,
            ),
            _(
                "Ask the server administrator. If this is correct, run: reprospective-tray "
                "server accept {owner}"
            ).format(owner=owner.name),
        )


def is_strangers(connection: Connection) -> bool:
    """Return whether the role is a superuser who must compare the schema before using it."""
    owners, is_superuser = _strangers(connection)
    return is_superuser and bool(owners)


def _strangers(connection: Connection) -> tuple[list[Owner], bool]:
    rows = connection.rows(_OWNERS)
    return [Owner(oid, name) for oid, name, _super in rows], any(is_super for *_, is_super in rows)


def _read(data: Path | None, server: str) -> _Accepted | None:
    """Return the accepted owner for this server; None if there is none or it is unreadable."""
    if data is None:
        return None
    try:
        accepted = msgspec.json.decode((data / FILE).read_bytes(), type=_Accepted)
    except (OSError, msgspec.MsgspecError):
        return None
    return accepted if accepted.server == server else None
