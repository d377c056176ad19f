#!/bin/sh
# What the image nginx documents of its start: before nginx, the executable scripts of
# /docker-entrypoint.d in their order.
set -e

if [ "$1" = nginx ]; then
    for script in /docker-entrypoint.d/*.sh; do
        [ -x "$script" ] && "$script"
    done
fi
exec "$@"
