-- What of the database a backup holds: the schemas that belong to administrators alone.
--
-- A superuser restores it, so whatever somebody else has made would be made again, and partly run,
-- with the rights of a superuser. A schema is left out as a whole where somebody else owns it, may
-- create in it or owns something in it, and where something in it depends on what is left out.
--
-- Prints a line each, in two columns: "schema" or "extension" and a pattern for pg_dump, "without"
-- and the name of a schema that is left out, "because" and what is wrong with the program's own.

WITH RECURSIVE administrators AS (
    SELECT r.oid FROM pg_roles AS r
    WHERE r.rolsuper
        -- Nobody can act as it.
        OR NOT r.rolcanlogin
        AND NOT EXISTS (
            SELECT FROM pg_auth_members AS m JOIN pg_roles AS one ON one.oid = m.member
            WHERE m.roleid = r.oid AND NOT one.rolsuper
        )
        AND (r.rolname <> 'pg_database_owner' OR (
            SELECT owner.rolsuper FROM pg_database AS d JOIN pg_roles AS owner ON owner.oid = d.datdba
            WHERE d.datname = current_database()
        ))
), own_schemas AS (
    SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_namespace AS n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
), contents (schema, class, object) AS (
    SELECT d.refobjid, d.classid, d.objid FROM pg_depend AS d JOIN own_schemas AS n ON n.oid = d.refobjid
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid <> 'pg_default_acl'::regclass
    -- PostgreSQL does not record what is in public.
    UNION SELECT relnamespace, 'pg_class'::regclass, oid FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
    UNION SELECT pronamespace, 'pg_proc'::regclass, oid FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION SELECT typnamespace, 'pg_type'::regclass, oid FROM pg_type
    WHERE typnamespace = 'public'::regnamespace
), others_own (class, object) AS (
    SELECT d.classid, d.objid FROM pg_shdepend AS d
    WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o'
        AND d.classid <> 'pg_default_acl'::regclass
        AND d.refobjid NOT IN (TABLE administrators)
    -- What belongs to a predefined role is not recorded there.
    UNION SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relowner NOT IN (TABLE administrators)
    UNION SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE proowner NOT IN (TABLE administrators)
    UNION SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typowner NOT IN (TABLE administrators)
    UNION SELECT 'pg_namespace'::regclass, n.oid FROM own_schemas AS n
    WHERE n.nspowner NOT IN (TABLE administrators) OR EXISTS (
        SELECT FROM aclexplode(n.nspacl) AS a
        WHERE a.privilege_type = 'CREATE' AND a.grantee NOT IN (TABLE administrators)
    )
), leads_to (class, object, next_class, next_object) AS (
    -- What depends on it,
    SELECT refclassid, refobjid, classid, objid FROM pg_depend
    -- what it is a part of: the table of a trigger, the view of a rule,
    UNION ALL SELECT classid, objid, refclassid, refobjid FROM pg_depend WHERE deptype IN ('a', 'i')
    -- its schema, and what else is in that.
    UNION ALL SELECT class, object, 'pg_namespace'::regclass, schema FROM contents
    UNION ALL SELECT 'pg_namespace'::regclass, schema, class, object FROM contents
), left_out (class, object) AS (
    TABLE others_own
    UNION
    SELECT l.next_class, l.next_object
    FROM left_out AS o JOIN leads_to AS l ON l.class = o.class AND l.object = o.object
), judged AS (
    SELECT n.oid, n.nspname, n.nspname !~ '[[:cntrl:]\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]' AND NOT EXISTS (
        SELECT FROM left_out AS o WHERE o.class = 'pg_namespace'::regclass AND o.object = n.oid
    ) AS is_in
    FROM own_schemas AS n
    WHERE n.nspname = 'reprospective' OR EXISTS (SELECT FROM contents AS c WHERE c.schema = n.oid)
)
SELECT 'schema', '"' || replace(nspname, '"', '""') || '"' FROM judged WHERE is_in
UNION ALL
SELECT 'extension', '"' || replace(e.extname, '"', '""') || '"'
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql' AND e.extname !~ '[[:cntrl:]\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]'
    AND e.extowner IN (TABLE administrators)
    -- A new database has these schemas.
    AND (n.nspname IN ('pg_catalog', 'public') OR n.oid IN (SELECT oid FROM judged WHERE is_in))
UNION ALL
SELECT 'without', regexp_replace(nspname, '[[:cntrl:]\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]', '?', 'g') FROM judged
WHERE NOT is_in AND nspname <> 'reprospective'
UNION ALL (
    SELECT 'because', regexp_replace(pg_describe_object(o.class, o.object, 0), '[[:cntrl:]\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]', '?', 'g')
    FROM judged AS j JOIN others_own AS o ON o.object = j.oid OR EXISTS (
        SELECT FROM contents AS c
        WHERE c.schema = j.oid AND c.class = o.class AND c.object = o.object
    )
    WHERE j.nspname = 'reprospective' AND NOT j.is_in
    LIMIT 1
);
