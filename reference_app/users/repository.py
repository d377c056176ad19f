"""SQL about people."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.users.models import User
from reference_app.users.naming import avatar_of

_PROFILE = select(
    User.id, User.full_name, User.role, User.headline, User.bio, User.island, User.created_at
).where(User.id == bindparam("user_id"), User.deleted_at.is_(None))
_verified = User.email_verified_at.is_not(None).label("email_verified")
_OWN = _PROFILE.add_columns(User.email, _verified)
_CREDENTIALS = select(
    User.id,
    User.full_name,
    User.role,
    User.headline,
    User.bio,
    User.island,
    User.created_at,
    User.email,
    _verified,
    User.password_hash,
    User.suspended_at,
).where(User.email == bindparam("email"))
_OWN_CREDENTIALS = select(User.email, User.password_hash).where(
    User.id == bindparam("user_id"), User.deleted_at.is_(None)
)

_PAGE = _PROFILE.add_columns(
    User.skills,
    User.available_since.is_not(None).label("available_for_hire"),
    avatar_of(User),
)
_PUBLIC_PAGE = _PAGE.where(User.suspended_at.is_(None))
_OWN_PAGE = _PAGE.add_columns(User.email, _verified)


async def profile(session: ReadSession, user_id: int) -> AnyRow | None:
    """What everyone may see of a person."""
    return await session.first(_PUBLIC_PAGE, {"user_id": user_id})


async def own_page(session: WriteSession, user_id: int) -> AnyRow:
    """The same of a person who is there, with what only they see."""
    return (await session.execute(_OWN_PAGE, {"user_id": user_id})).one()


async def own(session: ReadSession, user_id: int) -> AnyRow | None:
    """What a person sees of themselves."""
    return await session.first(_OWN, {"user_id": user_id})


async def credentials(session: ReadSession, email: str) -> AnyRow | None:
    """A person by e-mail address (lower case), with the password's hash."""
    return await session.first(_CREDENTIALS, {"email": email})


async def own_credentials(session: ReadSession, user_id: int) -> AnyRow | None:
    """A person's e-mail address, with the password's hash."""
    return await session.first(_OWN_CREDENTIALS, {"user_id": user_id})


async def add(
    session: WriteSession,
    *,
    email: str,
    password_hash: str | None,
    full_name: str,
    role: str,
    email_verified_at: datetime | None = None,
) -> User | None:
    """A new person; None when the address is taken."""
    statement = (
        insert(User)
        .values(
            email=email,
            email_verified_at=email_verified_at,
            password_hash=password_hash,
            full_name=full_name,
            role=role,
        )
        .on_conflict_do_nothing(index_elements=[User.email])
        .returning(User)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def for_change(session: WriteSession, user_id: int) -> User | None:
    """A person, held for this transaction."""
    user = await session.get(User, user_id, with_for_update=True)
    return None if user is None or user.deleted_at is not None else user
