#!/bin/sh
# Install what tests/compose needs: Docker, to be started by the test itself, and what makes
# stand-ins for the images. Nothing where a Docker answers already. Never fails: without, that
# test is skipped and says why.
set -eu

docker version >/dev/null 2>&1 && exit 0
missing=""
have() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]
}

have dockerd || missing="$missing docker.io"
have docker-compose || docker compose version >/dev/null 2>&1 || missing="$missing docker-compose"
have iptables || missing="$missing iptables"
have ip || missing="$missing iproute2"
have mmdebstrap || missing="$missing mmdebstrap"
have curl || missing="$missing curl"

[ -z "$missing" ] && exit 0
# shellcheck disable=SC2086  # a list of package names on purpose
sh "$(dirname "$0")/apt.sh" $missing ||
    echo "note: not installed, so tests/compose will be skipped:$missing" >&2
