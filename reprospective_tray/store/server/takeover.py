"""A schema that one person made for themselves, handed to the role that runs ``server init``.

The former owner may have put anything into it, and what is in it runs with the rights of each who
sends or reads. So it is compared with what the scripts make, and refused where it differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprospective_tray.errors import ServerRefusedError
from reprospective_tray.messages import _
from reprospective_tray.store.server.schema import SCRIPTS, run_scripts

if TYPE_CHECKING:
    from pathlib import Path

    from reprospective_tray.store.server.connection import Connection

ASIDE = "reprospective_aside"

# All that the scripts make, as PostgreSQL itself writes it down; and all that hangs on it.
_DEFINITIONS = """
WITH relation AS (
    SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.reloptions FROM pg_class AS c
    WHERE c.relnamespace = 'reprospective'::regnamespace AND c.relkind IN ('r', 'v', 'c')
)
SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid) FROM pg_proc AS p
WHERE p.pronamespace = 'reprospective'::regnamespace AND p.prokind IN ('f', 'p')
UNION ALL
SELECT 'column', r.relname || '.' || a.attname, concat_ws(
    ' ', r.relkind, r.relpersistence, r.reloptions, a.attnum, format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
)
FROM relation AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0
LEFT JOIN pg_attrdef AS d ON d.adrelid = r.oid AND d.adnum = a.attnum
WHERE NOT a.attisdropped
UNION ALL
SELECT 'view', r.relname, pg_get_viewdef(r.oid) FROM relation AS r WHERE r.relkind = 'v'
UNION ALL
SELECT 'constraint', r.relname || '.' || c.conname, pg_get_constraintdef(c.oid)
FROM relation AS r JOIN pg_constraint AS c ON c.conrelid = r.oid
UNION ALL
SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM relation AS r JOIN pg_index AS i ON i.indrelid = r.oid
UNION ALL
SELECT 'trigger', r.relname || '.' || t.tgname, pg_get_triggerdef(t.oid)
FROM relation AS r JOIN pg_trigger AS t ON t.tgrelid = r.oid
UNION ALL
SELECT 'rule', r.relname || '.' || w.rulename, pg_get_ruledef(w.oid)
FROM relation AS r JOIN pg_rewrite AS w ON w.ev_class = r.oid
UNION ALL
SELECT 'policy', r.relname || '.' || p.polname, ''
FROM relation AS r JOIN pg_policy AS p ON p.polrelid = r.oid
UNION ALL
SELECT 'child of', r.relname, h.inhrelid::regclass::text
FROM relation AS r JOIN pg_inherits AS h ON h.inhparent = r.oid
"""

_TO_MYSELF = """
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT 'ALTER SCHEMA reprospective OWNER TO CURRENT_USER'
        UNION ALL
        SELECT format('ALTER %s %s OWNER TO CURRENT_USER', CASE c.relkind
            WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
            WHEN 'c' THEN 'TYPE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, c.oid::regclass)
        FROM pg_class AS c
        WHERE c.relnamespace = 'reprospective'::regnamespace
            AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'c', 'f')
            -- What serves a column goes with its table.
            AND NOT EXISTS (
                SELECT FROM pg_depend AS d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                    AND c.relkind = 'S' AND d.deptype IN ('a', 'i')
            )
        UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO CURRENT_USER', p.oid::regprocedure)
        FROM pg_proc AS p
        WHERE p.pronamespace = 'reprospective'::regnamespace AND p.prokind <> 'a'
    LOOP
        EXECUTE statement;
    END LOOP;
    -- Whoever the former owner let in: TRUNCATE and TRIGGER go past row-level security.
    FOR statement IN
        SELECT DISTINCT format('REVOKE ALL ON %s FROM %I CASCADE', kind, r.rolname)
        FROM (
            SELECT 'SCHEMA reprospective', a.grantee FROM pg_namespace, aclexplode(nspacl) AS a
            WHERE nspname = 'reprospective'
            UNION ALL
            SELECT 'ALL TABLES IN SCHEMA reprospective', a.grantee
            FROM pg_class, aclexplode(relacl) AS a
            WHERE relnamespace = 'reprospective'::regnamespace
            UNION ALL
            SELECT 'ALL TABLES IN SCHEMA reprospective', a.grantee
            FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid, aclexplode(attacl) AS a
            WHERE c.relnamespace = 'reprospective'::regnamespace
            UNION ALL
            SELECT 'ALL ROUTINES IN SCHEMA reprospective', a.grantee
            FROM pg_proc, aclexplode(proacl) AS a
            WHERE pronamespace = 'reprospective'::regnamespace
        ) AS granted (kind, grantee)
        JOIN pg_roles AS r ON r.oid = granted.grantee
        WHERE r.rolname <> current_user
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$
"""


def take_over(connection: Connection, former: str, folder: Path = SCRIPTS) -> None:
    """Make the role of this connection the owner of all of it, inside `schema.exclusive`.

    Raises:
        ServerRefusedError: it is not what the scripts make.
    """
    connection.execute(_TO_MYSELF)
    found = _definitions(connection)
    wanted = _as_scripts_make_it(connection, folder)
    foreign = sorted(found ^ wanted)
    if foreign:
        kind, name, _definition = foreign[0]
        raise ServerRefusedError(
            _(
                "{owner} has changed the schema: {kind} {name} is not as this program makes it."
            ).format(owner=former, kind=kind, name=name),
            _("Have it restored or removed: it would run with the rights of everybody who sends."),
        )


def _as_scripts_make_it(connection: Connection, folder: Path) -> set[tuple[str, str, str]]:
    connection.execute(f"ALTER SCHEMA reprospective RENAME TO {ASIDE}")
    connection.execute("CREATE SCHEMA reprospective")
    run_scripts(connection, 0, folder)
    wanted = _definitions(connection)
    connection.execute("DROP SCHEMA reprospective CASCADE")
    connection.execute(f"ALTER SCHEMA {ASIDE} RENAME TO reprospective")
    return wanted


def _definitions(connection: Connection) -> set[tuple[str, str, str]]:
    return {(kind, name, definition) for kind, name, definition in connection.rows(_DEFINITIONS)}
