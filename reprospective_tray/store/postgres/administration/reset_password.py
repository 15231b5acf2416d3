"""Resets the password of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprospective_tray.errors import ServerRefusedError
from reprospective_tray.messages import _
from reprospective_tray.store.postgres.administration.roles import (
    PERSON,
    check_name,
    make_password,
    quoted,
    require_roles,
)

if TYPE_CHECKING:
    from reprospective_tray.store.postgres.connection.connection import Connection

# A role with CREATEROLE may change other roles; since PostgreSQL 16 only those it has created or
# has the ADMIN OPTION on.
_ROLE = """
SELECT r.rolsuper, r.rolcanlogin, pg_has_role(r.oid, %s, 'USAGE'), me.rolname::text,
    r.oid = me.oid OR me.rolsuper OR me.rolcreaterole AND (
        current_setting('server_version_num')::integer < 160000
        OR pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION')
    )
FROM pg_roles AS r, pg_roles AS me
WHERE r.rolname = %s AND me.rolname = current_user
"""


def reset(connection: Connection, name: str) -> str:
    """Give the person `name` a new password and return it; the old one becomes invalid.

    The server receives only a SCRAM verifier, so the password is in none of its logs. Open
    connections stay open.

    Raises:
        UsageError: `name` is not a valid person's name.
        ServerRefusedError: there is no such role, it is a superuser, not a person or may not log
            in, or this role may not change it.
    """
    check_name(name)
    with connection.transaction():
        require_roles(connection)
        _check(connection, name)
        password, verifier = make_password(connection, name)
        role = quoted(connection, name).replace("%", "%%")
        connection.execute(f"ALTER ROLE {role} PASSWORD %s", [verifier])
    return password


def _check(connection: Connection, name: str) -> None:
    rows = connection.rows(_ROLE, [PERSON, name])
    if not rows:
        raise ServerRefusedError(
            _("There is no role named {name}: {where}.").format(
                name=name, where=connection.address
            ),
            _("`reprospective-tray server status` lists the persons; `add-person` adds one."),
        )
    ((is_superuser, may_log_in, is_person, user, may_change),) = rows
    if is_superuser:
        raise ServerRefusedError(
            _("{name} is a superuser. The password was not changed.").format(name=name),
            _("Change it with PostgreSQL's own program psql: \\password"),
        )
    if not is_person:
        raise ServerRefusedError(
            _("{name} is not one of the persons. The password was not changed.").format(name=name),
            _("`reprospective-tray server status` lists the persons; `add-person` adds one."),
        )
    if not may_log_in:
        raise ServerRefusedError(
            _("The role {name} cannot log in. The password was not changed.").format(name=name),
            _("It is a group, or the administrator has locked it (NOLOGIN)."),
        )
    if not may_change:
        raise ServerRefusedError(
            _("{user} is not allowed to change the password of {name}: {where}.").format(
                user=user, name=name, where=connection.address
            ),
            _("Connect with --dsn as a superuser, or as the role that added this person."),
        )
