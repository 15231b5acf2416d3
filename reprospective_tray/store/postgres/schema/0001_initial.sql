-- The first schema of the central database: sessions, devices, ingest() and the readers' views.
--
-- Runs once, in one transaction, by a role that may create a schema. The rights of other roles are
-- in roles.sql; without it everything belongs to the creating role (single-owner mode).

CREATE TABLE reprospective.schema_version (
    version integer NOT NULL PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Converts an instant to local wall time.
CREATE FUNCTION reprospective.lived(moment timestamptz, utc_offset_minutes integer)
RETURNS timestamp LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (moment AT TIME ZONE 'UTC') + utc_offset_minutes * interval '1 minute';

-- Converts local wall time to an instant.
CREATE FUNCTION reprospective.moment(lived timestamp, utc_offset_minutes integer)
RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (lived - utc_offset_minutes * interval '1 minute') AT TIME ZONE 'UTC';

-- Times are transferred as milliseconds since the epoch: exact and independent of time zones.
CREATE FUNCTION reprospective.from_ms(ms bigint)
RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_timestamp(ms / 1000.0::double precision);

CREATE FUNCTION reprospective.to_ms(moment timestamptz)
RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (extract(epoch FROM moment AT TIME ZONE 'UTC') * 1000)::bigint;

CREATE TABLE reprospective.desktop_activity_sessions (
    uid uuid NOT NULL PRIMARY KEY,
    owner text COLLATE "C" NOT NULL DEFAULT current_user,
    device_id uuid NOT NULL,
    source_host text NOT NULL,
    original_id bigint,
    state text NOT NULL,
    application_name text NOT NULL,
    window_title text NOT NULL,
    process_id integer,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    utc_offset_minutes smallint NOT NULL,
    open smallint NOT NULL DEFAULT 0,
    deleted smallint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 1,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The schema that the sender knew: a row that comes again with more to say is taken.
    sent_schema smallint NOT NULL DEFAULT 1,
    -- Stored, because row-level security lets no index serve an expression.
    first_day date NOT NULL GENERATED ALWAYS AS (
        ((started_at AT TIME ZONE 'UTC') + utc_offset_minutes * interval '1 minute')::date
    ) STORED,
    -- What ends at midnight ends on the day before.
    last_day date NOT NULL GENERATED ALWAYS AS (
        (greatest(
            started_at AT TIME ZONE 'UTC', (ended_at AT TIME ZONE 'UTC') - interval '1 millisecond'
        ) + utc_offset_minutes * interval '1 minute')::date
    ) STORED,
    -- last_day - first_day, for the planner: it knows nothing of how two columns compare, and
    -- takes a third of all sessions for such that cross a midnight.
    midnights integer NOT NULL GENERATED ALWAYS AS (
        (greatest(
            started_at AT TIME ZONE 'UTC', (ended_at AT TIME ZONE 'UTC') - interval '1 millisecond'
        ) + utc_offset_minutes * interval '1 minute')::date
        - ((started_at AT TIME ZONE 'UTC') + utc_offset_minutes * interval '1 minute')::date
    ) STORED,
    -- One constraint: each costs every batch the time to make it ready, a fifth of a small one.
    CONSTRAINT a_session_that_can_be CHECK (
        state IN ('active', 'idle', 'locked')
        AND ended_at >= started_at
        AND utc_offset_minutes BETWEEN -1080 AND 1080
        AND open BETWEEN 0 AND 1
        AND deleted BETWEEN 0 AND 1
    )
);

CREATE INDEX sessions_by_owner ON reprospective.desktop_activity_sessions (owner, started_at);
CREATE INDEX sessions_by_day ON reprospective.desktop_activity_sessions (owner, first_day);
CREATE INDEX sessions_by_device ON reprospective.desktop_activity_sessions (device_id, started_at);
CREATE INDEX sessions_over_midnight ON reprospective.desktop_activity_sessions (owner, last_day)
    WHERE last_day > first_day;
CREATE INDEX sessions_open ON reprospective.desktop_activity_sessions (owner, device_id)
    WHERE open = 1;
-- Readers of all persons' days query by time only; rows arrive almost in this order (BRIN).
CREATE INDEX sessions_by_time ON reprospective.desktop_activity_sessions
    USING brin (started_at, first_day) WITH (pages_per_range = 16, autosummarize = on);

-- The upload progress of each device: the last accepted pair, and the verdict on it.
CREATE TABLE reprospective.devices (
    owner text COLLATE "C" NOT NULL DEFAULT current_user,
    device_id uuid NOT NULL,
    counter bigint NOT NULL,
    token text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('fits', 'restored')),
    sent_schema smallint NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, device_id)
) WITH (fillfactor = 50);  -- each batch updates one row; its new version fits on the same page

