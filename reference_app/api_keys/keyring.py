"""Whose key is this? Answered from the cache, for every request that brings a key."""

import asyncio
from datetime import UTC, date, datetime

import orjson
import structlog

from reference_app.api_keys import repository
from reference_app.database import Database
from reference_app.errors import DomainError
from reference_app.kit.cache import Cache, Loader
from reference_app.kit.tokens import NO_SESSION, Access, api_key_hash

_log = structlog.get_logger()

KNOWN_FOR_S = 60
"""Who is suspended or changes roles is found out after so many seconds; a revocation at once."""

_NOTE_EVERY_S = 5.0


def cache_key(key_hash: bytes) -> str:
    """The cache's name for the owner of a key."""
    return f"api-key:{key_hash.hex()}"


class KeyRing:
    """One worker's knowledge of keys, and which of them were used today."""

    def __init__(self, cache: Cache, database: Database) -> None:
        self._cache = cache
        self._database = database
        self._day = date.min
        self._used: set[int] = set()
        self._noted: set[int] = set()

    async def owner(self, key: str) -> tuple[Access | None, int]:
        """Whom `key` speaks for, None for nobody; and how deep that lay."""
        hashed = api_key_hash(key)
        found = await self._cache.get(cache_key(hashed), KNOWN_FOR_S, self._loader(hashed))
        if found.body is None:
            return None, found.depth
        key_id, user_id, role, last_used_on = orjson.loads(found.body)
        self._note(key_id, last_used_on)
        return Access(user_id, role, NO_SESSION, by_key=True), found.depth

    async def run(self) -> None:
        """Write down what was used, now and then, until cancelled."""
        while True:
            await asyncio.sleep(_NOTE_EVERY_S)
            try:
                await self.write_down()
            except DomainError as error:
                _log.warning("use of API keys not noted", error=str(error))

    async def write_down(self) -> None:
        """Write which keys were used today and are not known to be. Raises `DomainError`."""
        day, used = self._day, self._used - self._noted
        if not used:
            return
        async with self._database.writing() as session:
            await repository.note_use(session, list(used), day)
        if day == self._day:
            self._noted |= used

    def _note(self, key_id: int, last_used_on: str | None) -> None:
        today = datetime.now(UTC).date()
        if today != self._day:
            self._day = today
            self._used = set()
            self._noted = set()
        if last_used_on != today.isoformat():
            self._used.add(key_id)

    def _loader(self, key_hash: bytes) -> Loader:
        async def load(position: int) -> bytes | None:
            row = await repository.owner(self._database.reading(position), key_hash)
            if row is None:
                return None
            return orjson.dumps((row.id, row.user_id, row.role, row.last_used_on))

        return load
