-- Writes the file of roles, from a database that a backup was put into.
--
-- Roles: the groups, the owners of sessions, whoever owns something there or has a right to it or to
-- the database itself, and the members of all these. What is set for a role is left out: a person
-- sets that herself. Every name and value is quoted by format().
--
-- Variables: `first_line` of the file, `database` that was backed up.

BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
\qecho :first_line

WITH RECURSIVE source AS (
    SELECT d.* FROM pg_database AS d WHERE d.datname = :'database'
), senders (name) AS (
    (SELECT min(s.owner) FROM reprospective.desktop_activity_sessions AS s)
    UNION ALL
    SELECT (
        SELECT min(s.owner) FROM reprospective.desktop_activity_sessions AS s
        WHERE s.owner > one.name
    )
    FROM senders AS one WHERE one.name IS NOT NULL
), named (oid) AS (
    SELECT r.oid FROM pg_roles AS r
    WHERE r.rolname IN ('reprospective_person', 'reprospective_reader')
        OR r.rolname IN (SELECT name FROM senders)
        OR r.rolname IN (SELECT d.owner FROM reprospective.devices AS d)
    UNION SELECT datdba FROM source
    UNION SELECT a.grantee FROM source, aclexplode(datacl) AS a
    UNION SELECT d.refobjid FROM pg_shdepend AS d
    WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND d.refclassid = 'pg_authid'::regclass
    UNION SELECT m.member FROM named AS n JOIN pg_auth_members AS m ON m.roleid = n.oid
    -- Who is in a predefined role does not matter here.
    WHERE NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = n.oid AND r.rolname ~ '^pg_')
), kept AS (
    SELECT r.* FROM pg_authid AS r WHERE r.oid IN (TABLE named) AND r.rolname !~ '^pg_'
)
SELECT format(
    'INSERT INTO pg_temp.kept_roles VALUES (%L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L);',
    rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
    rolbypassrls, rolconnlimit, rolpassword, rolvaliduntil
)
FROM kept
UNION ALL
SELECT format(
    'INSERT INTO pg_temp.kept_members VALUES (%L, %L, %L, %L, %L);', g.rolname, k.rolname,
    bool_or(m.admin_option),
    -- PostgreSQL 15 has neither.
    bool_or((to_jsonb(m) ->> 'inherit_option')::boolean),
    bool_or((to_jsonb(m) ->> 'set_option')::boolean)
)
FROM kept AS k JOIN pg_auth_members AS m ON m.member = k.oid JOIN pg_authid AS g ON g.oid = m.roleid
WHERE g.oid IN (SELECT oid FROM kept) OR g.rolname ~ '^pg_'
GROUP BY g.rolname, k.rolname
UNION ALL
SELECT format(
    'INSERT INTO pg_temp.kept_database VALUES (%L, %L, %L);',
    pg_get_userbyid(datdba), datconnlimit, datacl IS NOT NULL
)
FROM source
UNION ALL
SELECT format(
    'INSERT INTO pg_temp.kept_rights VALUES (%L, %L, %L, %L);', a.ordinality,
    CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable
)
FROM source CROSS JOIN aclexplode(datacl) WITH ORDINALITY AS a
UNION ALL
SELECT format(
    'INSERT INTO pg_temp.kept_settings VALUES (%L, %L);',
    split_part(each, '=', 1), substr(each, strpos(each, '=') + 1)
)
FROM pg_db_role_setting AS s CROSS JOIN unnest(s.setconfig) AS each
WHERE s.setdatabase = (SELECT oid FROM source) AND s.setrole = 0;
COMMIT;
