#!/bin/sh
# Starts a streaming replica. It copies the primary when there is no data here, or when what is here
# cannot follow. Data that no other server may hold is moved aside, to PGDATA.before-TIME, never
# deleted. While the primary does not answer, what is here starts as it is: it can be the last copy.
set -eu

ask() {
    psql --no-psqlrc --no-password -v ON_ERROR_STOP=1 -At -F ' ' \
        -d "$PRIMARY_CONNINFO dbname=postgres connect_timeout=5" -c "$1"
}

# Its system, its timeline, the state of our slot, and whether it is as far in the log as we are.
primary() {
    ask "SELECT system_identifier, timeline_id, coalesce((SELECT wal_status FROM pg_replication_slots
             WHERE slot_name = '$SLOT'), 'none'),
             pg_current_wal_lsn() >= '$(here 'Minimum recovery ending location')'
         FROM pg_control_system(), pg_control_checkpoint()"
}

here() {
    pg_controldata -D "$PGDATA" | sed -n "s/^$1: *//p"
}

# A promotion is in the second at once, in the first after a checkpoint.
timeline_here() {
    { here "Latest checkpoint's TimeLineID"; here "Min recovery ending loc's timeline"; } |
        sort -n | tail -n 1
}

# What to do with the data here: start, move or delete. Parameters: what the primary answers.
decision() {
    if [ $# -lt 4 ]; then
        echo start
    elif [ "$1" != "$(here 'Database system identifier')" ]; then
        echo move # another site's, or the primary was made anew
    elif [ ! -e "$PGDATA/standby.signal" ]; then
        # This one was promoted. A primary that is behind it is the one that was lost.
        if [ "$2" -lt "$(timeline_here)" ]; then echo start; else echo move; fi
    elif [ "$2" -lt "$(timeline_here)" ] || [ "$4" = f ] || [ "$3" = none ]; then
        echo move # the primary was restored, or is a copy of another
    elif [ "$3" = lost ]; then
        echo delete # it has all that is here, and more than it kept the log of
    else
        echo start
    fi
}

if [ -s "$PGDATA/PG_VERSION" ]; then
    told=
    for _ in 1 2 3 4 5; do
        told=$(primary) && break
        sleep 1
    done
    # shellcheck disable=SC2086 # four words
    case $(decision $told) in
        move)
            aside=$PGDATA.before-$(date -u +%Y%m%dT%H%M%SZ)
            mv "$PGDATA" "$aside"
            echo "start-replica: the data here cannot follow the primary, and is kept in $aside" >&2
            ;;
        delete)
            # Under the name of what is not whole: it is deleted below, now or at the next start.
            rm -rf "$PGDATA.new"
            mv "$PGDATA" "$PGDATA.new"
            ;;
    esac
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
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
