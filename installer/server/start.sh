#!/bin/sh
# What the container of the database starts: the image's own entry point, with TLS where a
# certificate lies in /tls.
set -eu

given=${TLS_FOLDER:-/tls}
own=${TLS_COPY:-/run/reprospective-tls}

if [ -e "$given/server.crt" ]; then
    if [ ! -e "$given/server.key" ]; then
        echo "There is a server.crt and no server.key beside it: put the key there, too." >&2
        exit 1
    fi
    # PostgreSQL takes no key that others may read, nor one of another user; whose number the file
    # has on the host is of no meaning in here.
    install -d -o postgres -g postgres -m 700 "$own"
    install -o postgres -g postgres -m 600 "$given/server.crt" "$given/server.key" "$own/"
    printf '%s\n' 'local all all trust' 'hostssl all all all scram-sha-256' >"$own/pg_hba.conf"
    chown postgres:postgres "$own/pg_hba.conf"
    set -- "$@" -c ssl=on -c "ssl_cert_file=$own/server.crt" -c "ssl_key_file=$own/server.key" \
        -c "hba_file=$own/pg_hba.conf"
fi
exec docker-entrypoint.sh "$@"
