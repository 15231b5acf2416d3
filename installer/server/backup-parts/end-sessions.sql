-- Ends all sessions of a database until it has another name, for a minute at most. Variables: its
-- `oid` and its present `name`.

SELECT set_config('client_connection_check_interval', '1s', false),
    set_config('application_name', 'reprospective-end-sessions', false),
    set_config('reprospective.oid', :'oid', false),
    set_config('reprospective.name', :'name', false) \gset
DO $end$
DECLARE
    this oid := current_setting('reprospective.oid');
BEGIN
    FOR turn IN 1..600 LOOP
        EXIT WHEN NOT EXISTS (
            SELECT FROM pg_database
            WHERE oid = this AND datname = current_setting('reprospective.name')
        );
        PERFORM pg_stat_clear_snapshot();
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datid = this;
        PERFORM pg_sleep(0.1);
    END LOOP;
END
$end$;
