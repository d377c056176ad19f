"""Work that nobody asks for: done now and then, by one worker for all."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis

from reference_app.errors import DomainError
from reference_app.kit import metrics
from reference_app.kit.steps import Stepped
from reference_app.kit.store import Store, StoreGoneError

_log = structlog.get_logger()

_FIRST_LOOK_S = 1.0
_LATER_S = 0.01
"""Looked at this much after it is due, so that a clock a little fast is not too early."""


# KEYS: the turn. ARGV: how long it lasts, in seconds.
# Answers whether it is the caller's, and how long it lasts yet, in ms. One that has no end (it was
# made to persist, or restored so) gets one: else nobody's turn would ever come.
_TAKE = """
local mine = redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1])
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {mine and 1 or 0, redis.call('PTTL', KEYS[1])}
"""


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do every `every_s` seconds, over all workers of all pods together."""

    name: str
    every_s: int
    work: Callable[[], Awaitable[object]]


async def do_if_due(store: Store, chore: Chore) -> tuple[bool, float]:
    """Do `chore` unless a worker did within `every_s`.

    Returns whether it was done now, and the seconds until it is due again.
    """
    due, again_s = await _turn(store, chore)
    if due:
        timed = Stepped(chore.work())
        try:
            await timed
        finally:
            metrics.chore_used(chore.name, timed.seconds)
    return due, again_s


async def do_regularly(store: Store, chore: Chore) -> None:
    """Take one's turns among all workers, until cancelled. Without Redis nobody has a turn."""
    pause_s = _FIRST_LOOK_S
    while True:
        await asyncio.sleep(pause_s)
        pause_s = chore.every_s
        try:
            _, pause_s = await do_if_due(store, chore)
        except (DomainError, StoreGoneError) as error:
            _log.warning("chore not done", chore=chore.name, error=str(error))
        except Exception:
            # One chore that fails in a way nobody foresaw must not end the others.
            _log.exception("chore failed", chore=chore.name)


async def _turn(store: Store, chore: Chore) -> tuple[bool, float]:
    """Whether it is ours to do now, and the seconds until it is due again.

    One round trip in each period: a busy worker has better things to do than to look.
    """

    async def take(redis: Redis) -> tuple[bool, float]:
        taken, left_ms = await redis.eval(_TAKE, 1, f"chore:{chore.name}", chore.every_s)
        return bool(taken), left_ms / 1000 + _LATER_S

    try:
        return await store.run(take)
    except StoreGoneError:
        return False, max(_FIRST_LOOK_S, chore.every_s / 10)
