# How a database is dumped, put into another one, and takes the place of one: parts of backup.sh.

application=reprospective_restore
tab=$(printf '\t')
# Making a backup, and restoring it on trial: each of the two.
longest_s=$((6 * 3600))

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
        --file="$parts/guard.sql" >/dev/null &
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
    psql_at postgres --set=new="$1" --set=make="${2:-yes}" --file="$parts/empty.sql"
}

# Writes what belongs to administrators in the database to the file $1.
dump() {
    file=$1
    listed=$(psql_at "$PGDATABASE" --field-separator="$tab" --file="$parts/schemas.sql") || return 1
    is_prepared=
    not_theirs=
    set --
    while IFS=$tab read -r kind what; do
        case $kind in
        schema | extension) set -- "$@" "--$kind=$what" ;;
        without) say "Not in the backup, because others than administrators create in it: schema $what" ;;
        because) not_theirs=$what ;;
        esac
        [ "$what" != '"reprospective"' ] || is_prepared=yes
    done <<EOF
$listed
EOF
    if [ -n "$not_theirs" ]; then
        complain "Only administrators may own what is in the schema reprospective, for a restore runs" \
            "it as a superuser. Remove this, or change its owner: $not_theirs"
        return 1
    fi
    if [ -z "$is_prepared" ]; then
        complain "There is no schema reprospective in the database $PGDATABASE."
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
        cat "$parts/begin.sql" ${3:+"$3"} "$parts/make-roles.sql"
        ! grep -q '^[0-9]*; 2615 [0-9]* SCHEMA - public ' "$toc" || echo 'DROP SCHEMA public;'
        echo '\o /dev/null'
        pg_restore --use-list="$toc" --file=- "$2" && cat "$parts/rights.sql" &&
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
    room=$(psql_at "$PGDATABASE" --file="$parts/room.sql") || return 1
    if [ -n "$room" ]; then
        complain "$room"
        return 1
    fi
    empty "$proof" || return 1
    went_well=1
    if [ -n "$(guarded "$application" put_in "$proof" "$1")" ] &&
        write_roles "$proof" "$2" &&
        [ -n "$(check_roles "$2" | psql_at "$proof" --set=database="$PGDATABASE")" ]; then
        went_well=0
        sessions=$(psql_at "$proof" \
            --command="SELECT count(*) FROM reprospective.desktop_activity_sessions") || went_well=1
    fi
    empty "$proof" no || went_well=1
    return "$went_well"
}

# The SQL that makes all of a file of roles ($1) under names that are free, and undoes it again.
check_roles() {
    cat "$parts/begin.sql" "$1" &&
        echo "UPDATE pg_temp.kept_roles SET made_as = 'reprospective_proof_' || md5(name);" &&
        cat "$parts/make-roles.sql" "$parts/rights.sql" "$parts/check.sql" &&
        printf '%s\n' 'ROLLBACK;' '\echo checked'
}

# Writes the file of roles ($2), as of a database ($1) that has what is dumped.
write_roles() {
    psql_at "$1" --set=first_line="$first_line" --set=database="$PGDATABASE" --output="$2" \
        --file="$parts/write-roles.sql"
}

# Puts a restored database ($1) in the place of the one in use, which is named $2 from then on, and lets
# $3 connections in.
take_its_place() {
    former_oid=$(psql_at postgres --set=name="$PGDATABASE" <<'SQL'
SELECT oid FROM pg_database WHERE datname = :'name';
SQL
    )
    if [ -n "$former_oid" ]; then is_there=1; else is_there=0; fi
    # Whoever is in the former one keeps it from being renamed. The number is asked first: once the
    # restored one has the name, nobody in it is to be sent away.
    become_psql_at postgres --set=oid="${former_oid:-0}" --set=name="$PGDATABASE" \
        --file="$parts/end-sessions.sql" &
    ending=$!
    swapped=0
    psql_at postgres --set=new="$1" --set=name="$PGDATABASE" --set=former="$2" \
        --set=is_there="$is_there" --set=connection_limit="$3" \
        --file="$parts/swap.sql" || swapped=1
    # The server goes on for up to a second after its client has gone: who comes back is let in now.
    psql_at postgres >/dev/null <<'SQL' || :
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE application_name = 'reprospective-end-sessions' AND usename = current_user;
SQL
    kill "$ending" 2>/dev/null || :
    wait "$ending" 2>/dev/null || :
    return "$swapped"
}
