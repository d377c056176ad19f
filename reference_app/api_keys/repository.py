"""SQL about API keys."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from reference_app.api_keys.models import ApiKey
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.users.models import User

_OWNER = (
    select(ApiKey.id, ApiKey.user_id, ApiKey.last_used_on, User.role)
    .join(User, User.id == ApiKey.user_id)
    .where(
        ApiKey.key_hash == bindparam("key_hash", type_=ApiKey.key_hash.type),
        User.suspended_at.is_(None),
    )
)
_OF = (
    select(ApiKey.id, ApiKey.name, ApiKey.prefix, ApiKey.created_at, ApiKey.last_used_on)
    .where(ApiKey.user_id == bindparam("user_id"))
    .order_by(ApiKey.id.desc())
)


async def owner(session: ReadSession, key_hash: bytes) -> AnyRow | None:
    """A key and the role of its owner, unless they are suspended."""
    return await session.first(_OWNER, {"key_hash": key_hash})


async def of(session: ReadSession, user_id: int) -> Sequence[AnyRow]:
    """All keys of a person, the newest first."""
    return await session.rows(_OF, {"user_id": user_id})


async def count_locked(session: WriteSession, user_id: int) -> int:
    """How many keys a person has, with nobody else adding one until the commit."""
    await session.execute(select(User.id).where(User.id == user_id).with_for_update())
    counting = select(func.count()).select_from(ApiKey).where(ApiKey.user_id == user_id)
    return (await session.execute(counting)).scalar_one()


async def add(
    session: WriteSession, user_id: int, *, name: str, prefix: str, key_hash: bytes
) -> ApiKey | None:
    """A new key; None when the person has one of this name."""
    statement = (
        insert(ApiKey)
        .values(user_id=user_id, name=name, prefix=prefix, key_hash=key_hash)
        .on_conflict_do_nothing(index_elements=[ApiKey.user_id, ApiKey.name])
        .returning(ApiKey)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def remove(session: WriteSession, user_id: int, key_id: int) -> bytes | None:
    """Delete a person's key; its hash, or None when there was none."""
    gone = await session.execute(
        delete(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.user_id == user_id)
        .returning(ApiKey.key_hash)
        .execution_options(synchronize_session=False)
    )
    return gone.scalar_one_or_none()


async def remove_all(session: WriteSession, user_id: int) -> list[bytes]:
    """Delete all keys of a person; their hashes."""
    gone = await session.execute(
        delete(ApiKey)
        .where(ApiKey.user_id == user_id)
        .returning(ApiKey.key_hash)
        .execution_options(synchronize_session=False)
    )
    return list(gone.scalars())


async def note_use(session: WriteSession, key_ids: Sequence[int], day: date) -> None:
    """These keys were used on `day`; what is noted already is not written again."""
    # Another worker may be noting the same just now: what it holds it will have written.
    unnoted = (
        select(ApiKey.id)
        .where(ApiKey.id.in_(key_ids), ApiKey.last_used_on.is_distinct_from(day))
        .with_for_update(skip_locked=True)
    )
    await session.execute(
        update(ApiKey)
        .where(ApiKey.id.in_(unnoted))
        .values(last_used_on=day)
        .execution_options(synchronize_session=False)
    )
