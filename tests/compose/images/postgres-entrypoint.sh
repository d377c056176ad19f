#!/usr/bin/env bash
# What the image postgres documents of its start: as root it becomes postgres; without data it
# makes a cluster for POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB, then runs what lies in
# /docker-entrypoint-initdb.d, scripts that can be executed as such, others within itself.
set -Eeuo pipefail

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chmod 700 "$PGDATA"
    chown -R postgres "$PGDATA"
    exec gosu postgres "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?must be set}"
    export POSTGRES_USER="${POSTGRES_USER:-postgres}"
    export POSTGRES_DB="${POSTGRES_DB:-$POSTGRES_USER}"
    eval "initdb --username=\"$POSTGRES_USER\" --pwfile=<(printf '%s\n' \"$POSTGRES_PASSWORD\") \
        ${POSTGRES_INITDB_ARGS:-}"
    export PGPASSWORD="$POSTGRES_PASSWORD"
    words=("${@:2}" -c listen_addresses=)
    pg_ctl --wait -o "$(printf '%q ' "${words[@]}")" start
    psql=(psql -v ON_ERROR_STOP=1 --no-password --username "$POSTGRES_USER")
    if [ "$POSTGRES_DB" != postgres ]; then
        "${psql[@]}" --dbname postgres -v name="$POSTGRES_DB" <<<'CREATE DATABASE :"name"'
    fi
    for script in /docker-entrypoint-initdb.d/*; do
        case $script in
            *.sh) if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
            *.sql) "${psql[@]}" --dbname "$POSTGRES_DB" -f "$script" ;;
        esac
    done
    pg_ctl --wait -m fast stop
    unset PGPASSWORD
fi

exec "$@"
