"""Signing up and in, as the API shows and takes it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, EmailStr, Field, StringConstraints

from reference_app.kit.passwords import LONGEST_PASSWORD_BYTES
from reference_app.subscriptions.schemas import ReferralCode
from reference_app.texts import Entered, Name
from reference_app.users.schemas import PrivateUser

_SHORTEST_PASSWORD = 10


def _fits_bcrypt(password: str) -> str:
    if len(password.encode()) > LONGEST_PASSWORD_BYTES:
        raise ValueError(f"must be at most {LONGEST_PASSWORD_BYTES} bytes long")
    if "\x00" in password:
        raise ValueError("must not contain the null character")
    return password


Email = Annotated[
    EmailStr, Field(max_length=254, examples=["ann@example.com"]), AfterValidator(str.lower)
]
NewPassword = Annotated[
    str,
    Field(
        min_length=_SHORTEST_PASSWORD,
        max_length=LONGEST_PASSWORD_BYTES,
        examples=["seven blue parrots"],
    ),
    AfterValidator(_fits_bcrypt),
]


GivenPassword = Annotated[str, Field(max_length=1_000)]
"""A password that is only compared, so any text will do."""

LetterTokenText = Annotated[
    str, Field(min_length=1, max_length=200, description="What stands behind `#token=`.")
]
ExchangeKey = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$"),
    Field(
        description="Random, new for each exchange, kept until its answer is there. Sent again"
        " with the same key within a minute, the token is answered as before.",
        examples=["7f3b2c9e-5d1a-4c55-9a53-3f0a1d2b4c6e"],
    ),
]
_Opaque = Annotated[str, Field(min_length=1, max_length=2_000)]


class Registration(Entered):
    """A new account."""

    email: Email
    password: NewPassword
    full_name: Name = Field(examples=["Ann Rolle"])
    role: Literal["seeker", "employer"]
    referral_code: ReferralCode | None = Field(
        default=None, description="Of who brought you here; both get a month's credit."
    )


class Login(Entered):
    """An attempt to sign in."""

    email: Email
    password: GivenPassword


class RefreshRequest(Entered):
    """A refresh token."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


class Exchange(RefreshRequest):
    """A refresh token to be exchanged, and what tells a second attempt from a thief."""

    key: ExchangeKey | None = None


class SignedIn(BaseModel):
    """A session's present tokens."""

    access_token: str = Field(description="Send as `Authorization: Bearer ...`.")
    refresh_token: str = Field(description="Good for one refresh.")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind of token, not a token
    expires_in: int = Field(description="Seconds the access token is good for.")
    user: PrivateUser


class PasswordChange(Entered):
    """A new password in place of the old one."""

    old_password: GivenPassword
    new_password: NewPassword


class Forgotten(Entered):
    """Whose password was forgotten."""

    email: Email


class PasswordReset(Entered):
    """A new password, by a token from a letter."""

    token: LetterTokenText
    new_password: NewPassword


class EmailProof(Entered):
    """A token from the letter that was sent to the address."""

    token: LetterTokenText


class AccountDeletion(Entered):
    """The password, so that nobody deletes an account that somebody left open."""

    password: GivenPassword


class LetterAsked(BaseModel):
    """Says the same whether or not there is anybody to write to."""

    detail: str = Field(
        default="If there is something to send, a letter is on its way.",
        description="For people.",
    )


class GoogleOffer(BaseModel):
    """Whether one can sign in with Google."""

    offered: bool


class GoogleStart(Entered):
    """The beginning of a sign-in with Google."""

    role: Literal["seeker", "employer"] = Field(
        default="seeker", description="What to become, if there is no account yet."
    )


class GooglePage(BaseModel):
    """Where to sign in, and what to keep until one is back."""

    url: str = Field(description="Send the browser there.")
    key: str = Field(description="Keep it in this browser: only here can the sign-in be finished.")


class GoogleReturn(Entered):
    """What Google sent back with the browser, and what the browser kept."""

    code: _Opaque
    state: _Opaque
    key: _Opaque
