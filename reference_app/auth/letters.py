"""What the letters say. Their tokens stand behind a `#`, which browsers send to no server."""

from reference_app.kit.mail import Mail


def send_reset(mail: Mail, frontend: str, to: str, token: str, minutes: int) -> None:
    """How to set a new password."""
    mail.post(
        to,
        "Set a new password",
        f"""Somebody, probably you, asked to set a new password for your account.
To do so, open this link within {minutes} minutes. It works once.

{frontend.rstrip("/")}/reset-password#token={token}

If it was not you, do nothing: your password stays as it is.
""",
    )


def send_proof(mail: Mail, frontend: str, to: str, token: str, days: int) -> None:
    """How to show that the address is one's own."""
    mail.post(
        to,
        "Is this your address?",
        f"""An account was made with this e-mail address. If you made it, open this
link within {days} days to show that the address is yours.

{frontend.rstrip("/")}/verify-email#token={token}

If you did not make it, do not open the link. To take the account over,
ask for a new password.
""",
    )
