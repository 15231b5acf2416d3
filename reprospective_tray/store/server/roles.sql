-- Who may do what: a role a person, who sees and writes their own rows alone, and readers of all.
--
-- Runs as often as anybody likes, by a role that may create roles and owns the schema.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reprospective_person') THEN
        CREATE ROLE reprospective_person NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reprospective_reader') THEN
        CREATE ROLE reprospective_reader NOLOGIN;
    END IF;
END
$$;

REVOKE ALL ON SCHEMA reprospective FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA reprospective FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reprospective FROM PUBLIC;

GRANT USAGE ON SCHEMA reprospective TO reprospective_person, reprospective_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA reprospective TO reprospective_person, reprospective_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reprospective
    TO reprospective_person, reprospective_reader;
-- No DELETE: what is forgotten leaves a tombstone.
GRANT INSERT, UPDATE ON reprospective.desktop_activity_sessions, reprospective.devices
    TO reprospective_person;

ALTER TABLE reprospective.desktop_activity_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE reprospective.devices ENABLE ROW LEVEL SECURITY;

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['desktop_activity_sessions', 'devices'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS own_rows ON reprospective.%I', guarded);
        EXECUTE format('DROP POLICY IF EXISTS readers_see_all ON reprospective.%I', guarded);
        EXECUTE format(
            'CREATE POLICY own_rows ON reprospective.%I TO reprospective_person '
            'USING (owner = current_user) WITH CHECK (owner = current_user)', guarded
        );
        EXECUTE format(
            'CREATE POLICY readers_see_all ON reprospective.%I FOR SELECT '
            'TO reprospective_reader USING (true)', guarded
        );
    END LOOP;
END
$$;
