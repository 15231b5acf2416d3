"""Takes over a schema that one person created, for the role that runs ``server init``.

The former owner may have added code that would run with the rights of everyone who sends or reads.
So the schema is compared with the result of the scripts and refused if it differs. The comparison
runs after the change of ownership; before it, the former owner could still change the schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprospective_tray.store.postgres.schema.comparison import compare
from reprospective_tray.store.postgres.schema.upgrade import SCRIPTS

if TYPE_CHECKING:
    from pathlib import Path

    from reprospective_tray.store.postgres.connection.connection import Connection

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
    """Make this connection's role the owner of the schema; must be called in `exclusive`.

    Raises:
        ServerRefusedError: the schema differs from what the scripts create.
    """
    connection.execute(_TO_MYSELF)
    compare(connection, former, folder)
