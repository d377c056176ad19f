"""SQL about sign-ins and refresh tokens."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Interval, bindparam, exists, func, insert, literal_column, select, update

from reference_app.auth.models import AuthSession, RefreshToken
from reference_app.database import AnyRow, WriteSession
from reference_app.realtime import frames
from reference_app.users.models import User

# Opening a session and its first token in one statement. The person is held meanwhile, so
# that nobody signs in with what a change of password, a suspension or a deletion has ended.
_allowed = (
    select(User.id)
    .where(
        User.id == bindparam("user_id"),
        User.password_hash.is_not_distinct_from(bindparam("password_hash")),
        User.suspended_at.is_(None),
        User.deleted_at.is_(None),
    )
    .with_for_update(read=True)
)
_opened = (
    insert(AuthSession)
    .from_select(["user_id"], _allowed)
    .returning(AuthSession.id, AuthSession.user_id)
    .cte("opened")
)
_OPEN = (
    insert(RefreshToken)
    .from_select(
        ["token_hash", "session_id", "user_id", "expires_at"],
        select(
            bindparam("token_hash", type_=RefreshToken.token_hash.type),
            _opened.c.id,
            _opened.c.user_id,
            bindparam("expires_at", type_=RefreshToken.expires_at.type),
        ),
    )
    .returning(RefreshToken.session_id)
    .execution_options(dml_strategy="raw")  # the parameters are not columns
)

# Spending a token and making its successor in one statement. Of two that arrive
# together, the second waits for the first's row and then finds it spent.
_spent = (
    update(RefreshToken)
    .where(
        RefreshToken.token_hash == bindparam("old_hash"),
        RefreshToken.used_at.is_(None),
        RefreshToken.expires_at > func.now(),
        RefreshToken.session_id == AuthSession.id,
        AuthSession.ended_at.is_(None),
    )
    .values(used_at=func.now())
    .returning(RefreshToken.session_id, RefreshToken.user_id)
    .cte("spent")
)
_fresh = (
    insert(RefreshToken)
    .from_select(
        ["token_hash", "session_id", "user_id", "expires_at"],
        select(
            bindparam("new_hash", type_=RefreshToken.token_hash.type),
            _spent.c.session_id,
            _spent.c.user_id,
            bindparam("good_until", type_=RefreshToken.expires_at.type),
        ),
    )
    .returning(literal_column("1"))
    .cte("fresh")
)
_whose = (
    User.id,
    User.email,
    User.full_name,
    User.role,
    User.headline,
    User.bio,
    User.island,
    User.created_at,
    User.email_verified_at.is_not(None).label("email_verified"),
    User.suspended_at,
)
_ROTATE = (
    select(_spent.c.session_id, *_whose)
    .join_from(_spent, User, User.id == _spent.c.user_id)
    .add_cte(_fresh)
)
_UNUSED = (
    select(RefreshToken.session_id, *_whose)
    .join_from(RefreshToken, User, User.id == RefreshToken.user_id)
    .join(AuthSession, AuthSession.id == RefreshToken.session_id)
    .where(
        RefreshToken.token_hash == bindparam("token_hash", type_=RefreshToken.token_hash.type),
        RefreshToken.used_at.is_(None),
        RefreshToken.created_at > func.now() - bindparam("made_within", type_=Interval),
        AuthSession.ended_at.is_(None),
    )
)


# Those that have had no token for so long have no access token either.
_ended = (
    update(AuthSession)
    .where(
        AuthSession.user_id == bindparam("whose"),
        AuthSession.id.is_distinct_from(bindparam("kept", type_=AuthSession.id.type)),
        AuthSession.ended_at.is_(None),
    )
    .values(ended_at=func.now())
    .returning(AuthSession.id)
    .cte("ended")
)
_END_ALL = select(_ended.c.id).where(
    exists().where(RefreshToken.session_id == _ended.c.id, RefreshToken.expires_at > func.now())
)

_STANDING = (
    select(RefreshToken.session_id, RefreshToken.used_at, User.suspended_at)
    .join(User, User.id == RefreshToken.user_id)
    .where(RefreshToken.token_hash == bindparam("token_hash", type_=RefreshToken.token_hash.type))
)


async def open_session(
    session: WriteSession,
    *,
    user_id: int,
    password_hash: str | None,
    token_hash: bytes,
    expires_at: datetime,
) -> UUID | None:
    """A new sign-in of `user_id` with its first refresh token; the session's id.

    None when the person's password is no longer the one behind `password_hash`,
    or they may no longer sign in.
    """
    parameters = {
        "user_id": user_id,
        "password_hash": password_hash,
        "token_hash": token_hash,
        "expires_at": expires_at,
    }
    found: UUID | None = (await session.execute(_OPEN, parameters)).scalar_one_or_none()
    return found


async def rotate(
    session: WriteSession, *, old_hash: bytes, new_hash: bytes, expires_at: datetime
) -> AnyRow | None:
    """Exchange a token that is still good for a new one.

    Answers the session's id and its user's own profile; None when the old
    token is unknown, spent, too old, or its session has ended.
    """
    parameters = {"old_hash": old_hash, "new_hash": new_hash, "good_until": expires_at}
    return (await session.execute(_ROTATE, parameters)).one_or_none()


async def unused(
    session: WriteSession, token_hash: bytes, *, made_within: timedelta
) -> AnyRow | None:
    """As `rotate` of a token that was just made, if its session is open and nobody has used it."""
    parameters = {"token_hash": token_hash, "made_within": made_within}
    return (await session.execute(_UNUSED, parameters)).one_or_none()


async def standing(session: WriteSession, token_hash: bytes) -> AnyRow | None:
    """Of what session a token is, when it was spent, and since when its person is suspended."""
    return (await session.execute(_STANDING, {"token_hash": token_hash})).one_or_none()


async def is_open(session: WriteSession, session_id: UUID) -> bool:
    """Whether a session is there and has not ended."""
    still = select(exists().where(AuthSession.id == session_id, AuthSession.ended_at.is_(None)))
    return (await session.execute(still)).scalar_one()


async def end(session: WriteSession, session_id: UUID) -> None:
    """End one session; nothing happens if it has ended."""
    ended = (
        update(AuthSession)
        .where(AuthSession.id == session_id, AuthSession.ended_at.is_(None))
        .values(ended_at=func.now())
        .returning(AuthSession.user_id)
    )
    user_id = (await session.execute(ended)).scalar_one_or_none()
    if user_id is not None:
        session.ended([session_id])
        # Sockets know people, not sign-ins: those still signed in come back by themselves.
        session.tell(user_id, frames.END)


async def end_all(session: WriteSession, user_id: int, *, kept: UUID | None = None) -> None:
    """End every session of a person but `kept`, with their access tokens and sockets."""
    ended = await session.execute(_END_ALL, {"whose": user_id, "kept": kept})
    session.ended(ended.scalars())
    session.tell(user_id, frames.END)
