"""Compares the existing schema with the result of the scripts, using PostgreSQL's catalogues.

No object of the schema is read or called: its owner may have added code that would run with the
reader's rights. The scripts run in a second schema, in a transaction that is rolled back.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reprospective_tray.errors import ServerRefusedError
from reprospective_tray.messages import _
from reprospective_tray.store.postgres.schema.upgrade import (
    POLICIES,
    SCHEMA,
    SCRIPTS,
    UPGRADE_DEADLINE_S,
    scripts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reprospective_tray.store.postgres.connection.connection import Connection

_BESIDE = "reprospective_as_made"
Definition = tuple[str, str, str]

# All objects that the scripts create, as PostgreSQL describes them, and all dependent objects.
_DEFINITIONS = """
WITH here AS (SELECT to_regnamespace(%s)::oid AS oid), relation AS (
    SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.reloptions
    FROM pg_class AS c, here WHERE c.relnamespace = here.oid AND c.relkind NOT IN ('i', 'I', 't')
)
SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid) FROM pg_proc AS p, here
WHERE p.pronamespace = here.oid AND p.prokind IN ('f', 'p')
UNION ALL
SELECT 'aggregate', p.oid::regprocedure::text, '' FROM pg_proc AS p, here
WHERE p.pronamespace = here.oid AND p.prokind NOT IN ('f', 'p')
UNION ALL
SELECT 'relation', r.relname, concat_ws(' ', r.relkind, r.relpersistence, r.reloptions)
FROM relation AS r
UNION ALL
SELECT 'column', r.relname || '.' || a.attname, concat_ws(
    ' ', a.attnum, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation,
    a.attnotnull, a.attgenerated, a.attidentity, coalesce(a.attstattarget, -1), a.attoptions,
    pg_get_expr(d.adbin, d.adrelid)
)
FROM relation AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0
LEFT JOIN pg_attrdef AS d ON d.adrelid = r.oid AND d.adnum = a.attnum
WHERE NOT a.attisdropped
UNION ALL
SELECT 'view', r.relname, pg_get_viewdef(r.oid) FROM relation AS r WHERE r.relkind IN ('v', 'm')
UNION ALL
SELECT 'constraint', r.relname || '.' || c.conname, pg_get_constraintdef(c.oid)
FROM relation AS r JOIN pg_constraint AS c ON c.conrelid = r.oid AND c.contype <> 'n'
UNION ALL
SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM relation AS r JOIN pg_index AS i ON i.indrelid = r.oid
UNION ALL
SELECT 'trigger', r.relname || '.' || t.tgname, concat(t.tgenabled, pg_get_triggerdef(t.oid))
FROM relation AS r JOIN pg_trigger AS t ON t.tgrelid = r.oid
UNION ALL
SELECT 'rule', r.relname || '.' || w.rulename, concat(w.ev_enabled, pg_get_ruledef(w.oid))
FROM relation AS r JOIN pg_rewrite AS w ON w.ev_class = r.oid
UNION ALL
SELECT 'policy', r.relname || '.' || p.polname, concat_ws(
    ' ', p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid),
    pg_get_expr(p.polwithcheck, p.polrelid)
)
FROM relation AS r JOIN pg_policy AS p ON p.polrelid = r.oid
UNION ALL
SELECT 'child of', r.relname, h.inhrelid::regclass::text
FROM relation AS r JOIN pg_inherits AS h ON h.inhparent = r.oid
UNION ALL
SELECT 'parent of', r.relname, h.inhparent::regclass::text
FROM relation AS r JOIN pg_inherits AS h ON h.inhrelid = r.oid
UNION ALL
SELECT 'statistics', s.stxname, '' FROM pg_statistic_ext AS s, here
WHERE s.stxnamespace = here.oid OR s.stxrelid IN (SELECT oid FROM relation)
UNION ALL
SELECT 'type', t.typname, t.typtype::text FROM pg_type AS t, here
WHERE t.typnamespace = here.oid AND t.typrelid = 0 AND t.typelem = 0
UNION ALL
SELECT 'operator', o.oid::regoperator::text, '' FROM pg_operator AS o, here
WHERE o.oprnamespace = here.oid
UNION ALL
SELECT 'operator class', o.opcname, '' FROM pg_opclass AS o, here WHERE o.opcnamespace = here.oid
UNION ALL
SELECT 'collation', c.collname, '' FROM pg_collation AS c, here WHERE c.collnamespace = here.oid
UNION ALL
SELECT 'conversion', c.conname, '' FROM pg_conversion AS c, here WHERE c.connamespace = here.oid
"""


def compare(
    connection: Connection, owner: str, folder: Path = SCRIPTS, *, roles: bool = False
) -> int:
    """Return the version whose scripts create the existing schema; call it in a transaction.

    `roles` says whether the policies of persons and readers are part of the schema.

    Raises:
        ServerRefusedError: the schema matches no version; the message names `owner`, who may have
            changed it.
    """
    found = _definitions(connection, SCHEMA)
    nearest: set[Definition] | None = None
    with _undone(connection):
        connection.execute(f"CREATE SCHEMA {_BESIDE}")
        for script in scripts(folder):
            connection.execute(_beside(script.read()), deadline_s=UPGRADE_DEADLINE_S)
            if roles:
                connection.execute(_beside(POLICIES.read_text("utf-8")))
            differing = found ^ _definitions(connection, _BESIDE)
            if not differing:
                return script.number
            if nearest is None or len(differing) < len(nearest):
                nearest = differing
    kind, name, _definition = min(nearest or found)
    raise ServerRefusedError(
        _(
            "{owner} has changed the schema: {kind} {name} differs from what this program creates."
        ).format(owner=owner, kind=kind, name=name),
        _("Have it restored or removed. Otherwise it runs with the rights of everybody who sends."),
    )


@contextmanager
def _undone(connection: Connection) -> Iterator[None]:
    connection.execute("SAVEPOINT comparison")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK TO SAVEPOINT comparison")


def _beside(sql: str) -> str:
    return sql.replace(f"{SCHEMA}.", f"{_BESIDE}.")


def _definitions(connection: Connection, schema: str) -> set[Definition]:
    return {
        (kind, name.replace(_BESIDE, SCHEMA), definition.replace(_BESIDE, SCHEMA))
        for kind, name, definition in connection.rows(_DEFINITIONS, [schema])
    }
