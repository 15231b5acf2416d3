-- Makes the roles that are not there, as they were, and members of what they were members of.
--
-- A role that is there already stays as it is: what an administrator or the person has changed since
-- holds, and a restored backup gives nobody back what was taken from them.

DO $make$
DECLARE
    one record;
    made text[] := '{}';
BEGIN
    FOR one IN
        SELECT k.*, coalesce(k.made_as, k.name) AS called FROM pg_temp.kept_roles AS k
        WHERE coalesce(k.made_as, k.name) NOT IN (SELECT r.rolname FROM pg_roles AS r)
    LOOP
        EXECUTE format(
            'CREATE ROLE %I %s %s %s %s %s %s %s CONNECTION LIMIT %s', one.called,
            CASE WHEN one.superuser THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
            CASE WHEN one.inherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
            CASE WHEN one.createrole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
            CASE WHEN one.createdb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
            CASE WHEN one.login THEN 'LOGIN' ELSE 'NOLOGIN' END,
            CASE WHEN one.replication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
            CASE WHEN one.bypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
            one.connection_limit
        );
        IF one.valid_until IS NOT NULL THEN
            EXECUTE format('ALTER ROLE %I VALID UNTIL %L', one.called, one.valid_until);
        END IF;
        BEGIN
            EXECUTE format('ALTER ROLE %I PASSWORD %L', one.called, one.verifier);
        EXCEPTION WHEN OTHERS THEN  -- a person may have set one that a newer PostgreSQL refuses
            RAISE WARNING '% has no password: this PostgreSQL does not accept the old one (%)',
                pg_temp.plain(one.name), SQLERRM;
        END;
        made := made || one.name;
    END LOOP;

    FOR one IN
        SELECT m.*, coalesce(g.made_as, m.role) AS role_called,
            coalesce(k.made_as, m.member) AS member_called, m.member = ANY (made) AS is_new,
            r.oid IS NOT NULL AS is_there, EXISTS (
                SELECT FROM pg_auth_members AS a JOIN pg_roles AS o ON o.oid = a.member
                WHERE a.roleid = r.oid AND o.rolname = coalesce(k.made_as, m.member)
            ) AS is_member
        FROM pg_temp.kept_members AS m
        LEFT JOIN pg_temp.kept_roles AS k ON k.name = m.member
        LEFT JOIN pg_temp.kept_roles AS g ON g.name = m.role
        LEFT JOIN pg_roles AS r ON r.rolname = coalesce(g.made_as, m.role)
        ORDER BY m.member, m.role
    LOOP
        IF NOT one.is_new OR NOT one.is_there THEN
            IF NOT one.is_member THEN
                RAISE WARNING '% was a member of %, and does not become one: %',
                    pg_temp.plain(one.member), pg_temp.plain(one.role),
                    CASE WHEN one.is_there THEN 'the role is on this server already'
                        ELSE 'there is no such role' END;
            END IF;
        ELSIF one.set IS NOT NULL AND current_setting('server_version_num')::integer >= 160000 THEN
            EXECUTE format(
                'GRANT %I TO %I WITH ADMIN %s, INHERIT %s, SET %s', one.role_called,
                one.member_called, one.admin::text, one.inherit::text, one.set::text
            );
        ELSE
            EXECUTE format(
                'GRANT %I TO %I%s', one.role_called, one.member_called,
                CASE WHEN one.admin THEN ' WITH ADMIN OPTION' END
            );
        END IF;
    END LOOP;
END
$make$;
