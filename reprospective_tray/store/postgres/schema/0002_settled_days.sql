-- Settled days: stored totals, so that the cost of a year depends on its days, not its sessions.
--
-- For each owner, the days before settled.until are completely in settled_days; later days are
-- computed from the sessions. A statement that writes sessions lowers the mark to the first changed
-- day in the same transaction. Each pass of a device advances it, up to the day before yesterday.

-- On `midnights`, because the planner has statistics for it. It has none for the comparison of two
-- columns, and used parallel workers for the few sessions that cross a midnight.
DROP INDEX reprospective.sessions_over_midnight;
CREATE INDEX sessions_over_midnight ON reprospective.desktop_activity_sessions (owner, last_day)
    WHERE midnights > 0;
CREATE INDEX sessions_over_days ON reprospective.desktop_activity_sessions (owner)
    WHERE midnights > 1;

-- Deletes sessions of some devices in [started_at, ended_at) that retention removed at the sender.
CREATE OR REPLACE FUNCTION reprospective.forget_range(
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
            AND (s.started_at >= since - interval '2 days' OR s.midnights > 0)
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

-- The non-deleted sessions, split at local midnights. The day of each part is a column, so that a
-- condition on it can use an index.
CREATE OR REPLACE VIEW reprospective.session_days WITH (security_invoker = true) AS
SELECT first_day AS day, owner, device_id, source_host, state, application_name, open,
    started_at, ended_at, utc_offset_minutes
FROM reprospective.desktop_activity_sessions
WHERE deleted = 0 AND midnights = 0
UNION ALL
SELECT first_day, owner, device_id, source_host, state, application_name, open,
    started_at, reprospective.moment((first_day + 1)::timestamp, utc_offset_minutes),
    utc_offset_minutes
FROM reprospective.desktop_activity_sessions
WHERE deleted = 0 AND midnights > 0
UNION ALL
SELECT last_day, owner, device_id, source_host, state, application_name, open,
    reprospective.moment(last_day::timestamp, utc_offset_minutes), ended_at, utc_offset_minutes
FROM reprospective.desktop_activity_sessions
WHERE deleted = 0 AND midnights > 0
UNION ALL
SELECT each.day::date, owner, device_id, source_host, state, application_name, open,
    reprospective.moment(each.day, utc_offset_minutes),
    reprospective.moment(each.day + interval '1 day', utc_offset_minutes), utc_offset_minutes
FROM reprospective.desktop_activity_sessions
CROSS JOIN LATERAL unnest(
    reprospective.steps((first_day + 1)::timestamp, (last_day - 1)::timestamp, '1 day')
) AS each (day)
WHERE deleted = 0 AND midnights > 1;

-- The day up to which an owner's days are settled. Every owner of sessions has a row.
CREATE TABLE reprospective.settled (
    owner text COLLATE "C" NOT NULL PRIMARY KEY,
    until date NOT NULL,
    lowered_at timestamptz NOT NULL DEFAULT '-infinity'
);

CREATE TABLE reprospective.settled_days (
    owner text COLLATE "C" NOT NULL,
    day date NOT NULL,
    device_id uuid NOT NULL,
    source_host text NOT NULL,
    state text NOT NULL,
    application_name text NOT NULL,
    ms bigint NOT NULL,
    sessions bigint NOT NULL,
    first_at timestamptz NOT NULL,
    first_offset_minutes smallint NOT NULL,
    last_at timestamptz NOT NULL,
    last_offset_minutes smallint NOT NULL,
    PRIMARY KEY (owner, day, device_id, source_host, state, application_name)
);
CREATE INDEX settled_days_by_day ON reprospective.settled_days (day);

-- The daily totals of closed sessions, computed from the sessions.
CREATE VIEW reprospective.computed_days WITH (security_invoker = true) AS
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

-- The daily totals of closed sessions, as in the local file.
CREATE OR REPLACE VIEW reprospective.desktop_activity_days WITH (security_invoker = true) AS
SELECT day, device_id, source_host, state, application_name, ms, sessions,
    first_at, first_offset_minutes, last_at, last_offset_minutes, owner
FROM reprospective.settled_days
-- The earliest mark of all owners whose rows are visible; a single value suits the planner.
WHERE day < (SELECT min(until) FROM reprospective.settled)
UNION ALL
SELECT day, device_id, source_host, state, application_name, ms, sessions,
    first_at, first_offset_minutes, last_at, last_offset_minutes, owner
FROM reprospective.computed_days
-- If there is no mark, there are no sessions.
WHERE day >= (SELECT min(until) FROM reprospective.settled);

-- The key of a lock: writers of an owner's sessions hold it shared, settling holds it exclusively.
CREATE FUNCTION reprospective.settling_key(owner text)
RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN hashtextextended('reprospective settled ' || owner, 0);

-- Marks the days of an owner from `since` on as not settled.
CREATE FUNCTION reprospective.unsettle_from(whose text, since date)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held date;
BEGIN
    -- Whoever settles at this moment is waited for, and seen by the next statement.
    PERFORM pg_advisory_xact_lock_shared(reprospective.settling_key(whose));
    SELECT s.until INTO held FROM reprospective.settled AS s WHERE s.owner = whose;
    IF NOT FOUND THEN
        INSERT INTO reprospective.settled AS s (owner, until)
        SELECT whose, min(held_rows.first_day)
        FROM reprospective.desktop_activity_sessions AS held_rows WHERE held_rows.owner = whose
        HAVING count(*) > 0
        ON CONFLICT (owner) DO UPDATE SET until = least(s.until, excluded.until);
    -- A transaction that sees an older state sees no newer mark: it fails here on one.
    ELSIF held > since OR current_setting('transaction_isolation') <> 'read committed' THEN
        UPDATE reprospective.settled AS s
        SET until = least(s.until, since), lowered_at = clock_timestamp()
        WHERE s.owner = whose;
        DELETE FROM reprospective.settled_days AS d WHERE d.owner = whose AND d.day >= since;
    END IF;
END
$$;

-- Runs after every statement that writes sessions.
CREATE FUNCTION reprospective.unsettle() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM reprospective.unsettle_from(n.owner, min(n.first_day))
        FROM new_rows AS n GROUP BY n.owner;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM reprospective.unsettle_from(o.owner, min(o.first_day))
        FROM old_rows AS o GROUP BY o.owner;
    ELSE
        PERFORM reprospective.unsettle_from(c.owner, min(c.first_day))
        FROM (
            SELECT owner, first_day FROM old_rows UNION ALL SELECT owner, first_day FROM new_rows
        ) AS c
        GROUP BY c.owner;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER unsettle_inserted AFTER INSERT ON reprospective.desktop_activity_sessions
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION reprospective.unsettle();
CREATE TRIGGER unsettle_updated AFTER UPDATE ON reprospective.desktop_activity_sessions
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION reprospective.unsettle();
CREATE TRIGGER unsettle_deleted AFTER DELETE ON reprospective.desktop_activity_sessions
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION reprospective.unsettle();

CREATE FUNCTION reprospective.unsettle_all() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    TRUNCATE reprospective.settled, reprospective.settled_days;
    RETURN NULL;
END
$$;

CREATE TRIGGER unsettle_truncated AFTER TRUNCATE ON reprospective.desktop_activity_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION reprospective.unsettle_all();

-- Settles up to `most` of an owner's oldest unsettled days before `before`.
--
-- Does nothing while the owner's sessions are being written; a later call settles them.
CREATE FUNCTION reprospective.settle(whose text, before date, most integer DEFAULT 31)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since date;
BEGIN
    -- In another isolation the statements below would not see what was written up to the lock.
    IF current_setting('transaction_isolation') <> 'read committed'
        OR NOT pg_try_advisory_xact_lock(reprospective.settling_key(whose)) THEN
        RETURN;
    END IF;
    SELECT s.until INTO since FROM reprospective.settled AS s WHERE s.owner = whose;
    IF since < before THEN
        before := least(before, since + most);
        INSERT INTO reprospective.settled_days (
            day, device_id, source_host, state, application_name, ms, sessions,
            first_at, first_offset_minutes, last_at, last_offset_minutes, owner
        )
        SELECT c.day, c.device_id, c.source_host, c.state, c.application_name, c.ms, c.sessions,
            c.first_at, c.first_offset_minutes, c.last_at, c.last_offset_minutes, c.owner
        FROM reprospective.computed_days AS c
        WHERE c.owner = whose AND c.day >= since AND c.day < before;
        UPDATE reprospective.settled AS s SET until = before WHERE s.owner = whose;
    END IF;
END
$$;

-- Settles the days older than two days when a device sends a batch, but not during a backlog, whose
-- batches follow each other at once. If the mark was lowered recently, more rows of the same past
-- may follow, so these days are settled later.
CREATE FUNCTION reprospective.settle_for_device() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before date := (NEW.received_at AT TIME ZONE 'UTC')::date - 2;
BEGIN
    PERFORM reprospective.settle(s.owner, before)
    FROM reprospective.settled AS s
    WHERE s.owner = NEW.owner AND s.until < before
        AND s.lowered_at < NEW.received_at - interval '10 minutes';
    RETURN NULL;
END
$$;

CREATE TRIGGER settle_for_device AFTER UPDATE ON reprospective.devices FOR EACH ROW
    -- Passes come a minute apart.
    WHEN (OLD.received_at < NEW.received_at - interval '30 seconds')
    EXECUTE FUNCTION reprospective.settle_for_device();

-- Settles the days of all owners; for roles that may see all rows. Queries over all persons use the
-- earliest mark, and owners that no longer send would never advance theirs.
CREATE FUNCTION reprospective.settle_all()
RETURNS void LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT reprospective.settle(
        s.owner, (clock_timestamp() AT TIME ZONE 'UTC')::date - 2, 1000000
    )
    FROM reprospective.settled AS s;
END;

INSERT INTO reprospective.settled (owner, until)
SELECT owner, min(first_day) FROM reprospective.desktop_activity_sessions GROUP BY owner;
SELECT reprospective.settle_all();
