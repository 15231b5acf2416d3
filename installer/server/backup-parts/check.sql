-- Fails where the roles and the database that were just made from the file of roles are not what it
-- says, or not what is on the server. Variable: `database` that was backed up.

SELECT set_config('reprospective.database', :'database', true) \gset
DO $check$
DECLARE
    wrong text;
BEGIN
    SELECT k.name INTO wrong FROM pg_temp.kept_roles AS k
    LEFT JOIN pg_authid AS made ON made.rolname = k.made_as
    LEFT JOIN pg_authid AS own ON own.rolname = k.name
    WHERE own.oid IS NULL OR (
        k.superuser, k.inherit, k.createrole, k.createdb, k.login, k.replication, k.bypassrls,
        k.connection_limit, k.valid_until
    ) IS DISTINCT FROM (
        made.rolsuper, made.rolinherit, made.rolcreaterole, made.rolcreatedb, made.rolcanlogin,
        made.rolreplication, made.rolbypassrls, made.rolconnlimit, made.rolvaliduntil
    ) OR k.verifier IS DISTINCT FROM made.rolpassword;
    IF FOUND THEN
        RAISE EXCEPTION 'the role % would not be what it was', pg_temp.plain(wrong);
    END IF;

    SELECT m.member INTO wrong FROM pg_temp.kept_members AS m
    WHERE NOT EXISTS (
        SELECT FROM pg_auth_members AS a
        JOIN pg_roles AS r ON r.oid = a.roleid
        JOIN pg_temp.kept_roles AS k ON k.name = m.member
        JOIN pg_roles AS o ON o.oid = a.member AND o.rolname = k.made_as
        WHERE r.rolname = coalesce(
            (SELECT g.made_as FROM pg_temp.kept_roles AS g WHERE g.name = m.role), m.role
        ) AND a.admin_option = m.admin
    );
    IF FOUND THEN
        RAISE EXCEPTION 'the role % would not be a member of what it was', pg_temp.plain(wrong);
    END IF;

    SELECT 'owner, rights or settings' INTO wrong
    FROM (
        SELECT d.datdba, ARRAY(
                SELECT a::text FROM aclexplode(d.datacl) AS a ORDER BY 1
            ) AS rights, ARRAY(
                SELECT each FROM pg_db_role_setting AS s CROSS JOIN unnest(s.setconfig) AS each
                WHERE s.setdatabase = d.oid AND s.setrole = 0 ORDER BY 1
            ) AS settings
        FROM pg_database AS d
        WHERE d.datname IN (current_database(), current_setting('reprospective.database'))
    ) AS both_databases
    HAVING count(DISTINCT (datdba, rights, settings)) > 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the % of the database would not be what they were', wrong;
    END IF;
END
$check$;
