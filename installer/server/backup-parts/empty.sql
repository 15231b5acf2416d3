-- Removes what an interrupted run has left, and makes an empty database to which nobody but superusers
-- may connect. By that limit it is told from a database of somebody else.
--
-- While another run is at work in it, it cannot be removed. Variables: its name, `new`; `make`, no
-- where it is only to be removed.

SELECT set_config('reprospective.new', :'new', false) \gset
DO $own$
BEGIN
    IF EXISTS (
        SELECT FROM pg_database
        WHERE datname = current_setting('reprospective.new') AND datconnlimit <> 0
    ) THEN
        RAISE EXCEPTION 'the database % is in the way: rename or drop it',
            current_setting('reprospective.new');
    END IF;
END
$own$;
DROP DATABASE IF EXISTS :"new";
\if :make
CREATE DATABASE :"new" TEMPLATE template0 ENCODING 'UTF8' CONNECTION LIMIT 0;
\endif
