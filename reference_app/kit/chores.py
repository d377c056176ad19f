"""Work that nobody asks for: done now and then, by one worker for all."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis

from reference_app.errors import DomainError
from reference_app.kit.store import Store, StoreGoneError

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do every `every_s` seconds, over all workers of all pods together."""

    name: str
    every_s: int
    work: Callable[[], Awaitable[object]]


async def do_if_due(store: Store, chore: Chore) -> bool:
    """Do `chore` unless a worker did within `every_s`; whether it was done now."""

    async def take(redis: Redis) -> bool:
        return bool(await redis.set(f"chore:{chore.name}", 1, nx=True, ex=chore.every_s))

    try:
        due = await store.run(take)
    except StoreGoneError:
        return False
    if due:
        await chore.work()
    return due


async def do_regularly(store: Store, chore: Chore) -> None:
    """Take one's turns among all workers, until cancelled. Without Redis nobody has a turn."""
    look_every_s = max(1.0, chore.every_s / 10)
    while True:
        await asyncio.sleep(look_every_s)
        try:
            await do_if_due(store, chore)
        except (DomainError, StoreGoneError) as error:
            _log.warning("chore not done", chore=chore.name, error=str(error))
        except Exception:
            # One chore that fails in a way nobody foresaw must not end the others.
            _log.exception("chore failed", chore=chore.name)
