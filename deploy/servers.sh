#!/bin/sh
# Install the servers the native stack and the browser tests run on, and what builds the front
# end, where they are missing.
set -eu
here=$(dirname "$0")
missing=""

have() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]
}
have_postgres() {
    have postgres || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1
}

have_postgres || missing="$missing postgresql postgresql-contrib"
have redis-server || missing="$missing redis-server"
have nginx || missing="$missing nginx"
have pgbouncer || missing="$missing pgbouncer"
have prometheus || missing="$missing prometheus"
have chromium || have google-chrome || missing="$missing chromium"
have node || missing="$missing nodejs"
have npm || missing="$missing npm"
have openssl || missing="$missing openssl"

[ -z "$missing" ] && exit 0

# shellcheck disable=SC2086  # a list of package names on purpose
if sh "$here/apt.sh" $missing; then
    exit 0
fi
cat >&2 <<MSG
error: these servers are missing and this user cannot install them:$missing
  Debian or Ubuntu:  sudo apt-get install$missing
  Homebrew:          brew install postgresql@15 redis nginx pgbouncer prometheus node openssl && brew install --cask chromium
  or use containers: hmb up --engine compose   (needs docker compose only)
MSG
exit 1
