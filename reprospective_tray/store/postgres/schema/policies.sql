-- Row-level security: a person sees their own rows, readers see all. Runs after roles.sql.
--
-- Existing policies are kept, because recreating them would wait for all current readers.
DO $$
DECLARE
    guarded regclass;
BEGIN
    FOR guarded IN
        SELECT to_regclass(name) FROM unnest(ARRAY[
            'reprospective.desktop_activity_sessions', 'reprospective.devices',
            'reprospective.settled', 'reprospective.settled_days',
            'reprospective.desktop_activity_entries'
        ]) AS name
        WHERE to_regclass(name) IS NOT NULL  -- older versions have not all of them
    LOOP
        IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = guarded) THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
        END IF;
        -- The group is nobody: who takes its name on (SET ROLE) has no rows to share by it.
        IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = guarded AND polname = 'own_rows') THEN
            EXECUTE format(
                'CREATE POLICY own_rows ON %s TO reprospective_person '
                'USING (owner = current_user) '
                'WITH CHECK (owner = current_user AND owner <> ''reprospective_person'')', guarded
            );
        END IF;
        IF NOT EXISTS (
            SELECT FROM pg_policy WHERE polrelid = guarded AND polname = 'readers_see_all'
        ) THEN
            EXECUTE format(
                'CREATE POLICY readers_see_all ON %s FOR SELECT '
                'TO reprospective_reader USING (true)', guarded
            );
        END IF;
    END LOOP;
END
$$;
