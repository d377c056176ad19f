"""SQL about sign-ins and refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, insert, literal_column, select, update

from reference_app.auth.models import AuthSession, RefreshToken
from reference_app.database import AnyRow, WriteSession
from reference_app.realtime import frames
from reference_app.users.models import User

# Opening a session and its first token in one statement.
_opened = (
    insert(AuthSession)
    .values(user_id=bindparam("user_id"))
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
_ROTATE = (
    select(
        _spent.c.session_id,
        User.id,
        User.email,
        User.full_name,
        User.role,
        User.headline,
        User.bio,
        User.island,
        User.created_at,
    )
    .join_from(_spent, User, User.id == _spent.c.user_id)
    .add_cte(_fresh)
)


async def open_session(
    session: WriteSession, *, user_id: int, token_hash: bytes, expires_at: datetime
) -> UUID:
    """A new sign-in of `user_id` with its first refresh token; the session's id."""
    parameters = {"user_id": user_id, "token_hash": token_hash, "expires_at": expires_at}
    found: UUID = (await session.execute(_OPEN, parameters)).scalar_one()
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


async def end_session_of_spent(session: WriteSession, token_hash: bytes) -> bool:
    """End the session that a spent token belongs to; whether there is such a token."""
    spent = select(RefreshToken.session_id).where(
        RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_not(None)
    )
    return await _end(session, (await session.execute(spent)).scalar_one_or_none())


async def end_session_of(session: WriteSession, token_hash: bytes) -> bool:
    """End the session that a token belongs to; whether there is such a token."""
    belongs = select(RefreshToken.session_id).where(RefreshToken.token_hash == token_hash)
    return await _end(session, (await session.execute(belongs)).scalar_one_or_none())


async def end_all(session: WriteSession, user_id: int) -> None:
    """End every session of a person, and with them their sockets."""
    await session.execute(
        update(AuthSession)
        .where(AuthSession.user_id == user_id, AuthSession.ended_at.is_(None))
        .values(ended_at=func.now())
        .execution_options(synchronize_session=False)
    )
    session.tell(user_id, frames.END)


async def _end(session: WriteSession, session_id: UUID | None) -> bool:
    if session_id is None:
        return False
    ended = (
        update(AuthSession)
        .where(AuthSession.id == session_id, AuthSession.ended_at.is_(None))
        .values(ended_at=func.now())
        .returning(AuthSession.user_id)
    )
    user_id = (await session.execute(ended)).scalar_one_or_none()
    if user_id is not None:
        # Sockets know people, not sign-ins: those still signed in come back by themselves.
        session.tell(user_id, frames.END)
    return True
