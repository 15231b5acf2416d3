#!/usr/bin/env bash
# What the entry point of the postgres image does with what compose.yaml gives it, in short.
#
# Tests have no containers: they run this in the place of docker-entrypoint.sh, on this machine's
# PostgreSQL. INIT_FOLDER stands for /docker-entrypoint-initdb.d, STEP_DOWN for gosu.
set -euo pipefail

if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    POSTGRES_PASSWORD=$(<"$POSTGRES_PASSWORD_FILE")
    export POSTGRES_PASSWORD
    unset POSTGRES_PASSWORD_FILE
fi
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown "$STEP_DOWN:" "$PGDATA"
    exec setpriv --reuid="$STEP_DOWN" --regid="$(id -g "$STEP_DOWN")" --clear-groups "$0" "$@"
fi
shift  # the word postgres
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # Several arguments in one variable, as in the image.
    # shellcheck disable=SC2086
    initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --no-sync \
        --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") $POSTGRES_INITDB_ARGS
    printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    export PGPASSWORD=$POSTGRES_PASSWORD
    # No TCP: nobody may come in before it is finished.
    pg_ctl --pgdata="$PGDATA" --wait --options="$(printf '%q ' "$@" -c listen_addresses=)" start
    psql --username="$POSTGRES_USER" --dbname=postgres --command="CREATE DATABASE \"$POSTGRES_DB\""
    for file in "$INIT_FOLDER"/*; do
        "$file"
    done
    pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
    unset PGPASSWORD
fi
exec postgres -D "$PGDATA" "$@"
