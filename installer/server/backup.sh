#!/bin/sh
# Backups of the central database: one each night, old ones removed, and the way back.
#
#   backup.sh nightly          one each night, for as long as it runs; at once where one was missed
#   backup.sh now              one at once
#   backup.sh healthy          says what is wrong: the last one failed, or is older than a day
#   backup.sh restore [FILE]   puts one back, the newest where none is named
#
# A backup is two files: reprospective-TIME.dump, in pg_dump's own format, and
# reprospective-TIME.roles.sql, the roles and what is set for the database itself. Each is put into
# an empty database of the server before it gets that name; one that cannot be is kept as
# unproven.dump, and is not healthy. Both have other names until they are whole, and the dump gets its
# own last. Where the server is, libpq's variables say; what is asked there is in backup-sql/.
set -eu
umask 077
export LC_ALL=C PGCLIENTENCODING=UTF8
# Nothing but PostgreSQL's own is found by its bare name, whatever persons may create; the server's
# log gets neither the roles' verifiers nor a title; and no setting of the database stops a backup.
export PGOPTIONS="-c search_path=pg_catalog,pg_temp -c datestyle=ISO -c standard_conforming_strings=on\
 -c client_min_messages=warning\
 -c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic\
 -c log_error_verbosity=terse -c statement_timeout=0 -c lock_timeout=0\
 -c idle_in_transaction_session_timeout=0 -c default_transaction_read_only=off\
 -c default_transaction_isolation=read\\ committed"

case $0 in */*) sql=${0%/*}/backup-sql ;; *) sql=backup-sql ;; esac
folder=${BACKUP_FOLDER:-/backups}
state=${TMPDIR:-/tmp}
failed=$state/reprospective-backup-failed
application=reprospective_restore
tab=$(printf '\t')
keep_days=${BACKUP_KEEP_DAYS:-14}
at=${BACKUP_AT_UTC:-02:30}
first_line='-- Roles of a backup of reprospective-tray, form 2: read by backup.sh alone.'

day_s=86400
check_every_s=60
try_again_after_s=900
# Each of the two, making it and putting it back to prove it.
longest_s=$((6 * 3600))
# A night's backup takes its time, and the next is no day late for that.
oldest_healthy_s=$((26 * 3600))

say() {
    printf '%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*"
}

complain() {
    printf '%s\n' "$*" >&2
}

die() {
    complain "$@"
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

# Older versions of this script wrote the roles in a way in which a person could hide statements.
is_of_an_older_version() {
    [ -e "${1%.dump}.roles.sql" ] || return 1
    IFS= read -r line <"${1%.dump}.roles.sql" || :
    [ "$line" != "$first_line" ]
}

newest() {
    found=
    for file in "$folder"/reprospective-*.dump; do
        if [ -n "$(number_of "$file")" ] && ! is_of_an_older_version "$file"; then found=$file; fi
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

# In the place of this process; `psql_at` comes back.
become_psql_at() {
    database=$1
    shift
    exec psql --no-psqlrc --quiet --no-password --tuples-only --no-align --set=ON_ERROR_STOP=1 \
        --set=VERBOSITY=terse --set=SHOW_CONTEXT=never --dbname="$database" "$@"
}

psql_at() {
    (become_psql_at "$@")
}

# Runs a command while another session guards what it does on the server as the application $1.
guarded() {
    become_psql_at "$PGDATABASE" --set=application="$1" --set=longest="$longest_s" \
        --file="$sql/guard.sql" >/dev/null &
    guard=$!
    shift
    code=0
    "$@" || code=$?
    kill "$guard" 2>/dev/null || :
    wait "$guard" 2>/dev/null || :
    return "$code"
}

# Makes an empty database of this name; with a second word, only removes the one of this name.
empty() {
    psql_at postgres --set=new="$1" --set=make="${2:-yes}" --file="$sql/empty.sql"
}

# Writes what belongs to administrators in the database to the file $1.
dump() {
    file=$1
    parts=$(psql_at "$PGDATABASE" --field-separator="$tab" --file="$sql/schemas.sql") || return 1
    not_theirs=
    set --
    while IFS=$tab read -r kind what; do
        case $kind in
        schema | extension) set -- "$@" "--$kind=$what" ;;
        without) say "Not in the backup, because others than administrators create in it: schema $what" ;;
        because) not_theirs=$what ;;
        esac
    done <<EOF
$parts
EOF
    if [ -n "$not_theirs" ]; then
        complain "Only administrators may own what is in the schema reprospective, for a restore runs" \
            "it as a superuser. Remove this, or change its owner: $not_theirs"
        return 1
    fi
    guarded pg_dump pg_dump --no-password --format=custom --lock-wait-timeout=10min \
        --strict-names "$@" --file="$file"
}

# Puts a dump ($2) into an empty database ($1) and, where there is one, a file of roles ($3), in one
# transaction. Prints how many connections the database is to have; nothing where it failed.
put_in() {
    toc=$state/reprospective-toc-$$
    pg_restore --list "$2" >"$toc.all" || return 0
    # A new database has the usual schema public. Another of this name replaces it.
    sed '/^[0-9]*; 2615 2200 SCHEMA /d' "$toc.all" >"$toc"
    {
        cat "$sql/begin.sql" ${3:+"$3"} "$sql/make-roles.sql"
        ! grep -q '^[0-9]*; 2615 [0-9]* SCHEMA - public ' "$toc" || echo 'DROP SCHEMA public;'
        echo '\o /dev/null'
        pg_restore --use-list="$toc" --file=- "$2" && cat "$sql/rights.sql" &&
            printf '%s\n' 'COMMIT;' '\o' '\echo :connection_limit'
    } | {
        export PGAPPNAME="$application"
        become_psql_at "$1"
    } || :
    rm -f "$toc" "$toc.all"
}

# Puts a dump ($1) into a database that is gone afterwards, and writes the file of roles ($2).
prove() {
    proof=${PGDATABASE}_proof
    room=$(psql_at "$PGDATABASE" --file="$sql/room.sql") || return 1
    if [ -n "$room" ]; then
        complain "$room"
        return 1
    fi
    empty "$proof" || return 1
    went_well=1
    if [ -n "$(guarded "$application" put_in "$proof" "$1")" ] &&
        write_roles "$proof" "$2" &&
        {
            cat "$sql/begin.sql" "$2"
            # None of the roles is there under such a name: all of them are made, and gone again.
            echo "UPDATE pg_temp.kept_roles SET made_as = 'reprospective_proof_' || md5(name);"
            cat "$sql/make-roles.sql" "$sql/rights.sql" "$sql/check.sql"
            echo 'ROLLBACK;'
        } | psql_at "$proof" --set=database="$PGDATABASE"; then
        went_well=0
        sessions=$(psql_at "$proof" \
            --command="SELECT count(*) FROM reprospective.desktop_activity_sessions") || went_well=1
    fi
    empty "$proof" no || went_well=1
    return "$went_well"
}

write_roles() {
    psql_at "$1" --set=first_line="$first_line" --set=database="$PGDATABASE" --output="$2" \
        --file="$sql/write-roles.sql"
}

back_up() {
    name=$folder/reprospective-$(date -u +%Y%m%dT%H%M%SZ)
    part=$folder/.unfinished-${name##*/}-$$
    unproven=$folder/unproven
    if ! dump "$part.dump"; then
        told "The backup failed; what was said before this line tells why."
    elif prove "$part.dump" "$part.roles" &&
        mv "$part.roles" "$name.roles.sql" &&
        mv "$part.dump" "$name.dump"; then
        rm -f "$failed" "$unproven.dump" "$unproven.roles.sql"
        say "Made: ${name##*/}.dump, $(wc -c <"$name.dump") bytes, $sessions sessions; a trial restore went well"
        remove_old
    elif write_roles "$PGDATABASE" "$part.roles" &&
        mv "$part.roles" "$unproven.roles.sql" &&
        mv "$part.dump" "$unproven.dump"; then
        told "A trial restore of the backup failed; what was said before this line tells why. It is" \
            "kept as unproven.dump, and the older ones are kept, too."
    else
        told "The backup failed; what was said before this line tells why."
    fi
    rm -f "$part".*
    [ ! -e "$failed" ]
}

