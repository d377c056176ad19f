"""What one can do with one's API keys."""

from reference_app.api_keys import repository
from reference_app.api_keys.keyring import cache_key
from reference_app.api_keys.schemas import ApiKeyDraft, ApiKeyList, ApiKeyShown, NewApiKey
from reference_app.database import ReadSession, WriteSession
from reference_app.errors import ConflictError
from reference_app.kit.tokens import API_KEY_START, api_key_hash, new_api_key
from reference_app.subscriptions.entitlements import Feature, require

MOST_KEYS = 10
"""Keys one person can have."""

_SHOWN_LETTERS = len(API_KEY_START) + 8


async def add(session: WriteSession, user_id: int, wanted: ApiKeyDraft) -> NewApiKey:
    """A new key.

    Raises `EntitlementRefusedError`, and `ConflictError` when one has too many or one of
    this name.
    """
    await require(session, user_id, Feature.API_ACCESS)
    if await repository.count_locked(session, user_id) >= MOST_KEYS:
        raise ConflictError(
            "too_many_api_keys", f"One has at most {MOST_KEYS} keys. Revoke one first."
        )
    key = new_api_key()
    hashed = api_key_hash(key)
    made = await repository.add(
        session, user_id, name=wanted.name, prefix=key[:_SHOWN_LETTERS], key_hash=hashed
    )
    if made is None:
        raise ConflictError("api_key_exists", "You have a key of this name.")
    # So that no pod looks for it on a replica that has not heard of it yet.
    session.forget(cache_key(hashed))
    return NewApiKey(**ApiKeyShown.model_validate(made).model_dump(), key=key)


async def of(session: ReadSession, user_id: int) -> ApiKeyList:
    """All keys of a person, the newest first."""
    rows = await repository.of(session, user_id)
    return ApiKeyList(items=[ApiKeyShown.model_validate(row) for row in rows])


async def revoke_all(session: WriteSession, user_id: int) -> None:
    """Make all keys of a person worthless, in all pods."""
    session.forget(*map(cache_key, await repository.remove_all(session, user_id)))


async def revoke(session: WriteSession, user_id: int, key_id: int) -> None:
    """Make a key of one's own worthless, in all pods; nothing happens if there is none."""
    hashed = await repository.remove(session, user_id, key_id)
    if hashed is not None:
        session.forget(cache_key(hashed))
