-- Says what a trial restore lacks on the server's disk, and nothing where it has enough.
--
-- Beside the database itself its write-ahead log takes room, and a disk that is full stops the server.

CREATE TEMPORARY TABLE free_room (line text);
DO $room$
BEGIN
    COPY pg_temp.free_room FROM PROGRAM 'df -Pk .';
EXCEPTION WHEN OTHERS THEN
    NULL;  -- not known, then
END
$room$;
SELECT format('It would need %s MB on the server, where %s MB are free.', needed / 1048576, free / 1048576)
FROM (
    SELECT size + least(size, max_wal) + 67108864 AS needed, free
    FROM pg_database_size(current_database()) AS size
    CROSS JOIN pg_size_bytes(current_setting('max_wal_size')) AS max_wal
    CROSS JOIN LATERAL (
        SELECT (regexp_match(line, '\s\d+\s+\d+\s+(\d+)\s+\d+%'))[1]::bigint * 1024 AS free
        FROM pg_temp.free_room
    ) AS each
) AS measured
WHERE free < needed;
