#!/bin/sh
# Backups of the central database: one each night, old ones removed, and the way back.
#
#   backup.sh nightly          one each night, for as long as it runs; at once where one was missed
#   backup.sh now              one at once
#   backup.sh healthy          says what is wrong: the last one failed, or is older than a day
#   backup.sh restore [FILE]   puts one back, the newest where none is named
#
# A backup is two files: reprospective-TIME.dump, the database in pg_dump's own format, and
# reprospective-TIME.roles.sql, the persons. Both have other names until they are whole, and the dump
# gets its own last. Where the server is, libpq's variables say.
set -eu
umask 077
export LC_ALL=C

folder=${BACKUP_FOLDER:-/backups}
failed=${TMPDIR:-/tmp}/reprospective-backup-failed
keep_days=${BACKUP_KEEP_DAYS:-14}
at=${BACKUP_AT_UTC:-02:30}

day_s=86400
check_every_s=60
try_again_after_s=900
# A night's backup takes its time, and the next is no day late for that.
oldest_healthy_s=$((26 * 3600))

say() {
    echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*"
}

die() {
    echo "$*" >&2
    exit 1
}

# The time as a number that can be compared: 20261125023000.
number_at() {
    date -u -d "@$1" +%Y%m%d%H%M%S
}

# The same of a backup's file; nothing for a file that is none.
number_of() {
    own=${1##*/}
    case $own in
    reprospective-[0-9]???????T[0-9]?????Z.dump | reprospective-[0-9]???????T[0-9]?????Z.roles.sql) ;;
    *) return 0 ;;
    esac
    own=${own#reprospective-}
    own=${own%%Z.*}
    own=${own%T*}${own#*T}
    case $own in *[!0-9]*) return 0 ;; esac
    echo "$own"
}

newest() {
    found=
    for file in "$folder"/reprospective-*.dump; do
        [ -z "$(number_of "$file")" ] || found=$file
    done
    [ -z "$found" ] || echo "$found"
}

newest_number() {
    last=$(newest)
    if [ -n "$last" ]; then number_of "$last"; else echo 0; fi
}

remove_old() {
    oldest=$(number_at $(($(date +%s) - keep_days * day_s)))
    for file in "$folder"/reprospective-*; do
        number=$(number_of "$file")
        if [ -n "$number" ] && [ "$number" -lt "$oldest" ]; then
            rm -f "$file"
            say "Removed, for it was older than $keep_days days: ${file##*/}"
        fi
    done
}

# Roles that are there already are no error, and the superuser stays as he is.
roles_that_may_be_there() {
    # shellcheck disable=SC2016  # $made$ is PostgreSQL's
    sed -e "/^CREATE ROLE $PGUSER;\$/d" -e "/^ALTER ROLE $PGUSER /d" \
        -e 's/^CREATE ROLE \(.*\);$/DO $made$ BEGIN CREATE ROLE \1; EXCEPTION WHEN duplicate_object THEN NULL; END $made$;/' \
        "$1"
}

