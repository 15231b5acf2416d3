-- Roles and grants: each person has a role for reading and writing only their own rows; readers may
-- read all rows.
--
-- Idempotent. Must run as the owner of the schema, who must be able to create roles unless the
-- roles exist already.

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
-- The functions that the views use; none of them writes.
GRANT EXECUTE ON FUNCTION
    reprospective.lived, reprospective.moment, reprospective.from_ms, reprospective.to_ms,
    reprospective.steps
    TO reprospective_person, reprospective_reader;
-- The functions for sending, which run with the caller's rights; not those that derive days.
GRANT EXECUTE ON FUNCTION
    reprospective.ingest, reprospective.take_rows, reprospective.compare_rows,
    reprospective.as_sent, reprospective.forget_range, reprospective.settle,
    reprospective.take_entries, reprospective.store_entries, reprospective.entry_as_sent,
    reprospective.forget_entries
    TO reprospective_person;

-- No DELETE, because deleted sessions and entries become tombstones. UPDATE is granted by column,
-- because on the whole table it would include the right to LOCK it and block everybody. A person
-- may set received_at and sent_schema of their own rows; no other person's rows depend on them.
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
                'reprospective.desktop_activity_entries'::regclass,
                'reprospective.devices'::regclass
            )
            AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        GROUP BY a.attrelid
    LOOP
        EXECUTE granted;
    END LOOP;
END
$$;
