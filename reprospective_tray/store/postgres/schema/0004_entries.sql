-- Entries: what a person says that a time was for. They overlay the sessions and never change them.

CREATE TABLE reprospective.desktop_activity_entries (
    uid uuid NOT NULL PRIMARY KEY,
    owner text COLLATE "C" NOT NULL DEFAULT current_user,
    device_id uuid NOT NULL,
    source_host text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    utc_offset_minutes smallint NOT NULL,
    category text NOT NULL,
    note text NOT NULL DEFAULT '',
    billable smallint NOT NULL DEFAULT 1,
    revision bigint NOT NULL DEFAULT 1,
    deleted smallint NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT an_entry_that_can_be CHECK (
        started_at >= '1970-01-01Z'
        AND ended_at > started_at
        AND ended_at <= '2200-01-01Z'
        AND ended_at - started_at <= interval '8784 hours'  -- 366 days
        AND utc_offset_minutes BETWEEN -1080 AND 1080
        AND char_length(source_host) <= 256
        AND char_length(category) <= 256
        AND char_length(note) <= 4096
        AND billable BETWEEN 0 AND 1
        AND deleted BETWEEN 0 AND 1
        -- A tombstone has no texts, everything else has a category.
        AND (category = '') = (deleted = 1)
        AND (note = '' OR deleted = 0)
    )
);

-- EXPLAIN would reveal the planner's statistics on them to others.
ALTER TABLE reprospective.desktop_activity_entries
    ALTER COLUMN uid SET STATISTICS 0,
    ALTER COLUMN device_id SET STATISTICS 0,
    ALTER COLUMN source_host SET STATISTICS 0,
    ALTER COLUMN category SET STATISTICS 0,
    ALTER COLUMN note SET STATISTICS 0;

CREATE INDEX entries_by_owner ON reprospective.desktop_activity_entries (owner, started_at);

ALTER TYPE reprospective.sent_batch ADD ATTRIBUTE entries json;

-- One entry of a batch: its times are in ms; unknown keys are ignored.
CREATE TYPE reprospective.sent_entry AS (
    uid uuid,
    device_id uuid,
    source_host text,
    started_at bigint,
    ended_at bigint,
    utc_offset_minutes smallint,
    category text,
    note text,
    billable smallint,
    revision bigint,
    deleted smallint
);

-- Stores the entries of a JSON array. Returns the uids of those that are new or newer.
CREATE FUNCTION reprospective.store_entries(
    sent json, received timestamptz, OUT written uuid[]
) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH taken AS (
        INSERT INTO reprospective.desktop_activity_entries AS held (
            uid, device_id, source_host, started_at, ended_at, utc_offset_minutes, category, note,
            billable, revision, deleted, received_at
        )
        SELECT
            e.uid, e.device_id, e.source_host, reprospective.from_ms(e.started_at),
            reprospective.from_ms(e.ended_at), e.utc_offset_minutes,
            CASE e.deleted WHEN 1 THEN '' ELSE e.category END,
            CASE e.deleted WHEN 1 THEN '' ELSE coalesce(e.note, '') END,
            coalesce(e.billable, 1), coalesce(e.revision, 1), coalesce(e.deleted, 0), received
        FROM json_populate_recordset(NULL::reprospective.sent_entry, sent) AS e
        ON CONFLICT (uid) DO UPDATE SET
            device_id = excluded.device_id,
            source_host = excluded.source_host,
            started_at = excluded.started_at,
            ended_at = excluded.ended_at,
            utc_offset_minutes = excluded.utc_offset_minutes,
            category = excluded.category,
            note = excluded.note,
            billable = excluded.billable,
            revision = greatest(held.revision, excluded.revision),
            deleted = excluded.deleted,
            received_at = excluded.received_at
        -- What is another owner's is passed over here, and told apart in take_entries().
        WHERE held.owner = current_user
            AND held.deleted = 0
            AND (excluded.deleted = 1 OR excluded.revision > held.revision)
        RETURNING held.uid
    )
    SELECT coalesce(array_agg(t.uid), '{}') INTO written FROM taken AS t;