# For the health check as well as for the log.
told() {
    say "$*" | tee "$failed" >&2
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
    # What was cut off.
    rm -f "$folder"/.unfinished-reprospective-*
    empty "${PGDATABASE}_proof" no || :
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

restore() {
    dump=${1:-$(newest)}
    [ -n "$dump" ] || die "There is no backup in $folder."
    case $dump in */*) ;; *) dump=$folder/$dump ;; esac
    roles=${dump%.dump}.roles.sql
    [ -e "$dump" ] || die "There is no such backup: $dump"
    [ -e "$roles" ] || die "The roles of this backup are missing: $roles"
    ! is_of_an_older_version "$dump" ||
        die "The roles of this backup were written by an older version, in a way in which a person" \
            "could hide statements: nothing was restored. Use a newer backup."
    new=${PGDATABASE}_restoring
    former=${PGDATABASE}_before_$(date -u +%Y%m%dT%H%M%SZ)

    say "Restoring ${dump##*/}; until it is whole, nothing changes for anybody."
    empty "$new" || die "No database to restore into could be made: nothing was restored."
    connections=$(put_in "$new" "$dump" "$roles")
    if [ -z "$connections" ]; then
        empty "$new" no || :
        die "This backup cannot be restored; what was said before tells why. Nothing was changed."
    fi
    psql_at "$new" --command="ANALYZE" || say "Run ANALYZE in the database: it failed."

    former_oid=$(psql_at postgres --set=name="$PGDATABASE" <<'SQL'
SELECT oid FROM pg_database WHERE datname = :'name';
SQL
    )
    if [ -n "$former_oid" ]; then is_there=1; else is_there=0; fi
    # Whoever is in the former one keeps it from being renamed. The number is asked first: once the
    # restored one has the name, nobody in it is to be sent away.
    become_psql_at postgres --set=oid="${former_oid:-0}" --set=name="$PGDATABASE" \
        --file="$sql/end-sessions.sql" &
    ending=$!
    swapped=0
    psql_at postgres --set=new="$new" --set=name="$PGDATABASE" --set=former="$former" \
        --set=is_there="$is_there" --set=connection_limit="$connections" \
        --file="$sql/swap.sql" || swapped=1
    kill "$ending" 2>/dev/null || :
    wait "$ending" 2>/dev/null || :
    [ "$swapped" = 0 ] ||
        die "The restored database could not take the place of $PGDATABASE, which is as it was. It is" \
            "complete, and stays as $new until the next attempt."
    say "Restored.${former_oid:+ What was there before is kept in the database $former.}"
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
