"""Signing up and in, as the API shows and takes it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, EmailStr, Field

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


Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(str.lower)]
NewPassword = Annotated[
    str,
    Field(min_length=_SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD_BYTES),
    AfterValidator(_fits_bcrypt),
]


class Registration(Entered):
    """A new account."""

    email: Email
    password: NewPassword
    full_name: Name
    role: Literal["seeker", "employer"]
    referral_code: ReferralCode | None = Field(
        default=None, description="Of who brought you here; both get a month's credit."
    )


class Login(Entered):
    """An attempt to sign in. The password is only compared, so any text will do."""

    email: Email
    password: Annotated[str, Field(max_length=1_000)]


class RefreshRequest(Entered):
    """A refresh token."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


class SignedIn(BaseModel):
    """A session's present tokens."""

    access_token: str = Field(description="Send as `Authorization: Bearer ...`.")
    refresh_token: str = Field(description="Good for one refresh.")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind of token, not a token
    expires_in: int = Field(description="Seconds the access token is good for.")
    user: PrivateUser