END
$$;

-- Returns an entry in the format for a sender of an older version of it.
CREATE FUNCTION reprospective.entry_as_sent(held reprospective.desktop_activity_entries)
RETURNS json LANGUAGE sql STABLE STRICT
BEGIN ATOMIC
    SELECT json_build_object(
        'uid', held.uid,
        'device_id', held.device_id,
        'source_host', held.source_host,
        'started_at', reprospective.to_ms(held.started_at),
        'ended_at', reprospective.to_ms(held.ended_at),
        'utc_offset_minutes', held.utc_offset_minutes,
        'category', held.category,
        'note', held.note,
        'billable', held.billable,
        'revision', held.revision,
        'deleted', held.deleted
    );
END;

-- Stores the entries of a batch, whole or, if that fails, one by one. Returns {"stored", "held",
-- "superseded", "refused"}; an entry in none of the last three (by its position) was stored.
CREATE FUNCTION reprospective.take_entries(sent json, received timestamptz) RETURNS json
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    written uuid[] := '{}';
    one_written uuid[];
    unwritten integer[];
    refused json[] := '{}';
    one json;
    place integer := -1;
    compared record;
BEGIN
    BEGIN
        written := reprospective.store_entries(sent, received);
    EXCEPTION
        -- One of them is to blame; see ingest().
        WHEN data_exception OR integrity_constraint_violation OR cardinality_violation
            OR program_limit_exceeded THEN
        unwritten := '{}';
        FOR one IN SELECT e.value FROM json_array_elements(sent) AS e LOOP
            place := place + 1;
            BEGIN
                one_written := reprospective.store_entries(json_build_array(one), received);
                written := written || one_written;
                IF one_written = '{}' THEN
                    unwritten := unwritten || place;
                END IF;
            EXCEPTION
                WHEN data_exception OR integrity_constraint_violation OR cardinality_violation
                    OR program_limit_exceeded THEN
                refused := refused || json_build_object('at', place, 'reason', SQLERRM);
            END;
        END LOOP;
    END;

    WITH picked AS MATERIALIZED (  -- what was refused must not be read a second time
        SELECT (e.ordinality - 1)::integer AS at, e.value
        FROM json_array_elements(sent) WITH ORDINALITY AS e
        WHERE unwritten IS NULL OR e.ordinality - 1 = ANY (unwritten)
    ), found AS (
        SELECT p.at, s AS row,
            -- What is there and not to be seen is another's, too.
            coalesce(s.owner = current_user, false) AS mine,
            s.deleted = 1 AND u.deleted = 1 OR (
                s.revision, s.device_id, s.source_host, s.started_at, s.ended_at,
                s.utc_offset_minutes, s.category, s.note, s.billable, s.deleted
            ) = (
                coalesce(u.revision, 1), u.device_id, u.source_host,
                reprospective.from_ms(u.started_at), reprospective.from_ms(u.ended_at),
                u.utc_offset_minutes, u.category, coalesce(u.note, ''),
                coalesce(u.billable, 1::smallint), coalesce(u.deleted, 0::smallint)
            ) AS same
        FROM picked AS p
        CROSS JOIN LATERAL json_populate_record(NULL::reprospective.sent_entry, p.value) AS u
        LEFT JOIN reprospective.desktop_activity_entries AS s ON s.uid = u.uid
        WHERE unwritten IS NOT NULL OR u.uid <> ALL (written)
    )
    SELECT
        json_agg(f.at ORDER BY f.at) FILTER (WHERE f.mine AND f.same) AS held,
        json_agg(
            json_build_object('at', f.at, 'row', reprospective.entry_as_sent(f.row)) ORDER BY f.at
        ) FILTER (WHERE f.mine AND NOT f.same) AS superseded,
        array_agg(
            json_build_object('at', f.at, 'reason', 'its uid belongs to another owner')
        ) FILTER (WHERE NOT f.mine) AS refused
    INTO compared
    FROM found AS f;

    RETURN json_build_object(
        'stored', cardinality(written),
        'held', coalesce(compared.held, '[]'),
        'superseded', coalesce(compared.superseded, '[]'),
        'refused', array_to_json(refused || compared.refused)
    );