back_up() {
    name=$folder/reprospective-$(date -u +%Y%m%dT%H%M%SZ)
    part=$folder/.unfinished-${name##*/}-$$
    if pg_dump --no-password --format=custom --lock-wait-timeout=10min --file="$part.dump" &&
        pg_restore --list "$part.dump" >"$part.list" &&
        pg_dumpall --no-password --roles-only --file="$part.all" &&
        roles_that_may_be_there "$part.all" >"$part.roles" &&
        mv "$part.roles" "$name.roles.sql" &&
        mv "$part.dump" "$name.dump"; then
        rm -f "$part".* "$failed"
        say "Made: ${name##*/}.dump, $(wc -c <"$name.dump") bytes"
        remove_old
    else
        rm -f "$part".*
        say "The backup failed; what was said before this line tells why." | tee "$failed" >&2
        return 1
    fi
}

# When the last one was to be made, in seconds since 1970.
last_due() {
    now=$1
    hour=${at%%:*}
    minute=${at##*:}
    due=$((now - now % day_s + ${hour#0} * 3600 + ${minute#0} * 60))
    [ "$due" -le "$now" ] || due=$((due - day_s))
    echo "$due"
}

nightly() {
    rm -f "$folder"/.unfinished-reprospective-*
    try_from=0
    while :; do
        now=$(date +%s)
        wanted=$(number_at "$(last_due "$now")")
        if [ "$(newest_number)" -lt "$wanted" ] && [ "$now" -ge "$try_from" ]; then
            back_up || try_from=$((now + try_again_after_s))
        fi
        sleep "$check_every_s"
    done
}

healthy() {
    if [ -e "$failed" ]; then
        cat "$failed"
        exit 1
    fi
    if [ "$(newest_number)" -lt "$(number_at $(($(date +%s) - oldest_healthy_s)))" ]; then
        last=$(newest)
        die "The last backup is older than a day: ${last:-there is none}"
    fi
}

psql_at() {
    database=$1
    shift
    psql --no-psqlrc --quiet --no-password --set=ON_ERROR_STOP=1 --dbname="$database" "$@"
}

restore() {
    dump=${1:-$(newest)}
    [ -n "$dump" ] || die "There is no backup in $folder."
    case $dump in */*) ;; *) dump=$folder/$dump ;; esac
    roles=${dump%.dump}.roles.sql
    [ -e "$dump" ] || die "There is no such backup: $dump"
    [ -e "$roles" ] || die "The persons of this backup are missing: $roles"
    new=${PGDATABASE}_restoring
    former=${PGDATABASE}_before_$(date -u +%Y%m%dT%H%M%SZ)

    say "Restoring ${dump##*/}; until it is whole, nothing changes for anybody."
    psql_at postgres --output=/dev/null --single-transaction --file="$roles"
    psql_at postgres --set=new="$new" <<'SQL'
DROP DATABASE IF EXISTS :"new" WITH (FORCE);
CREATE DATABASE :"new" TEMPLATE template0 ENCODING 'UTF8';
SQL
    pg_restore --no-password --exit-on-error --single-transaction --dbname="$new" "$dump"
    psql_at "$new" --command="ANALYZE"

    if ! psql_at postgres --output=/dev/null --set=new="$new" --set=name="$PGDATABASE" \
        --set=former="$former" <<'SQL'; then
SELECT EXISTS (SELECT FROM pg_database WHERE datname = :'name') AS is_there \gset
\if :is_there
ALTER DATABASE :"name" ALLOW_CONNECTIONS false;
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :'name';
BEGIN;
ALTER DATABASE :"name" RENAME TO :"former";
ALTER DATABASE :"new" RENAME TO :"name";
COMMIT;
ALTER DATABASE :"former" ALLOW_CONNECTIONS true;
\else
ALTER DATABASE :"new" RENAME TO :"name";
\endif
GRANT CONNECT ON DATABASE :"name" TO reprospective_person, reprospective_reader;
SQL
        psql_at postgres --command="ALTER DATABASE \"$PGDATABASE\" ALLOW_CONNECTIONS true" || :
        die "The database could not be changed for the restored one: it is as it was."
    fi
    say "Restored. What was there before is kept in the database $former."
}

case $at in
[01][0-9]:[0-5][0-9] | 2[0-3]:[0-5][0-9]) ;;
*) die "BACKUP_AT_UTC must be a time such as 02:30, and is: $at" ;;
esac
case $keep_days in
'' | *[!0-9]* | 0*) die "BACKUP_KEEP_DAYS must be a number of days, 1 or more, and is: $keep_days" ;;
esac
if [ -n "${PASSWORD_FILE:-}" ]; then
    PGPASSWORD=$(cat "$PASSWORD_FILE")
    export PGPASSWORD
fi

case ${1:-} in
nightly) nightly ;;
now) back_up ;;
healthy) healthy ;;
restore) restore "${2:-}" ;;
*) die "Usage: backup.sh nightly | now | healthy | restore [FILE]" ;;
esac
