-- Gives the database at hand the owner, the rights and the settings of the one that was backed up.

DO $rights$
DECLARE
    kept record;
    one record;
BEGIN
    SELECT * INTO kept FROM pg_temp.kept_database;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), kept.owner);
    IF kept.has_rights THEN
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), kept.owner);
        FOR one IN SELECT * FROM pg_temp.kept_rights ORDER BY number LOOP
            EXECUTE format(
                'GRANT %s ON DATABASE %I TO %s%s', one.privilege, current_database(),
                CASE WHEN one.grantee IS NULL THEN 'PUBLIC' ELSE quote_ident(one.grantee) END,
                CASE WHEN one.grantable THEN ' WITH GRANT OPTION' END
            );
        END LOOP;
    END IF;
    FOR one IN SELECT * FROM pg_temp.kept_settings LOOP
        BEGIN
            -- These four are lists, which are kept as they are shown.
            IF one.name IN (
                'local_preload_libraries', 'search_path', 'session_preload_libraries',
                'temp_tablespaces'
            ) THEN
                PERFORM set_config(one.name, one.value, true);
                EXECUTE format(
                    'ALTER DATABASE %I SET %I FROM CURRENT', current_database(), one.name
                );
                SET LOCAL search_path = pg_catalog, pg_temp;
            ELSE
                EXECUTE format(
                    'ALTER DATABASE %I SET %s TO %L', current_database(),
                    replace(quote_ident(one.name), '.', '"."'), one.value
                );
            END IF;
        EXCEPTION WHEN OTHERS THEN  -- a newer PostgreSQL may not know it any more
            RAISE WARNING 'The setting % of the database is not restored (%)',
                pg_temp.plain(one.name), SQLERRM;
        END;
    END LOOP;
END
$rights$;
SELECT coalesce((SELECT connection_limit FROM pg_temp.kept_database), -1) AS connection_limit \gset