END
$$;

-- Deletes the entries of some devices in [started_at, ended_at), in orders for all applications.
--
-- Those made after the order stay: an order may arrive late, and it is sent again to a restored
-- server. UUIDv7 tell which was made first. The parts outside become new entries that are as old.
CREATE FUNCTION reprospective.forget_entries(
    ordered reprospective.sent_order, received timestamptz
) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since timestamptz := reprospective.from_ms(ordered.started_at);
    until timestamptz := reprospective.from_ms(ordered.ended_at);
BEGIN
    WITH met AS (
        SELECT e.uid, e.device_id, e.source_host, e.started_at, e.ended_at, e.utc_offset_minutes,
            e.category, e.note, e.billable
        FROM reprospective.desktop_activity_entries AS e
        WHERE e.owner = current_user
            AND e.device_id = ANY (ordered.device_ids)
            AND e.deleted = 0
            AND e.uid < ordered.uid
            AND since < until
            AND e.started_at < until
            AND e.started_at > since - interval '8784 hours'  -- none is longer
            AND e.ended_at > since
            AND ordered.application_name IS NULL
    ), erased AS (
        UPDATE reprospective.desktop_activity_entries AS e
        SET deleted = 1, category = '', note = '', revision = e.revision + 1,
            received_at = received
        FROM met
        WHERE e.uid = met.uid
    )
    INSERT INTO reprospective.desktop_activity_entries (
        uid, device_id, source_host, started_at, ended_at, utc_offset_minutes, category, note,
        billable, received_at
    )
    SELECT (left(met.uid::text, 18) || substr(gen_random_uuid()::text, 19))::uuid, met.device_id,
        met.source_host, piece.began, piece.ended, met.utc_offset_minutes, met.category, met.note,
        met.billable, received
    FROM met
    CROSS JOIN LATERAL (
        VALUES
            (met.started_at, least(met.ended_at, since)),
            (greatest(met.started_at, until), met.ended_at)
    ) AS piece (began, ended)
    WHERE piece.ended > piece.began;
END
$$;

-- Stores one batch, in the transaction of the call and with the caller's rights.
--
-- batch: {"schema", "device_id", "acknowledged": pair or null, "pair", "rows": [...],
--         "entries": [...] or null, "orders": [...]}, where a pair is {"counter", "token"}.
-- Returns {"schema", "clock", "verdict", "stored", "held", "superseded", "refused", "entries",
--          "orders"}, where entries is {"stored", "held", "superseded", "refused"}; null if the
--          batch has none.
-- A row that is in none of held, superseded and refused (by its position) was stored.
CREATE OR REPLACE FUNCTION reprospective.ingest(batch json) RETURNS json
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    received timestamptz := clock_timestamp();
    known_schema integer := (SELECT max(version) FROM reprospective.schema_version);
    sent reprospective.sent_batch := json_populate_record(NULL::reprospective.sent_batch, batch);
    judged text;
    came integer := 0;
    written uuid[] := '{}';
    unwritten integer[];
    refused json[] := '{}';
    one json;
    taken record;
    compared record;
    place integer := -1;
    entries_answer json;
    ordered reprospective.sent_order;
    acknowledged_orders uuid[] := '{}';
