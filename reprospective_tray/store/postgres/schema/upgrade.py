"""The schema on the server: what is there, and the numbered scripts that make and upgrade it.

Every script runs once, in the order of the numbers, by a role that may. All of them and the note
of their numbers are one transaction: a killed upgrade leaves nothing half. It locks the table of
the versions, which a person may read and not lock, so that of several computers that start at once
one does it; and it takes the tables in the order in which ``ingest()`` does, so that it waits for
batches under way and they for it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray.errors import ServerError, ServerRefusedError, ServerSchemaMissingError
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprospective_tray.store.postgres.connection.connection import Connection

SCRIPTS = Path(__file__).parent
SCHEMA = "reprospective"
ROLES = SCRIPTS / "roles.sql"
COMMENTS = SCRIPTS / "comments.sql"
POLICIES = SCRIPTS / "policies.sql"
OLDEST_POSTGRESQL = 15  # the first whose views ask for the rights of who reads them
FIRST_THAT_SETTLES = 2  # the first version that keeps the totals of days
ENCODING = "UTF8"
# Meanwhile nobody else can send: better to try again later than to keep them waiting.
LOCK_WAIT_S = 3
UPGRADE_DEADLINE_S = 600.0
LOCK_NOT_AVAILABLE = "55P03"
# What it says of a schema, table, function or type that another has made since one looked.
MADE_MEANWHILE = ("23505", "42710", "42723", "42P06", "42P07")

_VERSION = """
SELECT max(version), current_setting('server_version_num')::integer,
    current_setting('server_encoding')
FROM reprospective.schema_version
"""
_FOUND = """
SELECT current_setting('server_version_num')::integer, current_setting('server_encoding'),
    current_user::text, pg_get_userbyid(coalesce(s.relowner, n.nspowner))::text,
    n.oid IS NOT NULL, s.oid IS NOT NULL, coalesce(s.relrowsecurity, false),
    CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
        ELSE has_schema_privilege(n.oid, 'CREATE') END,
    coalesce(pg_has_role(s.relowner, CASE
        WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER'
    END), false)
FROM (SELECT) AS always
LEFT JOIN pg_namespace AS n ON n.nspname = 'reprospective'
LEFT JOIN pg_class AS s ON s.relnamespace = n.oid AND s.relname = 'desktop_activity_sessions'
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What is in the database, and what the role that asks may do about it."""

    postgresql: int
    """As PostgreSQL numbers itself: 150018 is 15.18."""
    encoding: str
    user: str
    owner: str | None
    """Who owns the tables, or the schema where it has none yet."""
    schema: bool
    made: bool
    """Whether its tables are there."""
    roles: bool
    """Whether every person has rows of their own; else everything is its owner's."""
    may_make: bool
    may_upgrade: bool


@dataclass(frozen=True, slots=True)
class Script:
    """One numbered script."""

    number: int
    path: Path

    def read(self) -> str:
        """Return its SQL."""
        return self.path.read_text("utf-8")


