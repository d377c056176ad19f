#!/bin/sh
# Has nginx read the pods' addresses anew when they change: Docker's DNS knows them at once, but
# nginx asks it only when it reads its configuration. nginx's image runs this before nginx.
#
# A pod that is still starting must not be given requests, so the reload waits until every pod
# answers: for half a minute at most when one is gone that nginx still asks, for five when there are
# only more, since those it knows serve meanwhile.

pods() {
    getent ahosts backend | awk '{ print $1 }' | sort -u
}

all_ready() {
    for address in $1; do
        curl -fsS -m 2 -o /dev/null "http://$address:8000/ready" || return 1
    done
}

patience() {
    for address in $known; do
        echo "$1" | grep -qxF "$address" || { echo 30; return; }
    done
    echo 300
}

follow() {
    known=$(pods)
    changed=
    while sleep 1; do
        present=$(pods)
        if [ -z "$present" ] || [ "$present" = "$known" ]; then
            changed=
            continue
        fi
        now=$(date +%s)
        changed=${changed:-$now}
        if all_ready "$present" || [ $((now - changed)) -ge "$(patience "$present")" ]; then
            kill -HUP 1
            known=$present
            changed=
        fi
    done
}

follow </dev/null >/dev/null 2>&1 &
