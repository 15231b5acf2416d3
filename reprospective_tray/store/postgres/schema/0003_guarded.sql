-- Adds limits for values, and protects persons from each other.
--
-- Lengths and times of sent rows are limited. Only the deriving functions write derived data, and a
-- day that cannot be derived does not make a batch fail. A person cannot lock any row or table that
-- others must wait for. The planner collects no statistics on values written by persons, because
-- row-level security does not protect them and EXPLAIN reveals them.

-- These block the changes below and are recreated unchanged afterwards.
DROP VIEW reprospective.hosts, reprospective.hourly_activity,
    reprospective.daily_application_totals, reprospective.desktop_activity_days,
    reprospective.computed_days, reprospective.session_days;
DROP FUNCTION reprospective.as_sent;
DROP TABLE reprospective.settled_days;
DROP TRIGGER unsettle_inserted ON reprospective.desktop_activity_sessions;
DROP TRIGGER unsettle_updated ON reprospective.desktop_activity_sessions;
DROP TRIGGER unsettle_deleted ON reprospective.desktop_activity_sessions;
DROP TRIGGER unsettle_truncated ON reprospective.desktop_activity_sessions;
DROP TRIGGER settle_for_device ON reprospective.devices;
DROP FUNCTION reprospective.settle_all, reprospective.settling_key;
TRUNCATE reprospective.settled;

-- Cuts existing rows to the limits. Their revision stays, because the computer that sent a row cuts
-- its own copy and sends it again.
ALTER TABLE reprospective.desktop_activity_sessions DROP CONSTRAINT a_session_that_can_be;
UPDATE reprospective.desktop_activity_sessions
SET source_host = CASE WHEN char_length(source_host) <= 256
        THEN source_host ELSE left(source_host, 255) || '…' END,
    application_name = CASE WHEN char_length(application_name) <= 256
        THEN application_name ELSE left(application_name, 255) || '…' END,
    window_title = CASE WHEN char_length(window_title) <= 4096
        THEN window_title ELSE left(window_title, 4095) || '…' END,
    started_at = least(greatest(started_at, '1970-01-01Z'), '2200-01-01Z'),
    ended_at = least(
        greatest(ended_at, '1970-01-01Z'), '2200-01-01Z',
        least(greatest(started_at, '1970-01-01Z'), '2200-01-01Z') + interval '8784 hours'
    )
WHERE char_length(source_host) > 256 OR char_length(application_name) > 256
    OR char_length(window_title) > 4096
    OR started_at < '1970-01-01Z' OR ended_at > '2200-01-01Z'
    OR ended_at - started_at > interval '8784 hours';

-- Setting a column's type, even to the same type, deletes the planner's statistics on it.
ALTER TABLE reprospective.desktop_activity_sessions
    ALTER COLUMN uid TYPE uuid,
    ALTER COLUMN device_id TYPE uuid,
    ALTER COLUMN source_host TYPE text,
    ALTER COLUMN original_id TYPE bigint,
    ALTER COLUMN application_name TYPE text,
    ALTER COLUMN window_title TYPE text,
    ALTER COLUMN process_id TYPE integer;
ALTER TABLE reprospective.desktop_activity_sessions
    ALTER COLUMN uid SET STATISTICS 0,
    ALTER COLUMN device_id SET STATISTICS 0,
    ALTER COLUMN source_host SET STATISTICS 0,
    ALTER COLUMN original_id SET STATISTICS 0,
    ALTER COLUMN application_name SET STATISTICS 0,
    ALTER COLUMN window_title SET STATISTICS 0,
    ALTER COLUMN process_id SET STATISTICS 0,
    ADD CONSTRAINT a_session_that_can_be CHECK (
        state IN ('active', 'idle', 'locked')
        AND started_at >= '1970-01-01Z'
        AND ended_at BETWEEN started_at AND '2200-01-01Z'
        AND ended_at - started_at <= interval '8784 hours'  -- 366 days
        AND utc_offset_minutes BETWEEN -1080 AND 1080
        AND char_length(source_host) <= 256
        AND char_length(application_name) <= 256
        AND char_length(window_title) <= 4096
        AND open BETWEEN 0 AND 1
        AND deleted BETWEEN 0 AND 1
    );
ALTER TABLE reprospective.devices
    ALTER COLUMN device_id TYPE uuid,
    ALTER COLUMN token TYPE text;
ALTER TABLE reprospective.devices
    ALTER COLUMN device_id SET STATISTICS 0,
    ALTER COLUMN token SET STATISTICS 0;

-- Removes names and process id from every tombstone that is written.
CREATE FUNCTION reprospective.blank_tombstone() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.application_name := '';
    NEW.window_title := '';
    NEW.process_id := NULL;
    RETURN NEW;
END
$$;

