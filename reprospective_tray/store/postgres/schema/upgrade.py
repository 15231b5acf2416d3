"""Inspects the schema on the server, and creates and upgrades it with numbered scripts.

Every script runs once, in numerical order, by a role that has the rights. All scripts and their
version entries are one transaction, so a killed upgrade leaves nothing half done. It locks the
version table, which a person may read but not lock, so that only one of several computers starting
at once upgrades. It locks the tables in the same order as ``ingest()`` to avoid deadlocks.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray.errors import ServerError, ServerRefusedError, ServerSchemaMissingError
from reprospective_tray.messages import _
from reprospective_tray.store.postgres.connection import brief_messages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprospective_tray.store.postgres.connection.connection import Connection

SCRIPTS = Path(__file__).parent
SCHEMA = "reprospective"
ROLES = SCRIPTS / "roles.sql"
COMMENTS = SCRIPTS / "comments.sql"
POLICIES = SCRIPTS / "policies.sql"
OLDEST_POSTGRESQL = 15  # the first with security_invoker views
FIRST_THAT_SETTLES = 2  # the first version that keeps the totals of days
ENCODING = "UTF8"
# Others cannot send while an upgrade waits for its locks, so it gives up early and is retried.
LOCK_WAIT_S = 3
UPGRADE_DEADLINE_S = 600.0
LOCK_NOT_AVAILABLE = "55P03"
# SQLSTATEs for a schema, table, function or type that another session has created meanwhile.
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
    """The contents of the database, and the rights of the current role."""

    postgresql: int
    """server_version_num: 150018 is 15.18."""
    encoding: str
    user: str
    owner: str | None
    """The owner of the tables, or of the schema if it has none yet."""
    schema: bool
    made: bool
    """Whether its tables exist."""
    roles: bool
    """Whether row-level security separates the persons; otherwise all rows are the owner's."""
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
    """Return the scripts of `folder` in numerical order."""
    found = (Script(int(path.name[:4]), path) for path in folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return sorted(found, key=lambda script: script.number)


def ensure(connection: Connection, folder: Path = SCRIPTS) -> int:
    """Return the version of the schema; create or upgrade it first if this role may.

    Needs one query if the schema is up to date. A schema newer than this program is accepted, and
    so is an older one that this role may not upgrade or that is locked by readers at the moment:
    the versions are compatible in both directions.

    Raises:
        ServerRefusedError: there is no schema and this role may not create it; this role may not
            use the schema; or the encoding or the PostgreSQL version is not supported.
        ServerUnreachableError: it is not possible at the moment.
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
    """Return the SQLSTATE of `error`; None if the server reported none."""
    return getattr(error.__cause__, "pgcode", None)


def version_there(connection: Connection) -> int:
    """Return the version of the schema, 0 if there is none; must be called in `exclusive`."""
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
    """Run one transaction in which no other session creates, upgrades or grants anything here.

    Yields the state found in that transaction. If there is no schema yet, two sessions may both
    start to create it; the second one fails with a code of MADE_MEANWHILE.

    Raises:
        ServerUnreachableError: another session held the lock for longer than LOCK_WAIT_S.
        ServerRefusedError: this role may not upgrade the schema.
    """
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'")
        if look(connection).made:
            # This lock mode neither blocks readers of the version nor waits for them.
            connection.execute(
                "LOCK TABLE reprospective.schema_version IN SHARE ROW EXCLUSIVE MODE"
            )
        yield look(connection)


def look(connection: Connection) -> Found:
    """Return the state of the database; works also without rights on the schema.

    Raises:
        ServerRefusedError: this program cannot use the database; see `check_database`.
    """
    (row,) = connection.rows(_FOUND)
    found = Found(*row)
    check_database(connection, found.postgresql, found.encoding)
    return found


def check_database(connection: Connection, postgresql: int, encoding: str) -> None:
    """Check the PostgreSQL version and the encoding, which must be able to store every title.

    Raises:
        ServerRefusedError: PostgreSQL is older than 15, or the encoding is not UTF8.
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
            _("Create another database: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"),
        )


def bring_up_to_date(connection: Connection, found: Found, folder: Path = SCRIPTS) -> int:
    """Run the pending scripts and update the comments; return the new version.

    Must be called in `exclusive`.

    Raises:
        ServerError: a statement failed; rolling the transaction back undoes everything.
    """
    if not found.schema:
        connection.execute("CREATE SCHEMA reprospective")
    version = version_there(connection) if found.made else 0
    if found.made:
        become(connection, found.owner)  # so that all objects have the same owner
        if version < scripts(folder)[-1].number:
            lock_tables(connection)
    version = run_scripts(connection, version, folder)
    # Before the grants: a running VACUUM or ANALYZE would wait for the grants' changes, and the
    # comments would wait for it.
    if version >= scripts()[-1].number:  # the comments describe the latest version
        connection.execute(COMMENTS.read_text("utf-8"), deadline_s=UPGRADE_DEADLINE_S)
    if found.roles:
        grant_roles(connection)
    connection.execute("RESET ROLE")
    return version


def become(connection: Connection, role: str | None) -> None:
    """Act as `role` until RESET ROLE or the end of the transaction."""
    connection.execute("SELECT set_config('role', %s, true)", [role])


def run_scripts(connection: Connection, version: int, folder: Path = SCRIPTS) -> int:
    """Run the scripts with numbers above `version`; return the number of the last one."""
    for script in scripts(folder):
        if script.number > version:
            connection.execute(script.read(), deadline_s=UPGRADE_DEADLINE_S)
            connection.execute(
                "INSERT INTO reprospective.schema_version (version) VALUES (%s)", [script.number]
            )
            version = script.number
    return version


def lock_tables(connection: Connection) -> None:
    """Lock the tables in the order of ``ingest()``: wait for running batches, block new ones."""
    connection.execute(
        "LOCK TABLE reprospective.schema_version, reprospective.devices,"
        " reprospective.desktop_activity_sessions IN ACCESS EXCLUSIVE MODE"
    )


def grant_roles(connection: Connection) -> None:
    """Grant the group roles their rights, including rights on new objects."""
    for file in (ROLES, POLICIES):
        connection.execute(file.read_text("utf-8"), deadline_s=UPGRADE_DEADLINE_S)


def _nothing_there(connection: Connection, found: Found) -> ServerSchemaMissingError:
    return ServerSchemaMissingError(
        _(
            "This database is not prepared for this program, and {user} is not allowed to "
            "prepare it: {where}."
        ).format(user=found.user, where=connection.address),
        _(
            "Ask the server administrator to run `reprospective-tray server init` once for "
            "this database, then `reprospective-tray server add-person {user}`."
        ).format(user=found.user),
        brief_messages.not_prepared(),
    )
