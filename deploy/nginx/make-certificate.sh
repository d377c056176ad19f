#!/bin/sh
# Makes a self-signed certificate for TLS_NAME, unless one is there that is still good
# for a week. A real certificate goes into the same place under the same names.
set -eu
umask 077

field() {
    openssl x509 "-$1" -noout -in "$TLS_DIRECTORY/tls.crt" 2>/dev/null | cut -d= -f2-
}

# One that somebody else has signed is theirs to renew.
[ "$(field issuer)" = "$(field subject)" ] || exit 0
if openssl x509 -checkend 604800 -noout -in "$TLS_DIRECTORY/tls.crt" >/dev/null 2>&1; then
    exit 0
fi
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
    -subj "/CN=$TLS_NAME" -addext "subjectAltName=DNS:$TLS_NAME,IP:127.0.0.1" \
    -keyout "$TLS_DIRECTORY/tls.key" -out "$TLS_DIRECTORY/tls.crt" 2>&1