-- The parts of a received batch. It is decoded once, because each access to JSON parses it again.
CREATE TYPE reprospective.sent_pair AS (counter bigint, token text);

CREATE TYPE reprospective.sent_batch AS (
    schema integer,
    device_id uuid,
    acknowledged reprospective.sent_pair,
    pair reprospective.sent_pair,
    rows json,
    orders json
);

-- One row of a batch: its times are in ms; unknown keys are ignored.
CREATE TYPE reprospective.sent_row AS (
    uid uuid,
    device_id uuid,
    source_host text,
    original_id bigint,
    state text,
    application_name text,
    window_title text,
    process_id integer,
    started_at bigint,
    ended_at bigint,
    utc_offset_minutes smallint,
    open smallint,
    deleted smallint,
    revision bigint
);

CREATE TYPE reprospective.sent_order AS (
    uid uuid,
    device_ids uuid[],
    started_at bigint,
    ended_at bigint,
    application_name text
);

-- Stores the rows of a JSON array. Returns their number and the uids of new or newer rows.
--
-- The schema number is set here, where the columns are named: a later script with more columns
-- replaces take_rows() with its own number, and then accepts rows that are sent again.
CREATE FUNCTION reprospective.take_rows(
    sent json, client_schema integer, received timestamptz, OUT came integer, OUT written uuid[]
) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH sent_rows AS MATERIALIZED (
        SELECT * FROM json_populate_recordset(NULL::reprospective.sent_row, sent)
    ), taken AS (
        INSERT INTO reprospective.desktop_activity_sessions AS held (
            uid, device_id, source_host, original_id, state, application_name, window_title,
            process_id, started_at, ended_at, utc_offset_minutes, open, deleted, revision,
            received_at, sent_schema
        )
        SELECT
            r.uid, r.device_id, r.source_host, r.original_id, r.state, r.application_name,
            r.window_title, r.process_id, reprospective.from_ms(r.started_at),
            reprospective.from_ms(r.ended_at), r.utc_offset_minutes, coalesce(r.open, 0),
            coalesce(r.deleted, 0), coalesce(r.revision, 1), received, least(client_schema, 1)
        FROM sent_rows AS r
        ON CONFLICT (uid) DO UPDATE SET
            device_id = excluded.device_id,
            source_host = excluded.source_host,
            original_id = excluded.original_id,
            state = excluded.state,
            application_name = excluded.application_name,
            window_title = excluded.window_title,
            process_id = excluded.process_id,
            started_at = excluded.started_at,
            ended_at = excluded.ended_at,
            utc_offset_minutes = excluded.utc_offset_minutes,
            open = excluded.open,
            deleted = excluded.deleted,
            revision = greatest(held.revision, excluded.revision),
            received_at = excluded.received_at,
            sent_schema = excluded.sent_schema
        -- What is another owner's is passed over here, and told apart in compare_rows().
        WHERE held.owner = current_user
            AND held.deleted = 0
            AND (
                excluded.deleted = 1  -- whatever its revision
                -- Of two copies of a file that both went on, the longer session holds the other.
                OR (excluded.revision, excluded.sent_schema, excluded.ended_at)
                    > (held.revision, held.sent_schema, held.ended_at)
            )
        RETURNING held.uid
    )
    SELECT (SELECT count(*) FROM sent_rows), coalesce(array_agg(t.uid), '{}')
    INTO came, written
    FROM taken AS t;
END
$$;

-- Deletes sessions of some devices in [started_at, ended_at) that retention removed at the sender.
CREATE FUNCTION reprospective.forget_range(
    ordered reprospective.sent_order, received timestamptz
) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since timestamptz := reprospective.from_ms(ordered.started_at);
    until timestamptz := reprospective.from_ms(ordered.ended_at);
BEGIN
    WITH met AS (
        SELECT s.uid, s.device_id, s.source_host, s.state, s.application_name, s.window_title,
            s.process_id, s.started_at, s.ended_at, s.utc_offset_minutes, s.sent_schema
        FROM reprospective.desktop_activity_sessions AS s
        WHERE s.owner = current_user
            AND s.device_id = ANY (ordered.device_ids)
            AND s.deleted = 0
            AND s.open = 0
            AND since < until
            AND s.started_at < until
            -- What began two days before and reaches in has crossed a midnight: an index each.
            AND (s.started_at >= since - interval '2 days' OR s.last_day > s.first_day)
            AND (s.ended_at > since OR s.started_at >= since)
            AND (
                ordered.application_name IS NULL
                OR s.application_name = ordered.application_name
            )
    ), erased AS (
        UPDATE reprospective.desktop_activity_sessions AS s
        SET deleted = 1, application_name = '', window_title = '', revision = s.revision + 1,
            received_at = received
        FROM met
        WHERE s.uid = met.uid
    )
    INSERT INTO reprospective.desktop_activity_sessions (
        uid, device_id, source_host, state, application_name, window_title, process_id,
        started_at, ended_at, utc_offset_minutes, received_at, sent_schema
    )
    SELECT gen_random_uuid(), met.device_id, met.source_host, met.state, met.application_name,
        met.window_title, met.process_id, piece.began, piece.ended, met.utc_offset_minutes,
        received, met.sent_schema
    FROM met
    CROSS JOIN LATERAL (
        VALUES
            (met.started_at, least(met.ended_at, since)),
            (greatest(met.started_at, until), met.ended_at)
    ) AS piece (began, ended)
    WHERE piece.ended > piece.began;
