"""Manages the group roles and the role of each person, and hands over a person's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.errors import (
    ServerError,
    ServerRefusedError,
    ServerSchemaMissingError,
    UsageError,
)
from reprospective_tray.messages import _
from reprospective_tray.store.postgres.administration.takeover import take_over
from reprospective_tray.store.postgres.schema.comparison import compare
from reprospective_tray.store.postgres.schema.owner import is_strangers
from reprospective_tray.store.postgres.schema.upgrade import (
    MADE_MEANWHILE,
    SCRIPTS,
    UPGRADE_DEADLINE_S,
    bring_up_to_date,
    code_of,
    exclusive,
    grant_roles,
    lock_tables,
    look,
    scripts,
    version_there,
)

if TYPE_CHECKING:
    from pathlib import Path

    from reprospective_tray.store.postgres.connection.connection import Connection
    from reprospective_tray.store.postgres.schema.upgrade import Found

PERSON = "reprospective_person"
READER = "reprospective_reader"
LONGEST_NAME = 63  # bytes: PostgreSQL truncates longer names
RESERVED = frozenset({"public", "none", PERSON, READER})
PASSWORD_BYTES = 24
MEMBERS_MAY_NOT_SET_ROLE = 160_000  # from PostgreSQL 16 on, GRANT has the SET option

# Whether this role may create roles, and whether it may grant the persons' role: since
# PostgreSQL 16 that is a separate right.
_MY_RIGHTS = """
SELECT rolname::text, rolsuper OR rolcreaterole,
    rolsuper OR current_setting('server_version_num')::integer < 160000
        OR CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = %s)
            THEN pg_has_role(current_user, %s, 'MEMBER WITH ADMIN OPTION') ELSE true END
FROM pg_roles WHERE rolname = current_user
"""

_SETTLE_ALL = "SELECT owner::text, problem FROM reprospective.settle_all() ORDER BY owner"

# If both have sent from the same device, the new owner's pair is kept.
_HAND_OVER = (
    """WITH hand_over (former, owner) AS (VALUES (%s::name, %s::name))
    DELETE FROM reprospective.devices AS d USING hand_over AS h, reprospective.devices AS theirs
    WHERE d.owner = h.former AND theirs.owner = h.owner AND theirs.device_id = d.device_id""",
    """WITH hand_over (former, owner) AS (VALUES (%s::name, %s::name))
    UPDATE reprospective.devices AS d SET owner = h.owner
    FROM hand_over AS h WHERE d.owner = h.former""",
    """WITH hand_over (former, owner) AS (VALUES (%s::name, %s::name))
    UPDATE reprospective.desktop_activity_entries AS e SET owner = h.owner
    FROM hand_over AS h WHERE e.owner = h.former""",
    """WITH hand_over (former, owner) AS (VALUES (%s::name, %s::name))
    UPDATE reprospective.desktop_activity_sessions AS s SET owner = h.owner
    FROM hand_over AS h WHERE s.owner = h.former""",
)


@dataclass(frozen=True, slots=True)
class AddedPerson:
    """A person's role; `password` is None if the role existed and keeps its password."""

    name: str
    password: str | None


@dataclass(frozen=True, slots=True)
class Initialised:
    """The result of `initialise`."""

    version: int
    made: bool
    """Whether the schema was newly created."""
    taken_from: str | None
    """The former owner of a schema that was taken over; now a member of the persons' role."""
    handed: int
    """Number of rows handed over to another person."""
    person: AddedPerson | None
    """The person who received the rows."""
    unsettled: tuple[tuple[str, str], ...]
    """Owners whose finished days could not be added up, and why; queries add them up instead."""


def check_name(name: str) -> None:
    """Check that `name` is a valid name for a person's role.

    Raises:
        UsageError: it is empty, longer than 63 bytes in UTF-8, reserved or not printable.
    """
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        length = 0
    if not length or not name.isprintable() or name != name.strip():
        problem = _(
            "A person's name must be printable text without spaces at either end: {name!r}."
        )
    elif length > LONGEST_NAME:
        problem = _("This name is too long: {name!r}. It can have up to {longest} bytes in UTF-8.")
    elif name in RESERVED or name.startswith("pg_"):
        problem = _("The name {name!r} is reserved by PostgreSQL or by this program.")
    else:
        return
    raise UsageError(problem.format(name=name, longest=LONGEST_NAME), _("Choose another name."))


def initialise(
    connection: Connection, owner: str | None = None, folder: Path = SCRIPTS
) -> Initialised:
    """Create or upgrade schema, roles, grants and policies; idempotent.

    A schema that a person created for themselves is taken over. Its owner becomes a person and
    keeps the rows they have sent, or hands them to `owner`, whose role is created if needed.

    Raises:
        UsageError: `owner` is not a valid person's name.
        ServerRefusedError: this role may not do so, or the schema's owner has changed it.
        ServerUnreachableError: other connections held the tables for too long; retry later.
    """
    if owner is not None:
        check_name(owner)
    try:
        return _initialise(connection, owner, folder)
    except ServerError as error:
        if code_of(error) not in MADE_MEANWHILE:
            raise
    return _initialise(connection, owner, folder)