def scripts(folder: Path = SCRIPTS) -> list[Script]:
    """Return the scripts of `folder` in the order of their numbers."""
    found = (Script(int(path.name[:4]), path) for path in folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return sorted(found, key=lambda script: script.number)


def ensure(connection: Connection, folder: Path = SCRIPTS) -> int:
    """Return the version of the schema there, made or upgraded first where this role may.

    One query where all is as it should be. A server that is newer than this program is fine, and
    so is an older one that this role may not upgrade, or not now because somebody is reading:
    rows of either version go into the other.

    Raises:
        ServerRefusedError: nothing is there and this role may not make it; it may not use what is
            there; or it is no database for this (its encoding, its PostgreSQL).
        ServerUnreachableError: not now.
    """
    latest = scripts(folder)[-1].number
    version = _version(connection)
    if version >= latest:
        return version
    found = look(connection)
    if found.made and not found.may_upgrade:
        return version
    if not found.made and not found.may_make:
        raise _nothing_there(connection, found)
    try:
        with exclusive(connection) as found:
            return bring_up_to_date(connection, found, folder)
    except ServerError as error:
        if version and code_of(error) == LOCK_NOT_AVAILABLE:
            return version
        if code_of(error) not in MADE_MEANWHILE:
            raise
    with exclusive(connection) as found:
        return bring_up_to_date(connection, found, folder)


def code_of(error: ServerError) -> str | None:
    """Return PostgreSQL's code (SQLSTATE) for what went wrong, None where it said nothing."""
    return getattr(error.__cause__, "pgcode", None)


def version_there(connection: Connection) -> int:
    """Return the version of the schema, inside `exclusive`; 0 where it is not made yet."""
    ((version,),) = connection.rows(
        "SELECT coalesce(max(version), 0) FROM reprospective.schema_version"
    )
    return int(version)


def _version(connection: Connection) -> int:
    try:
        ((version, postgresql, encoding),) = connection.rows(_VERSION)
    except ServerSchemaMissingError:
        return 0
    check_database(connection, postgresql, encoding)
    return int(version or 0)


@contextmanager
def exclusive(connection: Connection) -> Iterator[Found]:
    """Make one transaction in which nobody else makes, upgrades or grants anything here.

    What is there is found in it. Where nothing is there yet, two at once can both begin to make
    it: the second fails with one of MADE_MEANWHILE.

    Raises:
        ServerUnreachableError: somebody has been at it for longer than LOCK_WAIT_S.
        ServerRefusedError: this role may not upgrade what is there.
    """
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'")
        if look(connection).made:
            # It keeps nobody from reading the version, and no reader keeps it waiting.
            connection.execute(
                "LOCK TABLE reprospective.schema_version IN SHARE ROW EXCLUSIVE MODE"
            )
        yield look(connection)


def look(connection: Connection) -> Found:
    """Return what is there, whatever this role may see of it.

    Raises:
        ServerRefusedError: this is no database for it.
    """
    (row,) = connection.rows(_FOUND)
    found = Found(*row)
    check_database(connection, found.postgresql, found.encoding)
    return found


def check_database(connection: Connection, postgresql: int, encoding: str) -> None:
    """Let a PostgreSQL that is too old, and a database that cannot hold every title, be refused.

    Raises:
        ServerRefusedError: it is one of these.
    """
    if postgresql // 10_000 < OLDEST_POSTGRESQL:
        raise ServerRefusedError(
            _("The server is PostgreSQL {version}: {where}.").format(
                version=postgresql // 10_000, where=connection.address
            ),
            _("It must be {oldest} or newer.").format(oldest=OLDEST_POSTGRESQL),
        )
    if encoding != ENCODING:
        raise ServerRefusedError(
            _("The encoding of this database is {encoding}, not {needed}: {where}.").format(
                encoding=encoding, needed=ENCODING, where=connection.address
            ),
            _("Have another database made: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"),
        )


def bring_up_to_date(connection: Connection, found: Found, folder: Path = SCRIPTS) -> int:
    """Run the scripts that were not run yet, and say what all of it is; return the version then.

    Use it inside `exclusive`.

    Raises:
        ServerError: a statement failed; nothing has happened once the transaction is undone.
    """
    if not found.schema:
        connection.execute("CREATE SCHEMA reprospective")
    version = version_there(connection) if found.made else 0
    if found.made:
        become(connection, found.owner)  # so that all of it goes on having one owner
        if version < scripts(folder)[-1].number:
            lock_tables(connection)
    version = run_scripts(connection, version, folder)
    # Before the grants: a VACUUM or ANALYZE under way waits for what they have changed, and the
    # comments wait for it.
    if version >= scripts()[-1].number:  # the one that the comments are about
        connection.execute(COMMENTS.read_text("utf-8"), deadline_s=UPGRADE_DEADLINE_S)
    if found.roles:
        grant_roles(connection)
    connection.execute("RESET ROLE")
    return version


def become(connection: Connection, role: str | None) -> None:
    """Act as `role` until RESET ROLE or the end of the transaction."""
    connection.execute("SELECT set_config('role', %s, true)", [role])


def run_scripts(connection: Connection, version: int, folder: Path = SCRIPTS) -> int:
    """Run those beyond `version` in the schema that is there; return the last one's number."""
    for script in scripts(folder):
        if script.number > version:
            connection.execute(script.read(), deadline_s=UPGRADE_DEADLINE_S)
            connection.execute(
                "INSERT INTO reprospective.schema_version (version) VALUES (%s)", [script.number]
            )
            version = script.number
    return version


def lock_tables(connection: Connection) -> None:
    """Wait for the batches under way and hold new ones up, in the order in which they lock."""
    connection.execute(
        "LOCK TABLE reprospective.schema_version, reprospective.devices,"
        " reprospective.desktop_activity_sessions IN ACCESS EXCLUSIVE MODE"
    )


def grant_roles(connection: Connection) -> None:
    """Give the group roles what is theirs, on what is new as well."""
    for file in (ROLES, POLICIES):
        connection.execute(file.read_text("utf-8"), deadline_s=UPGRADE_DEADLINE_S)


def _nothing_there(connection: Connection, found: Found) -> ServerSchemaMissingError:
    return ServerSchemaMissingError(
        _("Nothing is prepared for this program, and {user} may not prepare it: {where}.").format(
            user=found.user, where=connection.address
        ),
        _(
            "Have `reprospective-tray server init` run once for this database, then "
            "`reprospective-tray server add-person {user}`."
        ).format(user=found.user),
    )