END
$$;

-- Returns a row in the format for a sender of an older version of it.
CREATE FUNCTION reprospective.as_sent(held reprospective.desktop_activity_sessions)
RETURNS json LANGUAGE sql STABLE STRICT
BEGIN ATOMIC
    SELECT json_build_object(
        'uid', held.uid,
        'device_id', held.device_id,
        'source_host', held.source_host,
        'state', held.state,
        'application_name', held.application_name,
        'window_title', held.window_title,
        'process_id', held.process_id,
        'started_at', reprospective.to_ms(held.started_at),
        'ended_at', reprospective.to_ms(held.ended_at),
        'utc_offset_minutes', held.utc_offset_minutes,
        'open', held.open,
        'deleted', held.deleted,
        'revision', held.revision
    );
END;

-- Returns the outcome of the rows that were not written, by their positions in `sent`.
--
-- unwritten: their positions; NULL means all rows whose uid is not in `written`.
CREATE FUNCTION reprospective.compare_rows(
    sent json, unwritten integer[], written uuid[],
    OUT held json, OUT superseded json, OUT refused json[]
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH picked AS MATERIALIZED (  -- what was refused must not be read a second time
        SELECT (e.ordinality - 1)::integer AS at, e.value
        FROM json_array_elements(sent) WITH ORDINALITY AS e
        WHERE unwritten IS NULL OR e.ordinality - 1 = ANY (unwritten)
    ), compared AS (
        SELECT p.at, s AS row,
            -- What is there and not to be seen is another's, too.
            coalesce(s.owner = current_user, false) AS mine,
            s.deleted = 1 AND u.deleted = 1 OR (
                s.revision, s.device_id, s.source_host, s.state, s.application_name,
                s.window_title, s.started_at, s.ended_at, s.utc_offset_minutes, s.open, s.deleted
            ) = (
                coalesce(u.revision, 1), u.device_id, u.source_host, u.state, u.application_name,
                u.window_title, reprospective.from_ms(u.started_at),
                reprospective.from_ms(u.ended_at), u.utc_offset_minutes,
                coalesce(u.open, 0::smallint), coalesce(u.deleted, 0::smallint)
            ) AS same
        FROM picked AS p
        CROSS JOIN LATERAL json_populate_record(NULL::reprospective.sent_row, p.value) AS u
        LEFT JOIN unnest(written) AS w (uid) ON w.uid = u.uid
        LEFT JOIN reprospective.desktop_activity_sessions AS s ON s.uid = u.uid
        WHERE w.uid IS NULL
    )
    SELECT
        json_agg(c.at ORDER BY c.at) FILTER (WHERE c.mine AND c.same),
        json_agg(
            json_build_object('at', c.at, 'row', reprospective.as_sent(c.row)) ORDER BY c.at
        ) FILTER (WHERE c.mine AND NOT c.same),
        array_agg(
            json_build_object('at', c.at, 'reason', 'its uid belongs to another owner')
        ) FILTER (WHERE NOT c.mine)
    INTO held, superseded, refused
    FROM compared AS c;
END
$$;

-- Stores one batch, in the transaction of the call and with the caller's rights.
--
-- batch: {"schema", "device_id", "acknowledged": pair or null, "pair", "rows": [...],
--         "orders": [...]}, where a pair is {"counter", "token"}.
-- Returns {"schema", "clock", "verdict", "stored", "held", "superseded", "refused", "orders"}.
-- A row that is in none of held, superseded and refused (by its position) was stored.
CREATE FUNCTION reprospective.ingest(batch json) RETURNS json
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

    -- After the rows: what the sender has clipped itself is clipped here by then.
    FOR ordered IN
        SELECT * FROM json_populate_recordset(
            NULL::reprospective.sent_order, coalesce(sent.orders, '[]')
        )
    LOOP
        PERFORM reprospective.forget_range(ordered, received);
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
        'orders', array_to_json(acknowledged_orders)
    );
