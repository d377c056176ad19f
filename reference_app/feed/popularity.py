"""What becomes popular, and so reaches people who do not follow its author.

Every ten minutes the few posts of the last day that are talked about most
become popular, and stay so. Their number is bounded, so that popular posts
never drown those of the people one follows.
"""

import asyncio

import structlog
from redis.asyncio import Redis

from reference_app.database import Database
from reference_app.errors import DomainError
from reference_app.feed import feed_sql
from reference_app.kit.store import Store, StoreGoneError

_log = structlog.get_logger()

EVERY_S = 600
"""How often posts become popular, over all workers."""

MOST_AT_ONCE = 5
LEAST_TALK = 5
"""Likes, and comments twice, without which a post does not become popular."""

_LOOK_EVERY_S = 60
_TURN = "feed:promoted"


async def promote_regularly(database: Database, store: Store) -> None:
    """Take one's turn among all workers, until cancelled. Without Redis nobody has a turn."""
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        try:
            await promote(database, store)
        except DomainError as error:
            _log.warning("posts not made popular", code=error.code)


async def promote(database: Database, store: Store) -> list[int]:
    """If nobody has lately, make posts popular; their ids."""
    if not await _has_turn(store):
        return []
    async with database.writing() as session:
        return list(await feed_sql.promote(session, least=LEAST_TALK, most=MOST_AT_ONCE))


async def _has_turn(store: Store) -> bool:
    async def take(redis: Redis) -> bool:
        return bool(await redis.set(_TURN, 1, nx=True, ex=EVERY_S))

    try:
        return await store.run(take)
    except StoreGoneError:
        return False
