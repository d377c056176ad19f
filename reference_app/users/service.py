"""What one can do with profiles."""

from datetime import UTC, datetime

from reference_app.database import Database, ReadSession, WriteSession
from reference_app.errors import ForbiddenError, NotFoundError
from reference_app.kit.cache import Loader
from reference_app.texts import json_bytes
from reference_app.users import repository, workers
from reference_app.users.models import Role
from reference_app.users.schemas import (
    OwnProfile,
    PrivateUser,
    Profile,
    UserChange,
    WorkerQuery,
)


def cache_key(user_id: int) -> str:
    """The cache's name for a public profile."""
    return f"user:{user_id}"


def no_such_user() -> NotFoundError:
    """There is nobody by this id."""
    return NotFoundError("user_not_found", "There is no such person.")


def profile_loader(database: Database, user_id: int) -> Loader:
    """Reads a public profile as ready bytes."""

    async def load(position: int) -> bytes | None:
        row = await repository.profile(database.reading(position), user_id)
        return None if row is None else json_bytes(Profile.model_validate(row))

    return load


async def own_profile(session: ReadSession, user_id: int) -> PrivateUser:
    """One's own profile. Raises `NotFoundError` when the account is gone."""
    row = await repository.own(session, user_id)
    if row is None:
        raise no_such_user()
    return PrivateUser.model_validate(row)


async def change(session: WriteSession, user_id: int, wanted: UserChange) -> OwnProfile:
    """Change one's own profile.

    Raises `NotFoundError` when the account is gone, `ForbiddenError` when an
    employer offers themselves for hire.
    """
    user = await repository.for_change(session, user_id)
    if user is None:
        raise no_such_user()
    values = wanted.model_dump(exclude_unset=True)
    available = values.pop("available_for_hire", user.available_for_hire)
    if available and user.role != Role.SEEKER:
        raise ForbiddenError("seekers_only", "Only job seekers can be available for hire.")
    if available != user.available_for_hire:
        user.available_since = datetime.now(UTC) if available else None
        # The lists by other conditions run out by themselves, within minutes.
        session.forget(workers.cache_key(WorkerQuery()))
    for field, value in values.items():
        setattr(user, field, value)
    await session.flush()
    session.forget(cache_key(user_id))
    return OwnProfile.model_validate(await repository.own_page(session, user_id))
