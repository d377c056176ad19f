#!/bin/sh
# Writes the users' passwords where only PgBouncer reads them, then becomes PgBouncer.
set -eu
umask 077

cat > "$USERS_FILE" <<USERS
"hmb_app" "$APP_DB_PASSWORD"
"hmb_reader" "$READER_DB_PASSWORD"
"hmb_monitor" "$MONITOR_DB_PASSWORD"
USERS

exec pgbouncer "$@"
