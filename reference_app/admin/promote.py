"""Make somebody an administrator, from the server: there is no way to over the API.

    python -m reference_app.admin.promote EMAIL                  an administrator
    python -m reference_app.admin.promote EMAIL --role employer  one no longer

Needs DATABASE_DIRECT_URL, as the migrations do: run it where they run, for
instance `docker compose run --rm migrate python -m reference_app.admin.promote EMAIL`.
Whoever becomes an administrator is one from their next refresh or sign-in.
Whoever ceases to be one is signed out; an access token they hold may live on
until it runs out (ACCESS_TOKEN_MINUTES).
"""

import argparse
import sys
from collections.abc import Sequence

import psycopg
from psycopg.types.json import Jsonb

from reference_app.settings import direct_url
from reference_app.users.models import Role

_FIND = "SELECT id, role, suspended_at FROM users WHERE email = %s FOR NO KEY UPDATE"
_CHANGE = "UPDATE users SET role = %s, available_since = NULL, updated_at = now() WHERE id = %s"
_SIGN_OUT = "UPDATE auth_sessions SET ended_at = now() WHERE user_id = %s AND ended_at IS NULL"
_RECORD = """
INSERT INTO audit_log (action, subject_kind, subject, before, after, request_id)
VALUES ('user.role', 'user', %s, %s, %s, 'command')
"""


class RefusedError(Exception):
    """It cannot be done; the message says why."""


def change_role(url: str, email: str, role: Role) -> str:
    """Give the person of this address a role, on record; what was done, in one line.

    Raises `RefusedError` when there is nobody, or they are suspended.
    """
    with psycopg.connect(url, connect_timeout=10) as connection, connection.transaction():
        found = connection.execute(_FIND, (email.lower(),)).fetchone()
        if found is None:
            raise RefusedError(f"nobody has the address {email}")
        user_id, before, suspended_at = found
        if before == role:
            return f"{email} is {role} already"
        if suspended_at is not None:
            raise RefusedError(f"{email} is suspended: reinstate them first")
        connection.execute(_CHANGE, (role.value, user_id))
        if before == Role.ADMIN:
            connection.execute(_SIGN_OUT, (user_id,))
        told = (str(user_id), Jsonb({"role": before}), Jsonb({"role": role.value}))
        connection.execute(_RECORD, told)
    return f"{email} was {before} and is {role} now"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when done, 1 when refused."""
    parser = argparse.ArgumentParser(prog="python -m reference_app.admin.promote")
    parser.add_argument("email")
    parser.add_argument("--role", type=Role, choices=list(Role), default=Role.ADMIN)
    given = parser.parse_args(arguments)
    try:
        print(change_role(direct_url(), given.email, given.role))  # noqa: T201 - a command's answer
    except (RefusedError, psycopg.OperationalError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
