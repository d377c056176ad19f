#!/bin/sh
# Install Debian packages without starting the servers they bring. Fails when this user may not.
# usage: apt.sh PACKAGE...
set -eu

command -v apt-get >/dev/null || exit 1
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    exit 1
fi

# A policy of 101 keeps package scripts from starting services. A policy of the
# machine's own is left alone; ours goes when we are done, whatever happens.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '$as_root rm -f $policy' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
fi

echo "installing with apt: $*" >&2
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}
install "$@" || { $as_root apt-get update -q >&2 && install "$@"; }
