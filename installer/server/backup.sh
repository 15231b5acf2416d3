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
# own last. Where the server is, libpq's variables say; how it is asked is in backup-parts/.
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

case $0 in */*) parts=${0%/*}/backup-parts ;; *) parts=./backup-parts ;; esac
folder=${BACKUP_FOLDER:-/backups}
state=${TMPDIR:-/tmp}
failed=$state/reprospective-backup-failed
keep_days=${BACKUP_KEEP_DAYS:-14}
at=${BACKUP_AT_UTC:-02:30}
first_line='-- Roles of a backup of reprospective-tray, form 2: read by backup.sh alone.'

day_s=86400
check_every_s=60
try_again_after_s=900
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

# shellcheck source=backup-parts/steps.sh
. "$parts/steps.sh"

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

    say "Restoring ${dump##*/}; until it is whole, nothing changes for anybody."
    empty "$new" || die "No database to restore into could be made: nothing was restored."
    connections=$(put_in "$new" "$dump" "$roles")
    if [ -z "$connections" ]; then
        empty "$new" no || :
        die "This backup cannot be restored; what was said before tells why. Nothing was changed."
    fi
    psql_at "$new" --command="ANALYZE" || say "Run ANALYZE in the database: it failed."

    former=${PGDATABASE}_before_$(date -u +%Y%m%dT%H%M%SZ)
    take_its_place "$new" "$former" "$connections" ||
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