CREATE TRIGGER blank_tombstone BEFORE INSERT OR UPDATE ON reprospective.desktop_activity_sessions
    FOR EACH ROW WHEN (
        NEW.deleted = 1
        AND (NEW.application_name <> '' OR NEW.window_title <> '' OR NEW.process_id IS NOT NULL)
    ) EXECUTE FUNCTION reprospective.blank_tombstone();

-- Existing tombstones.
UPDATE reprospective.desktop_activity_sessions
SET application_name = '', window_title = '', process_id = NULL
WHERE deleted = 1 AND (application_name <> '' OR window_title <> '' OR process_id IS NOT NULL);
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
ALTER TABLE reprospective.settled_days
    ALTER COLUMN device_id SET STATISTICS 0,
    ALTER COLUMN source_host SET STATISTICS 0,
    ALTER COLUMN application_name SET STATISTICS 0;

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

-- The non-deleted sessions, split at local midnights. The day of each part is a column, so that a
-- condition on it can use an index.
CREATE VIEW reprospective.session_days WITH (security_invoker = true) AS
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
CREATE VIEW reprospective.desktop_activity_days WITH (security_invoker = true) AS
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

-- Marks the days of an owner from `since` on as not settled.
--
-- Settling locks the owner's row in `settled` exclusively, writers of sessions lock it shared. A
-- person cannot lock it otherwise, because they may only read it.
CREATE OR REPLACE FUNCTION reprospective.unsettle_from(whose text, since date)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held date;
BEGIN
    -- Whoever settles at this moment is waited for, and seen by the next statement.
    SELECT s.until INTO held FROM reprospective.settled AS s WHERE s.owner = whose FOR KEY SHARE;
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

-- These run after a person's writes with the rights of the schema's owner, because a person may not
-- write derived data. Only their triggers call them.
ALTER FUNCTION reprospective.unsettle SECURITY DEFINER;
ALTER FUNCTION reprospective.unsettle_all SECURITY DEFINER;

CREATE TRIGGER unsettle_inserted AFTER INSERT ON reprospective.desktop_activity_sessions
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION reprospective.unsettle();
CREATE TRIGGER unsettle_updated AFTER UPDATE ON reprospective.desktop_activity_sessions
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION reprospective.unsettle();
CREATE TRIGGER unsettle_deleted AFTER DELETE ON reprospective.desktop_activity_sessions
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION reprospective.unsettle();
CREATE TRIGGER unsettle_truncated AFTER TRUNCATE ON reprospective.desktop_activity_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION reprospective.unsettle_all();

-- Settles up to `most` of an owner's oldest unsettled days before `before`, but only days that are
-- over. Returns the error if it failed, NULL otherwise.
--
-- Does nothing while the owner's sessions are being written; a later call settles them.
CREATE FUNCTION reprospective.settle_owner(whose text, before date, most integer)
RETURNS text LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since date;
BEGIN
    -- In another isolation the statements below would not see what was written up to the lock.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RETURN NULL;
    END IF;
    SELECT s.until INTO since FROM reprospective.settled AS s WHERE s.owner = whose
    FOR UPDATE SKIP LOCKED;
    before := least(before, since + most, (clock_timestamp() AT TIME ZONE 'UTC')::date);
    IF since < before THEN
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
    RETURN NULL;
-- One day that cannot be settled must not fail a batch, nor another owner's days.
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;

-- The same, only for roles that may act as this owner, because it blocks the owner's other writes.
CREATE OR REPLACE FUNCTION reprospective.settle(whose text, before date, most integer DEFAULT 31)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_roles AS r
        WHERE r.rolname = whose AND pg_has_role(session_user, r.oid, 'MEMBER')
    ) THEN
        PERFORM reprospective.settle_owner(whose, before, most);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION reprospective.settle_for_device() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before date := (NEW.received_at AT TIME ZONE 'UTC')::date - 2;
BEGIN
    PERFORM reprospective.settle_owner(s.owner, before, 31)
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
-- earliest mark, and owners that no longer send would never advance theirs. Returns the owners
-- whose days cannot be settled, with the error.
CREATE FUNCTION reprospective.settle_all() RETURNS TABLE (owner text, problem text)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT tried.owner, tried.problem
    FROM (
        SELECT s.owner, reprospective.settle_owner(
            s.owner, (clock_timestamp() AT TIME ZONE 'UTC')::date - 2, 1000000
        ) AS problem
        FROM reprospective.settled AS s
    ) AS tried
    WHERE tried.problem IS NOT NULL;
END;

INSERT INTO reprospective.settled (owner, until)
SELECT owner, min(first_day) FROM reprospective.desktop_activity_sessions GROUP BY owner;
SELECT count(*) FROM reprospective.settle_all();
