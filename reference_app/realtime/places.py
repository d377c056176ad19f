"""Who may open a socket: single-use tickets, and so many sockets a person.

Both are kept in Redis, so that a ticket from one pod opens a socket at another.
"""

import secrets
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from reference_app.kit.store import Store

_TICKET_BYTES = 24
_FORGET_S = 2 * 24 * 3600


class Tickets:
    """Short-lived tickets; each lets one person open one socket once."""

    def __init__(self, store: Store, good_for_s: int) -> None:
        self._store = store
        self.good_for_s = good_for_s

    async def issue(self, user_id: int, session_id: UUID) -> str:
        """A fresh ticket of `user_id`, signed in as `session_id`. Raises `StoreGoneError`."""
        ticket = secrets.token_urlsafe(_TICKET_BYTES)
        who = f"{user_id} {session_id.hex}"
        await self._store.run(lambda redis: redis.set(_ticket_key(ticket), who, ex=self.good_for_s))
        return ticket

    async def redeem(self, ticket: str) -> tuple[int, UUID] | None:
        """Whose `ticket` it is and of which session, the first time only.

        Raises `StoreGoneError`.
        """
        found: Any = await self._store.run(lambda redis: redis.getdel(_ticket_key(ticket)))
        if found is None:
            return None
        user_id, session_id = found.decode().split()
        return int(user_id), UUID(hex=session_id)


class Places:
    """The sockets of each person over all pods: the newest stay, the oldest make room.

    A socket whose pod died without a word holds a place only until it is the
    oldest.
    """

    def __init__(self, store: Store, most: int) -> None:
        self._store = store
        self._most = most

    async def take(self, user_id: int, connection_id: str) -> list[str]:
        """Add a socket; those that must close for it. Raises `StoreGoneError`."""

        async def add(redis: Redis) -> list[bytes]:
            key = _places_key(user_id)
            pipeline = redis.pipeline()
            pipeline.lpush(key, connection_id)
            pipeline.lrange(key, self._most, -1)
            pipeline.ltrim(key, 0, self._most - 1)
            pipeline.expire(key, _FORGET_S)
            _, oldest, *_ = await pipeline.execute()
            return oldest  # type: ignore[no-any-return]

        return [each.decode() for each in await self._store.run(add)]

    async def leave(self, user_id: int, connection_id: str) -> None:
        """Remove a socket. Raises `StoreGoneError`."""
        await self._store.run(lambda redis: redis.lrem(_places_key(user_id), 1, connection_id))


def _ticket_key(ticket: str) -> str:
    return f"ticket:{ticket}"


def _places_key(user_id: int) -> str:
    return f"sockets:{user_id}"