END
$$;

-- Returns the times from `since` to `until`, both inclusive, in steps. It returns an array, because
-- the planner estimates 10 rows for it, but 1,000 for generate_series().
CREATE FUNCTION reprospective.steps(since timestamp, until timestamp, step interval)
RETURNS timestamp[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT generate_series(since, until, step));
END
$$;

-- The non-deleted sessions, split at local midnights.
CREATE VIEW reprospective.session_days WITH (security_invoker = true) AS
SELECT first_day AS day, owner, device_id, source_host, state, application_name, open,
    started_at, ended_at, utc_offset_minutes
FROM reprospective.desktop_activity_sessions
WHERE deleted = 0 AND midnights = 0
UNION ALL
SELECT each.day::date, owner, device_id, source_host, state, application_name, open,
    greatest(started_at, reprospective.moment(each.day, utc_offset_minutes)),
    least(ended_at, reprospective.moment(each.day + interval '1 day', utc_offset_minutes)),
    utc_offset_minutes
FROM reprospective.desktop_activity_sessions
CROSS JOIN LATERAL unnest(
    reprospective.steps(first_day::timestamp, last_day::timestamp, '1 day')
) AS each (day)
-- The first condition has statistics, the second has an index.
WHERE deleted = 0 AND midnights > 0 AND last_day > first_day;

-- The daily totals of closed sessions, as in the local file.
CREATE VIEW reprospective.desktop_activity_days WITH (security_invoker = true) AS
WITH by_offset AS (
    -- By the offset first: it is constant on most days, and the edges' own comes along.
    SELECT day, owner, device_id, source_host, state, application_name, utc_offset_minutes,
        sum(ended_at - started_at) AS length, count(*) AS sessions,
        min(started_at) AS first_at, max(ended_at) AS last_at
    FROM reprospective.session_days
    WHERE open = 0
    GROUP BY day, owner, device_id, source_host, state, application_name, utc_offset_minutes
)
SELECT day, device_id, source_host, state, application_name,
    (extract(epoch FROM sum(length)) * 1000)::bigint AS ms,
    sum(sessions)::bigint AS sessions,
    min(first_at) AS first_at,
    (array_agg(utc_offset_minutes ORDER BY first_at))[1] AS first_offset_minutes,
    max(last_at) AS last_at,
    (array_agg(utc_offset_minutes ORDER BY last_at DESC))[1] AS last_offset_minutes,
    owner
FROM by_offset
GROUP BY day, owner, device_id, source_host, state, application_name;

-- For readers, by local day; includes the open session.
CREATE VIEW reprospective.daily_application_totals WITH (security_invoker = true) AS
SELECT owner, day, source_host, application_name,
    extract(epoch FROM sum(ended_at - started_at)) AS active_seconds,
    count(*) AS sessions
FROM reprospective.session_days
WHERE state = 'active'
GROUP BY owner, day, source_host, application_name;

-- A condition on `day` can use an index; a condition only on `hour` reads all rows.
CREATE VIEW reprospective.hourly_activity WITH (security_invoker = true) AS
WITH hours AS (
    SELECT owner, source_host, state, day, each.hour,
        least(lived_end, each.hour + interval '1 hour') - greatest(lived_start, each.hour) AS length
    FROM (
        SELECT day, owner, source_host, state,
            reprospective.lived(started_at, utc_offset_minutes) AS lived_start,
            reprospective.lived(ended_at, utc_offset_minutes) AS lived_end
        FROM reprospective.session_days
    ) AS pieces
    CROSS JOIN LATERAL unnest(
        CASE
            WHEN lived_end <= date_trunc('hour', lived_start) + interval '1 hour'
                THEN ARRAY[date_trunc('hour', lived_start)]
            ELSE reprospective.steps(
                date_trunc('hour', lived_start), lived_end - interval '1 millisecond', '1 hour'
            )
        END
    ) AS each (hour)
)
SELECT owner, source_host, day, hour,
    coalesce(extract(epoch FROM sum(length) FILTER (WHERE state = 'active')), 0) AS active_seconds,
    coalesce(extract(epoch FROM sum(length) FILTER (WHERE state = 'idle')), 0) AS idle_seconds,
    coalesce(extract(epoch FROM sum(length) FILTER (WHERE state = 'locked')), 0) AS locked_seconds
FROM hours
GROUP BY owner, source_host, day, hour;

CREATE VIEW reprospective.hosts WITH (security_invoker = true) AS
SELECT owner, source_host, device_id, count(*) AS sessions,
    min(started_at) AS first_at, max(ended_at) AS last_at, max(received_at) AS last_received_at
FROM reprospective.desktop_activity_sessions
WHERE deleted = 0
GROUP BY owner, source_host, device_id;
