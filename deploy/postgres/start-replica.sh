#!/bin/sh
# Starts a streaming replica: takes a base backup when there is none, or when the one
# here can no longer follow (the primary was made anew, or the slot's log is gone).
set -eu

ask() {
    psql --no-psqlrc --no-password -v ON_ERROR_STOP=1 -At -d "$PRIMARY_CONNINFO dbname=postgres" -c "$1"
}

system_of_primary() {
    ask "SELECT system_identifier FROM pg_control_system()"
}

system_here() {
    pg_controldata -D "$PGDATA" | sed -n 's/^Database system identifier: *//p'
}

can_follow() {
    [ -s "$PGDATA/PG_VERSION" ] && [ -e "$PGDATA/standby.signal" ] || return 1
    [ "$(system_here)" = "$(system_of_primary)" ] || return 1
    [ -n "$(ask "SELECT 1 FROM pg_replication_slots WHERE slot_name = '$SLOT' AND wal_status <> 'lost'")" ]
}

if ! can_follow; then
    rm -rf "$PGDATA" "$PGDATA.new"
    ask "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '$SLOT' AND NOT active" >/dev/null
    ask "SELECT pg_create_physical_replication_slot('$SLOT', true)" >/dev/null
    pg_basebackup --no-password -d "$PRIMARY_CONNINFO" -D "$PGDATA.new" \
        --write-recovery-conf --slot "$SLOT" --wal-method stream --checkpoint fast --no-sync
    mv "$PGDATA.new" "$PGDATA"
    chmod 0700 "$PGDATA"
fi

# The address is the environment's, not that of the day of the backup; the password
# reaches the server through PGPASSWORD.
exec "$@" -c "primary_conninfo=$PRIMARY_CONNINFO application_name=$SLOT" \
    -c "primary_slot_name=$SLOT"