BEGIN
    IF sent.schema IS NULL OR sent.device_id IS NULL
        OR (sent.pair).counter IS NULL OR (sent.pair).token IS NULL THEN
        RAISE EXCEPTION 'a batch needs schema, device_id and pair'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- Two batches of one device wait for each other here.
    FOR attempt IN 1..2 LOOP
        UPDATE reprospective.devices AS d
        SET counter = (sent.pair).counter,
            token = (sent.pair).token,
            verdict = CASE
                -- Its answer was lost: it is given once more.
                WHEN (d.counter, d.token) = ((sent.pair).counter, (sent.pair).token)
                    THEN d.verdict
                WHEN (d.counter, d.token)
                    = ((sent.acknowledged).counter, (sent.acknowledged).token)
                    THEN 'fits'
                ELSE 'restored'
            END,
            sent_schema = sent.schema,
            received_at = received
        WHERE d.owner = current_user AND d.device_id = sent.device_id AND (
            (d.counter, d.token) = ((sent.pair).counter, (sent.pair).token)
            OR (d.counter, d.token) = ((sent.acknowledged).counter, (sent.acknowledged).token)
            OR d.counter < (sent.acknowledged).counter
        )
        RETURNING d.verdict INTO judged;
        EXIT WHEN FOUND;
        INSERT INTO reprospective.devices AS d
            (device_id, counter, token, verdict, sent_schema, received_at)
        VALUES (
            sent.device_id, (sent.pair).counter, (sent.pair).token,
            CASE WHEN (sent.acknowledged).counter IS NULL THEN 'fits' ELSE 'restored' END,
            sent.schema, received
        )
        ON CONFLICT DO NOTHING
        RETURNING d.verdict INTO judged;
        EXIT WHEN FOUND;  -- else it is known, perhaps since this moment
    END LOOP;
    IF judged IS NULL THEN
        RETURN json_build_object(
            'schema', known_schema, 'clock', reprospective.to_ms(received), 'verdict', 'fork'
        );
    END IF;

    BEGIN
        SELECT t.came, t.written INTO came, written
        FROM reprospective.take_rows(coalesce(sent.rows, '[]'), sent.schema, received) AS t;
    EXCEPTION
        -- One of the rows is to blame. Nothing else is caught: a right, a lock or a disk that is
        -- missing fails the whole call.
        WHEN data_exception OR integrity_constraint_violation OR cardinality_violation
            OR program_limit_exceeded THEN
        unwritten := '{}';
        FOR one IN SELECT e.value FROM json_array_elements(sent.rows) AS e LOOP
            place := place + 1;
            came := came + 1;
            BEGIN
                SELECT t.written INTO taken FROM reprospective.take_rows(
                    json_build_array(one), sent.schema, received
                ) AS t;
                written := written || taken.written;
                IF taken.written = '{}' THEN
                    unwritten := unwritten || place;
                END IF;
            EXCEPTION
                WHEN data_exception OR integrity_constraint_violation OR cardinality_violation
                    OR program_limit_exceeded THEN
                refused := refused || json_build_object('at', place, 'reason', SQLERRM);
            END;
        END LOOP;
    END;

    IF cardinality(written) + cardinality(refused) < came THEN
        SELECT c.held, c.superseded, c.refused INTO compared
        FROM reprospective.compare_rows(
            sent.rows, unwritten, CASE WHEN unwritten IS NULL THEN written ELSE '{}' END
        ) AS c;
        refused := refused || compared.refused;
    ELSE
        SELECT NULL::json AS held, NULL::json AS superseded INTO compared;
    END IF;

    IF sent.entries IS NOT NULL THEN
        entries_answer := reprospective.take_entries(sent.entries, received);
    END IF;

    -- After the rows: what the sender has clipped itself is clipped here by then.
    FOR ordered IN
        SELECT * FROM json_populate_recordset(
            NULL::reprospective.sent_order, coalesce(sent.orders, '[]')
        )
    LOOP
        PERFORM reprospective.forget_range(ordered, received);
        PERFORM reprospective.forget_entries(ordered, received);
        acknowledged_orders := acknowledged_orders || ordered.uid;
    END LOOP;

    RETURN json_build_object(
        'schema', known_schema,
        'clock', reprospective.to_ms(received),
        'verdict', judged,
        'stored', cardinality(written),
        'held', coalesce(compared.held, '[]'),
        'superseded', coalesce(compared.superseded, '[]'),
        'refused', array_to_json(refused),
        'entries', entries_answer,
        'orders', array_to_json(acknowledged_orders)
    );
END
$$;
