"""Subscriptions: a share of the seekers, and every employer as far as they need one.

They are given, not sold: no Stripe stands behind them, and they do not end.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reference_app.seed.lines import DAY, generator, stamps
from reference_app.seed.people import People
from reference_app.seed.popularity import Ints
from reference_app.seed.vacancies import Jobs
from reference_app.seed.words import table
from reference_app.subscriptions.tiers import TERMS, Tier

COLUMNS = (
    "id",
    "user_id",
    "tier",
    "billing_interval",
    "status",
    "current_period_start",
    "current_period_end",
    "created_at",
    "updated_at",
)
_PERIOD_DAYS = 30
_PER = 1_000_000


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Subscriptions in the order they began; id = position + 1.

    `person` is a position among the people, `tier` among `tiers`; `since` (when
    it began) and `period` (when its present month did) in seconds since 1970.
    """

    person: Ints
    tier: Ints
    tiers: tuple[str, ...]
    since: Ints
    period: Ints


def plan_subscriptions(people: People, jobs: Jobs, day: int) -> Subscriptions:
    """Who has which tier on `day` (seconds since 1970)."""
    rng = generator(people.seed, "subscriptions")
    words = table("subscriptions")
    tiers = tuple(words["seekers"])
    held = np.full(len(people.created), -1, dtype=np.int64)
    seekers = rng.permutation(people.seekers)
    taken = 0
    for tier, share in enumerate(words["seekers"].values()):
        wanted = round(len(people.created) * share / _PER)
        held[seekers[taken : taken + wanted]] = tier
        taken += wanted
    offered = np.bincount(jobs.employer, minlength=len(people.created))
    for name, least in words["employers"].items():
        held[offered >= least] = tiers.index(name)
    person = np.flatnonzero(held >= 0)
    age = rng.random(len(person)) * (day - people.created[person])
    since = day - 1 - age.astype(np.int64)
    order = np.argsort(since, kind="stable")
    person, since = person[order], since[order]
    month = _PERIOD_DAYS * DAY
    return Subscriptions(
        person=person,
        tier=held[person],
        tiers=tiers,
        since=since,
        period=since + (day - since) // month * month,
    )


def head_starts(people: People, subscriptions: Subscriptions) -> Ints:
    """The days of head start that each person's tier gives their jobs."""
    days = np.full(len(people.created), TERMS[Tier.FREE].head_start_days, dtype=np.int64)
    by_tier = np.array([TERMS[Tier(tier)].head_start_days for tier in subscriptions.tiers])
    days[subscriptions.person] = by_tier[subscriptions.tier]
    return days


def subscription_rows(subscriptions: Subscriptions) -> Iterator[str]:
    """The subscriptions' lines for COPY."""
    columns = zip(
        range(len(subscriptions.person)),
        subscriptions.person.tolist(),
        subscriptions.tier.tolist(),
        stamps(subscriptions.since),
        stamps(subscriptions.period),
        stamps(subscriptions.period + _PERIOD_DAYS * DAY),
        strict=True,
    )
    for n, person, tier, since, starts, ends in columns:
        yield (
            f"{n + 1}\t{person + 1}\t{subscriptions.tiers[tier]}\tmonth\tactive\t"
            f"{starts}\t{ends}\t{since}\t{since}\n"
        )
