-- Who may do what: a role a person, who sees and writes their own rows alone, and readers of all.
--
-- Runs as often as anybody likes, by a role that owns the schema and may create roles (where they
-- are there already, by the owner alone).

DO $$
DECLARE
    missing text;
BEGIN
    FOR missing IN
        SELECT unnest(ARRAY['reprospective_person', 'reprospective_reader'])
        EXCEPT SELECT rolname::text FROM pg_roles
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', missing);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- for another database of this server, at this moment
        END;
    END LOOP;
END
$$;

REVOKE ALL ON SCHEMA reprospective FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA reprospective FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reprospective FROM PUBLIC;

GRANT USAGE ON SCHEMA reprospective TO reprospective_person, reprospective_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA reprospective TO reprospective_person, reprospective_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reprospective TO reprospective_person;
-- What the views compute with, and nothing that writes.
GRANT EXECUTE ON FUNCTION
    reprospective.lived, reprospective.moment, reprospective.from_ms, reprospective.to_ms,
    reprospective.steps
    TO reprospective_reader;
-- No DELETE: what is forgotten leaves a tombstone. A person may set received_at and sent_schema by
-- hand: they are facts about their own rows, and nobody else's depend on them.
GRANT INSERT, UPDATE ON reprospective.desktop_activity_sessions, reprospective.devices
    TO reprospective_person;

-- What is kept of their own sessions follows these, with the rights of who writes them.
GRANT INSERT, UPDATE, DELETE ON reprospective.settled, reprospective.settled_days
    TO reprospective_person;

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY[
        'desktop_activity_sessions', 'devices', 'settled', 'settled_days'
    ] LOOP
        EXECUTE format('ALTER TABLE reprospective.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('DROP POLICY IF EXISTS own_rows ON reprospective.%I', guarded);
        EXECUTE format('DROP POLICY IF EXISTS readers_see_all ON reprospective.%I', guarded);
        -- The group is nobody: who takes its name on (SET ROLE) has no rows to share by it.
        EXECUTE format(
            'CREATE POLICY own_rows ON reprospective.%I TO reprospective_person '
            'USING (owner = current_user) '
            'WITH CHECK (owner = current_user AND owner <> ''reprospective_person'')', guarded
        );
        EXECUTE format(
            'CREATE POLICY readers_see_all ON reprospective.%I FOR SELECT '
            'TO reprospective_reader USING (true)', guarded
        );
    END LOOP;
END
$$;
