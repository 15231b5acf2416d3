#!/bin/sh
# Schema, roles and rights, as `reprospective-tray server init` makes them and by the same files.
#
# The image runs it once, on the new and empty database. Where the schema is there it does nothing.
set -eu

sql=${REPROSPECTIVE_SQL:-/reprospective/sql}

statements() {
    cat <<'SQL'
BEGIN;
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL client_min_messages = warning;
SELECT to_regnamespace('reprospective') IS NOT NULL AS is_there \gset
\if :is_there
\echo The schema is there already. What upgrades it: reprospective-tray server init
\else
CREATE SCHEMA reprospective;
SQL
    for script in "$sql"/[0-9][0-9][0-9][0-9]_*.sql; do
        number=${script##*/}
        number=${number%%_*}
        printf "\\\\i '%s'\n" "$script"
        printf 'INSERT INTO reprospective.schema_version (version) VALUES (%s);\n' "$number"
    done
    printf "\\\\i '%s'\n" "$sql/roles.sql" "$sql/policies.sql" "$sql/comments.sql"
    cat <<'SQL'
GRANT CONNECT ON DATABASE :"DBNAME" TO reprospective_person, reprospective_reader;
\endif
COMMIT;
SQL
}

statements | psql --no-psqlrc --quiet --no-password --set=ON_ERROR_STOP=1 \
    --username="$POSTGRES_USER" --dbname="$POSTGRES_DB"
