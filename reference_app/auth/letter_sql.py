"""SQL about tokens in letters."""

from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from reference_app.auth.models import LetterToken, Purpose
from reference_app.database import ReadSession, WriteSession
from reference_app.users.models import User

_hash = bindparam("token_hash", type_=LetterToken.token_hash.type)
_is_good = (
    LetterToken.token_hash == _hash,
    LetterToken.purpose == bindparam("purpose"),
    LetterToken.expires_at > func.now(),
)
_WHOSE = select(LetterToken.user_id).where(*_is_good)
_SPEND = delete(LetterToken).where(*_is_good).returning(LetterToken.user_id)


async def put_for_email(
    session: WriteSession, email: str, purpose: Purpose, token_hash: bytes, expires_at: datetime
) -> bool:
    """Let a token count for whoever has this e-mail address; whether there is anyone."""
    return await _put(session, User.email == email, purpose, token_hash, expires_at)


async def put(
    session: WriteSession, user_id: int, purpose: Purpose, token_hash: bytes, expires_at: datetime
) -> bool:
    """Let a token count for a person; whether there is such a person."""
    return await _put(session, User.id == user_id, purpose, token_hash, expires_at)


async def whose(session: ReadSession, purpose: Purpose, token_hash: bytes) -> int | None:
    """Whom a token counts for, if it does."""
    row = await session.first(_WHOSE, {"purpose": purpose, "token_hash": token_hash})
    return None if row is None else row.user_id


async def spend(session: WriteSession, purpose: Purpose, token_hash: bytes) -> bool:
    """Use a token up; whether it still counted. Its person is held already: everyone does
    that first, so that no two wait for each other.
    """
    spent = await session.execute(_SPEND, {"purpose": purpose, "token_hash": token_hash})
    return spent.scalar_one_or_none() is not None


async def drop(session: WriteSession, user_id: int, *purposes: Purpose) -> None:
    """Let no token of these purposes count for a person any more."""
    await session.execute(
        delete(LetterToken)
        .where(LetterToken.user_id == user_id, LetterToken.purpose.in_(purposes))
        .execution_options(synchronize_session=False)
    )


async def _put(
    session: WriteSession,
    who: ColumnElement[bool],
    purpose: Purpose,
    token_hash: bytes,
    expires_at: datetime,
) -> bool:
    source = select(
        User.id,
        bindparam("purpose", str(purpose)),
        bindparam("token_hash", token_hash, type_=LetterToken.token_hash.type),
        bindparam("expires_at", expires_at, type_=LetterToken.expires_at.type),
    ).where(who, User.deleted_at.is_(None))
    adding = insert(LetterToken).from_select(
        ["user_id", "purpose", "token_hash", "expires_at"], source
    )
    new = {
        "token_hash": adding.excluded.token_hash,
        "expires_at": adding.excluded.expires_at,
        "created_at": func.now(),
    }
    put = await session.execute(
        adding.on_conflict_do_update(index_elements=["user_id", "purpose"], set_=new)
        .returning(LetterToken.user_id)
        .execution_options(dml_strategy="raw")  # the parameters are not columns
    )
    return put.scalar_one_or_none() is not None
