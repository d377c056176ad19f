"""Switches that can be thrown while the app runs.

What there is to switch is data (`flags.toml`). A flag is a number of per cent:
0 is off, 100 is on, and in between it is on for that share of people, always
the same ones. It holds from the data unless FEATURE_FLAGS says otherwise, and
from there unless an administrator does, whose word lies in Redis.

A worker asks its own memory. It hears of changes through Redis, looks for
itself every few seconds besides, and believes what it knows for half a minute
at most: without Redis the settings alone hold.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from redis.asyncio import Redis

from reference_app.kit.known_flags import ALWAYS, KNOWN, Flag, known
from reference_app.kit.store import Store, StoreGoneError

CHANNEL = "flags:changed"

_KEY = "flags"
_LOOK_EVERY_S = 5.0
_BELIEVED_S = 30.0


@dataclass(frozen=True, slots=True)
class FlagState:
    """What holds of a flag: `settings` without anybody's word, `override` if there is one."""

    flag: Flag
    settings: int
    override: int | None

    @property
    def percent(self) -> int:
        """For how many it is on."""
        return self.settings if self.override is None else self.override


class Flags:
    """What one worker knows of the flags. `settings` are per cent by name."""

    def __init__(
        self, store: Store, settings: Mapping[str, int], clock: Callable[[], float] = monotonic
    ) -> None:
        self._store = store
        self._settings = {name: settings.get(name, flag.default) for name, flag in KNOWN.items()}
        self._clock = clock
        self._overrides: Mapping[str, int] = {}
        self._looked_at = -_BELIEVED_S
        self._changed = asyncio.Event()

    def is_on(self, name: str, user_id: int | None = None) -> bool:
        """Whether a flag is on for a person; for nobody in particular only if it is for all.

        Raises `UnknownFlagError`.
        """
        percent = self.state(name).percent
        if percent >= ALWAYS:
            return True
        return user_id is not None and _place(name, user_id) < percent

    def state(self, name: str) -> FlagState:
        """What holds of a flag, as far as this worker knows. Raises `UnknownFlagError`."""
        fresh = self._clock() - self._looked_at < _BELIEVED_S
        override = self._overrides.get(name) if fresh else None
        return FlagState(known(name), self._settings[name], override)

    async def override(self, name: str, percent: int | None) -> None:
        """Have every worker take `percent`; None: the settings again.

        Raises `UnknownFlagError`, and `StoreGoneError` when nobody can be told.
        """
        known(name)

        async def write(redis: Redis) -> None:
            async with redis.pipeline() as together:
                if percent is None:
                    together.hdel(_KEY, name)
                else:
                    together.hset(_KEY, name, str(percent))
                together.publish(CHANNEL, name)
                await together.execute()

        await self._store.run(write)
        await self.look()

    async def look(self) -> None:
        """Read from Redis what administrators said. Raises `StoreGoneError`."""

        async def read(redis: Redis) -> dict[Any, Any]:
            return await redis.hgetall(_KEY)

        told = await self._store.run(read)
        # What an older version knew, or somebody put there by hand, may lie there too.
        self._overrides = {
            name: int(told[name.encode()])
            for name in KNOWN
            if told.get(name.encode(), b"").isdigit()
        }
        self._looked_at = self._clock()

    def heard(self, _: bytes = b"") -> None:
        """Something has changed, or may have meanwhile."""
        self._changed.set()

    async def run(self) -> None:
        """Look whenever something changes, and every few seconds, until cancelled."""
        while True:
            self._changed.clear()
            with suppress(StoreGoneError):
                await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._changed.wait()


def _place(name: str, user_id: int) -> float:
    """Where a person stands among all for this flag, in per cent: always the same place."""
    digest = hashlib.sha256(f"{name}:{user_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * 100
