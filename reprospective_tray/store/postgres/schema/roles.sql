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

REVOKE ALL ON SCHEMA reprospective FROM PUBLIC, reprospective_person, reprospective_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA reprospective
    FROM PUBLIC, reprospective_person, reprospective_reader;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reprospective
    FROM PUBLIC, reprospective_person, reprospective_reader;

GRANT USAGE ON SCHEMA reprospective TO reprospective_person, reprospective_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA reprospective TO reprospective_person, reprospective_reader;
-- What the views compute with, and nothing that writes.
GRANT EXECUTE ON FUNCTION
    reprospective.lived, reprospective.moment, reprospective.from_ms, reprospective.to_ms,
    reprospective.steps
    TO reprospective_person, reprospective_reader;
-- What sends, with the rights of who calls it; not what derives days of what was sent.
GRANT EXECUTE ON FUNCTION
    reprospective.ingest, reprospective.take_rows, reprospective.compare_rows,
    reprospective.as_sent, reprospective.forget_range, reprospective.settle
    TO reprospective_person;

-- No DELETE: what is forgotten leaves a tombstone. UPDATE column by column: on a table as a whole
-- it is the right to LOCK it, and to keep everybody waiting. A person may set received_at and
-- sent_schema by hand: they are facts about their own rows, and nobody else's depend on them.
DO $$
DECLARE
    granted text;
BEGIN
    FOR granted IN
        SELECT format(
            'GRANT INSERT, UPDATE (%s) ON %s TO reprospective_person',
            string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), a.attrelid::regclass
        )
        FROM pg_attribute AS a
        WHERE a.attrelid IN (
                'reprospective.desktop_activity_sessions'::regclass,
                'reprospective.devices'::regclass
            )
            AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        GROUP BY a.attrelid
    LOOP
        EXECUTE granted;
    END LOOP;
END
$$;
