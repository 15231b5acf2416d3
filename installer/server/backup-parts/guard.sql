-- Sees that pg_dump or a trial restore comes to an end. Runs beside it and is ended after it.
--
-- Ends sessions of persons that hold it up for 10 s: who may write may LOCK TABLE. Those of superusers,
-- and of those who may make roles, are waited for. Ends what has taken longer than `longest` seconds.
-- Variables: that, and the name of the `application` that is guarded.

SELECT set_config('client_connection_check_interval', '1s', false),
    set_config('reprospective.application', :'application', false),
    set_config('reprospective.longest', :'longest', false) \gset
DO $guard$
DECLARE
    latest timestamptz := clock_timestamp()
        + current_setting('reprospective.longest')::integer * interval '1 second';
BEGIN
    WHILE clock_timestamp() < latest LOOP
        PERFORM pg_stat_clear_snapshot();
        PERFORM pg_terminate_backend(holder.pid)
        FROM pg_stat_activity AS d
        JOIN pg_locks AS wanted ON wanted.pid = d.pid AND NOT wanted.granted
            AND wanted.waitstart < clock_timestamp() - interval '10 seconds'
        JOIN pg_stat_activity AS holder ON holder.pid = ANY (pg_blocking_pids(d.pid))
        JOIN pg_roles AS r ON r.oid = holder.usesysid AND NOT (r.rolsuper OR r.rolcreaterole)
        WHERE d.application_name = current_setting('reprospective.application')
            AND d.usename = current_user;
        PERFORM pg_sleep(1);
    END LOOP;
    PERFORM pg_terminate_backend(d.pid) FROM pg_stat_activity AS d
    WHERE d.application_name = current_setting('reprospective.application')
        AND d.usename = current_user;
END
$guard$;
