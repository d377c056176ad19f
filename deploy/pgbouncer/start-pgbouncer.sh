#!/bin/sh
# Writes the users' passwords where only PgBouncer reads them, fills in the sizes of its
# configuration from the environment, then becomes PgBouncer.
# usage: start-pgbouncer.sh CONFIGURATION
set -eu
umask 077

cat > "$USERS_FILE" <<USERS
"hmb_app" "$APP_DB_PASSWORD"
"hmb_reader" "$READER_DB_PASSWORD"
"hmb_monitor" "$MONITOR_DB_PASSWORD"
USERS

sed -e "s/\${PGBOUNCER_MAX_CLIENTS}/$PGBOUNCER_MAX_CLIENTS/g" \
    -e "s/\${PGBOUNCER_WRITE_POOL}/$PGBOUNCER_WRITE_POOL/g" \
    -e "s/\${PGBOUNCER_PRIMARY_READ_POOL}/$PGBOUNCER_PRIMARY_READ_POOL/g" \
    -e "s/\${PGBOUNCER_REPLICA_POOL}/$PGBOUNCER_REPLICA_POOL/g" \
    -e "s/\${PGBOUNCER_QUERY_WAIT}/$PGBOUNCER_QUERY_WAIT/g" \
    "$1" > "$CONFIGURATION_FILE"

exec pgbouncer "$CONFIGURATION_FILE"
