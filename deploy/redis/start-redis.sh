#!/bin/sh
# Writes the password where only Redis reads it, then becomes Redis.
set -eu
umask 077
printf 'requirepass %s\n' "$REDIS_PASSWORD" > "$PASSWORD_FILE"
exec redis-server "$@"
