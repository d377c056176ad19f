"""The tiers, their prices, limits and features. Read once from `tiers.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any


class Tier(StrEnum):
    """What a person subscribes to, the cheapest first."""

    FREE = "free"
    PRO = "pro"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


class Interval(StrEnum):
    """How often a subscription is paid."""

    MONTH = "month"
    YEAR = "year"


class Feature(StrEnum):
    """What tiers differ in."""

    # counted per month
    MESSAGES = "messages"
    POSTS = "posts"
    INMAIL = "inmail"
    # held at any one time
    CONNECTIONS = "connections"
    ACTIVE_JOBS = "active_jobs"
    TEAM_SEATS = "team_seats"
    # there or not
    ADVANCED_SEARCH = "advanced_search"
    WHO_VIEWED_ME = "who_viewed_me"
    BULK_ACTIONS = "bulk_actions"
    API_ACCESS = "api_access"
    COMPANY_PAGE = "company_page"
    PRIORITY_PLACEMENT = "priority_placement"
    APPLICANT_TRACKING = "applicant_tracking"
    NO_ADS = "no_ads"


QUOTAS = (Feature.MESSAGES, Feature.POSTS, Feature.INMAIL)
"""Counted per month."""

HELD = (Feature.CONNECTIONS, Feature.ACTIVE_JOBS, Feature.TEAM_SEATS)
"""Held at any one time."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What one tier costs and allows.

    `prices` are cents per interval; an interval that is missing is not for sale.
    Of `limits`, None is unlimited. Jobs stand in lists as if they had been
    published `head_start_days` later.
    """

    tier: Tier
    name: str
    prices: Mapping[Interval, int]
    limits: Mapping[Feature, int | None]
    features: frozenset[Feature]
    head_start_days: int
    perks: tuple[str, ...]

    def price(self, interval: Interval) -> int | None:
        """Cents for one `interval`, None where it is not for sale."""
        return self.prices.get(interval)

    def allows(self, feature: Feature, wanted: int) -> bool:
        """Whether the tier has `feature` and, where it is limited, `wanted` of it."""
        if feature not in self.limits:
            return feature in self.features
        limit = self.limits[feature]
        return limit is None or wanted <= limit


def _limit(value: int | str) -> int | None:
    if isinstance(value, int):
        return value
    if value != "unlimited":
        raise ValueError(f"a limit is a number or unlimited, not {value!r}")
    return None


def _terms(tier: Tier, data: Mapping[str, Any]) -> Terms:
    limits = {Feature(name): _limit(value) for name, value in data["limits"].items()}
    if set(limits) != {*QUOTAS, *HELD}:
        raise ValueError(f"the limits of {tier} are not complete")
    return Terms(
        tier=tier,
        name=data["name"],
        prices={Interval(name): int(cents) for name, cents in data["prices"].items()},
        limits=limits,
        features=frozenset(Feature(name) for name in data["features"]),
        head_start_days=int(data["head_start_days"]),
        perks=tuple(data["perks"]),
    )


_DATA = tomllib.loads(
    files("reference_app").joinpath("subscriptions", "tiers.toml").read_text("utf-8")
)

CURRENCY: str = _DATA["currency"]

TRIAL_DAYS: int = _DATA["trial_days"]
"""Everyone's first subscription begins with so many days for nothing."""

TERMS: Mapping[Tier, Terms] = {tier: _terms(tier, _DATA["tiers"][tier]) for tier in Tier}
"""By tier, the cheapest first."""


def rank(tier: Tier) -> int:
    """The place of `tier` among all, 0 for the cheapest."""
    return list(Tier).index(tier)


def upgrade_for(tier: Tier, feature: Feature, wanted: int) -> Tier | None:
    """The cheapest tier above `tier` that allows `wanted` of `feature`, if any."""
    above = (terms for terms in TERMS.values() if rank(terms.tier) > rank(tier))
    return next((terms.tier for terms in above if terms.allows(feature, wanted)), None)
