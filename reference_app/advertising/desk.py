"""Showing advertisements: to whom, which, and what becomes of a click."""

from dataclasses import dataclass

from reference_app.advertising import booking, repository
from reference_app.advertising.impressions import Signer
from reference_app.advertising.models import Audience
from reference_app.advertising.roster import CACHE_KEY, Roster, Spot
from reference_app.advertising.tally import Tally
from reference_app.database import Database
from reference_app.errors import NotFoundError
from reference_app.kit.cache import Cache, Loader
from reference_app.kit.chores import Chore
from reference_app.kit.store import Store
from reference_app.settings import Settings
from reference_app.subscriptions.known_tiers import KnownTiers
from reference_app.subscriptions.tiers import TERMS, Feature

_END_EVERY_S = 60


def target_cache_key(campaign_id: int) -> str:
    """The cache's name for where a campaign leads."""
    return f"ad-target:{campaign_id}"


@dataclass(frozen=True, slots=True)
class Shown:
    """An advertisement to show."""

    campaign_id: int
    title: str
    text: str
    token: str


class AdDesk:
    """Everything one worker needs to advertise."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        cache: Cache,
        database: Database,
        tiers: KnownTiers,
    ) -> None:
        self._store = store
        self._cache = cache
        self._database = database
        self._tiers = tiers
        self._target_ttl_s = settings.cache_ttl_default
        self._signer = Signer(settings.secret_key.get_secret_value(), settings.ads_click_seconds)
        self.tally = Tally(store)
        self._roster = Roster(cache, database, self.tally)

    async def advertise(self, spot: Spot, user_id: int | None) -> tuple[Shown | None, int]:
        """An advertisement for someone (None: who is not signed in), and how deep it lay.

        None for whose tier has none, and when none fits.
        """
        audience, tier_depth = Audience.ANONYMOUS, 0
        if user_id is not None:
            tier, tier_depth = await self._tiers.of(user_id)
            if Feature.NO_ADS in TERMS[tier].features:
                return None, tier_depth
            audience = Audience.FREE
            self.tally.see(user_id)
        chosen, depth = await self._roster.take(spot, audience)
        depth = max(depth, tier_depth)
        if chosen is None:
            return None, depth
        token = self._signer.mint(chosen.id, audience)
        return Shown(chosen.id, chosen.title, chosen.text, token), depth

    async def click(self, token: str) -> tuple[str, int]:
        """Where the advertisement leads that `token` was shown with, and how deep that lay.

        Raises `NotFoundError` for a token that was never given out, or too long ago, and
        when the campaign was rejected since.
        """
        impression = self._signer.read(token)
        if impression is None:
            raise _no_such_ad()
        found = await self._cache.get(
            target_cache_key(impression.campaign_id),
            self._target_ttl_s,
            self._target(impression.campaign_id),
        )
        if found.body is None:
            raise _no_such_ad()
        await self.tally.click(impression)
        return found.body.decode(), found.depth

    def chores(self) -> list[Chore]:
        """Booking what was counted, and ending campaigns that are through."""

        async def book() -> None:
            await booking.book(self._database, self._store)

        return [
            Chore("advertising.booking", booking.BOOK_EVERY_S, book),
            Chore("advertising.ending", _END_EVERY_S, self.end_finished),
        ]

    async def end_finished(self) -> None:
        """End campaigns that are past their time or have used their budget up."""
        async with self._database.writing() as session:
            if await repository.end_finished(session):
                session.forget(CACHE_KEY)

    def _target(self, campaign_id: int) -> Loader:
        async def load(position: int) -> bytes | None:
            target = await repository.target(self._database.reading(position), campaign_id)
            return None if target is None else target.encode()

        return load


def _no_such_ad() -> NotFoundError:
    return NotFoundError("ad_not_found", "This advertisement is not shown any more.")
