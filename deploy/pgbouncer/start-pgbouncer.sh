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

# What a server connection does first: it plans a read of every table. So it knows what it must of
# them, and takes more than half of its memory at once (docs/decisions/033-warm-connections.md).
# Errors are caught: a table that a migration holds is left to whoever asks for it. PgBouncer sends
# it from a buffer of 512 bytes: a longer one would close every server connection.
warm_up="DO \$\$ DECLARE found regclass; BEGIN
  SET LOCAL lock_timeout = 50;
  FOR found IN SELECT oid FROM pg_class WHERE relkind = 'r'
    AND relnamespace = 'public'::regnamespace AND has_table_privilege(oid, 'SELECT')
  LOOP
    BEGIN EXECUTE format('EXPLAIN SELECT * FROM %s ORDER BY 1', found);
    EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP; END \$\$"
# On one line, and with its quotes doubled, as within others.
warm_up=$(printf %s "$warm_up" | tr '\n' ' ' | sed "s/'/''/g")

sed -e "s/\${WARM_UP}/$warm_up/g" \
    -e "s/\${PGBOUNCER_MAX_CLIENTS}/$PGBOUNCER_MAX_CLIENTS/g" \
    -e "s/\${PGBOUNCER_WRITE_POOL}/$PGBOUNCER_WRITE_POOL/g" \
    -e "s/\${PGBOUNCER_PRIMARY_READ_POOL}/$PGBOUNCER_PRIMARY_READ_POOL/g" \
    -e "s/\${PGBOUNCER_REPLICA_POOL}/$PGBOUNCER_REPLICA_POOL/g" \
    -e "s/\${PGBOUNCER_QUERY_WAIT}/$PGBOUNCER_QUERY_WAIT/g" \
    "$1" > "$CONFIGURATION_FILE"

exec pgbouncer "$CONFIGURATION_FILE"
