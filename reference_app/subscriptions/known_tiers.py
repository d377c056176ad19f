"""A person's tier from the cache, for what is asked too often to ask the database.

Cached is when each of their subscriptions stops counting, not the tier itself: so a
tier that runs out does so on time, and whatever changes subscriptions forgets the
`cache_key` of their owner. That is why it may be known for as long as a token says who
somebody is.
"""

from datetime import UTC, datetime

import orjson

from reference_app.database import Database
from reference_app.kit.cache import Cache, Loader
from reference_app.subscriptions import entitlement_sql as sql
from reference_app.subscriptions.entitlements import EntitlementRefusedError
from reference_app.subscriptions.tiers import TERMS, Feature, Tier, rank


def cache_key(user_id: int) -> str:
    """The cache's name for the subscriptions of a person that count."""
    return f"tiers:{user_id}"


class KnownTiers:
    """Tiers as one worker knows them; each is looked up again after `ttl_s` at the latest."""

    def __init__(self, cache: Cache, database: Database, ttl_s: int) -> None:
        self._cache = cache
        self._database = database
        self._ttl_s = ttl_s

    async def of(self, user_id: int) -> tuple[Tier, int]:
        """The best tier a person is entitled to now, and how deep that lay."""
        found = await self._cache.get(cache_key(user_id), self._ttl_s, self._loader(user_id))
        now = datetime.now(UTC).timestamp()
        counting = [
            Tier(tier)
            for tier, until in orjson.loads(found.body or b"[]")
            if until is None or now < until
        ]
        return max(counting, key=rank, default=Tier.FREE), found.depth

    async def require(self, user_id: int, feature: Feature) -> int:
        """Pass only tiers that have `feature`; how deep that lay.

        Raises `EntitlementRefusedError`.
        """
        tier, depth = await self.of(user_id)
        if feature not in TERMS[tier].features:
            raise EntitlementRefusedError(feature, None, None, tier)
        return depth

    def _loader(self, user_id: int) -> Loader:
        async def load(position: int) -> bytes:
            rows = await sql.counting(self._database.reading(position), user_id)
            return orjson.dumps(
                [(row.tier, row.entitled_until and row.entitled_until.timestamp()) for row in rows]
            )

        return load
