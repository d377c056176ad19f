#!/bin/sh
# Write .env from .env.production.example, with a new secret wherever that leaves one empty;
# with the word `local`, also what leads the app to the stand-ins of the profile local.
# usage: env.sh [local]
set -eu
cd "$(dirname "$0")/.."

if [ -e .env ]; then
    echo "error: .env is there already; change it by hand, or remove it for a new one" >&2
    exit 1
fi
umask 077

secret() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

while IFS= read -r line; do
    case $line in
        [A-Z]*=) printf '%s%s\n' "$line" "$(secret)" ;;
        *) printf '%s\n' "$line" ;;
    esac
done < .env.production.example > .env.part

if [ "${1:-}" = local ]; then
    cat >> .env.part <<LOCAL

# --- The stand-ins of the profile local
COMPOSE_PROFILES=local
STRIPE_SECRET_KEY=sk_test_$(secret)
STRIPE_WEBHOOK_SECRET=whsec_$(secret)
STRIPE_API_URL=http://stripe:12111
S3_ENDPOINT_URL=http://s3:12112
S3_PUBLIC_URL=http://127.0.0.1:12112
S3_ACCESS_KEY_ID=$(secret)
S3_SECRET_ACCESS_KEY=$(secret)
MAIL_BACKEND=smtp
SMTP_HOST=mail
SMTP_PORT=12113
SMTP_STARTTLS=false
LOCAL
fi
mv .env.part .env
