"""SQL about who people are at an OpenID provider."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from reference_app.auth.models import ExternalIdentity
from reference_app.database import WriteSession
from reference_app.users.models import User


async def linked(session: WriteSession, issuer: str, subject: str) -> int | None:
    """Who is known as `subject` of `issuer`."""
    return (
        await session.execute(
            select(ExternalIdentity.user_id).where(
                ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject
            )
        )
    ).scalar_one_or_none()


async def by_email(session: WriteSession, email: str) -> User | None:
    """A person by e-mail address, held for this transaction."""
    return (
        await session.execute(select(User).where(User.email == email).with_for_update())
    ).scalar_one_or_none()


async def link(session: WriteSession, user_id: int, issuer: str, subject: str) -> bool:
    """Know a person as `subject` of `issuer`; whether they are known so, and not as another."""
    adding = insert(ExternalIdentity).values(issuer=issuer, subject=subject, user_id=user_id)
    await session.execute(adding.on_conflict_do_nothing())
    return await linked(session, issuer, subject) == user_id