def _initialise(connection: Connection, owner: str | None, folder: Path) -> Initialised:
    with connection.transaction():
        found = look(connection)
        _check_rights(connection)
        if not (found.may_upgrade if found.made else found.may_make):
            raise _may_not(connection, found.user)
    with exclusive(connection) as found:
        taken_from = None
        owner_there = found.owner or found.user
        if found.roles and is_strangers(connection):
            compare(connection, owner_there, folder, roles=True)
        elif (
            found.made
            and not found.roles
            and (owner_there != found.user or is_strangers(connection))
        ):
            take_over(connection, owner_there, folder)
            taken_from = owner_there
        _check_version(connection, found, folder)
        version = bring_up_to_date(connection, look(connection), folder)
        if not found.roles:
            lock_tables(connection)
            grant_roles(connection)
        database = connection.rows("SELECT quote_ident(current_database())")[0][0]
        connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {PERSON}, {READER}")
        person = None if owner is None else _add(connection, owner)
        handed = 0
        if person is not None and found.made:
            handed = _hand_over(connection, found.owner, person.name)
        if taken_from is not None:
            _make_member(connection, taken_from)
    # In a transaction of its own, so that settling holds none of the locks above.
    with connection.transaction():
        unsettled = connection.rows(_SETTLE_ALL, deadline_s=UPGRADE_DEADLINE_S)
    return Initialised(version, not found.made, taken_from, handed, person, tuple(unsettled))


def _hand_over(connection: Connection, former: str | None, owner: str) -> int:
    if former == owner:
        return 0
    lock_tables(connection)
    handed = 0
    for statement in _HAND_OVER:
        handed = connection.execute(statement, [former, owner], deadline_s=UPGRADE_DEADLINE_S)
    return handed


def add_person(connection: Connection, name: str) -> AddedPerson:
    """Create a LOGIN role with a new password for a person, or make an existing role a person.

    The server receives only a SCRAM verifier, so the password is in none of its logs.

    Raises:
        UsageError: `name` is not a valid person's name.
        ServerRefusedError: this role may not do so, or `initialise` was not called yet.
    """
    check_name(name)
    with connection.transaction():
        require_roles(connection)
        _check_rights(connection)
        return _add(connection, name)


def require_roles(connection: Connection) -> None:
    """Check that the database has the persons' roles.

    Raises:
        ServerSchemaMissingError: `initialise` was not called yet.
    """
    if not look(connection).roles:
        raise ServerSchemaMissingError(
            _("There are no persons in this database yet: {where}.").format(
                where=connection.address
            ),
            _("Run `reprospective-tray server init` first."),
        )


def _add(connection: Connection, name: str) -> AddedPerson:
    if connection.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]):
        _make_member(connection, name)
        return AddedPerson(name, None)
    password, verifier = make_password(connection, name)
    role = quoted(connection, name).replace("%", "%%")
    connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD %s", [verifier])
    _make_member(connection, name)
    return AddedPerson(name, password)


def make_password(connection: Connection, name: str) -> tuple[str, str]:
    """Return a new password for `name` and its SCRAM verifier; only the latter is sent."""
    import secrets

    from psycopg2.extensions import encrypt_password

    password = secrets.token_urlsafe(PASSWORD_BYTES)
    verifier = encrypt_password(password, name, scope=connection.raw, algorithm="scram-sha-256")
    return password, verifier


def _make_member(connection: Connection, name: str) -> None:
    newer = connection.raw.server_version >= MEMBERS_MAY_NOT_SET_ROLE
    how = " WITH INHERIT TRUE, SET FALSE" if newer else ""
    connection.execute(f"GRANT {PERSON} TO {quoted(connection, name)}{how}")


def quoted(connection: Connection, name: str) -> str:
    """Return `name` quoted as an SQL identifier."""
    from psycopg2.extensions import quote_ident

    found: str = quote_ident(name, connection.raw)
    return found


def _check_version(connection: Connection, found: Found, folder: Path) -> None:
    """Refuse a schema made by a newer program, because its grants may differ."""
    here = scripts(folder)[-1].number
    there = version_there(connection) if found.made else 0
    if there > here:
        raise ServerRefusedError(
            _("The server was prepared by a newer version (schema {there}): {where}.").format(
                there=there, where=connection.address
            ),
            _("Install the newest version of reprospective-tray here and run this again."),
        )


def _check_rights(connection: Connection) -> None:
    ((user, may, administers),) = connection.rows(_MY_RIGHTS, [PERSON, PERSON])
    if not may:
        raise _may_not(connection, user)
    if not administers:
        raise ServerRefusedError(
            _("{user} is not allowed to add members to the role {role}: {where}.").format(
                user=user, role=PERSON, where=connection.address
            ),
            _("Connect with --dsn as a superuser, or ask one to run: {statement}").format(
                statement=f"GRANT {PERSON} TO {quoted(connection, user)} WITH ADMIN OPTION"
            ),
        )


def _may_not(connection: Connection, user: str) -> ServerRefusedError:
    return ServerRefusedError(
        _("{user} is not allowed to prepare this database or create roles: {where}.").format(
            user=user, where=connection.address
        ),
        _(
            "Connect with --dsn as a superuser, or as a role with CREATEROLE that can create "
            "schemas here."
        ),
    )
